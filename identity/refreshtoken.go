package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"

	"github.com/theorydb/theorydb"
)

// The rest of a refresh token is its generation, four bytes, big-endian, and a MAC: HMAC-SHA-256 under the family's bound
// secret of "rt1" and all bytes before the MAC. So the token of a generation can be made again by who can open the bound
// secret, and by nobody else.

const (
	refreshPrefix   = "rt_"
	refreshMACLabel = "rt1"
	generationSize  = 4
	maxGeneration   = math.MaxUint32
	boundSecretSize = 32
)

// refreshToken is a refresh token that was presented, and not verified yet.
type refreshToken struct {
	locator
	gen    int64
	signed []byte // what the MAC is of
	mac    []byte
}

func newRefreshToken(l locator, gen int64, boundSecret []byte) theorydb.Secret[string] {
	signed := binary.BigEndian.AppendUint32(encodeLocator(l), uint32(gen)) //nolint:gosec // generations end at maxGeneration
	return theorydb.NewSecret(encodeToken(refreshPrefix, signed, refreshMAC(signed, boundSecret)))
}

func parseRefreshToken(presented theorydb.Secret[string]) (refreshToken, bool) {
	l, head, rest, ok := decodeToken(refreshPrefix, presented.Reveal(), generationSize+sha256.Size)
	if !ok {
		return refreshToken{}, false
	}
	gen := rest[:generationSize]
	return refreshToken{
		locator: l, gen: int64(binary.BigEndian.Uint32(gen)),
		signed: append(append([]byte{}, head...), gen...), mac: rest[generationSize:],
	}, true
}

// isOf reports, in constant time, whether the token was made with that secret.
func (t refreshToken) isOf(boundSecret []byte) bool {
	return len(boundSecret) == boundSecretSize && hmac.Equal(t.mac, refreshMAC(t.signed, boundSecret))
}

func refreshMAC(signed, boundSecret []byte) []byte {
	mac := hmac.New(sha256.New, boundSecret)
	mac.Write([]byte(refreshMACLabel))
	mac.Write(signed)
	return mac.Sum(nil)
}
