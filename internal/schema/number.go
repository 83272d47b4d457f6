package schema

import (
	"math"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DynamoDB keeps 38 significant digits and magnitudes from 1E-130 up to
// 9.99...E+125, and zero.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
)

const (
	notANumber      = "is not a number"
	numberTooLarge  = "is larger than DynamoDB holds (9.99E+125)"
	numberTooSmall  = "is nearer to zero than DynamoDB holds (1E-130)"
	numberTooLong   = "has more than 38 significant digits"
	numberFraction  = "is not a whole number"
	numberOverflows = "does not fit the attribute's type"
)

// canonicalNumber gives the plain form of a decimal text: no exponent, no
// superfluous zero, no plus sign, no negative zero. DynamoDB takes and returns
// other forms of the same number; all of them give this one.
func canonicalNumber(s string) (string, error) {
	negative, digits, exponent, ok := splitNumber(s)
	if !ok {
		return "", refuse(notANumber)
	}
	trimmed := strings.TrimLeft(digits, "0")
	point := len(trimmed) + exponent // digits in front of the point
	trimmed = strings.TrimRight(trimmed, "0")
	switch {
	case trimmed == "":
		return "0", nil
	case point-1 > maxExponent:
		return "", refuse(numberTooLarge)
	case point-1 < minExponent:
		return "", refuse(numberTooSmall)
	case len(trimmed) > maxDigits:
		return "", refuse(numberTooLong)
	}
	var plain string
	switch {
	case point <= 0:
		plain = "0." + strings.Repeat("0", -point) + trimmed
	case point >= len(trimmed):
		plain = trimmed + strings.Repeat("0", point-len(trimmed))
	default:
		plain = trimmed[:point] + "." + trimmed[point:]
	}
	if negative {
		plain = "-" + plain
	}
	return plain, nil
}

// splitNumber reads [sign] digits [. digits] [e [sign] digits] into a whole
// number of digits and a power of ten. Exponents saturate far outside of what
// canonicalNumber accepts.
func splitNumber(s string) (negative bool, digits string, exponent int, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		text := s[i+1:]
		e, err := strconv.Atoi(text)
		if err != nil && (!isDigits(strings.TrimLeft(text, "+-")) || len(strings.TrimLeft(text, "+-")) < len(text)-1) {
			return false, "", 0, false
		}
		const far = math.MaxInt / 4 // no text has so many digits that they could bring the number back into range
		exponent, s = max(-far, min(far, e)), s[:i]
	}
	whole, fraction, hasPoint := strings.Cut(s, ".")
	digits = whole + fraction
	if !isDigits(digits) || hasPoint && fraction == "" {
		return false, "", 0, false
	}
	return negative, digits, exponent - len(fraction), true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func numberText(av types.AttributeValue) (string, error) {
	n, ok := av.(*types.AttributeValueMemberN)
	if !ok {
		return "", wrongKind(kindN, av)
	}
	return n.Value, nil
}

// parseInt reads a stored whole number of the given bits, in any of its forms.
func parseInt(s string, bits int) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, bits); err == nil {
		return n, nil
	}
	plain, err := wholeNumber(s)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(plain, 10, bits)
	if err != nil {
		return 0, refuse(numberOverflows)
	}
	return n, nil
}

// parseUint is parseInt for unsigned numbers.
func parseUint(s string, bits int) (uint64, error) {
	if n, err := strconv.ParseUint(s, 10, bits); err == nil {
		return n, nil
	}
	plain, err := wholeNumber(s)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(plain, 10, bits)
	if err != nil {
		return 0, refuse(numberOverflows)
	}
	return n, nil
}

func wholeNumber(s string) (string, error) {
	plain, err := canonicalNumber(s)
	if err != nil {
		return "", err
	}
	if strings.Contains(plain, ".") {
		return "", refuse(numberFraction)
	}
	return plain, nil
}

// parseFloat reads a stored number into a float of the given bits. Digits
// beyond its precision are rounded; a magnitude it can't hold is refused.
func parseFloat(s string, bits int) (float64, error) {
	plain, err := canonicalNumber(s)
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(plain, bits)
	if err != nil || f == 0 && plain != "0" {
		return 0, refuse(numberOverflows)
	}
	return f, nil
}

// floatText gives the shortest decimal that reads back as f, without exponent.
func floatText(f float64, bits int) (string, error) {
	switch magnitude := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "", refuse("is not a finite number")
	case f == 0:
		return "0", nil // also for -0
	case magnitude >= 1e126:
		return "", refuse(numberTooLarge)
	case magnitude < 1e-130:
		return "", refuse(numberTooSmall)
	}
	return strconv.FormatFloat(f, 'f', -1, bits), nil
}
