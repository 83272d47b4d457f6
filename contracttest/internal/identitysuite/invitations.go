package identitysuite

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var invitations = []Scenario{
	{ID: "id.mem.invitation_for_one", run: ofManyWhoHoldAnInvitationOneJoins},
	{ID: "id.mem.invitation_lost_answer", run: anInvitationWhoseAnswerIsLostIsAcceptedOnce},
	{ID: "id.mem.invitation_not_spent", run: aRefusedInvitationIsNotSpent},
	{ID: "id.aud.with_change", run: anEventIsStoredIfAndOnlyIfItsChangeIs},
}

// invite makes an invitation to the bench's organization, which is kept secret.
func (b *bench) invite(t testing.TB, invitation identity.Invitation) theorydb.Secret[string] {
	t.Helper()
	return b.inviteTo(t, b.Stores, invitation)
}

func (b *bench) inviteTo(t testing.TB, stores *identity.Stores, invitation identity.Invitation) theorydb.Secret[string] {
	t.Helper()
	secret, err := stores.Memberships.Invite(t.Context(), invitation)
	require.NoError(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(secret.Reveal())
	require.NoError(t, err)
	b.keepSecret(secret.Reveal(), string(raw))
	return secret
}

// eventsOf are the events of a type.
func (b *bench) eventsOf(t testing.TB, eventType identity.EventType) []*identity.AuditEvent {
	t.Helper()
	events, err := theorydb.Collect(b.Audit.Query(t.Context(), identity.AuditQuery{Type: eventType}))
	require.NoError(t, err)
	return events
}

func ofManyWhoHoldAnInvitationOneJoins(t *testing.T, b *bench) {
	users := make([]string, racers)
	for n := range users {
		users[n] = fmt.Sprint("u", n)
	}
	b.founded(t, users...)
	for _, one := range []struct {
		name string
		who  func(n int) string
	}{
		{"the same user", func(int) string { return users[0] }},
		{"one of many", func(n int) string { return users[n] }},
	} {
		t.Run(one.name, func(t *testing.T) {
			before := len(b.eventsOf(t, identity.EventMembershipAdded))
			secret := b.invite(t, identity.Invitation{Target: identity.TenantTarget(), Role: identity.RoleMember, InvitedBy: "ann"})
			members := len(b.itemsOf(t, "Membership"))
			requireOneWinner(t, together(racers, func(n int) error {
				_, err := b.Memberships.AcceptInvitation(t.Context(), secret, one.who(n), identity.WithAudit(identity.Event{}))
				return err
			}), identity.ErrTokenUsed, theorydb.ErrAlreadyExists)
			require.Len(t, b.itemsOf(t, "Membership"), members+1)
			require.Len(t, b.eventsOf(t, identity.EventMembershipAdded), before+1)
			for _, user := range users { // for the next round
				_ = b.Memberships.Remove(t.Context(), identity.TenantTarget(), user)
			}
		})
	}
}

func anInvitationWhoseAnswerIsLostIsAcceptedOnce(t *testing.T, b *bench) {
	b.founded(t, "bob")
	for n, lose := range []func(){
		func() { b.faults.On("TransactWriteItems").Attempt(1).CommitThenDrop() },
		func() { b.faults.On("TransactWriteItems").Times(8).CommitThenDrop() }, // each of the first try, whose token can't tell then
		func() { b.faults.On("TransactWriteItems").Times(8).DropBefore() },
	} {
		secret := b.invite(t, identity.Invitation{Target: ourOrganization, Role: identity.RoleMember})
		lose()
		made, err := b.Memberships.AcceptInvitation(t.Context(), secret, "bob", identity.WithAudit(identity.Event{}))
		require.NoError(t, err)
		b.faults.mend()
		stored, err := b.Memberships.Get(t.Context(), ourOrganization, "bob")
		require.NoError(t, err)
		require.Equal(t, stored, made)
		require.Len(t, b.eventsOf(t, identity.EventMembershipAdded), n+1)
		_, err = b.Memberships.AcceptInvitation(t.Context(), secret, "bob")
		require.ErrorIs(t, err, identity.ErrTokenUsed)
		require.NoError(t, b.Memberships.Remove(t.Context(), ourOrganization, "bob"))
	}
}

func aRefusedInvitationIsNotSpent(t *testing.T, b *bench) {
	b.founded(t, "bob")
	b.addressed(t, "eve", "eve@example.com")
	secret := b.invite(t, identity.Invitation{Target: ourOrganization, Role: identity.RoleMember, Email: "eve@example.com"})
	accept := func(user string) error {
		_, err := b.Memberships.AcceptInvitation(t.Context(), secret, user)
		return err
	}
	require.ErrorIs(t, accept("bob"), identity.ErrInvalidToken, "it is for another address")
	_, err := b.Users.Disable(t.Context(), "eve")
	require.NoError(t, err)
	require.ErrorIs(t, accept("eve"), identity.ErrUserInactive)
	_, err = b.Users.Enable(t.Context(), "eve")
	require.NoError(t, err)
	_, err = b.Organizations.Suspend(t.Context(), "o")
	require.NoError(t, err)
	require.ErrorIs(t, accept("eve"), theorydb.ErrConditionFailed)
	_, err = b.Organizations.Reactivate(t.Context(), "o")
	require.NoError(t, err)
	for _, elsewhere := range []identity.Scope{newScope(t, "acme", "test"), newScope(t, "globex", "prod")} {
		_, err = b.For(elsewhere).Memberships.AcceptInvitation(t.Context(), secret, "eve")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	}
	require.NoError(t, accept("eve"))
}

func anEventIsStoredIfAndOnlyIfItsChangeIs(t *testing.T, b *bench) {
	ctx, m := t.Context(), b.Memberships
	b.founded(t, "bob")
	b.join(t, ourOrganization, "bob", identity.RoleMember)
	raise := func(user, role string) error {
		_, err := m.SetRole(ctx, ourOrganization, user, role, identity.WithAudit(identity.Event{Actor: "operator"}))
		return err
	}
	events := func() []*identity.AuditEvent { return b.eventsOf(t, identity.EventMembershipChanged) }

	require.ErrorIs(t, raise("ann", identity.RoleMember), identity.ErrLastOwner)
	require.Empty(t, events(), "no change and no event")

	b.faults.On("TransactWriteItems").Error(400, "ValidationException", "no").Times(1)
	require.Error(t, raise("bob", identity.RoleOwner))
	require.Empty(t, events())
	b.requireOwners(t, "ann")

	require.NoError(t, raise("bob", identity.RoleOwner))
	b.requireOwners(t, "ann", "bob")
	require.Len(t, events(), 1)
	event := events()[0]
	require.Equal(t, "operator", event.Actor)
	require.Equal(t, "bob", event.Subject)
	require.Equal(t, "org:o", event.Data[identity.DataTarget])

	// Another event comes first, between the read of the stream's end and the transaction: no failure of the change.
	b.faults.interrupt("TransactWriteItems", func() {
		_, err := b.Audit.Append(ctx, identity.Event{Type: identity.EventMembershipChanged, Actor: "another"})
		require.NoError(t, err)
	})
	require.NoError(t, raise("ann", identity.RoleMember))
	b.requireOwners(t, "bob")
	require.Len(t, events(), 3)
	require.NoError(t, identity.VerifyChain(func(yield func(*identity.AuditEvent) bool) {
		for _, event := range events() {
			if !yield(event) {
				return
			}
		}
	}))
}
