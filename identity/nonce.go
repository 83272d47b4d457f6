package identity

import "crypto/subtle"

// EqualNonce reports whether the nonce of a browser's cookie is the one that came back in the URL: both there, of one
// length, and equal byte by byte, in a time that depends on the lengths only. Two empty ones are not equal.
func EqualNonce(cookie, url string) bool {
	return cookie != "" && subtle.ConstantTimeCompare([]byte(cookie), []byte(url)) == 1
}
