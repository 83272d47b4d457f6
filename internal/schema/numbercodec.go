package schema

import (
	"reflect"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

var intCodec = &codec{
	kind:   kindN,
	format: FormatInt,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(v.Int(), 10)}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		s, err := numberText(av)
		if err != nil {
			return err
		}
		n, err := parseInt(s, v.Type().Bits())
		if err != nil {
			return err
		}
		v.SetInt(n)
		return nil
	},
	isZero:  reflectZero,
	isEmpty: reflectZero,
}

var uintCodec = &codec{
	kind:   kindN,
	format: FormatUint,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		return &types.AttributeValueMemberN{Value: strconv.FormatUint(v.Uint(), 10)}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		s, err := numberText(av)
		if err != nil {
			return err
		}
		n, err := parseUint(s, v.Type().Bits())
		if err != nil {
			return err
		}
		v.SetUint(n)
		return nil
	},
	isZero:  reflectZero,
	isEmpty: reflectZero,
}

func floatCodec(bits int) *codec {
	return &codec{
		kind:   kindN,
		format: FormatFloat,
		encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
			s, err := floatText(v.Float(), bits)
			if err != nil {
				return nil, err
			}
			return &types.AttributeValueMemberN{Value: s}, nil
		},
		decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
			s, err := numberText(av)
			if err != nil {
				return err
			}
			f, err := parseFloat(s, bits)
			if err != nil {
				return err
			}
			v.SetFloat(f)
			return nil
		},
		isZero:  func(v reflect.Value) bool { return v.Float() == 0 },
		isEmpty: func(v reflect.Value) bool { return v.Float() == 0 },
	}
}

// decimalCodec serves attributevalue.Number and json.Number: exact decimals
// in their plain form. The empty one is absent.
var decimalCodec = &codec{
	kind: kindN,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		if v.String() == "" {
			return nil, nil
		}
		s, err := canonicalNumber(v.String())
		if err != nil {
			return nil, err
		}
		return &types.AttributeValueMemberN{Value: s}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		s, err := numberText(av)
		if err != nil {
			return err
		}
		if s, err = canonicalNumber(s); err != nil {
			return err
		}
		v.SetString(s)
		return nil
	},
	isZero:  reflectZero,
	isEmpty: reflectZero,
}
