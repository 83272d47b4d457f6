package keys_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/keys"
)

// The key of a record is the one that its shard's number gives, and no other shard's.
func TestRenderShardGivesTheKeyOfExactlyOneShard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards := rapid.IntRange(2, 120).Draw(t, "shards")
		template := mustParseShards(t, "A#{a}#X{b|shard:"+strconv.Itoa(shards)+"}#{c}")
		values := []string{anyText().Draw(t, "a"), anyText().Draw(t, "b"), anyText().Draw(t, "c")}
		key, err := template.Render(values)
		require.NoError(t, err)
		values[1] = "" // is not looked at
		found := map[string]int{}
		for n := range shards {
			of, err := template.RenderShard(values, n)
			require.NoError(t, err)
			_, err = template.Parse(of)
			require.NoError(t, err)
			found[of]++
		}
		require.Len(t, found, shards)
		require.Equal(t, 1, found[key])
	})
}

func mustParseShards(t require.TestingT, text string) *keys.Template {
	template, err := keys.Parse(text, func(string) (keys.Kind, error) { return keys.Text, nil })
	require.NoError(t, err)
	return template
}

func TestRenderShardPadsToTheWidthOfTheLastShard(t *testing.T) {
	for text, want := range map[string]string{
		"L#{a|shard:10}": "L#7", "L#{a|shard:11}": "L#07", "L#{a|lower|shard:101}": "L#007", "{a|hash}#s{b|shard:8}": "*#s7",
	} {
		template := mustParseShards(t, text)
		key, err := template.RenderShard([]string{"x", ""}[:len(template.Components())], 7)
		require.NoError(t, err)
		if rest, ok := strings.CutPrefix(want, "*"); ok {
			require.True(t, strings.HasSuffix(key, rest), key)
			continue
		}
		require.Equal(t, want, key)
	}
}

func TestRenderShardRefusesWhatIsNoShardOfTheTemplate(t *testing.T) {
	for _, c := range []struct {
		template string
		values   []string
		shard    int
		want     error
	}{
		{"{a|shard:4}", []string{"x"}, 4, keys.ErrInvalidValue},
		{"{a|shard:4}", []string{"x"}, -1, keys.ErrInvalidValue},
		{"{a}", []string{"x"}, 0, keys.ErrInvalidValue},
		{"{a|shard:4}#{b|shard:4}", []string{"x", "x"}, 0, keys.ErrInvalidValue},
		{"{a|shard:4}#{b}", []string{""}, 0, keys.ErrIncomplete},
		{"{a|shard:4}#{b}", []string{"x", ""}, 0, keys.ErrIncomplete},
		{"{a|shard:4}", []string{"x", "y"}, 0, keys.ErrInvalidValue},
	} {
		_, err := mustParseShards(t, c.template).RenderShard(c.values, c.shard)
		require.ErrorIs(t, err, c.want, c.template)
	}
}
