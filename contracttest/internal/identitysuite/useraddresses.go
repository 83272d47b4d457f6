package identitysuite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var userAddresses = []Scenario{
	{ID: "id.user.change_email_race", run: ofUsersWhoChangeToOneAddressOneHasIt},
	{ID: "id.user.change_email_atomic", run: aChangeOfAddressThatIsLostChangesNothing},
	{ID: "id.user.kelvin_sign", run: anAddressThatOnlyLooksLikeAnotherIsRefused},
	{ID: "id.user.nfc_nfd", run: oneAddress("j\u00fcrgen@example.com", "ju\u0308rgen@example.com")},
	{ID: "id.user.idna", run: oneAddress("bob@m\u00fcnchen.de", "bob@xn--mnchen-3ya.de")},
	{ID: "id.user.control_and_zero_width", run: addressesWithInvisibleCharactersAreRefusedUnsent},
	{ID: "id.key.delimiter_injection", run: noTextOfACallersNamesARecordOfAnother},
}

func ofUsersWhoChangeToOneAddressOneHasIt(t *testing.T, b *bench) {
	b.keepSecret("free@example.com")
	for n := range racers {
		b.addressed(t, fmt.Sprint("u", n), fmt.Sprintf("old%d@example.com", n))
	}
	all := together(racers, func(n int) error {
		return errorOf(b.Users.ChangeIdentifier(t.Context(), fmt.Sprint("u", n), fmt.Sprintf("old%d@example.com", n),
			identity.NewIdentifier{Kind: identity.KindEmail, Value: "free@example.com"}))
	})
	requireOneWinner(t, all, identity.ErrIdentifierTaken)
	winner := slices.Index(all, nil)
	for n := range racers {
		old := fmt.Sprintf("old%d@example.com", n)
		found, err := b.Users.GetByIdentifier(t.Context(), identity.KindEmail, old)
		require.Equal(t, n == winner, errors.Is(err, theorydb.ErrItemNotFound))
		if n != winner {
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("u", n), found.ID)
			require.Equal(t, []string{old}, b.storedAddresses(t, found.ID))
		}
	}
	found, err := b.Users.GetByIdentifier(t.Context(), identity.KindEmail, "free@example.com")
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint("u", winner), found.ID)
	require.Equal(t, []string{"free@example.com"}, b.storedAddresses(t, found.ID))
	require.Len(t, b.itemsOf(t, "Identifier"), racers)
}

func aChangeOfAddressThatIsLostChangesNothing(t *testing.T, b *bench) {
	b.addressed(t, "u1", "old@example.com")
	b.keepSecret("new@example.com")
	before := b.items(t)
	b.faults.On("TransactWriteItems").Always().DropBefore()
	_, err := b.Users.ChangeIdentifier(t.Context(), "u1", "old@example.com", identity.NewIdentifier{Kind: identity.KindEmail, Value: "new@example.com"})
	require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
	found, err := b.Users.GetByIdentifier(t.Context(), identity.KindEmail, "old@example.com")
	require.NoError(t, err)
	require.Equal(t, "u1", found.ID)
	_, err = b.Users.GetByIdentifier(t.Context(), identity.KindEmail, "new@example.com")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	require.Equal(t, []string{"old@example.com"}, b.storedAddresses(t, "u1"))
	require.ElementsMatch(t, before, b.items(t))
}

func anAddressThatOnlyLooksLikeAnotherIsRefused(t *testing.T, b *bench) {
	b.addressed(t, "u1", "quack@example.com")
	_, err := b.Users.GetByIdentifier(t.Context(), identity.KindEmail, "quac\u212a@example.com")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = b.Users.Create(t.Context(), identity.User{}, b.emails("quac\u212a@example.com"))
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
}

// oneAddress shows that two spellings are one address, and that the one that was given first is kept.
func oneAddress(given, same string) func(t *testing.T, b *bench) {
	return func(t *testing.T, b *bench) {
		made := b.addressed(t, "u1", given)
		_, err := b.Users.Create(t.Context(), identity.User{}, b.emails("other@example.com", same))
		var taken *identity.TakenError
		require.ErrorAs(t, err, &taken)
		require.Equal(t, 1, taken.Position)
		require.NotContains(t, err.Error(), "example")
		found, err := b.Users.GetByIdentifier(t.Context(), identity.KindEmail, same)
		require.NoError(t, err)
		require.Equal(t, made, found)
		require.Equal(t, []string{given}, b.storedAddresses(t, "u1"), "the stored address is the one that was given")
	}
}

func addressesWithInvisibleCharactersAreRefusedUnsent(t *testing.T, b *bench) {
	requireUnsent(t, b, func() {
		for _, address := range []string{
			"b\x00b@example.com", "bob@example.com\r", "b\u200bb@example.com", "b\u202eb@example.com",
			"b\xed\xa0\x80b@example.com", strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 95),
		} {
			_, err := b.Users.Create(t.Context(), identity.User{}, b.emails(address))
			require.ErrorIs(t, b.tells(err), theorydb.ErrInvalidValue)
			_, err = b.Users.GetByIdentifier(t.Context(), identity.KindEmail, address)
			require.ErrorIs(t, b.tells(err), theorydb.ErrInvalidValue)
			_, err = b.Users.AddIdentifier(t.Context(), "u1", identity.NewIdentifier{Kind: identity.KindEmail, Value: address})
			require.ErrorIs(t, b.tells(err), theorydb.ErrInvalidValue)
		}
	})
}

// requireUnsent requires that something sends no request, neither to DynamoDB nor to KMS.
func requireUnsent(t *testing.T, b *bench, run func()) {
	t.Helper()
	require.Empty(t, b.kmsFaults.during(func() { require.Empty(t, b.faults.during(run)) }))
}

func noTextOfACallersNamesARecordOfAnother(t *testing.T, b *bench) {
	for _, id := range []string{"a#U#b", "%23", "a/b", "", strings.Repeat("a", 129), "a\nb", "a\x00", "\u00fc", "a b", "a\n"} {
		for verb, call := range verbsOfAUser(b, id) {
			if id == "" && verb == "Create" { // which makes one
				require.NoError(t, call(t.Context()))
				continue
			}
			requireUnsent(t, b, func() { require.ErrorIs(t, call(t.Context()), theorydb.ErrInvalidValue, "%s of %q", verb, id) })
		}
		for verb, call := range verbsOfOtherIDs(b, id) {
			requireUnsent(t, b, func() { require.ErrorIs(t, call(t.Context()), theorydb.ErrInvalidValue, "%s of %q", verb, id) })
		}
	}

	// Texts of other systems are in keys as digests: two that differ never meet, however they are put together.
	pieces := []string{"a", "b", "#", "%23", "%", "..", "/", "IDP#", "UQ", "$", " "}
	texts := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 4), func(all []string) string { return strings.Join(all, "") })
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		scope, err := identity.NewScope("acme", fmt.Sprint("run", run))
		require.NoError(r, err)
		stores := b.For(scope)
		one, two := [2]string{texts.Draw(r, "i1"), texts.Draw(r, "s1")}, [2]string{texts.Draw(r, "i2"), texts.Draw(r, "s2")}
		for n, pair := range [][2]string{one, two} {
			_, err := stores.Users.Create(t.Context(), identity.User{ID: fmt.Sprint("u", n)}, identity.NewUser{})
			require.NoError(r, err)
			_, err = stores.Identities.Link(t.Context(), fmt.Sprint("u", n), pair[0], pair[1])
			require.Equal(r, n == 1 && one == two, errors.Is(err, identity.ErrIdentifierTaken))
		}
		found, err := stores.Identities.FindUser(t.Context(), one[0], one[1])
		require.NoError(r, err)
		require.Equal(r, "u0", found.ID)
	})
}

// verbsOfAUser are the verbs that take a user's id.
func verbsOfAUser(b *bench, id string) map[string]func(context.Context) error {
	account := identity.Upstream{Issuer: "i", Subject: "s", ClientID: "c"}
	return map[string]func(context.Context) error{
		"Create": func(ctx context.Context) error {
			return errorOf(b.Users.Create(ctx, identity.User{ID: id}, identity.NewUser{}))
		},
		"Get": func(ctx context.Context) error { return errorOf(b.Users.Get(ctx, id)) },
		"Update": func(ctx context.Context) error {
			return errorOf(b.Users.Update(ctx, id, func(*identity.User) error { return nil }))
		},
		"Disable": func(ctx context.Context) error { return errorOf(b.Users.Disable(ctx, id)) },
		"Enable":  func(ctx context.Context) error { return errorOf(b.Users.Enable(ctx, id)) },
		"RemoveIdentifier": func(ctx context.Context) error {
			return errorOf(b.Users.RemoveIdentifier(ctx, id, identity.KindExternal, "x"))
		},
		"VerifyIdentifier": func(ctx context.Context) error {
			return b.Users.VerifyIdentifier(ctx, id, identity.KindExternal, "x")
		},
		"Erase":      func(ctx context.Context) error { _, _, err := b.Users.Erase(ctx, id, ""); return err },
		"Export":     func(ctx context.Context) error { return lastErrorOf(b.Users.Export(ctx, id)) },
		"Profile":    func(ctx context.Context) error { return errorOf(b.Profiles.Get(ctx, id)) },
		"Link":       func(ctx context.Context) error { return errorOf(b.Identities.Link(ctx, id, "i", "s")) },
		"Unlink":     func(ctx context.Context) error { return b.Identities.Unlink(ctx, id, "i", "s") },
		"Identities": func(ctx context.Context) error { return errorOf(b.Identities.List(ctx, id)) },
		"Bindings":   func(ctx context.Context) error { return errorOf(b.Bindings.List(ctx, id)) },
		"Tokens":     func(ctx context.Context) error { return errorOf(b.Bindings.Tokens(ctx, id, account)) },
		"Unbind":     func(ctx context.Context) error { return b.Bindings.Unbind(ctx, id, account) },
	}
}

// verbsOfOtherIDs are verbs that take the id of something else than a user.
func verbsOfOtherIDs(b *bench, id string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"scope of a tenant":   func(context.Context) error { return errorOf(identity.NewScope(id, "prod")) },
		"scope of a project":  func(context.Context) error { return errorOf(identity.NewScope("acme", id)) },
		"Organizations.Get":   func(ctx context.Context) error { return errorOf(b.Organizations.Get(ctx, id)) },
		"Workspaces.Get":      func(ctx context.Context) error { return errorOf(b.Workspaces.Get(ctx, id)) },
		"Roles.Get":           func(ctx context.Context) error { return errorOf(b.Roles.Get(ctx, id)) },
		"Clients.Get":         func(ctx context.Context) error { return errorOf(b.Clients.Get(ctx, id)) },
		"Sessions.Get":        func(ctx context.Context) error { return errorOf(b.Sessions.Get(ctx, "u1", id)) },
		"Sessions.Revoke":     func(ctx context.Context) error { return b.Sessions.Revoke(ctx, "u1", id, "test") },
		"Sessions.ListByUser": func(ctx context.Context) error { return errorOf(b.Sessions.ListByUser(ctx, id)) },
		"Credentials.Secret":  func(ctx context.Context) error { return errorOf(b.Credentials.Secret(ctx, "u1", tokenType, id)) },
		"Passkeys.Get":        func(ctx context.Context) error { return errorOf(b.Passkeys.Get(ctx, "u1", id)) },
		"MFA.Remove":          func(ctx context.Context) error { return b.MFA.Remove(ctx, "u1", id) },
		"Memberships.Get": func(ctx context.Context) error {
			return errorOf(b.Memberships.Get(ctx, identity.OrganizationTarget(id), "u1"))
		},
		"Memberships.Require": func(ctx context.Context) error {
			return b.Memberships.Require(ctx, identity.WorkspaceTarget(id), "u1", identity.RoleAny)
		},
		"OneTimeTokens.IssueCode": func(ctx context.Context) error {
			return errorOf(b.OneTimeTokens.IssueCode(ctx, id, identity.CodeSpec{Kind: "email"}))
		},
	}
}

// lastErrorOf is the error that an iterator ends with.
func lastErrorOf[T any](each func(func(T, error) bool)) (last error) {
	for _, err := range each {
		last = err
	}
	return last
}
