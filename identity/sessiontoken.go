package identity

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"

	"github.com/theorydb/theorydb"
)

// The rest of a session token is its secret, 256 random bits (OWASP ASVS 5.0, 7.2.3 asks for 128). Of it the SHA-256 is
// stored, which is enough for a secret that can't be guessed.

const (
	sessionPrefix     = "sess_"
	sessionSecretSize = 32
)

func sessionToken(l locator, secret []byte) theorydb.Secret[string] {
	return theorydb.NewSecret(encodeToken(sessionPrefix, encodeLocator(l), secret))
}

func parseSessionToken(presented theorydb.Secret[string]) (l locator, secret []byte, ok bool) {
	l, _, secret, ok = decodeToken(sessionPrefix, presented.Reveal(), sessionSecretSize)
	return l, secret, ok
}

// sessionDigest is the digest of a session's secret, as it is stored: lower-case hex of its SHA-256.
func sessionDigest(secret []byte) string {
	digest := sha256.Sum256(secret)
	return hex.EncodeToString(digest[:])
}

// isSessionDigest compares in constant time.
func isSessionDigest(stored string, secret []byte) bool {
	return subtle.ConstantTimeCompare([]byte(stored), []byte(sessionDigest(secret))) == 1
}
