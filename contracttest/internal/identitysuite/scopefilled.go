package identitysuite

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

const (
	// sharedID is the id of everything in a filled project, and of what a caller in another one makes: a text that is an id, a
	// slug and, as it has 8 characters, base64url.
	sharedID = "someones"
	secondID = "another1"
	// mark is in every record of a filled project: in its scope, and in what it says.
	mark = "marked"
)

// constantIDs makes every id that is made the same.
func constantIDs(o *identity.Options) { o.NewID = func() (string, error) { return sharedID, nil } }

// fill puts a record of every kind into a project, and gives the ids, tokens and records by which somebody could ask for
// them.
func (b *bench) fill(t testing.TB, service *identity.Service, scope identity.Scope) *pool {
	t.Helper()
	ctx, s := t.Context(), service.For(scope)
	p := &pool{
		values: map[reflect.Type][]reflect.Value{},
		texts:  []string{sharedID, identity.KindExternal, identity.CredentialOAuthToken, secondID},
		last:   []string{""},
		only: map[string][][]any{
			"Memberships.TransferOwnership": {{identity.OrganizationTarget(sharedID), sharedID, secondID}},
			"Memberships.Require":           {{identity.OrganizationTarget(sharedID), sharedID, identity.RoleOwner}, {identity.WorkspaceTarget(sharedID), sharedID, identity.RoleAny}},
			"Memberships.RequireOp":         {{identity.OrganizationTarget(sharedID), sharedID, identity.RoleOwner}, {identity.WorkspaceTarget(sharedID), sharedID, identity.RoleAny}},
		},
	}
	p.only["Audit.PurgeMonth"] = [][]any{{b.clock.Now().UTC().Format("2006-01"), "test", ""}}
	b.keepSecret(mark+" profile", mark+"-client.example", sharedID+"@example.com", mark+" credential", mark+" seed of 20 bytes", mark+" access", mark+" refresh", mark+" pii")
	identifiers := []identity.NewIdentifier{{Kind: identity.KindExternal, Value: sharedID}, {Kind: identity.KindEmail, Value: sharedID + "@example.com"}}
	user, err := s.Users.Create(ctx, identity.User{ID: sharedID}, identity.NewUser{
		Identifiers: identifiers, Profile: &identity.Profile{Name: theorydb.NewSecret(mark + " profile")},
	})
	require.NoError(t, err)
	second, err := s.Users.Create(ctx, identity.User{ID: secondID}, identity.NewUser{})
	require.NoError(t, err)
	p.add(user, identity.User{ID: sharedID}, identity.NewUser{Identifiers: identifiers[:1]}, identifiers[0], identifiers[1])

	b.fillOrganizations(t, s, p)
	b.fillFactors(t, s, scope, p)
	b.fillTokens(t, s, p)

	grant, err := s.Sessions.Create(ctx, identity.NewSession{User: user, AAL: 1, UserAgent: mark, Family: &identity.NewFamily{ClientID: sharedID}})
	require.NoError(t, err)
	b.handedOut(t, grant.Token, grant.Refresh)
	p.add(grant.Session, grant.Token, grant.Refresh,
		identity.NewSession{User: user, AAL: 1}, identity.NewSession{User: second, AAL: 1}, identity.NewSession{User: identity.User{ID: sharedID}, AAL: 1})

	_, err = s.Identities.Link(ctx, sharedID, sharedID, sharedID)
	require.NoError(t, err)
	binding := identity.Binding{
		UserID: sharedID, Issuer: sharedID, Subject: sharedID, ClientID: sharedID, Resource: "https://" + mark + ".example",
		AccessToken: theorydb.NewSecret(mark + " access"), RefreshToken: theorydb.NewSecret(mark + " refresh"),
	}
	_, err = s.Bindings.Bind(ctx, binding)
	require.NoError(t, err)
	p.add(binding, binding.Upstream(), identity.BindingTokens{Refresh: theorydb.NewSecret("a new one"), Version: 1})

	rotated, err := s.SigningKeys.Rotate(ctx, identity.Rotation{})
	require.NoError(t, err)
	keepPrivateKeysSecret(t, b)
	p.only["SigningKeys.Public"] = [][]any{{rotated.ActiveKID}}
	p.add(identity.Rotation{}, identity.Rotation{Early: true})

	happened := identity.Event{
		ID: sharedID, Type: identity.EventAuthFailed, Actor: sharedID, Subject: sharedID, Data: map[string]string{"is": mark},
		PII: theorydb.NewSecret(map[string]string{"is": mark + " pii"}),
	}
	event, err := s.Audit.Append(ctx, happened)
	require.NoError(t, err)
	p.add(happened, []identity.Event{happened}, happened.Type, &event)
	// Its id puts it into the first part of the month, which a purge without a cursor clears.
	_, err = s.Audit.Append(ctx, identity.Event{ID: "first-part-2", Type: identity.EventUserCreated})
	require.NoError(t, err)
	for _, query := range []identity.AuditQuery{{Type: happened.Type}, {Actor: sharedID}, {}} {
		cursor, err := s.Audit.Cursor(query, &event)
		require.NoError(t, err)
		behind := query
		behind.After = cursor
		p.add(query, behind)
	}
	b.clock.Advance(2 * time.Minute) // a use of the session is written by now
	return p
}

func (b *bench) fillOrganizations(t testing.TB, s *identity.Stores, p *pool) {
	t.Helper()
	ctx := t.Context()
	organization := identity.NewOrganization{ID: sharedID, Slug: sharedID, Name: mark, OwnerID: sharedID}
	_, err := s.Organizations.Create(ctx, organization)
	require.NoError(t, err)
	workspace := identity.NewWorkspace{Slug: sharedID, Name: mark, OwnerID: sharedID}
	_, err = s.Workspaces.Create(ctx, workspace)
	require.NoError(t, err)
	_, err = s.Roles.Create(ctx, sharedID, []string{mark})
	require.NoError(t, err)
	target := identity.OrganizationTarget(sharedID)
	_, err = s.Memberships.Add(ctx, target, secondID, sharedID, sharedID)
	require.NoError(t, err)
	p.add(organization, workspace, target, identity.WorkspaceTarget(sharedID), identity.TenantTarget(), []string{mark})
	invitation := identity.Invitation{Target: target, Role: sharedID, InvitedBy: sharedID}
	p.add(invitation, b.inviteTo(t, s, invitation))

	details := identity.NewClient{Type: identity.ClientConfidential, RedirectURIs: []string{"https://" + mark + ".example/cb"}}
	_, secret, err := s.Clients.Create(ctx, details)
	require.NoError(t, err)
	b.keepSecret(secret.Reveal())
	p.add(details, secret)
}

func (b *bench) fillFactors(t testing.TB, s *identity.Stores, scope identity.Scope, p *pool) {
	t.Helper()
	ctx := t.Context()
	credential := theorydb.NewSecret([]byte(mark + " credential"))
	require.NoError(t, s.Credentials.Register(ctx, sharedID, identity.CredentialOAuthToken, sharedID, credential))
	p.add(credential)

	challenge, err := s.OneTimeTokens.Issue(ctx, identity.KindChallenge, identity.TokenSpec{Subject: sharedID, Meta: map[string]string{"is": mark}})
	require.NoError(t, err)
	b.keepTokenSecret(t, challenge)
	passkey := identity.NewPasskey{CredentialID: sharedID, PublicKey: []byte(mark), RPID: mark + ".example"}
	_, err = s.Passkeys.Register(ctx, sharedID, passkey, challenge)
	require.NoError(t, err)
	challenge, err = s.OneTimeTokens.Issue(ctx, identity.KindChallenge, identity.TokenSpec{Subject: sharedID, Meta: map[string]string{"is": mark}})
	require.NoError(t, err)
	b.keepTokenSecret(t, challenge)
	p.add(passkey, challenge)

	account := identity.NewAuthenticator{Issuer: "Example", Account: sharedID}
	_, url, err := s.MFA.Enroll(ctx, sharedID, account)
	require.NoError(t, err)
	b.keepSecret(url.Reveal())
	confirmed := b.clock.Now()
	require.NoError(t, rowsIn[identity.MFAEnrolment](t, b, scope).Create(ctx, &identity.MFAEnrolment{
		UserID: sharedID, ID: secondID, Status: "confirmed", ConfirmedAt: &confirmed, Seed: theorydb.NewSecret([]byte(mark + " seed of 20 bytes")),
	}))
	p.add(account)

	codes, err := s.RecoveryCodes.Generate(ctx, sharedID)
	require.NoError(t, err)
	for _, code := range codes {
		b.keepSecret(code.Reveal())
	}
	p.add(codes[0], theorydb.NewSecret("123456"))
}

func (b *bench) fillTokens(t testing.TB, s *identity.Stores, p *pool) {
	t.Helper()
	for _, kind := range []identity.TokenKind{identity.KindInvitation, identity.KindMagicLink, identity.KindLoginState} {
		spec := identity.TokenSpec{Subject: sharedID, FlowID: sharedID, Meta: map[string]string{"is": mark, identity.MetaNonce: sharedID}}
		token, err := s.OneTimeTokens.Issue(t.Context(), kind, spec)
		require.NoError(t, err)
		b.keepTokenSecret(t, token)
		p.add(kind, token, spec)
	}
	spec := identity.CodeSpec{Kind: "email", Subject: sharedID}
	code, err := s.OneTimeTokens.IssueCode(t.Context(), sharedID, spec)
	require.NoError(t, err)
	b.keepSecret(code.Reveal())
	p.add(spec, code)
}

// cursorsOf fills the lists of a filled project until each has a second page, and gives the cursors of those.
func (b *bench) cursorsOf(t testing.TB, s *identity.Stores, scope identity.Scope) (cursors []string) {
	t.Helper()
	ctx := t.Context()
	var ops []theorydb.BatchOp
	for n := range 130 {
		id := strings.Repeat("n", 1+n%10) + string(rune('a'+n/10))
		ops = append(ops,
			rowsIn[identity.User](t, b, scope).PutOp(&identity.User{ID: id, Status: identity.UserActive}, theorydb.Unchecked()),
			rowsIn[identity.Organization](t, b, scope).PutOp(&identity.Organization{ID: id, Slug: id, Name: mark, Status: "active"}, theorydb.Unchecked()),
			rowsIn[identity.Workspace](t, b, scope).PutOp(&identity.Workspace{Slug: id, Name: mark}, theorydb.Unchecked()),
			rowsIn[identity.Role](t, b, scope).PutOp(&identity.Role{Name: id}, theorydb.Unchecked()),
			rowsIn[identity.Membership](t, b, scope).PutOp(&identity.Membership{TargetType: "org", TargetID: sharedID, UserID: id, Role: sharedID, Status: "active"}, theorydb.Unchecked()),
			rowsIn[identity.Membership](t, b, scope).PutOp(&identity.Membership{TargetType: "org", TargetID: id, UserID: secondID, Role: sharedID, Status: "active"}, theorydb.Unchecked()),
		)
	}
	require.NoError(t, b.db.BatchWrite(ctx, ops...))
	add := func(cursor string, err error) {
		require.NoError(t, err)
		require.NotEmpty(t, cursor)
		cursors = append(cursors, cursor)
	}
	add(nextOf(s.Users.List(ctx, "")))
	add(nextOf(s.Organizations.List(ctx, "")))
	add(nextOf(s.Workspaces.List(ctx, "")))
	add(nextOf(s.Roles.List(ctx, "")))
	add(nextOf(s.Memberships.ListByTarget(ctx, identity.OrganizationTarget(sharedID), "")))
	add(nextOf(s.Memberships.ListByUser(ctx, secondID, "")))
	_, err := s.Users.Create(ctx, identity.User{ID: "leaving1"}, identity.NewUser{})
	require.NoError(t, err)
	next, _, err := s.Users.Erase(ctx, "leaving1", "")
	add(next, err)
	return cursors
}

func nextOf[T any](page *theorydb.Page[T], err error) (string, error) {
	if err != nil {
		return "", err
	}
	return page.Next, nil
}
