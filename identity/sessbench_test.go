package identity

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// sessBench is a bench with the stores and models of its scope.
type sessBench struct {
	*bench
	*Stores
	raw models
}

func sessBenchOf(b *bench) *sessBench { return &sessBench{b, b.For(b.scope), b.models.in(b.scope)} }

// openSessBench is a bench on the embedded engine.
func openSessBench(t testing.TB, change ...func(*Options)) *sessBench {
	return sessBenchOf(openBench(t, change...))
}

// eachSessBench is eachBench.
func eachSessBench(t *testing.T, test func(t *testing.T, b *sessBench)) {
	eachBench(t, func(t *testing.T, b *bench) { test(t, sessBenchOf(b)) })
}

// user makes a user by the model.
func (b *sessBench) user(t testing.TB, id string) User {
	t.Helper()
	user := User{ID: id, Status: "active"}
	require.NoError(t, b.raw.users.Create(t.Context(), &user))
	return user
}

// signIn makes a session with a family.
func (b *sessBench) signIn(t testing.TB, user User, change ...func(*NewSession)) *SessionGrant {
	t.Helper()
	n := NewSession{User: user, AAL: 1, AMR: []string{"hwk"}, IP: "192.0.2.7", UserAgent: "Test/1", Family: &NewFamily{ClientID: "app"}}
	for _, c := range change {
		c(&n)
	}
	grant, err := b.Sessions.Create(t.Context(), n)
	require.NoError(t, err)
	return grant
}

func (b *sessBench) refresh(t testing.TB, token theorydb.Secret[string]) RefreshResult {
	t.Helper()
	result, err := b.RefreshTokens.Refresh(t.Context(), token, "app")
	require.NoError(t, err)
	return result
}

func (b *sessBench) stored(t testing.TB, session Session) Session {
	t.Helper()
	stored, err := b.Sessions.Get(t.Context(), session.UserID, session.ID)
	require.NoError(t, err)
	return stored
}
