package identity

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// auditedVerb is a verb that takes WithAudit, in stores with users "ann", "bob" and "eve", an organization "o" of ann's in
// which bob is a member, a role "billing" and a client and a credential of bob's.
type auditedVerb struct {
	run     func(ctx context.Context, s *Stores, client string, options ...WriteOption) error
	kind    EventType
	subject string
	target  string // "*": made by the verb
	inSteps bool   // the transaction with the event is not the first write
}

var auditedVerbs = map[string]auditedVerb{
	"Users.Create": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Users.Create(ctx, User{ID: "new"}, NewUser{
			Identifiers: []NewIdentifier{{Kind: KindEmail, Value: "new@example.com"}}, Options: options,
		}))
	}, kind: EventUserCreated, subject: "new"},
	"Users.Update": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Users.Update(ctx, "bob", func(u *User) error { u.SessionEpoch++; return nil }, options...))
	}, kind: EventUserUpdated, subject: "bob"},
	"Users.Disable": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Users.Disable(ctx, "bob", options...))
	}, kind: EventUserDisabled, subject: "bob"},
	"Users.Enable": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Users.Enable(ctx, "off", options...))
	}, kind: EventUserEnabled, subject: "off"},
	"Users.AddIdentifier": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Users.AddIdentifier(ctx, "bob", NewIdentifier{Kind: KindExternal, Value: "second"}, options...))
	}, kind: EventIdentifierAdded, subject: "bob"},
	"Users.ChangeIdentifier": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Users.ChangeIdentifier(ctx, "bob", "first", NewIdentifier{Kind: KindExternal, Value: "other"}, options...))
	}, kind: EventIdentifierChanged, subject: "bob"},
	"Users.RemoveIdentifier": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Users.RemoveIdentifier(ctx, "bob", KindExternal, "first", options...))
	}, kind: EventIdentifierRemoved, subject: "bob"},
	"Memberships.Add": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Memberships.Add(ctx, orgsTarget, "eve", "billing", "ann", options...))
	}, kind: EventMembershipAdded, subject: "eve", target: "org:o"},
	"Memberships.SetRole": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Memberships.SetRole(ctx, orgsTarget, "bob", RoleOwner, options...))
	}, kind: EventMembershipChanged, subject: "bob", target: "org:o"},
	"Memberships.Suspend": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Memberships.Suspend(ctx, orgsTarget, "bob", options...))
	}, kind: EventMembershipSuspended, subject: "bob", target: "org:o"},
	"Memberships.Reactivate": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Memberships.Reactivate(ctx, TenantTarget(), "bob", options...))
	}, kind: EventMembershipReactivated, subject: "bob", target: "tenant:acme"},
	"Memberships.Remove": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return s.Memberships.Remove(ctx, orgsTarget, "bob", options...)
	}, kind: EventMembershipRemoved, subject: "bob", target: "org:o"},
	"Memberships.TransferOwnership": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return s.Memberships.TransferOwnership(ctx, orgsTarget, "ann", "bob", options...)
	}, kind: EventOwnershipMoved, subject: "bob", target: "org:o"},
	"Memberships.Invite": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Memberships.Invite(ctx, Invitation{Target: orgsTarget, Role: RoleMember}, options...))
	}, kind: EventMembershipInvited, target: "org:o"},
	"Memberships.AcceptInvitation": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		secret, err := s.Memberships.Invite(ctx, Invitation{Target: orgsTarget, Role: RoleMember})
		if err != nil {
			return err
		}
		return second(s.Memberships.AcceptInvitation(ctx, secret, "eve", options...))
	}, kind: EventMembershipAdded, subject: "eve", target: "org:o", inSteps: true},
	"Organizations.Create": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Organizations.Create(ctx, NewOrganization{Slug: "theirs", Name: "Theirs", OwnerID: "eve"}, options...))
	}, kind: EventOrganizationCreated, subject: "eve", target: "*"},
	"Organizations.Update": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Organizations.Update(ctx, "o", func(o *Organization) error { o.Name = "Renamed"; return nil }, options...))
	}, kind: EventOrganizationUpdated, target: "org:o"},
	"Organizations.Update of a slug": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Organizations.Update(ctx, "o", func(o *Organization) error { o.Slug = "renamed"; return nil }, options...))
	}, kind: EventOrganizationUpdated, target: "org:o"},
	"Organizations.Delete": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return s.Organizations.Delete(ctx, "p", options...)
	}, kind: EventOrganizationDeleted, target: "org:p", inSteps: true},
	"Roles.Create": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Roles.Create(ctx, "support", nil, options...))
	}, kind: EventRoleCreated, target: "role:support"},
	"Roles.Update": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Roles.Update(ctx, "billing", func(r *Role) error { r.Permissions = []string{"pay"}; return nil }, options...))
	}, kind: EventRoleUpdated, target: "role:billing"},
	"Roles.Delete": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return s.Roles.Delete(ctx, "billing", options...)
	}, kind: EventRoleDeleted, target: "role:billing"},
	"Clients.Create": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		_, _, err := s.Clients.Create(ctx, NewClient{Type: ClientConfidential}, options...)
		return err
	}, kind: EventClientCreated, target: "*"},
	"Clients.Update": {run: func(ctx context.Context, s *Stores, client string, options ...WriteOption) error {
		return second(s.Clients.Update(ctx, client, func(c *ClientChange) error { c.GrantTypes = []string{"code"}; return nil }, options...))
	}, kind: EventClientUpdated, target: "client:"},
	"Clients.RotateSecret": {run: func(ctx context.Context, s *Stores, client string, options ...WriteOption) error {
		return second(s.Clients.RotateSecret(ctx, client, time.Hour, options...))
	}, kind: EventClientSecretRotated, target: "client:"},
	"Clients.Delete": {run: func(ctx context.Context, s *Stores, client string, options ...WriteOption) error {
		return s.Clients.Delete(ctx, client, options...)
	}, kind: EventClientDeleted, target: "client:"},
	"Credentials.Register": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return s.Credentials.Register(ctx, "bob", CredentialOAuthToken, "new", theorydb.NewSecret([]byte("sealed")), options...)
	}, kind: EventCredentialRegistered, subject: "bob", target: "oauth_token:new"},
	"Credentials.Replace": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return s.Credentials.Replace(ctx, "bob", CredentialOAuthToken, "old", 1, theorydb.NewSecret([]byte("sealed again")), options...)
	}, kind: EventCredentialRotated, subject: "bob", target: "oauth_token:old"},
	"Credentials.Delete": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return s.Credentials.Delete(ctx, "bob", CredentialOAuthToken, "old", options...)
	}, kind: EventCredentialRemoved, subject: "bob", target: "oauth_token:old"},
	"SigningKeys.Rotate": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.SigningKeys.Rotate(ctx, Rotation{}, options...))
	}, kind: EventSigningKeyPublished, target: "*"},
	"Sessions.RevokeAll": {run: func(ctx context.Context, s *Stores, _ string, options ...WriteOption) error {
		return second(s.Sessions.RevokeAll(ctx, "bob", "operator", options...))
	}, kind: EventSessionsRevoked, subject: "bob"},
}

// auditedStores are the stores that auditedVerbs need.
func auditedStores(t testing.TB, b *bench) (stores *Stores, client string) {
	t.Helper()
	ctx := t.Context()
	stores = orgsIn(t, b, "eve")
	orgsUser(t, stores.Users.project, "off", UserDisabled)
	newUser(t, stores, "bob")
	_, err := stores.Users.AddIdentifier(ctx, "bob", NewIdentifier{Kind: KindExternal, Value: "first"})
	require.NoError(t, err)
	for _, target := range []Target{orgsTarget, TenantTarget()} {
		_, err = stores.Memberships.Add(ctx, target, "bob", RoleMember, "")
		require.NoError(t, err)
	}
	_, err = stores.Memberships.Suspend(ctx, TenantTarget(), "bob")
	require.NoError(t, err)
	_, err = stores.Organizations.Create(ctx, NewOrganization{ID: "p", Slug: "empty", Name: "Empty", OwnerID: "ann"})
	require.NoError(t, err)
	_, err = stores.Roles.Create(ctx, "billing", nil)
	require.NoError(t, err)
	made, _, err := stores.Clients.Create(ctx, NewClient{Type: ClientConfidential})
	require.NoError(t, err)
	require.NoError(t, stores.Credentials.Register(ctx, "bob", CredentialOAuthToken, "old", theorydb.NewSecret([]byte("sealed"))))
	return stores, made.ID
}
