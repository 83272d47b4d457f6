package identitysuite

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var credentials = []Scenario{
	{ID: "id.cred.no_password", run: passwordsAreNotKept},
}

// tokenType is the type of the credentials of scenarios.
const tokenType = identity.CredentialOAuthToken

// toDeposit is a secret that a user deposits, which is kept secret.
func (b *bench) toDeposit(text string) theorydb.Secret[[]byte] {
	b.keepSecret(text)
	return theorydb.NewSecret([]byte(text))
}

// deposited registers a credential of a user.
func (b *bench) deposited(t testing.TB, userID, id, secret string) {
	t.Helper()
	require.NoError(t, b.Credentials.Register(t.Context(), userID, tokenType, id, b.toDeposit(secret)))
}

func passwordsAreNotKept(t *testing.T, b *bench) {
	b.user(t, "u1")
	refused := func(kind, id, secret string) {
		t.Helper()
		deposit := b.toDeposit(secret)
		for _, err := range []error{
			b.Credentials.Register(t.Context(), "u1", kind, id, deposit),
			b.Credentials.Replace(t.Context(), "u1", kind, id, 1, deposit),
		} {
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
		}
	}
	require.Empty(t, b.faults.during(func() {
		for _, kind := range []string{"password", "Password", "password_hash", "webauthn", "", "totp"} {
			refused(kind, "c1", "a-secret")
		}
		for _, id := range []string{
			"password", "passwordHash", "password_hash", "user-password", "passwd", "pass_word", "PWD", "pass-phrase", "bcrypt", "argon2id", "hash", "pw.hash",
		} {
			refused(tokenType, id, "a-secret")
		}
		for _, value := range []string{
			"$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", "$2a$10$x", "$argon2i$v=19$m=1", "$6$salt$x", "$1$s$xx",
			"$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
			"$y$j9T$x", "$pbkdf2-sha256$29000$x", "$scrypt$ln=16$x", "$7$C6..../....x", "pbkdf2_sha256$260000$x", "argon2$argon2id$v=19", "bcrypt_sha256$$2b$12$x",
		} {
			refused(tokenType, "c1", value)
		}
		refused(tokenType, "c#1", "a-secret")
		for _, size := range []int{0, 16<<10 + 1} {
			deposit := theorydb.NewSecret(make([]byte, size))
			require.ErrorIs(t, b.Credentials.Register(t.Context(), "u1", tokenType, "c1", deposit), theorydb.ErrInvalidValue)
		}
		require.ErrorIs(t, b.Credentials.Register(t.Context(), "u1", tokenType, "c1", theorydb.Secret[[]byte]{}), theorydb.ErrInvalidValue)
		require.ErrorIs(t, b.For(identity.Scope{}).Credentials.Delete(t.Context(), "u1", tokenType, "c1"), theorydb.ErrScopeRequired)
	}))
	require.Empty(t, b.kmsFaults.all(), "nor is KMS asked")
	for _, id := range []string{"google", "hashicorp", "c-1", "compass"} {
		b.deposited(t, "u1", id, "ya29.$token$")
	}
	require.Len(t, b.itemsOf(t, "Credential"), 4)
}
