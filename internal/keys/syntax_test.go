package keys_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/keys"
)

// problems are the parts of a joined error.
func problems(t testing.TB, err error) []error {
	t.Helper()
	var joined interface{ Unwrap() []error }
	require.ErrorAs(t, err, &joined)
	return joined.Unwrap()
}

func TestParseSaysWhereAndWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		template string
		offset   int
		problem  string
	}{
		{"", 0, "empty template"},
		{"A##B", 2, "empty segment"},
		{"A#", 2, "empty segment"},
		{"A\xff", 0, "not valid UTF-8"},
		{"A#B C", 3, `a literal can't contain ' ', only A-Z a-z 0-9 and _ - . : @ / + =`},
		{"caf\u00e9", 3, `a literal can't contain 'é', only A-Z a-z 0-9 and _ - . : @ / + =`},
		{"A#x{a", 3, `"{" without "}"`},
		{"A#x}", 3, `"}" without "{"`},
		{"x{a{b}", 3, `"{" inside "{...}"`},
		{"A#{a}x", 5, `text after "}": a component ends its segment`},
		{"A#{}", 3, "no attribute is named"},
		{"A#{a|uper}", 5, `unknown modifier "uper"`},
		{"A#{a|lowr}", 5, `unknown modifier "lowr", did you mean "lower"?`},
		{"A#{u|int|LOWER}", 9, `unknown modifier "LOWER"`},
		{"A#{a|sha:4}", 5, `unknown modifier "sha:4", did you mean "shard"?`},
		{"{n|pad}", 3, `modifier "pad" needs a number, as in pad:8`},
		{"{n|pad:21}", 3, `modifier "pad" needs a number from 1 to 20`},
		{"{a|shard:1}", 3, `modifier "shard" needs a number from 2 to 10000`},
		{"{a|hash:4}", 3, `modifier "hash" takes no argument`},
		{"{a|pad:4}", 3, `modifier "pad" is for integers only`},
		{"{at|int}", 4, `modifier "int" is for integers only`},
		{"{n|int|ms}", 7, `modifier "ms" is out of place: at most one of pad, int and ms, then lower, then one of hash and shard`},
		{"{a|hash|lower}", 8, `modifier "lower" is out of place: at most one of pad, int and ms, then lower, then one of hash and shard`},
		{"{a|ms}", 3, `modifier "ms" is for times only`},
		{"A#{n}", 3, `attribute "n" is a number and needs pad:N or int, since digits of varying width do not sort`},
	} {
		_, err := keys.Parse(c.template, kindsOf(usualTypes))
		want := &keys.SyntaxError{Template: c.template, Offset: c.offset, Problem: c.problem}
		all := problems(t, err)
		require.Len(t, all, 1, "%v", err)
		var got *keys.SyntaxError
		require.ErrorAs(t, all[0], &got)
		require.Empty(t, cmp.Diff(want, got))
	}
}

func TestParseReportsAllProblemsInOrder(t *testing.T) {
	_, err := keys.Parse("a b#{a|nope}##{nosuch}#{n|pad:99}", kindsOf(usualTypes))
	all := problems(t, err)
	require.Len(t, all, 5)
	require.ErrorIs(t, err, errUnknownAttribute)
	var texts []string
	for _, one := range all {
		texts = append(texts, strings.TrimPrefix(one.Error(), `key template "a b#{a|nope}##{nosuch}#{n|pad:99}" at byte `))
	}
	require.Equal(t, []string{
		`1: a literal can't contain ' ', only A-Z a-z 0-9 and _ - . : @ / + =`,
		`7: unknown modifier "nope"`,
		`13: empty segment`,
		`15: attribute "nosuch": no such attribute`,
		`26: modifier "pad" needs a number from 1 to 20`,
	}, texts)
}

func TestParseAsksForAKindOncePerAttribute(t *testing.T) {
	asked := map[string]int{}
	template, err := keys.Parse("{a|hash}#{b|x:y}#{a}#{b}", func(attr string) (keys.Kind, error) {
		asked[attr]++
		return keys.Text, nil
	})
	require.Error(t, err)
	require.Nil(t, template)
	require.Equal(t, map[string]int{"a": 1, "b": 1}, asked)

	_, err = keys.Parse("{gone}#{gone|pad:3}#{gone|ms}", kindsOf(nil))
	require.Len(t, problems(t, err), 1, "an unknown attribute is one problem, whatever is done with it")
}

func TestParseRefusesAKindItDoesNotKnow(t *testing.T) {
	for _, kind := range []keys.Kind{-1, 0, keys.Time + 1} {
		_, err := keys.Parse("{a}", func(string) (keys.Kind, error) { return kind, nil })
		var syntax *keys.SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.Equal(t, `attribute "a" is of a kind that can't be part of a key`, syntax.Problem)
	}
}

func TestAttributeNamesMayHoldWhatBracesLeave(t *testing.T) {
	const name = "Straße :-$%\"0"
	template, err := keys.Parse("A#{"+name+"|lower}", func(string) (keys.Kind, error) { return keys.Text, nil })
	require.NoError(t, err)
	require.Equal(t, name, template.Components()[0].Attr)
}

func TestComponentsTellWhatTheyAre(t *testing.T) {
	for _, c := range []struct {
		template                string
		lossy, hashed, distinct bool
		shards                  int
	}{
		{"{a}", false, false, true, 0},
		{"x{n|pad:5}", false, false, true, 0},
		{"{n|int}", false, false, true, 0},
		{"{at}", false, false, true, 0},
		{"{at|ms}", true, false, false, 0},
		{"{a|lower}", true, false, false, 0},
		{"{a|hash}", true, true, true, 0},
		{"{a|lower|hash}", true, true, false, 0},
		{"{at|ms|hash}", true, true, false, 0},
		{"{a|shard:64}", true, false, false, 64},
	} {
		component := mustParse(t, c.template).Components()[0]
		require.Equal(t, c.lossy, component.Lossy(), c.template)
		require.Equal(t, c.hashed, component.Hashed(), c.template)
		require.Equal(t, c.distinct, component.Distinct(), c.template)
		require.Equal(t, c.shards, component.Shards(), c.template)
	}
	require.Empty(t, mustParse(t, "PROFILE").Components())
	require.Equal(t, "x", mustParse(t, "A#x{a}").Components()[0].Literal)
	require.Equal(t, "A#x{a}", mustParse(t, "A#x{a}").String())
}

func FuzzTemplateParse(f *testing.F) {
	for _, seed := range []string{
		"PROFILE", "TENANT#{a}#USER#{b}", "x{n|pad:5}#{u|int}", "{at|ms|lower|hash}", "{a|shard:64}", "{a", "{a|pad}", "a}#{{", "##", "{a|lower|lower}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, err := keys.Parse(text, kindsOf(usualTypes))
		if err != nil {
			require.Nil(t, template)
			for _, one := range problems(t, err) {
				var syntax *keys.SyntaxError
				if errors.As(one, &syntax) {
					require.Equal(t, text, syntax.Template)
					require.GreaterOrEqual(t, syntax.Offset, 0)
					require.LessOrEqual(t, syntax.Offset, len(text))
				} else {
					require.ErrorIs(t, one, errUnknownAttribute)
				}
			}
			return
		}
		require.Equal(t, text, template.String())
		require.True(t, keys.Overlap(template, template))
		require.Len(t, template.Components(), strings.Count(text, "{"))
		for _, c := range template.Components() {
			require.Contains(t, text, c.Literal+"{"+c.Attr)
			require.Contains(t, usualTypes, c.Attr)
		}
	})
}
