package schema

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// sealedCodec serves an attribute that is sealed before it is stored. Whether
// a sealed attribute is there must not depend on its value, or a row whose
// attribute was deleted would read as one that holds nothing. So what would be
// absent, a nil or a zero time, is NULL instead, and NULL reads as that again.
func sealedCodec(c *codec, t reflect.Type) *codec {
	s := *c
	s.encode = func(v reflect.Value, depth int) (types.AttributeValue, error) {
		av, err := c.encode(v, depth)
		if av == nil && err == nil {
			return null, nil
		}
		return av, err
	}
	s.decode = func(av types.AttributeValue, v reflect.Value, depth int) error {
		if isNull(av) && t.Kind() == reflect.Pointer { // also where what it points to takes NULL itself
			v.SetZero()
			return nil
		}
		return c.decodeInside(av, v, depth)
	}
	return &s
}

// encrypted builds the codec of a field with the word encrypted.
func (c *compiler) encrypted(t reflect.Type, words tag) (*codec, error) {
	inner, secret := secretInner(t)
	if !secret {
		open, err := c.open(t, words)
		if err != nil {
			return nil, err
		}
		return sealedCodec(open, t), nil
	}
	open, err := c.open(inner, words)
	if err != nil {
		return nil, err
	}
	return secretCodec(sealedCodec(open, inner)), nil
}

// open builds the codec of what an encrypted field holds. Its type must say
// what is stored, since what is opened is checked against it.
func (c *compiler) open(t reflect.Type, words tag) (*codec, error) {
	base := t
	for base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	if base.Kind() == reflect.Interface {
		return nil, fmt.Errorf("type %s can't be encrypted: it does not tell what is stored, so what is opened could not be checked", t)
	}
	plain, err := c.plain(t, words)
	if err != nil {
		return nil, err
	}
	return plain, nil
}

// errHoldsSealed refuses a value that holds what must not be stored as part
// of it: there the word encrypted would be passed over, and a Secret would be
// stored as its mask.
var errHoldsSealed = errors.New(`holds a Secret or a field with the word "encrypted", which is only possible in a field of the model itself`)

// refuseSealed refuses a type whose values are stored by code that does not
// know our tags.
func refuseSealed(t reflect.Type) error {
	if ReachOf(t) == ReachSealed {
		return fmt.Errorf("type %s %w", t, errHoldsSealed)
	}
	return nil
}

// refusingSealed is c for a type with interfaces in it, where only the value
// tells what it holds.
func refusingSealed(c *codec, t reflect.Type) *codec {
	if ReachOf(t) != ReachOpen {
		return c
	}
	s := *c
	s.encode = func(v reflect.Value, depth int) (types.AttributeValue, error) {
		if sealed, _ := Holds(v, true); sealed {
			return nil, refuse(errHoldsSealed.Error())
		}
		return c.encode(v, depth)
	}
	return &s
}
