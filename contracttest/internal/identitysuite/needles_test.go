package identitysuite

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNeedlesAreFoundWhereTheyStand(t *testing.T) {
	text := rapid.SliceOfN(rapid.SampledFrom([]byte("ab\xff")), 6, 12)
	rapid.Check(t, func(t *rapid.T) {
		needles, sought := newNeedles(), rapid.SliceOf(text).Draw(t, "needles")
		for _, needle := range sought {
			needles.add(needle)
		}
		hay := rapid.SliceOfN(rapid.SampledFrom([]byte("ab\xff")), 0, 40).Draw(t, "hay")
		found := false
		for _, needle := range sought {
			found = found || bytes.Contains(hay, needle)
		}
		require.Equal(t, found, needles.in(hay))
	})
	short := newNeedles()
	short.add([]byte("short"))
	require.False(t, short.in([]byte("a short text")))
}
