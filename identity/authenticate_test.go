package identity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestAuthenticateSessionRefusesWhatIsNoTokenWithoutARead(t *testing.T) {
	b := openSessBench(t)
	grant := b.signIn(t, b.user(t, "u1"))
	text := grant.Token.Reveal()
	foreign, err := NewScope("acme", "test")
	require.NoError(t, err)
	b.aws.ResetCalls()
	for _, bad := range []string{
		"", " ", "sess_", "rt_" + text[5:], text[5:], text + "A", text[:len(text)-1], " " + text, text + "\n", text[:20] + "\n" + text[20:],
		text + "=", "SESS_" + text[5:], grant.Refresh.Reveal(), strings.Repeat("a", 10<<10), "sess_" + strings.Repeat("A", 10<<10),
	} {
		_, err := b.AuthenticateSession(t.Context(), theorydb.NewSecret(bad))
		require.Equal(t, ErrInvalidToken, err)
	}
	_, err = b.AuthenticateSession(t.Context(), theorydb.Secret[string]{})
	require.Equal(t, ErrInvalidToken, err)
	_, err = b.For(foreign).Sessions.Authenticate(t.Context(), grant.Token)
	require.Equal(t, ErrInvalidToken, err)
	_, err = b.For(foreign).RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
	require.Equal(t, ErrInvalidToken, err)
	require.Empty(t, b.aws.Calls())

	auth, err := b.Sessions.Authenticate(t.Context(), grant.Token)
	require.NoError(t, err)
	require.Equal(t, b.scope, auth.Scope)
	require.Equal(t, grant.Session, auth.Session)
}

func TestAuthenticateSessionLooksAlikeForEveryFailure(t *testing.T) {
	b := openSessBench(t)
	user := b.user(t, "u1")
	grant, revoked := b.signIn(t, user), b.signIn(t, user)
	require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", revoked.Session.ID, "test"))
	l, secret, ok := parseSessionToken(grant.Token)
	require.True(t, ok)
	wrong := append([]byte{}, secret...)
	wrong[31] ^= 1
	lost, other := l, l
	lost.session, other.user = "unknown", "u2"
	for name, token := range map[string]theorydb.Secret[string]{
		"wrong secret": sessionToken(l, wrong), "unknown session": sessionToken(lost, secret), "unknown user": sessionToken(other, secret),
		"revoked": revoked.Token,
	} {
		b.aws.ResetCalls()
		_, err := b.AuthenticateSession(t.Context(), token)
		require.Equal(t, ErrInvalidToken, Public(err), name)
		require.Len(t, b.aws.Calls(), 1, name)
	}
	stolen := l // a right secret at the locator of another session
	stolen.session = revoked.Session.ID
	_, err := b.AuthenticateSession(t.Context(), sessionToken(stolen, secret))
	require.Equal(t, ErrInvalidToken, err, "why a session is not valid is told to nobody but its owner")
}

func TestAuthenticateSessionReportsThatNobodyCouldTell(t *testing.T) {
	b := openSessBench(t)
	grant := b.signIn(t, b.user(t, "u1"))
	b.faults.On("BatchGetItem").Error(400, "ThrottlingException", "slow").Always()
	_, err := b.AuthenticateSession(t.Context(), grant.Token)
	require.ErrorIs(t, err, theorydb.ErrThrottled)
	require.NotErrorIs(t, err, ErrInvalidToken)
}
