package schema

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// slice stores a slice as L, bytes as B.
func (c *compiler) slice(t reflect.Type) (*codec, error) {
	elem, err := c.codec(t.Elem())
	if err != nil {
		return nil, err
	}
	if elem == uintCodec && t.Elem().Kind() == reflect.Uint8 {
		return bytesCodec, nil
	}
	return &codec{
		kind: kindL,
		elem: elem,
		encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
			if v.IsNil() {
				return nil, nil
			}
			return encodeList(elem, v, depth)
		},
		decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
			if isNull(av) {
				v.SetZero()
				return nil
			}
			l, ok := av.(*types.AttributeValueMemberL)
			if !ok {
				return wrongKind(kindL, av)
			}
			resize(v, len(l.Value))
			return decodeList(elem, l.Value, v, depth)
		},
		isZero:  reflectZero,
		isEmpty: func(v reflect.Value) bool { return v.Len() == 0 },
	}, nil
}

// array stores an array as L, bytes as B; the stored length must be its own.
func (c *compiler) array(t reflect.Type) (*codec, error) {
	elem, err := c.codec(t.Elem())
	if err != nil {
		return nil, err
	}
	if elem == uintCodec && t.Elem().Kind() == reflect.Uint8 {
		return byteArrayCodec, nil
	}
	return &codec{
		kind: kindL,
		elem: elem,
		encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
			return encodeList(elem, v, depth)
		},
		decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
			l, ok := av.(*types.AttributeValueMemberL)
			if !ok {
				return wrongKind(kindL, av)
			}
			if len(l.Value) != t.Len() {
				return refuse("has another length than the array")
			}
			v.SetZero()
			return decodeList(elem, l.Value, v, depth)
		},
		isZero:  reflectZero,
		isEmpty: reflectZero,
	}, nil
}

// resize makes v a fresh slice of n zero elements. Growing it in place, from
// nil, spares the header that reflect.MakeSlice puts on the heap.
func resize(v reflect.Value, n int) {
	if n == 0 {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return
	}
	v.SetZero()
	v.Grow(n)
	v.SetLen(n)
}

func encodeList(elem *codec, v reflect.Value, depth int) (types.AttributeValue, error) {
	if err := checkDepth(depth + 1); err != nil {
		return nil, err
	}
	out := make([]types.AttributeValue, v.Len())
	for i := range out {
		av, err := elem.encode(v.Index(i), depth+1)
		if err != nil {
			return nil, below("[]", err)
		}
		if av == nil { // a list can't have a hole
			av = null
		}
		out[i] = av
	}
	return &types.AttributeValueMemberL{Value: out}, nil
}

func decodeList(elem *codec, from []types.AttributeValue, to reflect.Value, depth int) error {
	if err := checkDepth(depth + 1); err != nil {
		return err
	}
	for i, av := range from {
		if err := elem.decodeInside(av, to.Index(i), depth+1); err != nil {
			return below("[]", err)
		}
	}
	return nil
}

// decodeInside reads an element of a list or map, where NULL stands for every
// value that would be absent on its own, also a zero time.
func (c *codec) decodeInside(av types.AttributeValue, v reflect.Value, depth int) error {
	if isNull(av) && (c.format == FormatTime || c == decimalCodec) {
		v.SetZero()
		return nil
	}
	return c.decode(av, v, depth)
}
