package keys_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/keys"
)

// escapeBytes is a codec that escapes just the bytes given.
func escapeBytes(escaped, format string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			if strings.IndexByte(escaped, s[i]) >= 0 {
				fmt.Fprintf(&b, format, s[i])
			} else {
				b.WriteByte(s[i])
			}
		}
		return b.String()
	}
}

var brokenCodecs = []struct {
	name string
	codec
	breaks []string
}{
	{"no escape of the percent sign", codec{escapeBytes(`"#$`, "%%%02X"), "#"}, []string{"collision", "order", "prefix"}},
	{"no escape of the separator", codec{escapeBytes(`"$%`, "%%%02X"), "#"}, []string{"collision", "order", "prefix"}},
	{"separator that sorts after the escape", codec{keys.EncodeText, "/"}, []string{"order"}},
}

func TestCodecKeepsTuplesApartAndInOrder(t *testing.T) {
	exhaustive := everyTuple(3, 2)
	require.True(t, exhaustive.isSorted())
	ours := codec{keys.EncodeText, "#"}

	count := map[int]int{}
	for _, tu := range exhaustive.tuples {
		count[tu.arity()]++
	}
	require.Equal(t, map[int]int{1: 1_110, 2: 1_232_100, 3: 1_331_000}, count)

	t.Run("exhaustive", func(t *testing.T) {
		require.Empty(t, check(exhaustive, ours))
		t.Logf("%d tuples: %d of one and %d of two components of length 1-3, %d of three of length 1-2: no collision, order kept, prefix rule kept",
			len(exhaustive.tuples), count[1], count[2], count[3])
	})

	t.Run("drawn", func(t *testing.T) {
		drawn := drawnTuples(1_000_000, 20231114)
		require.True(t, drawn.isSorted())
		require.Equal(t, 1_000_000, len(drawn.tuples)) //nolint:testifylint // Len would print them all
		require.Empty(t, check(drawn, ours))
		t.Logf("%d drawn tuples of one to four components of length 1-8: no collision, order kept, prefix rule kept", len(drawn.tuples))
	})

	for _, broken := range brokenCodecs {
		t.Run("fails with "+broken.name, func(t *testing.T) {
			found := check(exhaustive, broken.codec)
			require.Equal(t, broken.breaks, found.names())
			t.Logf("%+v", found)
		})
	}
}

// Lower-case hex keeps every property above: it differs from ours in the text
// alone, which is for the vectors to say.
func TestVectorsRefuseLowerCaseHex(t *testing.T) {
	lower := escapeBytes(allEscaped(), "%%%02x")
	require.Empty(t, check(everyTuple(2, 1), codec{lower, "#"}))
	require.Empty(t, codecVectorFailures(t, keys.EncodeText))
	failures := codecVectorFailures(t, lower)
	require.NotEmpty(t, failures)
	t.Logf("lower-case hex fails %d vectors", len(failures))
}

func allEscaped() string {
	var b strings.Builder
	for c := byte(0); c <= '%'; c++ {
		b.WriteByte(c)
	}
	return b.String()
}
