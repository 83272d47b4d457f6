package identitysuite

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var upstreamAccounts = []Scenario{
	{ID: "id.bind.unique", run: anUpstreamAccountHasOneUser},
}

func anUpstreamAccountHasOneUser(t *testing.T, b *bench) {
	users := make([]string, racers)
	for n := range users {
		users[n] = b.user(t, fmt.Sprint("u", n)).ID
	}
	account := identity.Upstream{Issuer: "https://upstream.example", Subject: "s#1", ClientID: "mcp"}
	b.keepSecret("upstream-access", "upstream-refresh", "second-refresh")
	bind := func(stores *identity.Stores, userID string, account identity.Upstream) error {
		return errorOf(stores.Bindings.Bind(t.Context(), identity.Binding{
			UserID: userID, Issuer: account.Issuer, Subject: account.Subject, ClientID: account.ClientID,
			Resource: "https://api.example", TokenScope: "read write",
			AccessToken: theorydb.NewSecret("upstream-access"), RefreshToken: theorydb.NewSecret("upstream-refresh"),
		}))
	}
	all := together(racers, func(n int) error { return bind(b.Stores, users[n], account) })
	requireOneWinner(t, all, identity.ErrIdentifierTaken)
	winner := users[slices.Index(all, nil)]
	found, err := b.Bindings.FindUser(t.Context(), account)
	require.NoError(t, err)
	require.Equal(t, winner, found.ID)
	for _, entity := range []string{"Binding", "BindingClaim"} {
		require.Len(t, b.itemsOf(t, entity), 1)
	}
	require.ErrorIs(t, bind(b.Stores, winner, account), theorydb.ErrAlreadyExists, "his own")

	other := users[0]
	if other == winner {
		other = users[1]
	}
	for _, another := range []identity.Upstream{
		{Issuer: "https://other.example", Subject: account.Subject, ClientID: account.ClientID},
		{Issuer: account.Issuer, Subject: "S#1", ClientID: account.ClientID},
		{Issuer: account.Issuer, Subject: account.Subject, ClientID: "cli"},
	} {
		require.NoError(t, bind(b.Stores, other, another))
	}
	elsewhere := b.For(newScope(t, "acme", "test"))
	_, err = elsewhere.Users.Create(t.Context(), identity.User{ID: other}, identity.NewUser{})
	require.NoError(t, err)
	require.NoError(t, bind(elsewhere, other, account), "unique in its project only")

	// What the tokens are for is kept and never widens.
	tokens, err := b.Bindings.Tokens(t.Context(), winner, account)
	require.NoError(t, err)
	require.Equal(t, []string{"https://api.example", "read write"}, []string{tokens.Resource, tokens.TokenScope})
	next := identity.BindingTokens{Refresh: theorydb.NewSecret("second-refresh"), Version: tokens.Version}
	before := b.items(t)
	for _, wider := range []identity.BindingTokens{{Resource: "https://other.example"}, {TokenScope: "read admin"}} {
		wider.Refresh, wider.Version = next.Refresh, next.Version
		require.ErrorIs(t, b.Bindings.Rotate(t.Context(), winner, account, wider), identity.ErrForbidden)
	}
	require.ElementsMatch(t, before, b.items(t))
	requireOneWinner(t, together(racers, func(int) error {
		return b.Bindings.Rotate(t.Context(), winner, account, next)
	}), theorydb.ErrVersionConflict)

	require.ErrorIs(t, b.Bindings.Unbind(t.Context(), other, account), theorydb.ErrItemNotFound)
	require.NoError(t, b.Bindings.Unbind(t.Context(), winner, account))
	require.NoError(t, bind(b.Stores, other, account), "it is free at once")
}
