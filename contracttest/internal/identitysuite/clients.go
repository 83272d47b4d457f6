package identitysuite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/identity"
)

var clients = []Scenario{
	{ID: "id.client.redirect_exact", run: onlyTheVeryTextOfARedirectURIMatches},
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
