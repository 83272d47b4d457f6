package identitysuite

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// A session token and a refresh token as package identity documents them, read and written without its code: a prefix, and
// base64url without padding of
//
//	version (one byte, 1) | for each of tenant, project, user and session: length (one byte), text | rest
//
// The rest of a session token, "sess_", is its secret of 32 bytes. That of a refresh token, "rt_", is its generation (four
// bytes, big-endian) and the HMAC-SHA-256, under the family's bound secret, of "rt1" and all bytes before.

// tokenParts is what a token says.
type tokenParts struct {
	prefix string
	ids    [4]string // of tenant, project, user and session
	rest   []byte
}

const (
	sessionPrefix = "sess_"
	refreshPrefix = "rt_"
)

// partsOf reads a token that was handed out.
func partsOf(t testing.TB, token theorydb.Secret[string]) tokenParts {
	t.Helper()
	parts, ok := readToken(token.Reveal())
	require.True(t, ok, "this is no token")
	return parts
}

func readToken(text string) (p tokenParts, ok bool) {
	prefix, encoded, found := strings.Cut(text, "_")
	whole, err := base64.RawURLEncoding.DecodeString(encoded)
	if !found || err != nil || len(whole) == 0 || whole[0] != 1 {
		return tokenParts{}, false
	}
	p.prefix, p.rest = prefix+"_", whole[1:]
	for i := range p.ids {
		if len(p.rest) == 0 || len(p.rest) < 1+int(p.rest[0]) {
			return tokenParts{}, false
		}
		end := 1 + int(p.rest[0])
		p.ids[i], p.rest = string(p.rest[1:end]), p.rest[end:]
	}
	size, known := map[string]int{sessionPrefix: 32, refreshPrefix: 4 + 32}[p.prefix]
	return p, known && len(p.rest) == size
}

// head is the bytes that come before the rest.
func (p tokenParts) head() []byte {
	head := []byte{1}
	for _, id := range p.ids {
		head = append(append(head, byte(len(id))), id...)
	}
	return head
}

// token is the token that says so.
func (p tokenParts) token() theorydb.Secret[string] {
	return theorydb.NewSecret(p.prefix + base64.RawURLEncoding.EncodeToString(append(p.head(), p.rest...)))
}

// ofUser and ofSession are the token with another id in it.
func (p tokenParts) ofUser(id string) tokenParts    { p.ids[2] = id; return p }
func (p tokenParts) ofSession(id string) tokenParts { p.ids[3] = id; return p }

// generation is that of a refresh token.
func (p tokenParts) generation() int64 { return int64(binary.BigEndian.Uint32(p.rest)) }

// ofGeneration is the refresh token of a session's generation, as who knows the bound secret of its family can make it.
func (p tokenParts) ofGeneration(generation uint32, bound []byte) tokenParts {
	p.prefix = refreshPrefix
	p.rest = binary.BigEndian.AppendUint32(nil, generation)
	mac := hmac.New(sha256.New, bound)
	mac.Write([]byte("rt1"))
	mac.Write(p.head())
	mac.Write(p.rest)
	p.rest = mac.Sum(p.rest)
	return p
}

// sessionDigest is how the secret of a session is stored: the lower-case hex of its SHA-256.
func sessionDigest(secret []byte) string {
	digest := sha256.Sum256(secret)
	return hex.EncodeToString(digest[:])
}
