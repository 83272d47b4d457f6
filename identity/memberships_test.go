package identity

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

var orgsTarget = OrganizationTarget("o")

func TestRoleGateAsksForARole(t *testing.T) {
	b := openBench(t)
	m := orgsIn(t, b, "bob").Memberships
	require.ErrorIs(t, m.Require(t.Context(), orgsTarget, "ann"), theorydb.ErrInvalidValue)
	require.Error(t, b.db.Transact(t.Context(), m.RequireOp(orgsTarget, "ann")))
	require.ErrorIs(t, m.Require(t.Context(), orgsTarget, "ann", RoleAdmin, RoleMember), ErrForbidden, "no role includes another")
	require.NoError(t, m.Require(t.Context(), orgsTarget, "ann", RoleAny))
	require.ErrorIs(t, m.Require(t.Context(), orgsTarget, "bob", RoleAny), ErrForbidden)
	require.ErrorIs(t, b.db.Transact(t.Context(), m.RequireOp(orgsTarget, "bob", RoleAny)), theorydb.ErrItemNotFound)
	require.ErrorIs(t, m.Require(t.Context(), Target{}, "ann", RoleAny), theorydb.ErrInvalidValue)
}

func TestMissOfTheRoleGateIsNoticed(t *testing.T) {
	var notices []Notice
	b := openBench(t, func(o *Options) { o.Notify = notesInto(&notices) })
	m := orgsIn(t, b).Memberships
	notices = nil
	require.ErrorIs(t, m.Require(t.Context(), orgsTarget, "eve", RoleAny), ErrForbidden)
	require.Equal(t, []Notice{{Kind: NoticeMiss, Scope: b.scope, UserID: "eve", ID: "o"}}, notices)
}

func TestOwnershipIsTransferred(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob", "eve", "dan")
		m := stores.Memberships
		_, err := stores.Roles.Create(ctx, "billing", nil)
		require.NoError(t, err)
		_, err = m.Add(ctx, orgsTarget, "bob", "billing", "")
		require.NoError(t, err)
		require.ErrorIs(t, m.TransferOwnership(ctx, orgsTarget, "ann", "ann"), theorydb.ErrInvalidValue)
		require.ErrorIs(t, m.TransferOwnership(ctx, orgsTarget, "ann", "eve"), theorydb.ErrItemNotFound)
		require.ErrorIs(t, m.TransferOwnership(ctx, orgsTarget, "bob", "ann"), ErrForbidden)
		orgsSetUser(t, m.project, "bob", "disabled")
		require.ErrorIs(t, m.TransferOwnership(ctx, orgsTarget, "ann", "bob"), ErrUserInactive)
		require.Equal(t, []string{"ann"}, orgsAgree(t, stores, orgsTarget, "billing"))
		orgsSetUser(t, m.project, "bob", StatusActive)

		require.NoError(t, m.TransferOwnership(ctx, orgsTarget, "ann", "bob"))
		require.Equal(t, []string{"bob"}, orgsAgree(t, stores, orgsTarget, "billing"))
		require.NoError(t, m.Require(ctx, orgsTarget, "ann", RoleAdmin))

		_, err = m.SetRole(ctx, orgsTarget, "ann", RoleOwner)
		require.NoError(t, err)
		require.NoError(t, m.TransferOwnership(ctx, orgsTarget, "ann", "bob"), "who is an owner already")
		require.Equal(t, []string{"bob"}, orgsAgree(t, stores, orgsTarget, "billing"))
	})
}

func TestMembershipNeedsItsUserItsTargetAndItsRole(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob")
		m := stores.Memberships
		orgsUser(t, m.project, "off", "disabled")
		for _, user := range []string{"off", "nobody"} {
			_, err := m.Add(ctx, orgsTarget, user, RoleMember, "")
			require.ErrorIs(t, err, ErrUserInactive)
		}
		for _, target := range []Target{OrganizationTarget("none"), WorkspaceTarget("none")} {
			for _, role := range []string{RoleOwner, RoleMember} {
				_, err := m.Add(ctx, target, "bob", role, "")
				require.ErrorIs(t, err, theorydb.ErrItemNotFound)
				require.NotErrorIs(t, err, ErrUserInactive)
			}
		}
		_, err := m.Add(ctx, orgsTarget, "bob", "unknown", "")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = stores.Organizations.Suspend(ctx, "o")
		require.NoError(t, err)
		for _, role := range []string{RoleOwner, RoleMember} {
			_, err = m.Add(ctx, orgsTarget, "bob", role, "")
			require.ErrorIs(t, err, theorydb.ErrConditionFailed)
		}
		require.Equal(t, []string{"ann"}, orgsAgree(t, stores, orgsTarget))
		page, err := m.ListByTarget(ctx, orgsTarget, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
	})
}

func TestMembershipArgumentsAreChecked(t *testing.T) {
	b := openBench(t)
	m := b.For(b.scope).Memberships
	b.aws.ResetCalls()
	for _, bad := range []string{"", "a#b", "a b", "a\n", string(make([]byte, 129))} {
		_, err := m.Add(t.Context(), orgsTarget, bad, RoleMember, "")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = m.Add(t.Context(), OrganizationTarget(bad), "ann", RoleMember, "")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = m.Add(t.Context(), WorkspaceTarget(bad), "ann", RoleMember, "")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = m.Add(t.Context(), orgsTarget, "ann", bad, "")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = m.SetRole(t.Context(), orgsTarget, "ann", bad)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	}
	_, err := m.Add(t.Context(), orgsTarget, "ann", RoleMember, "a b")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	require.Empty(t, b.aws.Calls())
}

// Whatever is done in whatever order, by one or by several at once, the counts are those of the memberships, and a target
// that has an owner keeps one.
func TestCountsHoldUnderAnyOrderOfVerbs(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := openBench(t)
		stores := orgsIn(t, b, "bob", "eve", "dan")
		for _, role := range []string{"billing", "support"} {
			_, err := stores.Roles.Create(t.Context(), role, nil)
			require.NoError(rt, err)
		}
		users := []string{"ann", "bob", "eve", "dan"}
		roles := []string{RoleOwner, RoleOwner, RoleMember, "billing", "support", "unknown"}
		for range rapid.IntRange(1, 12).Draw(rt, "rounds") {
			var calls []func() error
			for range rapid.IntRange(1, 3).Draw(rt, "at once") {
				calls = append(calls, drawnVerb(t, rt, stores.Memberships, users, roles))
			}
			for _, err := range together(len(calls), func(i int) error { return calls[i]() }) {
				if err != nil {
					require.True(rt, isExpected(err), "%v", err)
				}
			}
			require.NotEmpty(rt, orgsAgree(t, stores, orgsTarget, "billing", "support"))
		}
	})
}

func isExpected(err error) bool {
	for _, one := range []error{ErrLastOwner, ErrForbidden, theorydb.ErrItemNotFound, theorydb.ErrAlreadyExists} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

func drawnVerb(t *testing.T, rt *rapid.T, m *Memberships, users, roles []string) func() error {
	ctx := t.Context()
	user, role := rapid.SampledFrom(users).Draw(rt, "user"), rapid.SampledFrom(roles).Draw(rt, "role")
	other := users[(slices.Index(users, user)+1)%len(users)]
	verbs := map[string]func() error{
		"add":        func() error { _, err := m.Add(ctx, orgsTarget, user, role, ""); return err },
		"setRole":    func() error { _, err := m.SetRole(ctx, orgsTarget, user, role); return err },
		"suspend":    func() error { _, err := m.Suspend(ctx, orgsTarget, user); return err },
		"reactivate": func() error { _, err := m.Reactivate(ctx, orgsTarget, user); return err },
		"remove":     func() error { return m.Remove(ctx, orgsTarget, user) },
		"transfer":   func() error { return m.TransferOwnership(ctx, orgsTarget, user, other) },
		"removeUser": func() error { return m.removeUser(ctx, user) },
	}
	names := []string{"add", "setRole", "suspend", "reactivate", "remove", "transfer", "removeUser"}
	return verbs[rapid.SampledFrom(names).Draw(rt, "verb")]
}

func TestCountsSurviveALostAnswer(t *testing.T) {
	b := openBench(t)
	stores := orgsIn(t, b, "bob", "eve")
	m := stores.Memberships
	b.faults.On("TransactWriteItems").Attempt(1).Times(4).CommitThenDrop()
	_, err := m.Add(t.Context(), orgsTarget, "bob", RoleOwner, "")
	require.NoError(t, err)
	_, err = m.Add(t.Context(), orgsTarget, "eve", RoleOwner, "")
	require.NoError(t, err)
	require.NoError(t, m.Remove(t.Context(), orgsTarget, "bob"))
	_, err = m.Suspend(t.Context(), orgsTarget, "eve")
	require.NoError(t, err)
	require.Equal(t, []string{"ann"}, orgsAgree(t, stores, orgsTarget))
}

func TestInactiveUserIsNoReasonToReadAgain(t *testing.T) {
	b := openBench(t)
	stores := orgsIn(t, b, "bob")
	_, err := stores.Memberships.Add(t.Context(), orgsTarget, "bob", RoleMember, "")
	require.NoError(t, err)
	orgsSetUser(t, stores.Users.project, "bob", UserDisabled)
	sent := b.tokensRequests()
	_, err = stores.Memberships.SetRole(t.Context(), orgsTarget, "bob", RoleOwner)
	require.ErrorIs(t, err, ErrUserInactive)
	require.Equal(t, []string{"TransactGetItems", "TransactWriteItems"}, sent())
}
