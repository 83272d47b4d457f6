package keys

import (
	"fmt"
	"strings"
)

// lastEscaped is the last byte that is escaped, "%" itself. All bytes up to it
// are, so that an escape, which begins with this byte, sorts before every byte
// that stays as it is; and the separator "#" below it sorts before both.
const lastEscaped = '%'

// upperHex is the alphabet of an escape. Its order is that of the nibbles,
// which keeps the order of escaped bytes.
const upperHex = "0123456789ABCDEF"

// EncodeText percent-encodes each byte 0x00-0x25 of s as "%" and two upper-case
// hex digits (the form of RFC 3986 section 2.1, for another set of bytes), and
// leaves all others. It takes any bytes: [Component.Encode] is where invalid
// UTF-8 is refused.
func EncodeText(s string) string {
	escapes := 0
	for i := range len(s) {
		if s[i] <= lastEscaped {
			escapes++
		}
	}
	if escapes == 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 2*escapes)
	for i := range len(s) {
		if c := s[i]; c <= lastEscaped {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&0xF])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// DecodeText is the way back from [EncodeText]. It refuses with [ErrMismatch]
// every text EncodeText does not give: a cut escape, lower-case hex, an escape
// of a byte that needs none, a raw byte that needs one. One value so has one
// key text, and a key that reads back is the key that would be written.
func DecodeText(s string) (string, error) {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c > lastEscaped:
			b.WriteByte(c)
		case c < lastEscaped:
			return "", fmt.Errorf("%w: a byte that must be escaped is not", ErrMismatch)
		case i+2 >= len(s):
			return "", fmt.Errorf("%w: an escape is cut short", ErrMismatch)
		default:
			high, low := strings.IndexByte(upperHex, s[i+1]), strings.IndexByte(upperHex, s[i+2])
			if high < 0 || low < 0 {
				return "", fmt.Errorf("%w: an escape is not two upper-case hex digits", ErrMismatch)
			}
			decoded := high<<4 | low
			if decoded > lastEscaped {
				return "", fmt.Errorf("%w: a byte is escaped without need", ErrMismatch)
			}
			b.WriteByte(byte(decoded)) //nolint:gosec // at most lastEscaped
			i += 2
		}
	}
	return b.String(), nil
}
