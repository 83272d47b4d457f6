package attribute

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// The limits of a DynamoDB number:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
)

// Decimal is an exact DynamoDB number in its one normal form, so two equal
// numbers are equal with ==. The zero Decimal is the number 0.
//
// The value is digits * 10^exponent, negated when negative is set. digits has
// neither leading nor trailing zeros and is empty for 0.
type Decimal struct {
	negative bool
	digits   string
	exponent int
}

// ParseDecimal reads a number as DynamoDB does: an optional sign, digits with
// an optional point, an optional exponent, and no spaces.
func ParseDecimal(text string) (Decimal, *apierror.Error) {
	mantissa, exponent := text, 0
	overflow := false
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		mantissa = text[:at]
		power := text[at+1:]
		if !isInteger(power) {
			return Decimal{}, notANumber()
		}
		parsed, err := strconv.Atoi(power)
		if err != nil || parsed > 1<<30 || parsed < -(1<<30) {
			overflow = true
			parsed = 0
		}
		exponent = parsed
	}
	negative := strings.HasPrefix(mantissa, "-")
	if negative || strings.HasPrefix(mantissa, "+") {
		mantissa = mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !isDigits(whole) || !isDigits(fraction) {
		return Decimal{}, notANumber()
	}
	if strings.Trim(whole+fraction, "0") == "" {
		return Decimal{}, nil
	}
	if overflow {
		return Decimal{}, outOfRange(strings.Contains(strings.ToLower(text), "e-"))
	}
	return normal(negative, whole+fraction, exponent-len(fraction))
}

func isInteger(text string) bool {
	text = strings.TrimPrefix(text, "-")
	text = strings.TrimPrefix(text, "+")
	return text != "" && isDigits(text)
}

func isDigits(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}

// normal strips zeros and refuses what DynamoDB can not hold.
func normal(negative bool, digits string, exponent int) (Decimal, *apierror.Error) {
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return Decimal{}, nil
	}
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	d := Decimal{negative: negative, digits: trimmed, exponent: exponent}
	switch {
	case len(trimmed) > maxDigits:
		return Decimal{}, apierror.Validation("Attempting to store more than 38 significant digits in a Number")
	case d.magnitude() > maxExponent:
		return Decimal{}, outOfRange(false)
	case d.magnitude() < minExponent:
		return Decimal{}, outOfRange(true)
	}
	return d, nil
}

func notANumber() *apierror.Error {
	return apierror.Validation("A value provided cannot be converted into a number")
}

func outOfRange(small bool) *apierror.Error {
	if small {
		return apierror.Validation("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	return apierror.Validation("Number overflow. Attempting to store a number with magnitude larger than supported range")
}

// magnitude is the power of ten of the first digit.
func (d Decimal) magnitude() int { return len(d.digits) + d.exponent - 1 }

// sign is -1, 0 or 1.
func (d Decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// String gives the number without an exponent, as DynamoDB answers it.
func (d Decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	text := d.digits
	switch {
	case d.exponent >= 0:
		text += strings.Repeat("0", d.exponent)
	case len(text) > -d.exponent:
		point := len(text) + d.exponent
		text = text[:point] + "." + text[point:]
	default:
		text = "0." + strings.Repeat("0", -d.exponent-len(text)) + text
	}
	if d.negative {
		return "-" + text
	}
	return text
}

// Cmp is -1, 0 or 1 as d is less than, equal to or greater than e.
func (d Decimal) Cmp(e Decimal) int {
	return strings.Compare(string(d.appendSortable(nil)), string(e.appendSortable(nil)))
}

// appendSortable appends bytes whose order is the order of the numbers.
func (d Decimal) appendSortable(to []byte) []byte {
	power := byte(d.magnitude() - minExponent) //nolint:gosec // 0..255 by the limits above
	switch d.sign() {
	case 0:
		return append(to, 0x80)
	case 1:
		return append(append(to, 0x81, power), d.digits...)
	}
	to = append(to, 0x7F, ^power)
	for i := range len(d.digits) {
		to = append(to, ^d.digits[i])
	}
	return append(to, 0xFF) // so that -1 sorts after -1.2
}

// Add gives d + e. A sum that needs more than 38 digits is refused, as the
// service refuses it, never rounded.
func (d Decimal) Add(e Decimal) (Decimal, *apierror.Error) {
	exponent := min(d.exponent, e.exponent)
	sum := new(big.Int).Add(d.scaled(exponent), e.scaled(exponent))
	return normal(sum.Sign() < 0, new(big.Int).Abs(sum).String(), exponent)
}

// Sub gives d - e, with the limits of Add.
func (d Decimal) Sub(e Decimal) (Decimal, *apierror.Error) {
	if e.digits != "" {
		e.negative = !e.negative
	}
	return d.Add(e)
}

// scaled is d as a multiple of 10^exponent; exponent is at most d's own.
func (d Decimal) scaled(exponent int) *big.Int {
	n := new(big.Int)
	if d.digits == "" {
		return n
	}
	n.SetString(d.digits+strings.Repeat("0", d.exponent-exponent), 10)
	if d.negative {
		n.Neg(n)
	}
	return n
}

// size is the stored size in bytes: two digits a byte and one byte more.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (d Decimal) size() int {
	n := (len(d.digits)+1)/2 + 1
	if d.negative {
		n++
	}
	return n
}
