package keys_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/keys"
)

// TestOverlapIsNeverFalselyDenied makes, from a key of one template, a second
// template that has the same key, by choosing for each segment anew what gives
// its text.
func TestOverlapIsNeverFalselyDenied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := anyTemplate().Draw(t, "template").parse(t)
		key, err := first.Render(anyValues(t, first))
		require.NoError(t, err)

		var segments []string
		for text := range strings.SplitSeq(key, "#") {
			segments = append(segments, rapid.SampledFrom(segmentsOf(text)).Draw(t, "segment"))
		}
		second, err := keys.Parse(strings.Join(segments, "#"), kindsOf(usualTypes))
		require.NoError(t, err)
		_, err = second.Parse(key)
		require.NoError(t, err)
		require.True(t, keys.Overlap(first, second), "%s and %s", first, second)
		require.True(t, keys.Overlap(second, first), "%s and %s", second, first)
	})
}

// segmentsOf are the segments of a template that may give text: the text itself
// where it is a literal, and every component behind every literal prefix.
func segmentsOf(text string) []string {
	var fitting []string
	try := func(segment string) {
		template, err := keys.Parse(segment, kindsOf(usualTypes))
		if err != nil {
			return // text that no literal can have
		}
		if _, err := template.Parse(text); err == nil {
			fitting = append(fitting, segment)
		}
	}
	try(text)
	for cut := range min(len(text), 12) {
		rest := strconv.Itoa(min(20, len(text)-cut))
		for _, component := range []string{
			"{a}", "{a|lower}", "{a|hash}", "{a|shard:5}", "{a|shard:64}", "{a|shard:700}", "{a|shard:10000}", "{n|int}", "{u|int}",
			"{n|pad:" + rest + "}", "{u|pad:" + rest + "}", "{u|pad:" + rest + "|lower}", "{at}", "{at|ms}", "{at|lower}", "{at|ms|lower}",
		} {
			try(text[:cut] + component)
		}
	}
	return fitting
}

// The reverse, for pairs drawn apart: where Overlap says no, no key drawn of one
// is a key of the other.
func TestTemplatesThatDoNotOverlapShareNoKey(t *testing.T) {
	denied := 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyTemplate().Draw(t, "a").parse(t), anyTemplate().Draw(t, "b").parse(t)
		require.Equal(t, keys.Overlap(a, b), keys.Overlap(b, a))
		key, err := a.Render(anyValues(t, a))
		require.NoError(t, err)
		if _, err := b.Parse(key); err == nil {
			require.True(t, keys.Overlap(a, b), "%s and %s", a, b)
		} else if !keys.Overlap(a, b) {
			denied++
		}
	})
	require.NotZero(t, denied)
}
