package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/theorydb/theorydb"
)

// onceTries is how often a write with an unknown outcome is made in all.
const onceTries = 3

// onceMark is a random mark that one call leaves where it takes something that counts once. By it the call knows its own
// write from a rival's when the answer was lost.
func (s *core) onceMark() (string, error) {
	random, err := s.secret(16)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(random), nil
}

// repeatUnknown runs a write, again while nobody can tell what became of it. unknown reports whether that was ever so:
// then a condition that fails may have been made false by an earlier try of this very call. Any other failure behind such a
// try says nothing about it, and is theorydb.ErrOutcomeUnknown too.
func repeatUnknown(ctx context.Context, write func() error) (unknown bool, err error) {
	for try := 1; ; try++ {
		err = write()
		switch {
		case errors.Is(err, theorydb.ErrOutcomeUnknown):
			unknown = true
		case unknown && err != nil && !conditionRefused(err):
			return true, fmt.Errorf("%w: %w", theorydb.ErrOutcomeUnknown, err)
		default:
			return unknown, err
		}
		if try == onceTries || ctx.Err() != nil {
			return true, err
		}
	}
}

// What randomText gives: so many bytes, and as many characters of base64url (RFC 4648 section 5) without padding.
const (
	randomTextBytes = 32
	randomTextSize  = 43
)

// randomText is 256 random bits as text: far over the 128 that OWASP ASVS 5.0, 7.2.3, asks of a reference token.
func (s *core) randomText() (string, error) {
	random, err := s.secret(randomTextBytes)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(random), nil
}

// isRandomText reports whether a text could come from randomText. What could not is refused without a request.
func isRandomText(text string) bool {
	if len(text) != randomTextSize {
		return false
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(decoded) == randomTextBytes // the decoder skips line breaks
}

// randomTextHash is what is stored of such a text. A plain hash is enough for so many random bits.
func randomTextHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// fitsAsText refuses text that is not UTF-8 or over so many bytes.
func fitsAsText(field, text string, most int) error {
	if len(text) > most || !utf8.ValidString(text) {
		return fmt.Errorf("%w: %s is no UTF-8 text of at most %d bytes", theorydb.ErrInvalidValue, field, most)
	}
	return nil
}
