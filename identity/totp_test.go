package identity

import (
	"encoding/base32"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

// The seed and times of RFC 6238 appendix B, with the last six of its eight digits.
func TestTOTPCodesAreThoseOfRFC6238(t *testing.T) {
	seed := []byte("12345678901234567890")
	for seconds, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		now := time.Unix(seconds, 0)
		step, found, err := matchTOTP(seed, code, now)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, seconds/30, step)
	}
}

func TestTOTPWindowIsOneStepEachWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), totpSeedSize, totpSeedSize).Draw(t, "seed")
		now := time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "now"), 0)
		offset := rapid.Int64Range(-4, 4).Draw(t, "offset")
		wanted := totpStep(now) + offset
		if wanted < 0 {
			return
		}
		code, err := totpCode(seed, wanted)
		require.NoError(t, err)
		step, found, err := matchTOTP(seed, code, now)
		require.NoError(t, err)
		if offset >= -1 && offset <= 1 {
			require.True(t, found)
			require.GreaterOrEqual(t, step, wanted, "the newest that fits")
		}
		if found {
			again, err := totpCode(seed, step)
			require.NoError(t, err)
			require.Equal(t, code, again)
			require.LessOrEqual(t, step, totpStep(now)+1)
			require.GreaterOrEqual(t, step, totpStep(now)-1)
		}
	})
}

func TestTOTPURLHoldsTheSeedAndRefusesWhatWouldBeRead(t *testing.T) {
	seed := []byte("12345678901234567890")
	text, err := totpURL(seed, "Acme & Söhne", "ü+1/?&secret=A#@example.com")
	require.NoError(t, err)
	require.Equal(t, "[REDACTED]", text.String())
	parsed, err := url.Parse(text.Reveal())
	require.NoError(t, err)
	require.Equal(t, "otpauth", parsed.Scheme)
	require.Equal(t, "/Acme & Söhne:ü+1/?&secret=A#@example.com", parsed.Path)
	require.Equal(t, base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed), parsed.Query().Get("secret"))
	require.Equal(t, []string{"6", "30", "SHA1", "Acme & Söhne"},
		[]string{parsed.Query().Get("digits"), parsed.Query().Get("period"), parsed.Query().Get("algorithm"), parsed.Query().Get("issuer")})
	for _, pair := range [][2]string{{"", "a"}, {"a", ""}, {"a:b", "c"}, {"a", "b:c"}, {"\xff", "a"}} {
		_, err := totpURL(seed, pair[0], pair[1])
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	}
}
