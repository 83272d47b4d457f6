package schema

import (
	"reflect"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func reflectZero(v reflect.Value) bool { return v.IsZero() }

// checkText refuses text that DynamoDB and the other runtimes would mend on the way.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return refuse("is not valid UTF-8")
	}
	return nil
}

var stringCodec = &codec{
	kind: kindS,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		s := v.String()
		if err := checkText(s); err != nil {
			return nil, err
		}
		return &types.AttributeValueMemberS{Value: s}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		s, ok := av.(*types.AttributeValueMemberS)
		if !ok {
			return wrongKind(kindS, av)
		}
		if err := checkText(s.Value); err != nil {
			return err
		}
		v.SetString(s.Value)
		return nil
	},
	isZero:  reflectZero,
	isEmpty: reflectZero,
}

var boolCodec = &codec{
	kind: kindBOOL,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		return &types.AttributeValueMemberBOOL{Value: v.Bool()}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		b, ok := av.(*types.AttributeValueMemberBOOL)
		if !ok {
			return wrongKind(kindBOOL, av)
		}
		v.SetBool(b.Value)
		return nil
	},
	isZero:  reflectZero,
	isEmpty: reflectZero,
}

// bytesCodec serves slices of bytes. The bytes are copied both ways, so that
// neither side can change the other's.
var bytesCodec = &codec{
	kind: kindB,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		if v.IsNil() {
			return nil, nil
		}
		return &types.AttributeValueMemberB{Value: append([]byte{}, v.Bytes()...)}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		if isNull(av) {
			v.SetZero()
			return nil
		}
		b, ok := av.(*types.AttributeValueMemberB)
		if !ok {
			return wrongKind(kindB, av)
		}
		v.SetBytes(append([]byte{}, b.Value...))
		return nil
	},
	isZero:  reflectZero,
	isEmpty: func(v reflect.Value) bool { return v.Len() == 0 },
}

// byteArrayCodec serves arrays of bytes; the stored length must be the array's.
var byteArrayCodec = &codec{
	kind: kindB,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		return &types.AttributeValueMemberB{Value: append([]byte{}, v.Bytes()...)}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		b, ok := av.(*types.AttributeValueMemberB)
		if !ok {
			return wrongKind(kindB, av)
		}
		if len(b.Value) != v.Len() {
			return refuse("has another length than the array")
		}
		copy(v.Bytes(), b.Value)
		return nil
	},
	isZero:  reflectZero,
	isEmpty: reflectZero,
}

// pointer stores what the pointer points to; nil is absent.
func (c *compiler) pointer(t reflect.Type) (*codec, error) {
	elem, err := c.codec(t.Elem())
	if err != nil {
		return nil, err
	}
	return pointerCodec(t, elem), nil
}

func pointerCodec(t reflect.Type, elem *codec) *codec {
	return &codec{
		kind:   elem.kind,
		format: elem.format,
		elem:   elem,
		encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if v.IsNil() {
				return nil, nil
			}
			return elem.encode(v.Elem(), depth)
		},
		decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
			if isNull(av) && elem.kind != "" {
				v.SetZero()
				return nil
			}
			fresh := reflect.New(t.Elem())
			if err := elem.decode(av, fresh.Elem(), depth); err != nil {
				return err
			}
			v.Set(fresh)
			return nil
		},
		isZero:  reflectZero,
		isEmpty: reflectZero,
	}
}
