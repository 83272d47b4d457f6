package identitysuite

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// authenticator is what a user has in hand: an app that was set up with an otpauth URL. It knows nothing of the library's
// code.
type authenticator struct {
	userID, id string
	seed       []byte
}

// stepOf is the time step of RFC 6238, of 30 seconds.
func stepOf(at time.Time) int64 { return at.Unix() / 30 }

// code is the code of a step: RFC 4226 section 5.3, with 6 digits.
func (a authenticator) code(step int64) theorydb.Secret[string] {
	mac := hmac.New(sha1.New, a.seed)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xF
	return theorydb.NewSecret(fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7FFFFFFF%1_000_000))
}

// wrong is a code of none of some authenticators, now or a minute before or after.
func wrong(t testing.TB, at time.Time, all ...authenticator) theorydb.Secret[string] {
	t.Helper()
	for n := range 1000 {
		code, fits := theorydb.NewSecret(fmt.Sprintf("9%03d12", n)), false
		for _, a := range all {
			for step := stepOf(at) - 2; step <= stepOf(at)+2; step++ {
				fits = fits || a.code(step).Equal(code)
			}
		}
		if !fits {
			return code
		}
	}
	require.Fail(t, "every code fits")
	return theorydb.Secret[string]{}
}

// enrolled sets up an app for a user, whose seed is kept secret in every form in which it was given.
func (b *bench) enrolled(t testing.TB, userID string) authenticator {
	t.Helper()
	b.keepSecret("someone@example.com")
	id, text, err := b.MFA.Enroll(t.Context(), userID, identity.NewAuthenticator{Issuer: "Acme", Account: "someone@example.com"})
	require.NoError(t, err)
	parsed, err := url.Parse(text.Reveal())
	require.NoError(t, err)
	encoded := parsed.Query().Get("secret")
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(encoded)
	require.NoError(t, err)
	require.Len(t, seed, 20)
	b.keepSecret(text.Reveal(), encoded, string(seed))
	return authenticator{userID, id, seed}
}

// confirmed is an authenticator that counts, and whose last code is some steps back.
func (b *bench) confirmed(t testing.TB, userID string) authenticator {
	t.Helper()
	a := b.enrolled(t, userID)
	require.NoError(t, b.MFA.Confirm(t.Context(), userID, a.id, a.code(stepOf(b.clock.Now()))))
	b.clock.Advance(5 * time.Minute)
	return a
}
