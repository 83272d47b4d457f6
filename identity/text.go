package identity

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/theorydb/theorydb"
)

// What texts may be long, in bytes.
const (
	maxName     = 256
	maxUpstream = 1024 // an issuer, a subject or a client of another system
	maxResource = 2048
)

// checkText refuses a text that is empty, too long, not UTF-8 or that has control characters.
func checkText(field, text string, most int) error {
	if text == "" {
		return fmt.Errorf("%w: %s is empty", theorydb.ErrInvalidValue, field)
	}
	return checkOptionalText(field, text, most)
}

// checkOptionalText is checkText for a text that may be empty.
func checkOptionalText(field, text string, most int) error {
	switch {
	case len(text) > most:
		return fmt.Errorf("%w: %s has %d bytes and may have %d", theorydb.ErrInvalidValue, field, len(text), most)
	case !utf8.ValidString(text):
		return fmt.Errorf("%w: %s is not UTF-8", theorydb.ErrInvalidValue, field)
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return fmt.Errorf("%w: %s has a control character", theorydb.ErrInvalidValue, field)
		}
	}
	return nil
}

// checkSealedText refuses a text that is too long or not UTF-8. What is only kept, and stands in no key, may have line
// breaks and other control characters.
func checkSealedText(field, text string, most int) error {
	switch {
	case len(text) > most:
		return fmt.Errorf("%w: %s has %d bytes and may have %d", theorydb.ErrInvalidValue, field, len(text), most)
	case !utf8.ValidString(text):
		return fmt.Errorf("%w: %s is not UTF-8", theorydb.ErrInvalidValue, field)
	}
	return nil
}
