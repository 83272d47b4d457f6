package identity

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func deposit(text string) theorydb.Secret[[]byte] { return theorydb.NewSecret([]byte(text)) }

func (b *bench) deposited(t testing.TB, userID, id, secret string) *Credentials {
	t.Helper()
	credentials := b.For(b.scope).Credentials
	require.NoError(t, credentials.Register(t.Context(), userID, CredentialOAuthToken, id, deposit(secret)))
	return credentials
}

func TestCredentialIsReplacedByOneOfThoseThatHoldItsVersion(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		credentials := b.deposited(t, b.tokensUser(t, "u1"), "c1", "tok-secret-1")
		secret, err := credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
		require.NoError(t, err)
		require.Equal(t, "tok-secret-1", string(secret.Reveal()))
		require.Equal(t, "[REDACTED]", fmt.Sprintf("%v", secret))
		err = credentials.Register(t.Context(), "u1", CredentialOAuthToken, "c1", deposit("tok-secret-2"))
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
		errs := together(16, func(i int) error {
			return credentials.Replace(t.Context(), "u1", CredentialOAuthToken, "c1", 1, deposit(fmt.Sprintf("tok-secret-new-%d", i)))
		})
		requireOneWinner(t, errs, theorydb.ErrVersionConflict)
		secret, err = credentials.Secret(t.Context(), "u1", CredentialOAuthToken, "c1")
		require.NoError(t, err)
		for i, err := range errs {
			if err == nil {
				require.Equal(t, fmt.Sprintf("tok-secret-new-%d", i), string(secret.Reveal()))
			}
		}
		require.ErrorIs(t, credentials.Replace(t.Context(), "u1", CredentialOAuthToken, "c9", 1, deposit("x")), theorydb.ErrItemNotFound)
		require.ErrorIs(t, credentials.Register(t.Context(), "nobody", CredentialOAuthToken, "c1", deposit("x")), ErrUserInactive)
		b.holdsNoneOf(t, "tok-secret-1", "tok-secret-new", string(secret.Reveal()))
	})
}
