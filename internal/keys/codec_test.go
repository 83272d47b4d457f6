package keys_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/keys"
)

// canonical is the language of the codec, said another way than by its code.
var canonical = regexp.MustCompile(`^(?s:[^\x00-%]|%[01][0-9A-F]|%2[0-5])*$`)

func TestDecoderRefusesEveryNonCanonicalText(t *testing.T) {
	const bytes = `"#$%0125AFaf` + "z\x00\xff"
	accepted, refused := 0, 0
	var visit func(text string)
	visit = func(text string) {
		value, err := keys.DecodeText(text)
		if err == nil {
			accepted++
			if again := keys.EncodeText(value); again != text {
				t.Fatalf("%q is read as %q, which is written %q", text, value, again)
			}
		} else {
			refused++
			require.ErrorIs(t, err, keys.ErrMismatch)
		}
		if (err == nil) != canonicalBytes(text) {
			t.Fatalf("%q: refused %t", text, err != nil)
		}
		if len(text) == 5 {
			return
		}
		for i := range len(bytes) {
			visit(text + bytes[i:i+1])
		}
	}
	visit("")
	require.NotZero(t, accepted)
	require.NotZero(t, refused)
	t.Logf("%d texts of up to 5 bytes: %d read back to themselves, %d refused", accepted+refused, accepted, refused)
}

// canonicalBytes matches bytes and not runes: the codec knows nothing of UTF-8.
func canonicalBytes(text string) bool {
	latin := make([]rune, len(text))
	for i := range len(text) {
		latin[i] = rune(text[i])
	}
	return canonical.MatchString(string(latin))
}

// Every pair of bytes, so that no byte depends on its neighbour.
func TestCodecRoundTripsEveryPairOfBytes(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			text := string([]byte{byte(a), byte(b)})
			encoded := keys.EncodeText(text)
			if strings.ContainsAny(encoded, "\x00#") || !canonicalBytes(encoded) {
				t.Fatalf("%q is written %q", text, encoded)
			}
			decoded, err := keys.DecodeText(encoded)
			if err != nil || decoded != text {
				t.Fatalf("%q is read back as %q (%v)", text, decoded, err)
			}
		}
	}
}

func TestCodecKeepsOrderOfAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyText().Draw(t, "a"), anyText().Draw(t, "b")
		require.Equal(t, strings.Compare(a, b), strings.Compare(keys.EncodeText(a), keys.EncodeText(b)))
	})
}

func FuzzDecodeText(f *testing.F) {
	for _, seed := range []string{"", "a%23b", "%2a", "%2", "#", "%41", "é", "\xff%25"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := keys.DecodeText(text)
		require.Equal(t, canonicalBytes(text), err == nil)
		if err == nil {
			require.Equal(t, text, keys.EncodeText(value))
		}
		again, err := keys.DecodeText(keys.EncodeText(text))
		require.NoError(t, err)
		require.Equal(t, text, again)
	})
}
