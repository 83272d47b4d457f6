package identity

import (
	"encoding/base64"
	"strings"
)

// A session token and a refresh token are a prefix, by which scanners for leaked secrets know them, and base64url without
// padding of
//
//	version (one byte, 1) | for each of tenant, project, user and session: length (one byte), text | rest
//
// The ids say where to look and are not to be trusted until the rest proves that the token was given out.

const (
	tokenVersion  = 1
	maxIDLength   = 128
	locatorFields = 4
)

// tokenText is base64url as one text alone: bits that decode to nothing must be zero.
var tokenText = base64.RawURLEncoding.Strict()

// locator says which session a token is about.
type locator struct{ tenant, project, user, session string }

func (l locator) ids() []string { return []string{l.tenant, l.project, l.user, l.session} }

// encodeLocator gives the bytes of a token that come before its rest.
func encodeLocator(l locator) []byte {
	encoded := []byte{tokenVersion}
	for _, id := range l.ids() {
		encoded = append(encoded, byte(len(id))) //nolint:gosec // ids were checked: at most 128 bytes
		encoded = append(encoded, id...)
	}
	return encoded
}

// encodeToken gives the text of a token.
func encodeToken(prefix string, parts ...[]byte) string {
	var whole []byte
	for _, part := range parts {
		whole = append(whole, part...)
	}
	return prefix + tokenText.EncodeToString(whole)
}

// decodeToken is the opposite of encodeToken for a locator and a rest of that many bytes. head is the bytes of the locator.
// It is strict: of a token there is one text, and everything else is no token. What is too long is not decoded.
func decodeToken(prefix, text string, size int) (l locator, head, rest []byte, ok bool) {
	encoded, found := strings.CutPrefix(text, prefix)
	longest := 1 + locatorFields*(1+maxIDLength) + size
	if !found || len(encoded) > tokenText.EncodedLen(longest) || strings.ContainsAny(encoded, "\r\n") { // which the decoder would skip
		return locator{}, nil, nil, false
	}
	whole, err := tokenText.DecodeString(encoded)
	if err != nil || len(whole) == 0 || whole[0] != tokenVersion {
		return locator{}, nil, nil, false
	}
	rest = whole[1:]
	for _, id := range []*string{&l.tenant, &l.project, &l.user, &l.session} {
		if len(rest) == 0 || len(rest) <= int(rest[0]) {
			return locator{}, nil, nil, false
		}
		end := 1 + int(rest[0]) // as an int: a byte would wrap around at 255
		*id, rest = string(rest[1:end]), rest[end:]
		if !idText.MatchString(*id) {
			return locator{}, nil, nil, false
		}
	}
	if len(rest) != size {
		return locator{}, nil, nil, false
	}
	return l, whole[:len(whole)-size], rest, true
}
