package identitysuite

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

var userErasure = []Scenario{
	{ID: "id.user.erase_many_items", run: anErasureLeavesNothingButAudit},
	{ID: "id.user.erase_crash_at_every_request", run: anErasureGoesOnAfterACrashAtAnyRequest},
	{ID: "id.user.erase_without_key", run: anErasureNeedsNoKeyAndTakesExpiredRows},
	{ID: "id.erase.audit_shred", Of: "erasure", run: anErasureShredsWhatEventsSayOfThePerson},
	{ID: "id.mem.delete_user_last_owner", Of: "every kind of target", run: aSoleOwnerIsNotErased},
}

// fullUser gives a user everything that a partition can hold: sessions with families, 5 credentials, 3 identifiers and the
// rest.
func (b *bench) fullUser(t testing.TB, id string, sessions int) {
	t.Helper()
	secret := func(what string) string {
		text := what + " of " + id
		b.keepSecret(text)
		return text
	}
	b.keepSecret("4915123456"+fmt.Sprint(len(id)), id+"@example.com")
	_, err := b.Users.Create(t.Context(), identity.User{ID: id}, identity.NewUser{
		Identifiers: []identity.NewIdentifier{
			{Kind: identity.KindEmail, Value: id + "@example.com"},
			{Kind: identity.KindPhone, Value: "+4915123456" + fmt.Sprint(len(id))},
			{Kind: identity.KindExternal, Value: secret("external id")},
		},
		Profile: &identity.Profile{Name: theorydb.NewSecret(secret("Name"))},
	})
	require.NoError(t, err)
	for n := range sessions {
		session := b.sessionRow(id, fmt.Sprint("s", n), 0)
		require.NoError(t, b.db.Transact(t.Context(), rows[identity.Session](t, b).CreateOp(session), rows[identity.RefreshFamily](t, b).CreateOp(&identity.RefreshFamily{
			UserID: id, SessionID: session.ID, Gen: 1, RotatedAt: session.AuthnAt, BoundSecret: theorydb.NewSecret([]byte(secret("bound secret"))),
			ClientID: "c", AbsExpiresAt: session.AbsExpiresAt,
		})))
	}
	for n := range 5 {
		require.NoError(t, b.Credentials.Register(t.Context(), id, identity.CredentialOAuthToken, fmt.Sprint("c", n), theorydb.NewSecret([]byte(secret("credential")))))
	}
	credentialID := "passkey-of-" + id
	require.NoError(t, b.db.Transact(t.Context(),
		rows[identity.Passkey](t, b).CreateOp(&identity.Passkey{UserID: id, CredentialID: credentialID, RPID: "example.com"}),
		rows[identity.PasskeyLocator](t, b).CreateOp(&identity.PasskeyLocator{CredentialID: credentialID, UserID: id})))
	require.NoError(t, rows[identity.MFAEnrolment](t, b).Create(t.Context(),
		&identity.MFAEnrolment{UserID: id, ID: "m", Status: "pending", Seed: theorydb.NewSecret([]byte(secret("seed")))}))
	require.NoError(t, rows[identity.RecoverySet](t, b).Create(t.Context(), &identity.RecoverySet{UserID: id, SetID: "set", Salt: []byte("salt")}))
	require.NoError(t, rows[identity.RecoveryCode](t, b).Create(t.Context(), &identity.RecoveryCode{UserID: id, SetID: "set", Number: 1, PHC: "phc of " + id}))
	require.NoError(t, rows[identity.SubjectPII](t, b).Create(t.Context(), &identity.SubjectPII{
		UserID: id, EventID: "e", Nonce: []byte("nonce"), TTL: b.clock.Now().Add(time.Hour).Truncate(time.Second),
		Data: theorydb.NewSecret(map[string]string{"ip": secret("what an event says")}),
	}))
	_, err = b.Identities.Link(t.Context(), id, "https://idp.example", "subject-of-"+id)
	require.NoError(t, err)
	_, err = b.Bindings.Bind(t.Context(), identity.Binding{
		UserID: id, Issuer: "https://up.example", Subject: "subject-of-" + id, ClientID: "c", Resource: "r",
		RefreshToken: theorydb.NewSecret(secret("token")),
	})
	require.NoError(t, err)
}

// holdingID are the entities of stored items that hold an id, in a key or anywhere else.
func (b *bench) holdingID(t testing.TB, id string) (entities []string) {
	t.Helper()
	for _, item := range b.items(t) {
		if strings.Contains(string(textOf(&types.AttributeValueMemberM{Value: item})), id) {
			entities = append(entities, entityOf(item))
		}
	}
	return entities
}

func entityOf(item map[string]types.AttributeValue) string {
	name, _ := item["_t"].(*types.AttributeValueMemberS)
	return name.Value
}

// eraseAll goes on with an erasure to its end and counts the calls.
func (b *bench) eraseAll(t testing.TB, id, cursor string) (calls int) {
	t.Helper()
	for done := false; !done; calls++ {
		var err error
		cursor, done, err = b.Users.Erase(t.Context(), id, cursor)
		require.NoError(t, err)
		require.Less(t, calls, 20)
	}
	return calls
}

func anErasureLeavesNothingButAudit(t *testing.T, b *bench) {
	b.fullUser(t, "alice", 60)
	b.fullUser(t, "robert", 60)
	b.ownedOrganization(t, "o", "robert")
	_, err := b.Memberships.Add(t.Context(), identity.OrganizationTarget("o"), "alice", identity.RoleOwner, "robert")
	require.NoError(t, err)
	_, err = b.Audit.Append(t.Context(), identity.Event{Type: identity.EventAuthSucceeded, Actor: "alice", Subject: "alice"})
	require.NoError(t, err)
	others := len(b.holdingID(t, "robert"))
	require.Greater(t, others, 130)
	cursor, done, err := b.Users.Erase(t.Context(), "alice", "")
	require.NoError(t, err)
	require.False(t, done)
	require.NotEmpty(t, cursor) // and then the process crashes, and the cursor is lost
	user, err := b.Users.Get(t.Context(), "alice")
	require.NoError(t, err)
	require.Equal(t, identity.UserDeleting, user.Status)
	require.Equal(t, int64(1), user.SessionEpoch)
	_, err = b.Users.Enable(t.Context(), "alice")
	require.ErrorIs(t, err, identity.ErrUserInactive)
	_, err = b.Identities.Link(t.Context(), "alice", "i", "s")
	require.ErrorIs(t, err, identity.ErrUserInactive)
	require.Positive(t, b.eraseAll(t, "alice", ""))
	require.Equal(t, []string{"AuditEvent"}, slices.Compact(b.holdingID(t, "alice")), "nothing but audit")
	require.Len(t, b.holdingID(t, "robert"), others-1, "nothing of another user's, but that he invited alice")
	organization, err := b.Organizations.Get(t.Context(), "o")
	require.NoError(t, err)
	require.Equal(t, int64(1), organization.OwnerCount)
	_, err = b.Users.Get(t.Context(), "alice")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	_, err = b.Users.GetByIdentifier(t.Context(), identity.KindEmail, "alice@example.com")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	next, done, err := b.Users.Erase(t.Context(), "alice", cursor)
	require.NoError(t, err)
	require.True(t, done, "an erasure that was finished, of which the caller does not know")
	require.Empty(t, next)
	_, _, err = b.Users.Erase(t.Context(), "alice", "")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	_, _, err = b.Users.Erase(t.Context(), "robert", cursor)
	require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
	b.addressed(t, "carol", "alice@example.com")
}

func anErasureGoesOnAfterACrashAtAnyRequest(t *testing.T, b *bench) {
	effects := map[string]func(*localaws.Rule) *localaws.Rule{"before": (*localaws.Rule).DropBefore, "after": (*localaws.Rule).CommitThenDrop}
	for when, effect := range effects {
		for crash := 1; ; crash++ {
			b.fullUser(t, "alice", 3)
			effect(b.faults.On("").Nth(crash).Always())
			cursor, done, err := "", false, error(nil)
			for !done && err == nil {
				cursor, done, err = b.Users.Erase(t.Context(), "alice", cursor)
			}
			b.faults.mend()
			if err == nil {
				require.Greater(t, crash, 15, "there are so many requests")
				require.Empty(t, b.items(t))
				break
			}
			if crash%2 == 0 {
				cursor = "" // lost
			}
			if _, err := b.Users.Get(t.Context(), "alice"); err == nil {
				b.eraseAll(t, "alice", cursor)
			}
			require.Empty(t, b.items(t), "%s, request %d", when, crash)
		}
	}
}

func anErasureNeedsNoKeyAndTakesExpiredRows(t *testing.T, b *bench) {
	b.fullUser(t, "alice", 3)
	_, err := b.Audit.Append(t.Context(), identity.Event{
		Type: identity.EventAuthFailed, Actor: "alice", Subject: "alice", PII: theorydb.NewSecret(map[string]string{"ip": "192.0.2.77 of alice"}),
	})
	require.NoError(t, err)
	b.keepSecret("192.0.2.77 of alice")
	b.clock.Advance(20 * 24 * time.Hour) // its sessions, families and an event's details have expired, and are stored yet
	stored := 0
	for _, entity := range []string{"Session", "RefreshFamily", "SubjectPII"} {
		stored += len(b.itemsOf(t, entity))
	}
	require.Equal(t, 3+3+2, stored)
	sessions, err := b.Sessions.ListByUser(t.Context(), "alice")
	require.NoError(t, err)
	require.Empty(t, sessions)
	require.NoError(t, b.kms.SetKeyState(keyAlias, localaws.KeyPendingDeletion))
	b.kmsFaults.On("").Always().DropBefore()
	require.Empty(t, b.kmsFaults.during(func() { b.eraseAll(t, "alice", "") }))
	entities := map[string]bool{}
	for _, item := range b.items(t) {
		entities[entityOf(item)] = true
	}
	require.Equal(t, map[string]bool{"AuditEvent": true, "AuditHead": true, "AuditGuard": true}, entities, "nothing but audit")
}

func anErasureShredsWhatEventsSayOfThePerson(t *testing.T, b *bench) {
	b.fullUser(t, "alice", 3)
	b.keepSecret("erase-me@example.org")
	event, err := b.Audit.Append(t.Context(), identity.Event{
		Type: identity.EventAuthSucceeded, Actor: "alice", Subject: "alice", PII: theorydb.NewSecret(map[string]string{"email": "erase-me@example.org"}),
	})
	require.NoError(t, err)
	_, err = b.Audit.PII(t.Context(), &event)
	require.NoError(t, err)
	before := b.itemsOf(t, "AuditEvent")
	require.Len(t, before, 1)
	b.kmsFaults.On("").Always().DropBefore()
	b.eraseAll(t, "alice", "")
	b.kmsFaults.mend()
	require.Equal(t, before, b.itemsOf(t, "AuditEvent"), "the event stays as it was")
	require.Empty(t, b.itemsOf(t, "SubjectPII"))
	_, err = b.Audit.PII(t.Context(), &event)
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	events := b.Audit.Query(t.Context(), identity.AuditQuery{Type: identity.EventAuthSucceeded})
	all, err := theorydb.Collect(events)
	require.NoError(t, err)
	require.NoError(t, identity.VerifyChain(slices.Values(all)))
	require.Equal(t, []*identity.AuditEvent{&event}, all)
}

func aSoleOwnerIsNotErased(t *testing.T, b *bench) {
	_, _, err := b.Platform("test").CreateTenant(t.Context(), identity.NewTenant{
		ID: "acme", Name: "Acme", Project: identity.NewProject{ID: "prod", Name: "Production"},
	})
	require.NoError(t, err)
	b.fullUser(t, "alice", 3)
	b.addressed(t, "robert", "robert@example.com")
	b.ownedOrganization(t, "o", "alice")
	b.ownedOrganization(t, "member", "robert")
	_, err = b.Workspaces.Create(t.Context(), identity.NewWorkspace{Slug: "staging", Name: "Staging", OwnerID: "alice"})
	require.NoError(t, err)
	organization, workspace, tenant := identity.OrganizationTarget("o"), identity.WorkspaceTarget("staging"), identity.TenantTarget()
	_, err = b.Memberships.Add(t.Context(), tenant, "alice", identity.RoleOwner, "")
	require.NoError(t, err)
	_, err = b.Memberships.Add(t.Context(), identity.OrganizationTarget("member"), "alice", identity.RoleMember, "robert")
	require.NoError(t, err)

	// As long as one of the three has no other owner nothing changes: she can still act, and hand over.
	for _, target := range []identity.Target{organization, workspace, tenant} {
		before := b.items(t)
		next, done, err := b.Users.Erase(t.Context(), "alice", "")
		require.ErrorIs(t, err, identity.ErrLastOwner)
		require.Empty(t, next)
		require.False(t, done)
		require.ElementsMatch(t, before, b.items(t))
		_, err = b.Memberships.Add(t.Context(), target, "robert", identity.RoleOwner, "alice")
		require.NoError(t, err)
	}
	_, err = b.Memberships.Suspend(t.Context(), workspace, "robert")
	require.NoError(t, err)
	_, _, err = b.Users.Erase(t.Context(), "alice", "")
	require.ErrorIs(t, err, identity.ErrLastOwner, "a suspended owner is none")
	_, err = b.Memberships.Reactivate(t.Context(), workspace, "robert")
	require.NoError(t, err)

	b.eraseAll(t, "alice", "")
	page, err := b.Memberships.ListByUser(t.Context(), "alice", "")
	require.NoError(t, err)
	require.Empty(t, page.Items)
	for _, target := range []identity.Target{organization, workspace, tenant} {
		page, err := b.Memberships.ListByTarget(t.Context(), target, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, "robert", page.Items[0].UserID)
	}
	require.Equal(t, int64(1), b.ownersOf(t, "Organization", "o"))
	require.Equal(t, int64(1), b.ownersOf(t, "Workspace", "staging"))
	require.Equal(t, int64(1), b.ownersOf(t, "Tenant", "acme"))
	_, err = b.Memberships.Add(t.Context(), organization, "alice", identity.RoleMember, "")
	require.ErrorIs(t, err, identity.ErrUserInactive)
	_, _, err = b.Users.Erase(t.Context(), "robert", "")
	require.ErrorIs(t, err, identity.ErrLastOwner)
}

// ownedOrganization makes an organization of an owner.
func (b *bench) ownedOrganization(t testing.TB, id, ownerID string) {
	t.Helper()
	_, err := b.Organizations.Create(t.Context(), identity.NewOrganization{ID: id, Slug: id, Name: "Organization", OwnerID: ownerID})
	require.NoError(t, err)
}

// ownersOf is how many owners an organization, workspace or tenant of the bench counts.
func (b *bench) ownersOf(t testing.TB, entity, id string) int64 {
	t.Helper()
	switch entity {
	case "Organization":
		found, err := b.Organizations.Get(t.Context(), id)
		require.NoError(t, err)
		return found.OwnerCount
	case "Workspace":
		found, err := b.Workspaces.Get(t.Context(), id)
		require.NoError(t, err)
		return found.OwnerCount
	}
	found, err := b.Platform("test").GetTenant(t.Context(), id)
	require.NoError(t, err)
	return found.OwnerCount
}
