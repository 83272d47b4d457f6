package expr_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/expr"
)

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func TestConditionsTakeOnlyTheParenthesesTheyNeed(t *testing.T) {
	var b expr.Builder
	a, c, d := b.Exists("a"), b.NotExists("c"), b.Compare("d", "=", text("x"))

	require.Equal(t, "attribute_exists(#0) AND attribute_not_exists(#1)", expr.And(a, c).String())
	require.Equal(t, "attribute_exists(#0) AND (attribute_not_exists(#1) OR #2 = :0)", expr.And(a, expr.Or(c, d)).String())
	require.Equal(t, "attribute_exists(#0) OR attribute_not_exists(#1) AND #2 = :0", expr.Or(a, expr.And(c, d)).String())
	require.Equal(t, "NOT attribute_exists(#0)", expr.Not(a).String())
	require.Equal(t, "NOT (attribute_exists(#0) OR #2 = :0)", expr.Not(expr.Or(a, d)).String())
	require.Equal(t, "NOT #3 BETWEEN :1 AND :2", expr.Not(b.Between("t", text("a"), text("b"))).String())
	require.Equal(t, map[string]string{"#0": "a", "#1": "c", "#2": "d", "#3": "t"}, b.Names())
}

func TestAbsentConditionsAreLeftOut(t *testing.T) {
	var b expr.Builder
	a := b.Exists("a")

	require.Equal(t, a, expr.And(expr.Expr{}, a))
	require.Equal(t, a, expr.Or(a, expr.And()))
	require.True(t, expr.Not(expr.Or()).IsAbsent())
}

func TestAnEmptyBuilderAsksForNoNamesOrValues(t *testing.T) {
	var b expr.Builder
	require.Nil(t, b.Names())
	require.Nil(t, b.Values())
}

func TestUpdateWritesClausesInTheOrderGiven(t *testing.T) {
	var b expr.Builder
	var u expr.Update
	require.Empty(t, u.String())
	u.Remove(b.Name("gone"))
	u.Set(b.Name("uses"), b.Value(text("1")))
	u.SetIfAbsent(b.Name("id"), b.Value(text("7")))
	require.Equal(t, "SET #1=:0,#2=if_not_exists(#2,:1) REMOVE #0", u.String())
}

// Whatever attributes and values a request names, no placeholder stands for two of them.
func TestPlaceholdersAreUniquePerRequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b expr.Builder
		attributes := rapid.SliceOfN(rapid.StringN(1, 3, -1), 1, 60).Draw(t, "attributes")
		values := rapid.SliceOfN(rapid.String(), 1, 60).Draw(t, "values")

		name := map[string]string{}
		for _, attribute := range attributes {
			name[attribute] = b.Name(attribute)
			require.Equal(t, attribute, b.Names()[name[attribute]])
		}
		require.Len(t, b.Names(), len(name))
		for _, value := range values {
			placeholder := b.Value(text(value))
			require.Equal(t, text(value), b.Values()[placeholder])
		}
		require.Len(t, b.Values(), len(values))
		for placeholder := range b.Names() {
			require.True(t, strings.HasPrefix(placeholder, "#"))
		}
	})
}
