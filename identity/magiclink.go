package identity

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/theorydb/theorydb"
)

// What keys are derived from OTPKey for. A key of one use tells nothing about the key of another (RFC 5869 section 3.2).
const (
	magicLinkLabel   = "theorydb identity magic link 1"
	oneTimeCodeLabel = "theorydb identity one-time code 1"
)

// SignMagicLink gives the text that goes into a link: the token, a dot and its HMAC-SHA-256 under a key derived from otpKey
// (HKDF-SHA-256, RFC 5869), both in base64url. The MAC covers the scope, so that a link of one project is none of another.
// OneTimeTokens.Issue signs its magic links with it; it sends nothing. A key that is not 32 bytes long, the zero Scope and
// an empty token are errors.
func SignMagicLink(otpKey []byte, scope Scope, token theorydb.Secret[string]) (theorydb.Secret[string], error) {
	var none theorydb.Secret[string]
	text := token.Reveal()
	if text == "" {
		return none, fmt.Errorf("%w: the token of a magic link is empty", theorydb.ErrInvalidValue)
	}
	mac, err := magicLinkMAC(otpKey, scope, text)
	if err != nil {
		return none, err
	}
	return theorydb.NewSecret(text + "." + base64.RawURLEncoding.EncodeToString(mac)), nil
}

// VerifyMagicLink gives the token of a link that SignMagicLink signed for the scope, and ErrInvalidToken for every other
// text. It compares in constant time and sends nothing, so that a made-up link costs no request.
func VerifyMagicLink(otpKey []byte, scope Scope, link theorydb.Secret[string]) (theorydb.Secret[string], error) {
	var none theorydb.Secret[string]
	text, signature, _ := strings.Cut(link.Reveal(), ".")
	if !isRandomText(text) || !isRandomText(signature) { // a MAC has the size of a token
		return none, ErrInvalidToken
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil {
		return none, ErrInvalidToken
	}
	mac, err := magicLinkMAC(otpKey, scope, text)
	if err != nil {
		return none, err
	}
	if subtle.ConstantTimeCompare(mac, given) != 1 {
		return none, ErrInvalidToken
	}
	return theorydb.NewSecret(text), nil
}

func magicLinkMAC(otpKey []byte, scope Scope, token string) ([]byte, error) {
	return scopedMAC(otpKey, magicLinkLabel, scope, token)
}

// scopedMAC is the HMAC-SHA-256 of some texts of a scope, under the key that otpKey gives for a label. Each text is written
// behind its length, so that no other texts have the same MAC because their borders are elsewhere.
func scopedMAC(otpKey []byte, label string, scope Scope, texts ...string) ([]byte, error) {
	if len(otpKey) != keySize {
		return nil, fmt.Errorf("%w: the key has %d bytes, and %d are needed", theorydb.ErrInvalidValue, len(otpKey), keySize)
	}
	if scope.IsZero() {
		return nil, theorydb.ErrScopeRequired
	}
	key, err := hkdf.Key(sha256.New, otpKey, nil, label, sha256.Size)
	if err != nil {
		return nil, errors.New("identity: derive a key")
	}
	mac := hmac.New(sha256.New, key)
	for _, text := range append([]string{scope.tenant, scope.project}, texts...) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		mac.Write(size[:])
		mac.Write([]byte(text))
	}
	return mac.Sum(nil), nil
}
