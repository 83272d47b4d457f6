package schema

import (
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// mapping stores a map with string keys as M.
func (c *compiler) mapping(t reflect.Type) (*codec, error) {
	if t.Key().Kind() != reflect.String {
		return nil, fmt.Errorf("type %s can't be stored: map keys must be strings", t)
	}
	if pk := reflect.PointerTo(t.Key()); pk.Implements(textMarshalerType) {
		return nil, fmt.Errorf("type %s can't be stored: map keys must be plain strings, without MarshalText", t)
	}
	elem, err := c.codec(t.Elem())
	if err != nil {
		return nil, err
	}
	if t == textMapType {
		return textMapCodec, nil
	}
	return &codec{
		kind: kindM,
		elem: elem,
		encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if v.IsNil() {
				return nil, nil
			}
			return encodeMap(t, elem, v, depth)
		},
		decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
			if isNull(av) {
				v.SetZero()
				return nil
			}
			m, ok := av.(*types.AttributeValueMemberM)
			if !ok {
				return wrongKind(kindM, av)
			}
			fresh, err := decodeMap(t, elem, m.Value, depth)
			if err != nil {
				return err
			}
			v.Set(fresh)
			return nil
		},
		isZero:  reflectZero,
		isEmpty: func(v reflect.Value) bool { return v.Len() == 0 },
	}, nil
}

func checkMapKey(key string) error {
	switch {
	case key == "":
		return below("{}", refuse("has an empty map key"))
	case checkText(key) != nil:
		return below("{}", refuse("has a map key that is not valid UTF-8"))
	}
	return nil
}

func encodeMap(t reflect.Type, elem *codec, v reflect.Value, depth int) (types.AttributeValue, error) {
	if err := checkDepth(depth + 1); err != nil {
		return nil, err
	}
	out := make(map[string]types.AttributeValue, v.Len())
	value := reflect.New(t.Elem()).Elem() // map values are not addressable
	for entries := v.MapRange(); entries.Next(); {
		key := entries.Key().String()
		if err := checkMapKey(key); err != nil {
			return nil, err
		}
		value.SetIterValue(entries)
		av, err := elem.encode(value, depth+1)
		if err != nil {
			return nil, below("{}", err)
		}
		if av == nil { // keep the key
			av = null
		}
		out[key] = av
	}
	return &types.AttributeValueMemberM{Value: out}, nil
}

func decodeMap(t reflect.Type, elem *codec, from map[string]types.AttributeValue, depth int) (reflect.Value, error) {
	if err := checkDepth(depth + 1); err != nil {
		return reflect.Value{}, err
	}
	fresh := reflect.MakeMapWithSize(t, len(from))
	key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
	for name, av := range from {
		if checkText(name) != nil {
			return reflect.Value{}, below("{}", refuse("has a map key that is not valid UTF-8"))
		}
		value.SetZero()
		if err := elem.decodeInside(av, value, depth+1); err != nil {
			return reflect.Value{}, below("{}", err)
		}
		key.SetString(name)
		fresh.SetMapIndex(key, value)
	}
	return fresh, nil
}

var textMapType = reflect.TypeFor[map[string]string]()

// textMapCodec is the map codec for map[string]string, the commonest map,
// without a reflect.Value for each entry.
var textMapCodec = &codec{
	kind: kindM,
	elem: stringCodec,
	encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
		from, ok := v.Addr().Interface().(*map[string]string)
		if !ok || *from == nil {
			return nil, nil
		}
		if err := checkDepth(depth + 1); err != nil {
			return nil, err
		}
		out := make(map[string]types.AttributeValue, len(*from))
		for name, text := range *from {
			if err := checkMapKey(name); err != nil {
				return nil, err
			}
			if err := checkText(text); err != nil {
				return nil, below("{}", err)
			}
			out[name] = &types.AttributeValueMemberS{Value: text}
		}
		return &types.AttributeValueMemberM{Value: out}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
		to, ok := v.Addr().Interface().(*map[string]string)
		if isNull(av) || !ok {
			v.SetZero()
			return nil
		}
		m, ok := av.(*types.AttributeValueMemberM)
		if !ok {
			return wrongKind(kindM, av)
		}
		if err := checkDepth(depth + 1); err != nil {
			return err
		}
		fresh := make(map[string]string, len(m.Value))
		for name, inner := range m.Value {
			s, ok := inner.(*types.AttributeValueMemberS)
			if !ok {
				return below("{}", wrongKind(kindS, inner))
			}
			if checkText(name) != nil || checkText(s.Value) != nil {
				return below("{}", refuse("is not valid UTF-8"))
			}
			fresh[name] = s.Value
		}
		*to = fresh
		return nil
	},
	isZero:  reflectZero,
	isEmpty: func(v reflect.Value) bool { return v.Len() == 0 },
}
