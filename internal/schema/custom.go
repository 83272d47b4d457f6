package schema

import (
	"encoding"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// textCodec serves types with MarshalText and UnmarshalText. Their own errors
// may quote the value, so none of them is passed on.
var textCodec = &codec{
	kind:   kindS,
	format: FormatText,
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		m, ok := v.Addr().Interface().(encoding.TextMarshaler)
		if !ok {
			return nil, refuse("has no MarshalText")
		}
		b, err := m.MarshalText()
		if err != nil {
			return nil, refuse("its MarshalText failed")
		}
		if err := checkText(string(b)); err != nil {
			return nil, err
		}
		return &types.AttributeValueMemberS{Value: string(b)}, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		s, ok := av.(*types.AttributeValueMemberS)
		if !ok {
			return wrongKind(kindS, av)
		}
		u, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
		if !ok {
			return refuse("has no UnmarshalText")
		}
		v.SetZero()
		if err := u.UnmarshalText([]byte(s.Value)); err != nil {
			return refuse("its UnmarshalText failed")
		}
		return nil
	},
	isZero:  hasZero,
	isEmpty: hasZero,
}

// marshalerCodec serves types that say themselves how they are stored. A nil
// attribute value from MarshalDynamoDBAttributeValue means absent.
var marshalerCodec = &codec{
	encode: func(v reflect.Value, _ int) (types.AttributeValue, error) {
		m, ok := v.Addr().Interface().(attributevalue.Marshaler)
		if !ok {
			return nil, refuse("has no MarshalDynamoDBAttributeValue")
		}
		av, err := m.MarshalDynamoDBAttributeValue()
		if err != nil {
			return nil, refuse("its MarshalDynamoDBAttributeValue failed")
		}
		return av, nil
	},
	decode: func(av types.AttributeValue, v reflect.Value, _ int) error {
		u, ok := v.Addr().Interface().(attributevalue.Unmarshaler)
		if !ok {
			return refuse("has no UnmarshalDynamoDBAttributeValue")
		}
		v.SetZero()
		if err := u.UnmarshalDynamoDBAttributeValue(av); err != nil {
			return refuse("its UnmarshalDynamoDBAttributeValue failed")
		}
		return nil
	},
	isZero:  hasZero,
	isEmpty: hasZero,
}

// hasZero asks the value's own IsZero where it has one.
func hasZero(v reflect.Value) bool {
	if z, ok := v.Addr().Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	return v.IsZero()
}
