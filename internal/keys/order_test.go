package keys_test

import (
	"cmp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/keys"
)

func encoded(t require.TestingT, template *keys.Template, value string) string {
	key, err := template.Render([]string{value})
	require.NoError(t, err)
	return key
}

func TestIntKeepsTheOrderOfSignedNumbers(t *testing.T) {
	template := mustParse(t, "{n|int}")
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		x, y := encoded(t, template, strconv.FormatInt(a, 10)), encoded(t, template, strconv.FormatInt(b, 10))
		require.Len(t, x, 20)
		require.Equal(t, cmp.Compare(a, b), strings.Compare(x, y))
	})
}

func TestIntKeepsTheOrderOfUnsignedNumbers(t *testing.T) {
	template := mustParse(t, "{u|int}")
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		x, y := encoded(t, template, strconv.FormatUint(a, 10)), encoded(t, template, strconv.FormatUint(b, 10))
		require.Len(t, x, 20)
		require.Equal(t, cmp.Compare(a, b), strings.Compare(x, y))
	})
}

func TestPadKeepsTheOrderOfNumbersThatFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 18).Draw(t, "width")
		template, err := keys.Parse("{n|pad:"+strconv.Itoa(width)+"}", kindsOf(usualTypes))
		require.NoError(t, err)
		limit := int64(1)
		for range width {
			limit *= 10
		}
		fit := rapid.Int64Range(0, limit-1)
		a, b := fit.Draw(t, "a"), fit.Draw(t, "b")
		x, y := encoded(t, template, strconv.FormatInt(a, 10)), encoded(t, template, strconv.FormatInt(b, 10))
		require.Len(t, x, width)
		require.Equal(t, cmp.Compare(a, b), strings.Compare(x, y))

		_, err = template.Render([]string{strconv.FormatInt(limit, 10)})
		require.ErrorIs(t, err, keys.ErrInvalidValue)
	})
}

func TestTimesKeepTheirOrder(t *testing.T) {
	exact, cut := mustParse(t, "{at}"), mustParse(t, "{at|ms}")
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyTime().Draw(t, "a"), anyTime().Draw(t, "b")
		order := strings.Compare(a, b)
		require.Equal(t, order, strings.Compare(encoded(t, exact, a), encoded(t, exact, b)))
		// ms may make two times equal, it never turns them round.
		require.NotEqual(t, -1, order*strings.Compare(encoded(t, cut, a), encoded(t, cut, b)))
		require.Equal(t, a[:23]+"Z", encoded(t, cut, a))
	})
}

func TestLowerFoldsASCIILettersOnly(t *testing.T) {
	lower, plain := mustParse(t, "{a|lower}"), mustParse(t, "{a}")
	require.Equal(t, "\u0130\u212aé%0Ak", encoded(t, lower, "\u0130\u212aé\nK"))
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Draw(t, "text")
		folded := strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				return r - 'A' + 'a'
			}
			return r
		}, text)
		require.Equal(t, encoded(t, plain, folded), encoded(t, lower, text))
	})
}

func TestShardsAreAllUsedAndAlwaysInRange(t *testing.T) {
	template := mustParse(t, "{a|shard:11}")
	counts := map[string]int{}
	for i := range 11_000 {
		counts[encoded(t, template, "user-"+strconv.Itoa(i))]++
	}
	require.Len(t, counts, 11)
	for shard, n := range counts {
		require.Len(t, shard, 2)
		require.LessOrEqual(t, shard, "10")
		require.InDelta(t, 1000, n, 200) // six standard deviations of 30
	}
}
