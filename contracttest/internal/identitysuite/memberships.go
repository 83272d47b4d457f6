package identitysuite

import (
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

var memberships = []Scenario{
	{ID: "id.mem.both_ways", run: aMembershipIsFoundFromBothEnds},
	{ID: "id.mem.delete_user_last_owner", Of: "organization", run: aUserWhoIsTheLastOwnerIsNotErased},
	{ID: "id.mem.invite_once", run: anInvitationIsAcceptedOnce},
	{ID: "id.mem.suspended_role_gate", run: theRoleGateRefusesASuspendedOwner},
	{ID: "id.fault.tx_conflict", Of: "membership", run: aMembershipIsChangedAfterConflicts},
}

func aMembershipIsFoundFromBothEnds(t *testing.T, b *bench) {
	b.founded(t, "bob")
	_, err := b.Workspaces.Create(t.Context(), identity.NewWorkspace{Slug: "staging", Name: "Staging"})
	require.NoError(t, err)
	for _, place := range places {
		added, err := b.Memberships.Add(t.Context(), place.target, "bob", identity.RoleMember, "ann")
		require.NoError(t, err)
		got, err := b.Memberships.Get(t.Context(), place.target, "bob")
		require.NoError(t, err)
		require.Equal(t, added, got)
		page, err := b.Memberships.ListByTarget(t.Context(), place.target, "")
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(page.Items, func(m *identity.Membership) bool { return *m == got }))
	}
	page, err := b.Memberships.ListByUser(t.Context(), "bob", "")
	require.NoError(t, err)
	var found []string
	for _, member := range page.Items {
		found = append(found, member.TargetType+" "+member.TargetID)
	}
	require.Equal(t, []string{"org o", "tenant acme", "ws staging"}, found)
	b.requireOwners(t, "ann")

	if b.embedded != nil {
		t.Run("index behind", func(t *testing.T) { theRoleGateReadsNoIndex(t, b.clock) })
	}
}

func theRoleGateReadsNoIndex(t *testing.T, clock *localaws.Clock) {
	behind := localaws.New(localaws.WithClock(clock), localaws.WithIndexLag(10*time.Second))
	b := open(t, Engine{Client: behind.DynamoDB(), KMS: behind, Clock: clock})
	b.founded(t, "bob")
	b.join(t, ourOrganization, "bob", identity.RoleMember)
	require.NoError(t, b.Memberships.Require(t.Context(), ourOrganization, "bob", identity.RoleMember))
	page, err := b.Memberships.ListByUser(t.Context(), "bob", "")
	require.NoError(t, err)
	require.Empty(t, page.Items)
	behind.SyncIndexes()
	page, err = b.Memberships.ListByUser(t.Context(), "bob", "")
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	b.holdsNoSecret(t)
}

func aUserWhoIsTheLastOwnerIsNotErased(t *testing.T, b *bench) {
	ctx, m := t.Context(), b.Memberships
	b.founded(t, "bob")
	_, err := b.Workspaces.Create(ctx, identity.NewWorkspace{Slug: "staging", Name: "Staging", OwnerID: "bob"})
	require.NoError(t, err)
	b.join(t, identity.WorkspaceTarget("staging"), "ann", identity.RoleMember)
	b.join(t, ourOrganization, "bob", identity.RoleMember)
	before := b.items(t)
	for _, user := range []string{"ann", "bob"} {
		next, done, err := b.Users.Erase(ctx, user, "")
		require.ErrorIs(t, err, identity.ErrLastOwner)
		require.Empty(t, next)
		require.False(t, done)
		require.ElementsMatch(t, before, b.items(t), "no membership is removed when one can't be, and the user is not marked")
	}

	_, err = m.SetRole(ctx, ourOrganization, "bob", identity.RoleOwner)
	require.NoError(t, err)
	cursor, _, err := b.Users.Erase(ctx, "ann", "")
	require.NoError(t, err)
	b.requireOwners(t, "bob")
	page, err := m.ListByUser(ctx, "ann", "")
	require.NoError(t, err)
	require.Empty(t, page.Items)
	for _, target := range []identity.Target{ourOrganization, identity.WorkspaceTarget("staging")} {
		_, err = m.Get(ctx, target, "ann")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	}
	again, _, err := b.Users.Erase(ctx, "ann", "")
	require.NoError(t, err, "from the beginning")
	require.Equal(t, cursor, again)
	_, err = m.Add(ctx, ourOrganization, "ann", identity.RoleMember, "")
	require.ErrorIs(t, err, identity.ErrUserInactive)
	for done := false; !done; {
		cursor, done, err = b.Users.Erase(ctx, "ann", cursor)
		require.NoError(t, err)
	}
	_, err = m.Add(ctx, ourOrganization, "ann", identity.RoleMember, "")
	require.ErrorIs(t, err, identity.ErrUserInactive)
	_, _, err = b.Users.Erase(ctx, "bob", "")
	require.ErrorIs(t, err, identity.ErrLastOwner)
	b.requireOwners(t, "bob")
}

func anInvitationIsAcceptedOnce(t *testing.T, b *bench) {
	b.founded(t, "bob")
	invitation, err := b.OneTimeTokens.Issue(t.Context(), identity.KindInvitation, identity.TokenSpec{Subject: "bob"})
	require.NoError(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(invitation.Reveal())
	require.NoError(t, err)
	b.keepSecret(invitation.Reveal(), string(raw))
	accept := func(int) error {
		_, err := b.OneTimeTokens.ConsumeWith(t.Context(), identity.KindInvitation, invitation,
			func(identity.OneTimeToken) ([]theorydb.TransactOp, error) {
				return b.Memberships.AddOps(ourOrganization, "bob", identity.RoleOwner, "ann")
			})
		return err
	}
	// Who comes too late finds the token used, or the member there, or meets the winner's transaction.
	requireOneWinner(t, together(racers, accept), identity.ErrTokenUsed, theorydb.ErrAlreadyExists, theorydb.ErrThrottled)
	b.requireOwners(t, "ann", "bob")
	require.ErrorIs(t, accept(0), identity.ErrTokenUsed)

	for _, err := range together(racers, func(int) error {
		_, err := b.Memberships.Add(t.Context(), ourOrganization, "bob", identity.RoleMember, "ann")
		return err
	}) {
		require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
	}
	b.requireOwners(t, "ann", "bob")
}

func theRoleGateRefusesASuspendedOwner(t *testing.T, b *bench) {
	ctx, m := t.Context(), b.Memberships
	b.founded(t, "bob")
	b.join(t, ourOrganization, "bob", identity.RoleOwner)
	rename := func(name string) error {
		return b.db.Transact(ctx, m.RequireOp(ourOrganization, "bob", identity.RoleOwner, identity.RoleAdmin),
			rows[identity.Organization](t, b).ChangeOp(identity.Organization{ID: "o"}, theorydb.Set("name", name), theorydb.AnyVersion()))
	}
	require.NoError(t, m.Require(ctx, ourOrganization, "bob", identity.RoleOwner))
	require.NoError(t, rename("Theirs"))
	_, err := m.Suspend(ctx, ourOrganization, "bob")
	require.NoError(t, err)
	for _, roles := range [][]string{
		{identity.RoleOwner}, {identity.RoleOwner, identity.RoleAdmin, identity.RoleMember}, {identity.RoleAny},
	} {
		require.ErrorIs(t, m.Require(ctx, ourOrganization, "bob", roles...), identity.ErrForbidden)
		require.ErrorIs(t, b.db.Transact(ctx, m.RequireOp(ourOrganization, "bob", roles...)), theorydb.ErrConditionFailed)
	}
	require.ErrorIs(t, firstCause(t, rename("Nobody's")), theorydb.ErrConditionFailed)
	found, err := b.Organizations.Get(ctx, "o")
	require.NoError(t, err)
	require.Equal(t, "Theirs", found.Name)
	_, err = m.Reactivate(ctx, ourOrganization, "bob")
	require.NoError(t, err)
	require.NoError(t, m.Require(ctx, ourOrganization, "bob", identity.RoleOwner))
	require.NoError(t, rename("Theirs again"))
	b.requireOwners(t, "ann", "bob")
}

func aMembershipIsChangedAfterConflicts(t *testing.T, b *bench) {
	b.founded(t, "bob")
	b.join(t, ourOrganization, "bob", identity.RoleOwner)
	// All eight attempts of the first transaction meet another one. Then all is read again.
	conflict := b.faults.On("TransactWriteItems").Times(8).CancelTransaction(1, "TransactionConflict")
	sent := b.faults.during(func() { require.NoError(t, b.Memberships.Remove(t.Context(), ourOrganization, "bob")) })
	require.Equal(t, 8, conflict.Fired())
	require.Len(t, slices.DeleteFunc(sent, func(operation string) bool { return operation != "TransactGetItems" }), 2)
	b.requireOwners(t, "ann")
}
