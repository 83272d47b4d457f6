package tlv

import (
	"math"
	"strconv"
	"strings"
)

// DynamoDB keeps 38 significant digits and magnitudes from 1E-130 up to 9.99...E+125, and zero.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
)

// Number gives the canonical form of a number, one text for each number whatever text DynamoDB took or returned for it:
//
//	number   = "0" / ["-"] digits "e" exponent     digits have no zero at either end
//	exponent = "0" / ["-"] digits                  without leading zeros
//
// So 1, +1.0 and 10E-1 all give 1e0; 1500 gives 15e2, -0.05 gives -5e-2, and 0, -0 and 0.00 give 0.
//
// Text that is no decimal number, or one that DynamoDB would not hold, is ErrInvalid.
func Number(text string) (string, error) {
	d, err := parseDecimal(text)
	if err != nil {
		return "", err
	}
	return d.canonical(), nil
}

// decimal is the number digits * 10^exponent. Its digits have no zero at either end; zero has none at all.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

var errNotNumber = invalid("text that is not a number")

// parseDecimal reads [sign] digits [. digits] [e [sign] digits]; the digits in front of the point may be left out.
func parseDecimal(text string) (decimal, error) {
	var d decimal
	d.negative, text = cutSign(text)
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		negative, exponent := cutSign(text[at+1:])
		if !isDigits(exponent) {
			return decimal{}, errNotNumber
		}
		// Of digits that are out of its range Atoi gives the greatest int. Half of that leaves room for adding
		// lengths of texts, and no text is long enough to bring such a number back into DynamoDB's range.
		d.exponent, _ = strconv.Atoi(exponent)
		d.exponent = min(d.exponent, math.MaxInt/2)
		if negative {
			d.exponent = -d.exponent
		}
		text = text[:at]
	}
	whole, fraction, hasPoint := strings.Cut(text, ".")
	d.digits = whole + fraction
	if !isDigits(d.digits) || hasPoint && fraction == "" {
		return decimal{}, errNotNumber
	}
	d.exponent -= len(fraction)
	trimmed := strings.TrimRight(d.digits, "0")
	d.exponent += len(d.digits) - len(trimmed)
	d.digits = strings.TrimLeft(trimmed, "0")
	return d.checked()
}

func cutSign(s string) (negative bool, rest string) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[0] == '-', s[1:]
	}
	return false, s
}

// checked gives d when DynamoDB holds it; zero in its only form.
func (d decimal) checked() (decimal, error) {
	magnitude := d.exponent + len(d.digits) - 1
	switch {
	case d.digits == "":
		return decimal{}, nil
	case len(d.digits) > maxDigits:
		return decimal{}, invalid("a number of more than 38 significant digits")
	case magnitude > maxExponent || magnitude < minExponent:
		return decimal{}, invalid("a number out of DynamoDB's range")
	}
	return d, nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func (d decimal) sign() string {
	if d.negative {
		return "-"
	}
	return ""
}

// canonical gives the form that Number documents.
func (d decimal) canonical() string {
	if d.digits == "" {
		return "0"
	}
	return d.sign() + d.digits + "e" + strconv.Itoa(d.exponent)
}

// plain gives the form without exponent, the one in which DynamoDB returns a number.
func (d decimal) plain() string {
	point := len(d.digits) + d.exponent // digits in front of the point
	switch {
	case d.digits == "":
		return "0"
	case d.exponent >= 0:
		return d.sign() + d.digits + strings.Repeat("0", d.exponent)
	case point > 0:
		return d.sign() + d.digits[:point] + "." + d.digits[point:]
	}
	return d.sign() + "0." + strings.Repeat("0", -point) + d.digits
}
