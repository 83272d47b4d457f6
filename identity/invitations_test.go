package identity

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestInvitationOfUnknownOutcomeIsNeitherAcceptedNorRefused(t *testing.T) {
	t.Run("nothing arrives", func(t *testing.T) {
		b := openBench(t)
		stores := orgsIn(t, b, "bob")
		secret, err := stores.Memberships.Invite(t.Context(), Invitation{Target: orgsTarget, Role: RoleMember})
		require.NoError(t, err)
		b.faults.On("TransactWriteItems").Always().DropBefore()
		_, err = stores.Memberships.AcceptInvitation(t.Context(), secret, "bob")
		require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
		_, err = stores.OneTimeTokens.Find(t.Context(), KindInvitation, secret)
		require.NoError(t, err)
	})
	t.Run("refused after a lost answer", func(t *testing.T) {
		b := openBench(t)
		stores := orgsIn(t, b, "bob")
		secret, err := stores.Memberships.Invite(t.Context(), Invitation{Target: orgsTarget, Role: RoleMember})
		require.NoError(t, err)
		_, err = stores.Organizations.Suspend(t.Context(), "o")
		require.NoError(t, err)
		b.faults.On("TransactWriteItems").Times(8).DropBefore()
		_, err = stores.Memberships.AcceptInvitation(t.Context(), secret, "bob")
		require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown, "what was lost may still arrive")
		require.ErrorIs(t, err, theorydb.ErrConditionFailed)
	})
}

func TestRefusedInvitationIsNotSpent(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob")
		m := stores.Memberships
		for _, id := range []string{"gone", "idle"} {
			_, err := stores.Organizations.Create(ctx, NewOrganization{ID: id, Slug: id, Name: id, OwnerID: "ann"})
			require.NoError(t, err)
		}
		_, err := stores.Roles.Create(ctx, "billing", nil)
		require.NoError(t, err)
		orgsUser(t, m.project, "off", UserDisabled)
		orgsUser(t, m.project, "leaving", UserDeleting)
		invite := func(target Target, role string) theorydb.Secret[string] {
			secret, err := m.Invite(ctx, Invitation{Target: target, Role: role, InvitedBy: "ann"})
			require.NoError(t, err)
			return secret
		}
		refused := func(secret theorydb.Secret[string], user string, why error) {
			t.Helper()
			_, err := m.AcceptInvitation(ctx, secret, user, WithAudit(Event{}))
			require.ErrorIs(t, err, why)
			_, err = stores.OneTimeTokens.Find(ctx, KindInvitation, secret)
			require.NoError(t, err, "the invitation is still valid")
		}
		gone, idle, custom, ours := invite(OrganizationTarget("gone"), RoleOwner), invite(OrganizationTarget("idle"), RoleMember),
			invite(orgsTarget, "billing"), invite(orgsTarget, RoleMember)
		require.NoError(t, stores.Organizations.Delete(ctx, "gone"))
		_, err = stores.Organizations.Suspend(ctx, "idle")
		require.NoError(t, err)
		require.NoError(t, stores.Roles.Delete(ctx, "billing"))
		refused(gone, "bob", theorydb.ErrItemNotFound)
		refused(idle, "bob", theorydb.ErrConditionFailed)
		refused(custom, "bob", theorydb.ErrItemNotFound)
		for _, user := range []string{"off", "leaving", "nobody"} {
			refused(ours, user, ErrUserInactive)
		}
		refused(ours, "ann", theorydb.ErrAlreadyExists)
		foreign, err := stores.OneTimeTokens.Issue(ctx, KindInvitation, TokenSpec{Subject: "bob"})
		require.NoError(t, err)
		refused(foreign, "bob", ErrInvalidToken)

		other, err := NewScope("acme", "test")
		require.NoError(t, err)
		orgsUser(t, b.For(other).Users.project, "bob", UserActive)
		_, err = b.For(other).Memberships.AcceptInvitation(ctx, ours, "bob")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		require.ErrorIs(t, Public(err), ErrInvalidToken)
		link, err := stores.OneTimeTokens.Issue(ctx, KindChallenge, TokenSpec{})
		require.NoError(t, err)
		_, err = m.AcceptInvitation(ctx, link, "bob")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		require.Empty(t, auditAll(t, stores.Audit, AuditQuery{Type: EventMembershipAdded}))
		require.Equal(t, []string{"ann"}, orgsAgree(t, stores, orgsTarget))

		_, err = m.AcceptInvitation(ctx, ours, "bob")
		require.NoError(t, err)
		_, err = m.AcceptInvitation(ctx, ours, "bob")
		require.ErrorIs(t, err, ErrTokenUsed)
	})
}

func TestInvitationForAnAddressIsForWhoHasIt(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b)
		m := stores.Memberships
		newUser(t, stores, "bob", "Bob@example.com")
		newUser(t, stores, "eve", "eve@example.com")
		secret, err := m.Invite(ctx, Invitation{Target: orgsTarget, Role: RoleMember, Email: "bob@EXAMPLE.com"})
		require.NoError(t, err)
		b.holdsNoneOf(t, "bob@EXAMPLE.com", "bob@example.com", secret.Reveal())
		for _, user := range []string{"eve", "ann"} {
			_, err = m.AcceptInvitation(ctx, secret, user)
			require.ErrorIs(t, err, ErrInvalidToken)
		}
		nobodys, err := m.Invite(ctx, Invitation{Target: orgsTarget, Role: RoleMember, Email: "nobody@example.com"})
		require.NoError(t, err)
		_, err = m.AcceptInvitation(ctx, nobodys, "bob")
		require.ErrorIs(t, err, ErrInvalidToken)
		made, err := m.AcceptInvitation(ctx, secret, "bob")
		require.NoError(t, err)
		require.Equal(t, RoleMember, made.Role)
		_, err = m.AcceptInvitation(ctx, secret, "bob")
		require.ErrorIs(t, err, ErrTokenUsed)
	})
}

func TestInvitationsReachEveryTargetAndEnd(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob", "eve")
		m := stores.Memberships
		_, err := stores.Workspaces.Create(ctx, NewWorkspace{Slug: "staging", Name: "Staging"})
		require.NoError(t, err)
		for _, target := range []Target{orgsTarget, WorkspaceTarget("staging"), TenantTarget()} {
			for _, user := range []string{"bob", "eve"} {
				secret, err := m.Invite(ctx, Invitation{Target: target, Role: RoleAdmin, Lifetime: time.Hour})
				require.NoError(t, err)
				if user == "eve" {
					b.clock.Advance(time.Hour)
					_, err = m.AcceptInvitation(ctx, secret, user)
					require.ErrorIs(t, err, ErrExpired)
					require.ErrorIs(t, m.Require(ctx, target, user, RoleAny), ErrForbidden)
					continue
				}
				made, err := m.AcceptInvitation(ctx, secret, user)
				require.NoError(t, err)
				require.Equal(t, target, made.target())
				require.NoError(t, m.Require(ctx, target, user, RoleAdmin))
			}
		}
	})
}

func TestInvitationsArgumentsAreChecked(t *testing.T) {
	b := openBench(t)
	m := b.For(b.scope).Memberships
	counter := &requestCounter{next: b.faults.Next}
	b.faults.Next = counter
	for name, invitation := range map[string]Invitation{
		"no target": {Role: RoleMember}, "no role": {Target: orgsTarget}, "role": {Target: orgsTarget, Role: "a b"},
		"inviter":   {Target: orgsTarget, Role: RoleMember, InvitedBy: "a#b"},
		"email":     {Target: orgsTarget, Role: RoleMember, Email: "no address"},
		"target id": {Target: OrganizationTarget(""), Role: RoleMember},
		"lifetime":  {Target: orgsTarget, Role: RoleMember, Lifetime: sevenDays + 1},
	} {
		_, err := m.Invite(t.Context(), invitation)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, name)
	}
	valid := theorydb.NewSecret(randomTextOf(t, b))
	_, err := m.AcceptInvitation(t.Context(), valid, "a b")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = m.AcceptInvitation(t.Context(), valid, "bob", WithAudit(Event{Type: "bad type"}))
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = m.AcceptInvitation(t.Context(), theorydb.NewSecret("short"), "bob")
	require.ErrorIs(t, err, ErrInvalidToken)
	require.Zero(t, counter.sent)
	require.NotContains(t, fmt.Sprintf("%+v", theorydb.Redact(Invitation{Email: "bob@example.com"})), "bob@example.com")
}

func randomTextOf(t testing.TB, b *bench) string {
	t.Helper()
	text, err := b.randomText()
	require.NoError(t, err)
	return text
}
