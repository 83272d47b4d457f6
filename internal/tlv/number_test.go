package tlv_test

import (
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/internal/schema"
	"github.com/theorydb/theorydb/internal/tlv"
)

var canonicalForm = regexp.MustCompile(`^(0|-?[1-9]([0-9]*[1-9])?e(0|-?[1-9][0-9]*))$`)

// fraction is a number as math/big has it: a second opinion on when two texts are one number.
func fraction(text string) string {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return "not a number"
	}
	return r.String()
}

func TestNumberIsTheSameForEveryTextOfANumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + numbers().Draw(t, "number")
		text = strings.TrimPrefix(text, "--")
		canonical, err := tlv.Number(text)
		require.NoError(t, err)
		require.Regexp(t, canonicalForm, canonical)
		require.Equal(t, fraction(text), fraction(canonical), "the number itself")

		other, err := tlv.Number(respelledNumber(t, text))
		require.NoError(t, err)
		require.Equal(t, canonical, other)
		again, err := tlv.Number(canonical)
		require.NoError(t, err)
		require.Equal(t, canonical, again)
	})
}

func TestNumberTellsDifferentNumbersApart(t *testing.T) {
	equal, different := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		a := numbers().Draw(t, "a")
		b := respelledNumber(t, a)
		if rapid.Bool().Draw(t, "independent") {
			b = numbers().Draw(t, "b")
		}
		x, err := tlv.Number(a)
		require.NoError(t, err)
		y, err := tlv.Number(b)
		require.NoError(t, err)
		require.Equal(t, fraction(a) == fraction(b), x == y, "%s and %s", a, b)
		if x == y {
			equal++
		} else {
			different++
		}
	})
	require.Positive(t, equal)
	require.Positive(t, different)
	t.Logf("%d pairs of equal numbers, %d of different ones", equal, different)
}

func TestNumberRefusesWhatTheItemCodecRefuses(t *testing.T) {
	held, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`[+-]?[0-9]{0,40}\.?[0-9]{0,40}([eE][+-]?[0-9]{0,3})?`),
			rapid.StringMatching(`[-+0-9.eE _x]{0,8}`),
		).Draw(t, "text")
		canonical, err := tlv.Number(text)
		require.Equal(t, schema.IsNumber(text), err == nil, "%q", text)
		if err != nil {
			require.ErrorIs(t, err, tlv.ErrInvalid)
			require.Empty(t, canonical)
			refused++
			return
		}
		held++
	})
	require.Positive(t, held)
	require.Positive(t, refused)
	t.Logf("%d numbers, %d refused texts", held, refused)
}

func TestNumberIsNotFooledByLongTexts(t *testing.T) {
	const long = 1<<20 + 1
	zeros := strings.Repeat("0", long)
	canonical, err := tlv.Number("1" + zeros + "e-1048577")
	require.NoError(t, err)
	require.Equal(t, "1e0", canonical)
	canonical, err = tlv.Number("0." + zeros + "1e1048578")
	require.NoError(t, err)
	require.Equal(t, "1e0", canonical)
	for _, exponent := range []string{"-9223372036854775808", "99999999999999999999"} {
		_, err = tlv.Number("1" + zeros + "e" + exponent)
		require.ErrorIs(t, err, tlv.ErrInvalid, exponent)
		_, err = tlv.Number("0." + zeros + "1e" + exponent)
		require.ErrorIs(t, err, tlv.ErrInvalid, exponent)
	}
}
