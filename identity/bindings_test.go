package identity

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestIdentitiesHaveOneUser(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		stores := b.For(b.scope)
		for n := range racers {
			newUser(t, stores, fmt.Sprint("u", n))
		}
		const issuer, subject = "https://idp.example/#1", "s%23"
		all := together(racers, func(n int) error {
			return second(stores.Identities.Link(t.Context(), fmt.Sprint("u", n), issuer, subject))
		})
		requireOneWinner(t, all, ErrIdentifierTaken)
		found, err := stores.Identities.FindUser(t.Context(), issuer, subject)
		require.NoError(t, err)
		require.Equal(t, found.ID, fmt.Sprint("u", slices.Index(all, nil)))
		require.Equal(t, 1, b.countOf(t, "IdentityLink"))
		require.Equal(t, 1, b.countOf(t, "UserIdentity"))

		first, err := stores.Identities.List(t.Context(), found.ID)
		require.NoError(t, err)
		require.Len(t, first, 1)
		b.clock.Advance(time.Minute)
		again, err := stores.Identities.Link(t.Context(), found.ID, issuer, subject)
		require.NoError(t, err)
		require.Equal(t, *first[0], again, "linked already")

		other := "u0"
		if found.ID == other {
			other = "u1"
		}
		require.ErrorIs(t, stores.Identities.Unlink(t.Context(), other, issuer, subject), theorydb.ErrItemNotFound)
		require.ErrorIs(t, stores.Identities.Unlink(t.Context(), found.ID, issuer, "another"), theorydb.ErrItemNotFound)
		require.NoError(t, stores.Identities.Unlink(t.Context(), found.ID, issuer, subject))
		_, err = stores.Identities.FindUser(t.Context(), issuer, subject)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = stores.Identities.Link(t.Context(), other, issuer, subject)
		require.NoError(t, err)

		_, err = stores.Users.Disable(t.Context(), found.ID)
		require.NoError(t, err)
		for _, id := range []string{found.ID, "nobody"} {
			_, err = stores.Identities.Link(t.Context(), id, issuer, "third")
			require.ErrorIs(t, err, ErrUserInactive)
		}
		_, err = stores.Identities.FindUser(t.Context(), issuer, "third")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		for _, bad := range []string{"", "a\nb", "\xff", string(make([]byte, maxUpstream+1))} {
			_, err = stores.Identities.Link(t.Context(), "u1", issuer, bad)
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			_, err = stores.Identities.FindUser(t.Context(), bad, subject)
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		}
	})
}

func TestBindingsHaveOneUserAndNeverWiden(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		stores, account, secrets := secretPerson(t, b)
		newUser(t, stores, "u2")
		bindings := stores.Bindings
		binding := Binding{UserID: "u2", Issuer: account.Issuer, Subject: account.Subject, ClientID: account.ClientID, Resource: "r", RefreshToken: theorydb.NewSecret("x")}
		_, err := bindings.Bind(t.Context(), binding)
		require.ErrorIs(t, err, ErrIdentifierTaken)
		binding.UserID = "u1"
		_, err = bindings.Bind(t.Context(), binding)
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
		require.NotErrorIs(t, err, ErrIdentifierTaken)
		binding.ClientID = "another" // the same subject for another client is another binding
		binding.UserID = "u2"
		_, err = bindings.Bind(t.Context(), binding)
		require.NoError(t, err)

		tokens, err := bindings.Tokens(t.Context(), "u1", account)
		require.NoError(t, err)
		require.Equal(t, []string{secrets[6], secrets[7], "https://api.example", "read write"},
			[]string{tokens.Access.Reveal(), tokens.Refresh.Reveal(), tokens.Resource, tokens.TokenScope})
		require.Nil(t, tokens.Expires)

		expires := b.clock.Now().Add(time.Hour)
		next := BindingTokens{Access: theorydb.NewSecret("second-access"), Refresh: theorydb.NewSecret("second-refresh"), Expires: &expires, Version: tokens.Version}
		for _, wider := range []BindingTokens{{Resource: "https://other.example"}, {TokenScope: "read admin"}} {
			wider.Refresh, wider.Version = next.Refresh, next.Version
			require.ErrorIs(t, bindings.Rotate(t.Context(), "u1", account, wider), ErrForbidden)
		}
		next.TokenScope = "read"
		requireOneWinner(t, together(racers, func(int) error { return bindings.Rotate(t.Context(), "u1", account, next) }), theorydb.ErrVersionConflict)
		tokens, err = bindings.Tokens(t.Context(), "u1", account)
		require.NoError(t, err)
		require.Equal(t, []string{"second-access", "second-refresh", "https://api.example", "read write"},
			[]string{tokens.Access.Reveal(), tokens.Refresh.Reveal(), tokens.Resource, tokens.TokenScope})
		require.True(t, expires.Equal(*tokens.Expires))
		require.NoError(t, bindings.Rotate(t.Context(), "u1", account, BindingTokens{Refresh: theorydb.NewSecret("third"), Version: tokens.Version}))
		tokens, err = bindings.Tokens(t.Context(), "u1", account)
		require.NoError(t, err)
		require.False(t, tokens.Access.IsSet())
		require.Nil(t, tokens.Expires)
		require.Equal(t, int64(3), tokens.Version)
		outline, err := bindings.Get(t.Context(), "u1", account)
		require.NoError(t, err)
		require.Equal(t, "read write", outline.TokenScope)
		require.Equal(t, int64(3), outline.Version)

		for _, bad := range []Binding{
			{UserID: "u1"},
			{UserID: "u1", Issuer: "i", Subject: "s", ClientID: "c"},
			{UserID: "u1", Issuer: "i", Subject: "s", ClientID: "c", Resource: "r"},
		} {
			_, err = bindings.Bind(t.Context(), bad)
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		}
		for _, nobody := range []string{"u2", "nobody"} {
			_, err = bindings.Get(t.Context(), nobody, account)
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			_, err = bindings.Tokens(t.Context(), nobody, account)
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			require.ErrorIs(t, bindings.Rotate(t.Context(), nobody, account, next), theorydb.ErrItemNotFound)
			require.ErrorIs(t, bindings.Unbind(t.Context(), nobody, account), theorydb.ErrItemNotFound)
		}
		_, err = stores.Users.Disable(t.Context(), "u1")
		require.NoError(t, err)
		require.ErrorIs(t, bindings.Rotate(t.Context(), "u1", account, BindingTokens{Refresh: theorydb.NewSecret("x"), Version: 3}), ErrUserInactive)
		binding.UserID, binding.ClientID = "u1", "third"
		_, err = bindings.Bind(t.Context(), binding)
		require.ErrorIs(t, err, ErrUserInactive)
		b.holdsNoneOf(t, append(secrets, "second-access", "second-refresh", "third")...)
		require.NoError(t, bindings.Unbind(t.Context(), "u1", account))
		_, err = bindings.FindUser(t.Context(), account)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		require.Equal(t, 1, b.countOf(t, "Binding"))
		require.Equal(t, 1, b.countOf(t, "BindingClaim"))
	})
}

func TestScopesWithin(t *testing.T) {
	for _, c := range []struct {
		scope, whole string
		want         bool
	}{{"", "", true}, {"", "a", true}, {"a", "", false}, {"b a", "a b", true}, {"a  b", "b a c", true}, {"a c", "a b", false}, {"ab", "a b", false}} {
		require.Equal(t, c.want, isWithin(c.scope, c.whole), "%q in %q", c.scope, c.whole)
	}
}

// Made again, the binding has the version that the tokens were read with.
func TestTokensAreNotRotatedIntoABindingThatWasMadeAgain(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), b.For(b.scope)
		newUser(t, stores, "bob")
		bind := func(resource, scope string) {
			_, err := stores.Bindings.Bind(ctx, Binding{
				UserID: "bob", Issuer: "i", Subject: "s", ClientID: "c", Resource: resource, TokenScope: scope,
				RefreshToken: theorydb.NewSecret("first"),
			})
			require.NoError(t, err)
		}
		account := Upstream{Issuer: "i", Subject: "s", ClientID: "c"}
		for _, now := range [][2]string{{"r", "read"}, {"r", ""}, {"other", "read write"}} {
			bind("r", "read write")
			wire := b.faults.Next
			orgsBefore(b, "TransactWriteItems", func() {
				require.NoError(t, stores.Bindings.Unbind(ctx, "bob", account))
				bind(now[0], now[1])
			})
			err := stores.Bindings.Rotate(ctx, "bob", account, BindingTokens{
				Refresh: theorydb.NewSecret("for read and write"), TokenScope: "read write", Version: 1,
			})
			b.faults.Next = wire
			require.ErrorIs(t, err, theorydb.ErrVersionConflict)
			stored, err := stores.Bindings.Tokens(ctx, "bob", account)
			require.NoError(t, err)
			require.Equal(t, "first", stored.Refresh.Reveal())
			require.NoError(t, stores.Bindings.Unbind(ctx, "bob", account))
		}
	})
}
