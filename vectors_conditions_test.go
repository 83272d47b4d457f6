package theorydb_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// sortOf reads a sort condition by its name in the vectors.
func sortOf(t testing.TB, operator string, operands []vectorValue) theorydb.SortCondition {
	t.Helper()
	if operator == "between" {
		require.Len(t, operands, 2)
		return theorydb.Between(operands[0].any, operands[1].any)
	}
	require.Len(t, operands, 1)
	value := operands[0].any
	switch operator {
	case "is":
		return theorydb.Is(value)
	case "at_least":
		return theorydb.AtLeast(value)
	case "after":
		return theorydb.After(value)
	case "at_most":
		return theorydb.AtMost(value)
	case "before":
		return theorydb.Before(value)
	case "has_prefix":
		prefix, ok := value.(string)
		require.True(t, ok)
		return theorydb.HasPrefix(prefix)
	}
	require.Fail(t, "no such sort condition", operator)
	return theorydb.SortCondition{}
}

// conditionOf reads a condition from its canonical form.
func conditionOf(t testing.TB, canonical json.RawMessage) theorydb.Condition {
	t.Helper()
	var parts []json.RawMessage
	require.NoError(t, json.Unmarshal(canonical, &parts))
	require.NotEmpty(t, parts)
	text := func(i int) (s string) {
		require.Less(t, i, len(parts))
		require.NoError(t, json.Unmarshal(parts[i], &s))
		return s
	}
	value := func(i int) any {
		require.Less(t, i, len(parts))
		stored, err := attributevalue.UnmarshalJSON(parts[i])
		require.NoError(t, err)
		return givenValue(t, stored)
	}
	var nested []theorydb.Condition
	switch operator := text(0); operator {
	case "and", "or", "not":
		for _, part := range parts[1:] {
			nested = append(nested, conditionOf(t, part))
		}
		switch operator {
		case "and":
			return theorydb.And(nested...)
		case "or":
			return theorydb.Or(nested...)
		}
		require.Len(t, nested, 1)
		return theorydb.Not(nested[0])
	case "equal":
		return theorydb.Equal(text(1), value(2))
	case "not_equal":
		return theorydb.NotEqual(text(1), value(2))
	case "less":
		return theorydb.Less(text(1), value(2))
	case "less_equal":
		return theorydb.LessEqual(text(1), value(2))
	case "greater":
		return theorydb.Greater(text(1), value(2))
	case "greater_equal":
		return theorydb.GreaterEqual(text(1), value(2))
	case "in":
		var values []any
		for i := range parts[2:] {
			values = append(values, value(i+2))
		}
		return theorydb.In(text(1), values...)
	case "in_range":
		return theorydb.InRange(text(1), value(2), value(3))
	case "begins_with":
		return theorydb.BeginsWith(text(1), value(2))
	case "contains":
		return theorydb.Contains(text(1), value(2))
	case "size_of":
		var size struct {
			N int `json:"N,string"`
		}
		require.NoError(t, json.Unmarshal(parts[3], &size))
		return theorydb.SizeOf(text(1), text(2), size.N)
	case "exists":
		return theorydb.Exists(text(1))
	case "not_exists":
		return theorydb.NotExists(text(1))
	}
	require.Fail(t, "no such condition", text(0))
	return theorydb.Condition{}
}

// givenValue is what a caller gives a condition to have it compare with a stored value.
func givenValue(t testing.TB, stored types.AttributeValue) any {
	t.Helper()
	switch v := stored.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return json.Number(v.Value)
	case *types.AttributeValueMemberB:
		return v.Value
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberSS:
		return v.Value
	case *types.AttributeValueMemberNS:
		var numbers []attributevalue.Number
		for _, number := range v.Value {
			numbers = append(numbers, attributevalue.Number(number))
		}
		return numbers
	}
	require.Failf(t, "no value of a filter", "%T", stored)
	return nil
}
