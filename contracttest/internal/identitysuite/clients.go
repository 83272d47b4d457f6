package identitysuite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var clients = []Scenario{
	{ID: "id.client.redirect_exact", run: onlyTheVeryTextOfARedirectURIMatches},
	{ID: "id.client.secrets", run: aClientHasAtMostTwoSecretsOfWhichDigestsAreStored},
}

func onlyTheVeryTextOfARedirectURIMatches(t *testing.T, b *bench) {
	registered := []string{"https://a/cb", "https://b/cb?x=1"}
	made, secret, err := b.Clients.Create(t.Context(), identity.NewClient{Type: identity.ClientPublic, RedirectURIs: registered})
	require.NoError(t, err)
	require.False(t, secret.IsSet())
	client, err := b.Clients.Get(t.Context(), made.ID)
	require.NoError(t, err)
	for _, uri := range registered {
		require.True(t, identity.MatchRedirectURI(client.RedirectURIs, uri))
	}
	for _, uri := range []string{
		"https://a/cb/", "https://a/cb?x=1", "https://a.evil/cb", "https://A/cb", "HTTPS://a/cb", "https://a/CB", "https://a/*", "*", "",
		"https://a:443/cb", "https://a/cb#f", "https://a/./cb", "https://a/%63b", "https://user@a/cb", "http://a/cb", "https://a/c", " https://a/cb",
		"https://b/cb", "https://b/cb?x=2", "https://b/cb?x=1&y=2", "https://a/cb\x00", "https://a/cb https://b/cb?x=1",
	} {
		require.False(t, identity.MatchRedirectURI(client.RedirectURIs, uri), uri)
	}
	require.False(t, identity.MatchRedirectURI(nil, ""))
	require.False(t, identity.MatchRedirectURI([]string{""}, ""))
	require.False(t, identity.MatchRedirectURI([]string{"https://a/*"}, "https://a/b"))
}

func aClientHasAtMostTwoSecretsOfWhichDigestsAreStored(t *testing.T, b *bench) {
	client, first, err := b.Clients.Create(t.Context(), identity.NewClient{Type: identity.ClientConfidential})
	require.NoError(t, err)
	b.keepTokenSecret(t, first)
	rotate := func(overlap time.Duration) theorydb.Secret[string] {
		secret, err := b.Clients.RotateSecret(t.Context(), client.ID, overlap)
		require.NoError(t, err)
		b.keepTokenSecret(t, secret)
		return secret
	}
	verify := func(secret theorydb.Secret[string]) error {
		return b.tells(errorOf(b.Clients.VerifySecret(t.Context(), client.ID, secret)))
	}
	require.NoError(t, verify(first))
	require.Contains(t, b.holding(t, digestOf(first)), "attribute secrets", "its digest is what is stored")

	b.clock.Advance(time.Minute)
	second := rotate(time.Hour)
	require.NoError(t, verify(first))
	require.NoError(t, verify(second))
	b.clock.Advance(time.Minute)
	third := rotate(time.Hour)
	require.Equal(t, identity.ErrInvalidToken, verify(first), "the overlap of two rotations does not make three")
	require.NoError(t, verify(second))
	require.NoError(t, verify(third))
	b.clock.Advance(time.Hour)
	require.Equal(t, identity.ErrInvalidToken, verify(second), "at the end of its overlap")
	fourth := rotate(0)
	require.Equal(t, identity.ErrInvalidToken, verify(third), "without an overlap it ends at once")
	require.NoError(t, verify(fourth))

	public, none, err := b.Clients.Create(t.Context(), identity.NewClient{Type: identity.ClientPublic})
	require.NoError(t, err)
	require.False(t, none.IsSet())
	_, err = b.Clients.VerifySecret(t.Context(), public.ID, fourth)
	require.Equal(t, identity.ErrInvalidToken, b.tells(err))
}
