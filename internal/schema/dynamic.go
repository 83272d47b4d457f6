package schema

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// dynamicCodec serves values of type any: written by their dynamic type, read
// as string, attributevalue.Number, bool, []byte, nil, []any, map[string]any,
// []string, []attributevalue.Number or [][]byte.
func dynamicCodec() *codec {
	return &codec{
		encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if v.IsNil() {
				return nil, nil
			}
			return encodeDynamic(v.Elem(), depth)
		},
		decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
			x, err := decodeDynamic(av, depth)
			if err != nil {
				return err
			}
			if x == nil {
				v.SetZero()
				return nil
			}
			v.Set(reflect.ValueOf(x))
			return nil
		},
		isZero:  reflectZero,
		isEmpty: func(v reflect.Value) bool { return v.IsNil() || emptyValue(v.Elem()) },
	}
}

// dynamicCodecs remembers what was compiled for the types met in values of
// type any, a *codec or an error by reflect.Type.
var dynamicCodecs sync.Map

func encodeDynamic(v reflect.Value, depth int) (types.AttributeValue, error) {
	if v.Kind() == reflect.Pointer { // a pointer may lead back to itself
		depth++
		if err := checkDepth(depth); err != nil {
			return nil, err
		}
	}
	c, err := dynamicCodecOf(v.Type())
	if err != nil {
		return nil, err
	}
	addressable := reflect.New(v.Type()).Elem()
	addressable.Set(v)
	return c.encode(addressable, depth)
}

func dynamicCodecOf(t reflect.Type) (*codec, error) {
	if known, ok := dynamicCodecs.Load(t); ok {
		if c, ok := known.(*codec); ok {
			return c, nil
		}
		return nil, refuse("holds a value of a type that can't be stored: " + t.String())
	}
	c, err := (&compiler{}).codec(t)
	if err != nil {
		dynamicCodecs.Store(t, err)
		return nil, refuse("holds a value of a type that can't be stored: " + t.String())
	}
	dynamicCodecs.Store(t, c)
	return c, nil
}

func decodeDynamic(av types.AttributeValue, depth int) (any, error) {
	switch m := av.(type) {
	case *types.AttributeValueMemberS:
		return m.Value, checkText(m.Value)
	case *types.AttributeValueMemberN:
		s, err := canonicalNumber(m.Value)
		return attributevalue.Number(s), err
	case *types.AttributeValueMemberB:
		return append([]byte{}, m.Value...), nil
	case *types.AttributeValueMemberBOOL:
		return m.Value, nil
	case *types.AttributeValueMemberNULL:
		return nil, nil
	case *types.AttributeValueMemberL:
		return decodeDynamicList(m.Value, depth+1)
	case *types.AttributeValueMemberM:
		return decodeDynamicMap(m.Value, depth+1)
	case *types.AttributeValueMemberSS:
		for _, s := range m.Value {
			if err := checkText(s); err != nil {
				return nil, below("[]", err)
			}
		}
		return slices.SortedFunc(slices.Values(m.Value), strings.Compare), nil
	case *types.AttributeValueMemberNS:
		texts, err := sortNumbers(m.Value)
		if err != nil {
			return nil, err
		}
		numbers := make([]attributevalue.Number, len(texts))
		for i, s := range texts {
			numbers[i] = attributevalue.Number(s)
		}
		return numbers, nil
	case *types.AttributeValueMemberBS:
		members, err := splitSet(av, kindB)
		if err != nil {
			return nil, err
		}
		blobs := make([][]byte, 0, len(members))
		for _, member := range members {
			if b, ok := member.(*types.AttributeValueMemberB); ok {
				blobs = append(blobs, append([]byte{}, b.Value...))
			}
		}
		return blobs, nil
	}
	return nil, refuse("is stored as a type that is not known")
}

func decodeDynamicList(from []types.AttributeValue, depth int) (any, error) {
	if err := checkDepth(depth); err != nil {
		return nil, err
	}
	list := make([]any, len(from))
	for i, av := range from {
		x, err := decodeDynamic(av, depth)
		if err != nil {
			return nil, below("[]", err)
		}
		list[i] = x
	}
	return list, nil
}

func decodeDynamicMap(from map[string]types.AttributeValue, depth int) (any, error) {
	if err := checkDepth(depth); err != nil {
		return nil, err
	}
	mapping := make(map[string]any, len(from))
	for name, av := range from {
		if checkText(name) != nil {
			return nil, below("{}", refuse("has a map key that is not valid UTF-8"))
		}
		x, err := decodeDynamic(av, depth)
		if err != nil {
			return nil, below("{}", err)
		}
		mapping[name] = x
	}
	return mapping, nil
}
