package schema

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// as is a type assertion that fails the test.
func as[T any](t testing.TB, x any) T {
	t.Helper()
	v, ok := x.(T)
	require.True(t, ok, "%T", x)
	return v
}

// Short forms of attribute values.

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
func blob(s string) types.AttributeValue   { return &types.AttributeValueMemberB{Value: []byte(s)} }

func list(elements ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: append([]types.AttributeValue{}, elements...)}
}

// mapOf takes names and values in turn.
func mapOf(pairs ...any) types.AttributeValue {
	m := map[string]types.AttributeValue{}
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		m[name], _ = pairs[i+1].(types.AttributeValue)
	}
	return &types.AttributeValueMemberM{Value: m}
}
