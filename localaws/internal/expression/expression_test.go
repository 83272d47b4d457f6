package expression_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws/internal/attribute"
	"github.com/theorydb/theorydb/localaws/internal/expression"
)

func placeholders(t require.TestingT) *expression.Placeholders {
	p, err := expression.NewPlaceholders(
		map[string]string{"#n": "name", "#d": "a.b"},
		map[string]attribute.Value{
			":n": attribute.Integer(1), ":s": {Kind: attribute.String, Text: "secret"},
			":l": {Kind: attribute.List}, ":e": {Kind: attribute.StringSet, Elements: []attribute.Value{{Kind: attribute.String, Text: "x"}}},
		})
	require.Nil(t, err)
	return p
}

func TestReservedWordsAreThe573OfTheDeveloperGuide(t *testing.T) {
	require.Len(t, expression.ReservedWords, 573)
	for _, word := range []string{"abort", "Name", "STATUS", "ttl", "zone", "varchar"} {
		require.True(t, expression.IsReserved(word), word)
	}
	for _, word := range []string{"id", "pk", "version", ""} {
		require.False(t, expression.IsReserved(word), word)
	}
}

func TestPlaceholdersMustBeWellFormedAndUsed(t *testing.T) {
	for _, name := range []string{"", "#", "n", "#a-b", ":n"} {
		_, err := expression.NewPlaceholders(map[string]string{name: "x"}, nil)
		require.NotNil(t, err, name)
	}
	for _, name := range []string{"", ":", "n", ":a-b", "#n"} {
		_, err := expression.NewPlaceholders(nil, map[string]attribute.Value{name: attribute.Integer(1)})
		require.NotNil(t, err, name)
	}
	p := placeholders(t)
	_, err := expression.ParseCondition("FilterExpression", "#n = :n OR #d = :s", p)
	require.Nil(t, err)
	require.ErrorContains(t, p.Unused(), ":e, :l", "the unused ones are named")
	_, err = expression.ParseProjection("#n, #d", p)
	require.Nil(t, err)
}

func TestKeyConditionIsReadInEitherOrder(t *testing.T) {
	for _, text := range []string{"p = :s AND r < :n", "r < :n AND p = :s", "(p = :s) AND (:n > r)", "(:s = p AND r < :n)"} {
		terms, err := expression.ParseKeyCondition(text, placeholders(t))
		require.Nil(t, err, text)
		slices.SortFunc(terms, func(a, b expression.KeyTerm) int { return strings.Compare(a.Name, b.Name) })
		require.Equal(t, []expression.KeyTerm{
			{Name: "p", Operator: "=", Values: []attribute.Value{{Kind: attribute.String, Text: "secret"}}},
			{Name: "r", Operator: "<", Values: []attribute.Value{attribute.Integer(1)}},
		}, terms)
	}
}

func TestUpdateLeavesTheOldItemUnchanged(t *testing.T) {
	one, two := attribute.Integer(1), attribute.Integer(2)
	item := func() attribute.Item {
		return attribute.Item{
			"m": {Kind: attribute.Map, Members: map[string]attribute.Value{"x": one, "l": {Kind: attribute.List, Elements: []attribute.Value{one, two}}}},
			"l": {Kind: attribute.List, Elements: []attribute.Value{one, two}},
			"e": {Kind: attribute.StringSet, Elements: []attribute.Value{{Kind: attribute.String, Text: "x"}, {Kind: attribute.String, Text: "y"}}},
		}
	}
	old := item()
	update, err := expression.ParseUpdate("SET m.x = :s, m.l[0] = :s, l[5] = :n REMOVE l[0] ADD c :n DELETE e :e", placeholders(t))
	require.Nil(t, err)
	changed, err := update.Apply(old)
	require.Nil(t, err)
	require.Equal(t, item(), old)
	require.NotEqual(t, old, changed)
}

func TestParenthesesMayBeNestedAsDeepAsAnExpressionIsLong(t *testing.T) {
	deep := strings.Repeat("NOT (", 200) + "a = :n" + strings.Repeat(")", 200)
	c, err := expression.ParseCondition("ConditionExpression", deep, placeholders(t))
	require.Nil(t, err)
	require.True(t, c.Holds(attribute.Item{"a": attribute.Integer(1)}))
	_, err = expression.ParseCondition("ConditionExpression", strings.Repeat("(", 4000), placeholders(t))
	require.NotNil(t, err)
}

// FuzzParse holds for every kind of expression that parsing ends, refuses with
// a message without values, and that what it accepts can be carried out on an
// item without changing it.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"a = :n AND NOT (#n <> :s OR size(b) >= :n)", "a BETWEEN :n AND :n", "a IN (:n, :s)", "begins_with(a, :s)", "attribute_type(a, :s)",
		"SET a = if_not_exists(b, :n) + :n, c[0].d = list_append(:l, :l) REMOVE e ADD f :n DELETE g :e", "a, b[1].#n", "SET a = (:n - :n)",
		"((a = :n))", "p = :s AND begins_with(r, :s)", "a..b", "#", ":", "a[", "<>", "SET", "NOT", "(", "size(size(a)) = :n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		item := attribute.Item{"a": attribute.Integer(1), "b": {Kind: attribute.String, Text: "stored"}}
		if c, err := expression.ParseCondition("ConditionExpression", text, placeholders(t)); err == nil {
			c.Holds(item)
			c.Holds(nil)
		} else {
			require.NotContains(t, strings.ReplaceAll(err.Message, text, ""), "secret")
		}
		if u, err := expression.ParseUpdate(text, placeholders(t)); err == nil {
			_, _ = u.Apply(item)
			u.Touched(item)
		}
		if p, err := expression.ParseProjection(text, placeholders(t)); err == nil {
			p.Apply(item)
		}
		_, _ = expression.ParseKeyCondition(text, placeholders(t))
		require.Equal(t, attribute.Item{"a": attribute.Integer(1), "b": {Kind: attribute.String, Text: "stored"}}, item)
	})
}
