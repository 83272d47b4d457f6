package attribute_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

var decimalTexts = rapid.Custom(func(t *rapid.T) string {
	sign := rapid.SampledFrom([]string{"", "-", "+"}).Draw(t, "sign")
	digits := rapid.StringMatching(`[0-9]{0,4}[1-9]?0{0,3}`).Draw(t, "whole") + "0"
	if rapid.Bool().Draw(t, "fractional") {
		digits += "." + rapid.StringMatching(`[0-9]{0,8}`).Draw(t, "fraction")
	}
	return sign + digits + rapid.SampledFrom([]string{"", "e0", "E+2", "e-3", "e100", "e-100"}).Draw(t, "exponent")
})

func rational(t require.TestingT, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	return r
}

func parse(t require.TestingT, text string) attribute.Decimal {
	d, err := attribute.ParseDecimal(text)
	require.Nil(t, err, text)
	return d
}

func TestDecimalIsExactAndNormal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := decimalTexts.Draw(t, "number")
		d := parse(t, text)
		require.Zero(t, rational(t, text).Cmp(rational(t, d.String())), "%s became %s", text, d)
		require.NotContains(t, d.String(), "E")
		require.Equal(t, d, parse(t, d.String()))
	})
}

func TestDecimalOrderIsTheOrderOfNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := decimalTexts.Draw(t, "a"), decimalTexts.Draw(t, "b")
		x, y := parse(t, a), parse(t, b)
		order := rational(t, a).Cmp(rational(t, b))
		require.Equal(t, order, x.Cmp(y), "%s and %s", a, b)
		require.Equal(t, order == 0, x == y, "equal numbers have one form")
	})
}

func TestDecimalSumsAreExactOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := decimalTexts.Draw(t, "a"), decimalTexts.Draw(t, "b")
		sum, err := parse(t, a).Add(parse(t, b))
		want := new(big.Rat).Add(rational(t, a), rational(t, b))
		if err != nil {
			digits := strings.Trim(strings.ReplaceAll(strings.TrimLeft(want.FloatString(300), "-"), ".", ""), "0")
			require.Greater(t, len(digits), 38, "a sum of 38 digits was refused: %s + %s", a, b)
			return
		}
		require.Zero(t, want.Cmp(rational(t, sum.String())), "%s + %s", a, b)
		back, err := sum.Sub(parse(t, b))
		if err == nil {
			require.Equal(t, parse(t, a), back)
		}
	})
}

func TestDecimalLimits(t *testing.T) {
	nines := strings.Repeat("9", 38)
	for text, ok := range map[string]bool{
		nines: true, nines + "9": false, nines + "0": true, "0." + nines: true,
		"9." + nines[1:] + "E+125": true, "1E+126": false, "1E-130": true, "9E-131": false,
		"-1E-130": true, "0E+999999999999": true, "1E+999999999999": false, "1E-999999999999": false,
		strings.Repeat("0", 1000) + "1": true, "1." + strings.Repeat("0", 1000): true,
		"": false, ".": false, "-": false, "e1": false, "1e": false, "1e+": false, "--1": false, "1.1.1": false, "0x1": false, " 1": false, "١": false,
	} {
		_, err := attribute.ParseDecimal(text)
		require.Equal(t, ok, err == nil, "%.60s", text)
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"0", "-1.50", "1e100", "9.9E+125", "1E-130", ".5", "5.", "1e99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := attribute.ParseDecimal(text)
		if err != nil {
			return
		}
		require.Equal(t, d, parse(t, d.String()))
		require.LessOrEqual(t, len(d.String()), 1+2+130+38)
	})
}
