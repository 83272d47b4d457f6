package identity

import (
	"fmt"
	"strings"

	"github.com/theorydb/theorydb"
)

// Digits of a number with its country code. E.164 has at most 15; the shortest in use have 7.
const (
	minPhoneDigits = 7
	maxPhoneDigits = 15
	maxPhoneText   = 64
)

// NormalizePhone gives a telephone number in the form of E.164: "+", the country code and the number, 7 to 15 digits in
// all, the first not 0. Spaces and - . ( ) / between digits are left out. A number without "+" is
// theorydb.ErrInvalidValue, since nobody can know its country, and so is one with "(0)", which is dialled or not
// depending on where one calls from, and anything else. The text of the error does not hold the number.
// https://www.itu.int/rec/T-REC-E.164
func NormalizePhone(number string) (string, error) {
	switch {
	case len(number) > maxPhoneText:
		return "", invalidPhone(fmt.Sprintf("is over %d bytes", maxPhoneText))
	case !strings.HasPrefix(number, "+"):
		return "", invalidPhone("does not begin with + and the country code")
	case strings.Contains(number, "(0)"):
		return "", invalidPhone("has a (0)")
	}
	digits := make([]byte, 0, maxPhoneText)
	for _, c := range []byte(number[1:]) {
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case !strings.ContainsRune(" -.()/", rune(c)):
			return "", invalidPhone("has something else than digits, spaces and - . ( ) /")
		}
	}
	if len(digits) < minPhoneDigits || len(digits) > maxPhoneDigits || digits[0] == '0' {
		return "", invalidPhone(fmt.Sprintf("does not have %d to %d digits of which the first is not 0", minPhoneDigits, maxPhoneDigits))
	}
	return "+" + string(digits), nil
}

func invalidPhone(problem string) error {
	return fmt.Errorf("%w: the telephone number %s", theorydb.ErrInvalidValue, problem)
}
