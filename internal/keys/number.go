package keys

import (
	"strconv"
	"strings"
)

// offsetWidth is the width of an int component: the digits of the largest
// uint64.
const offsetWidth = 20

// signBit is flipped in a signed number, so that the unsigned order of the
// result is the signed order of the value.
const signBit = 1 << 63

// numberText checks the stored text of a number, which must be the one
// canonical form ("-0", "+1" and "01" are not stored by DynamoDB), and writes
// it with a fixed width, since digits of varying width do not sort as numbers.
func (c Component) numberText(text string) (form, problem string) {
	magnitude, ok := c.parseNumber(text)
	if !ok {
		return "", "not an integer of its type in stored form"
	}
	switch {
	case c.number == offset:
		return zeroPad(strconv.FormatUint(magnitude, 10), offsetWidth), ""
	case text[0] == '-':
		return "", "a negative number can't be padded, use int"
	case len(text) > c.width:
		return "", "too large for pad:" + strconv.Itoa(c.width)
	default:
		return zeroPad(text, c.width), ""
	}
}

// parseNumber gives the number in the order-preserving unsigned form of int.
func (c Component) parseNumber(text string) (uint64, bool) {
	if c.Kind == Uint {
		n, err := strconv.ParseUint(text, 10, 64)
		return n, err == nil && strconv.FormatUint(n, 10) == text
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return uint64(n) ^ signBit, err == nil && strconv.FormatInt(n, 10) == text //nolint:gosec // the bits are meant, not the number
}

// removeOffset is the way back of int.
func (c Component) removeOffset(digits string) (string, bool) {
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return "", false
	}
	if c.Kind == Uint {
		return strconv.FormatUint(n, 10), true
	}
	return strconv.FormatInt(int64(n^signBit), 10), true //nolint:gosec // the bits are meant, not the number
}

// zeroPad writes digits with at least width places.
func zeroPad(digits string, width int) string {
	return strings.Repeat("0", max(0, width-len(digits))) + digits
}

// unpad drops the leading zeros that zeroPad adds; the number 0 keeps one.
func unpad(digits string) string {
	trimmed := strings.TrimLeft(digits, "0")
	if trimmed == "" {
		return "0"
	}
	return trimmed
}
