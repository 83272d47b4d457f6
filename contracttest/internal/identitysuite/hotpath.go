package identitysuite

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var hotPath = []Scenario{
	{ID: "id.enc.hot_path_without_kms", Of: "stores", run: whatOpensNothingNeedsNoKMS},
}

// stored is every item of the table by its key.
func (b *bench) stored(t testing.TB) map[string]map[string]types.AttributeValue {
	t.Helper()
	all := map[string]map[string]types.AttributeValue{}
	for _, item := range b.items(t) {
		pk, isText := item["PK"].(*types.AttributeValueMemberS)
		require.True(t, isText)
		sk, isText := item["SK"].(*types.AttributeValueMemberS)
		require.True(t, isText)
		all[pk.Value+" "+sk.Value] = item
	}
	return all
}

// outages are the ways in which KMS can be away.
var outages = map[string]func(kms *switchboard){
	"unreachable": func(kms *switchboard) { kms.On("").DropBefore().Always() },
	"failing": func(kms *switchboard) {
		kms.On("").Error(http.StatusInternalServerError, "KMSInternalException", "down").Always()
	},
	"key disabled": func(kms *switchboard) { kms.On("").Error(http.StatusBadRequest, "DisabledException", "down").Always() },
	"access taken": func(kms *switchboard) {
		kms.On("").Error(http.StatusBadRequest, "AccessDeniedException", "down").Always()
	},
	"throttled": func(kms *switchboard) {
		kms.On("").Error(http.StatusBadRequest, "ThrottlingException", "down").Always()
	},
}

// While KMS is away, what opens nothing works and does not ask it. What does fails, writes nothing and counts nothing, and
// works again when KMS is back.
func whatOpensNothingNeedsNoKMS(t *testing.T, b *bench) {
	p := newSealedPerson(t, b)
	for i, name := range slices.Sorted(maps.Keys(outages)) {
		t.Run(name, func(t *testing.T) {
			outages[name](b.kmsFaults)
			require.Empty(t, b.kmsFaults.during(func() { p.requireOpen(t, b, i) }), "KMS was asked")
			before := b.stored(t)
			for verb, call := range p.sealedVerbs(t, b) {
				sent := b.faults.during(func() {
					require.ErrorIs(t, b.tells(call()), theorydb.ErrEncryption, verb)
				})
				for _, operation := range sent {
					require.Contains(t, []string{"GetItem", "BatchGetItem", "TransactGetItems", "Query"}, operation, verb)
				}
			}
			require.Equal(t, before, b.stored(t), "nothing was changed, no failed try counted")
			b.kmsFaults.mend()
		})
	}

	outages["unreachable"](b.kmsFaults)
	t.Run("sessions end", func(t *testing.T) {
		another := b.signIn(t, p.user, withoutFamily)
		_, err := b.Sessions.RevokeOthers(t.Context(), p.user.ID, p.grant.Session.ID, "test")
		require.NoError(t, err)
		_, err = b.AuthenticateSession(t.Context(), another.Token)
		require.ErrorIs(t, err, identity.ErrInvalidToken)
		p.user, err = b.Users.Get(t.Context(), p.user.ID) // of the next epoch
		require.NoError(t, err)
	})
	b.kmsFaults.mend()

	t.Run("afterwards", func(t *testing.T) {
		verbs := p.sealedVerbs(t, b)
		for _, name := range slices.Sorted(maps.Keys(verbs)) {
			if name == "MFA.VerifyTOTP of a wrong code" {
				continue
			}
			require.NoError(t, verbs[name](), name)
		}
		keepPrivateKeysSecret(t, b)
	})
	_, err := b.Sessions.RevokeAll(t.Context(), p.user.ID, "test")
	require.NoError(t, err)
}

// sealedPerson is a user of whom everything is kept that can be sealed, in a project with a signing key.
type sealedPerson struct {
	user     identity.User
	address  string
	grant    *identity.SessionGrant
	session  identity.Session
	app      authenticator // whose code counts
	pending  authenticator
	target   identity.Target
	kid      string
	account  identity.Upstream
	client   string
	event    identity.AuditEvent // with what is known about a person
	recovery []theorydb.Secret[string]
}

func newSealedPerson(t *testing.T, b *bench) *sealedPerson {
	t.Helper()
	p := &sealedPerson{
		address: "bob.secretly@example.com", target: identity.OrganizationTarget("o"),
		account: identity.Upstream{Issuer: "https://upstream.example", Subject: "s#1", ClientID: "mcp"},
	}
	p.user = b.addressed(t, "bob", p.address)
	b.keepSecret("Bob Ross Secretly", "upstream-access", "upstream-refresh", "marker@example.org", "new.secret@example.com")
	_, err := b.Profiles.Update(t.Context(), "bob", func(profile *identity.Profile) error {
		profile.Name = theorydb.NewSecret("Bob Ross Secretly")
		return nil
	})
	require.NoError(t, err)
	_, err = b.Bindings.Bind(t.Context(), identity.Binding{
		UserID: "bob", Issuer: p.account.Issuer, Subject: p.account.Subject, ClientID: p.account.ClientID, Resource: "https://api.example",
		AccessToken: theorydb.NewSecret("upstream-access"), RefreshToken: theorydb.NewSecret("upstream-refresh"),
	})
	require.NoError(t, err)
	_, err = b.Identities.Link(t.Context(), "bob", p.account.Issuer, p.account.Subject)
	require.NoError(t, err)
	_, err = b.Organizations.Create(t.Context(), identity.NewOrganization{ID: "o", Slug: "ours", Name: "Ours", OwnerID: "bob"})
	require.NoError(t, err)
	rotated, err := b.SigningKeys.Rotate(t.Context(), identity.Rotation{})
	require.NoError(t, err)
	p.kid = rotated.ActiveKID
	keepPrivateKeysSecret(t, b)
	client, _, err := b.Clients.Create(t.Context(), identity.NewClient{Type: identity.ClientPublic})
	require.NoError(t, err)
	p.client = client.ID
	p.event, err = b.Audit.Append(t.Context(), auditOf("bob", "with"))
	require.NoError(t, err)
	b.deposited(t, "bob", "c1", "tok-secret-1")
	b.passkey(t, "bob", "aaaa", 1)
	p.recovery = b.generate(t, b.RecoveryCodes, "bob")
	p.app, p.pending = b.confirmed(t, "bob"), b.enrolled(t, "bob")
	p.grant = b.signIn(t, p.user)
	p.session = p.grant.Session
	b.clock.Advance(time.Hour) // the session was not used lately
	return p
}

// auditOf is an event about a person.
func auditOf(userID, id string) identity.Event {
	return identity.Event{
		Type: identity.EventAuthFailed, ID: id, Actor: userID, Subject: userID,
		PII: theorydb.NewSecret(map[string]string{"email": "marker@example.org"}),
	}
}

// requireOpen requires that what opens nothing works.
func (p *sealedPerson) requireOpen(t *testing.T, b *bench, round int) {
	ctx := t.Context()
	auth, err := b.AuthenticateSession(ctx, p.grant.Token)
	require.NoError(t, err)
	require.Equal(t, "bob", auth.User.ID)
	p.session, err = b.Sessions.Touch(ctx, p.session)
	require.NoError(t, err)
	made := b.signIn(t, p.user, withoutFamily)
	_, token, err := b.Sessions.StepUp(ctx, made.Session, 2, "otp")
	require.NoError(t, err)
	b.handedOut(t, token)
	listed, err := b.Sessions.ListByUser(ctx, "bob")
	require.NoError(t, err)
	require.Len(t, listed, round+2)

	require.NoError(t, b.Memberships.Require(ctx, p.target, "bob", identity.RoleOwner))
	require.ErrorIs(t, b.Memberships.Require(ctx, p.target, "carol", identity.RoleAny), identity.ErrForbidden)
	set, err := b.SigningKeys.JWKS(ctx)
	require.NoError(t, err)
	require.Len(t, set.Keys, 1)
	require.Equal(t, p.kid, set.Keys[0].KeyID)
	_, err = b.SigningKeys.Public(ctx, p.kid)
	require.NoError(t, err)

	_, err = b.Audit.Append(ctx, identity.Event{Type: identity.EventAuthFailed, ID: fmt.Sprint("without", round), Subject: "bob"})
	require.NoError(t, err)
	_, err = b.Audit.AppendBatch(ctx, identity.EventAuthFailed, []identity.Event{
		{Type: identity.EventAuthFailed, ID: fmt.Sprint("a", round)}, {Type: identity.EventAuthFailed, ID: fmt.Sprint("b", round)},
	})
	require.NoError(t, err)
	events, err := theorydb.Collect(b.Audit.Query(ctx, identity.AuditQuery{Type: identity.EventAuthFailed}))
	require.NoError(t, err)
	require.Len(t, events, 1+3*(round+1), "in an unbroken chain")

	user, err := b.Users.GetByIdentifier(ctx, identity.KindEmail, p.address)
	require.NoError(t, err)
	require.Equal(t, "bob", user.ID)
	_, err = b.Users.List(ctx, "")
	require.NoError(t, err)
	for _, find := range []func() (identity.User, error){
		func() (identity.User, error) { return b.Identities.FindUser(ctx, p.account.Issuer, p.account.Subject) },
		func() (identity.User, error) { return b.Bindings.FindUser(ctx, p.account) },
	} {
		user, err = find()
		require.NoError(t, err)
		require.Equal(t, "bob", user.ID)
	}
	bindings, err := b.Bindings.List(ctx, "bob")
	require.NoError(t, err)
	require.Len(t, bindings, 1)
	require.False(t, bindings[0].RefreshToken.IsSet())

	apps, err := b.MFA.List(ctx, "bob")
	require.NoError(t, err, "a list opens nothing")
	require.Len(t, apps, 2)
	for _, app := range apps {
		require.Equal(t, map[string]string{p.app.id: "confirmed", p.pending.id: "pending"}[app.ID], app.Status)
	}
	credentials, err := b.Credentials.List(ctx, "bob")
	require.NoError(t, err)
	require.Len(t, credentials, 1)
	require.NoError(t, b.Passkeys.AssertSignCount(ctx, "bob", "aaaa", uint32(round)+2))
	_, err = b.Clients.Get(ctx, p.client)
	require.NoError(t, err)
	_, err = b.OneTimeTokens.Consume(ctx, identity.KindMagicLink, b.issue(t, identity.KindMagicLink, identity.TokenSpec{}))
	require.NoError(t, err)
	_, err = b.OneTimeTokens.VerifyCode(ctx, fmt.Sprint("flow", round), b.issueCode(t, b.OneTimeTokens, fmt.Sprint("flow", round)))
	require.NoError(t, err)
	_, err = b.RecoveryCodes.Consume(ctx, "bob", p.recovery[round])
	require.NoError(t, err)
}

// sealedVerbs are calls that open or seal something. Each succeeds with KMS, but for the wrong code, and gives nothing with
// an error.
func (p *sealedPerson) sealedVerbs(t *testing.T, b *bench) map[string]func() error {
	ctx, now := t.Context(), stepOf(b.clock.Now())
	code, deposit := p.app.code(now), b.toDeposit("tok-secret-2")
	elsewhere := b.For(newScope(t, "acme", "test"))
	newEmail := identity.NewIdentifier{Kind: identity.KindEmail, Value: "new.secret@example.com"}
	rename := func(profile *identity.Profile) error {
		profile.Name = theorydb.NewSecret("Bob Ross Secretly")
		return nil
	}
	return map[string]func() error{
		"RefreshTokens.Refresh": func() error {
			result, err := b.RefreshTokens.Refresh(ctx, p.grant.Refresh, "app")
			require.Equal(t, err == nil, result.Token.IsSet())
			b.handedOut(t, result.Token)
			return err
		},
		"Sessions.Create with a family": func() error {
			grant, err := b.Sessions.Create(ctx, identity.NewSession{User: p.user, AAL: 1, Family: &identity.NewFamily{ClientID: "app"}})
			require.Equal(t, err != nil, grant == nil)
			if grant != nil {
				b.handedOut(t, grant.Token, grant.Refresh)
			}
			return err
		},
		"MFA.VerifyTOTP":                 func() error { return b.MFA.VerifyTOTP(ctx, "bob", code) },
		"MFA.VerifyTOTP of a wrong code": func() error { return b.MFA.VerifyTOTP(ctx, "bob", wrong(t, b.clock.Now(), p.app, p.pending)) },
		"MFA.Confirm":                    func() error { return b.MFA.Confirm(ctx, "bob", p.pending.id, p.pending.code(now)) },
		"MFA.Enroll": func() error {
			id, text, err := b.MFA.Enroll(ctx, "bob", identity.NewAuthenticator{Issuer: "Acme", Account: "a"})
			require.Equal(t, err == nil, text.IsSet() && id != "")
			if err == nil {
				b.keepSecret(text.Reveal())
			}
			return err
		},
		"Credentials.Secret": func() error {
			secret, err := b.Credentials.Secret(ctx, "bob", tokenType, "c1")
			require.Equal(t, err == nil, secret.IsSet())
			return err
		},
		"Credentials.Register": func() error { return b.Credentials.Register(ctx, "bob", tokenType, "c2", deposit) },
		"Credentials.Replace":  func() error { return b.Credentials.Replace(ctx, "bob", tokenType, "c1", 1, deposit) },
		"SigningKeys.Active": func() error {
			key, err := b.SigningKeys.Active(ctx)
			require.Equal(t, err == nil, key.Signer != nil && key.KID != "")
			return err
		},
		"SigningKeys.Rotate": func() error {
			_, err := b.SigningKeys.Rotate(ctx, identity.Rotation{Early: true})
			return err
		},
		"SigningKeys.Rotate for the first time": func() error {
			_, err := elsewhere.SigningKeys.Rotate(ctx, identity.Rotation{})
			return err
		},
		"Profiles.Get": func() error {
			profile, err := b.Profiles.Get(ctx, "bob")
			require.Equal(t, err == nil, profile.Name.IsSet() && profile.UserID == "bob")
			return err
		},
		"Profiles.Update": func() error {
			_, err := b.Profiles.Update(ctx, "bob", rename)
			return err
		},
		"Bindings.Tokens": func() error {
			tokens, err := b.Bindings.Tokens(ctx, "bob", p.account)
			require.Equal(t, err == nil, tokens.Access.IsSet() && tokens.Refresh.IsSet())
			return err
		},
		"Bindings.Rotate": func() error {
			return b.Bindings.Rotate(ctx, "bob", p.account, identity.BindingTokens{
				Access: theorydb.NewSecret("upstream-access"), Refresh: theorydb.NewSecret("upstream-refresh"), Version: 1,
			})
		},
		"Bindings.Bind": func() error {
			_, err := b.Bindings.Bind(ctx, identity.Binding{
				UserID: "bob", Issuer: p.account.Issuer, Subject: "another", ClientID: "mcp", Resource: "r", RefreshToken: theorydb.NewSecret("upstream-refresh"),
			})
			return err
		},
		"Users.Create": func() error {
			_, err := b.Users.Create(ctx, identity.User{ID: "carol"}, b.emails("carol.secretly@example.com"))
			return err
		},
		"Users.ChangeIdentifier": func() error {
			_, err := b.Users.ChangeIdentifier(ctx, "bob", p.address, newEmail)
			return err
		},
		"Users.Export": func() error {
			var last error
			for _, err := range b.Users.Export(ctx, "bob") {
				last = err
			}
			return last
		},
		"Audit.Append with what is known about a person": func() error {
			_, err := b.Audit.Append(ctx, auditOf("bob", "again"))
			return err
		},
		"Audit.PII": func() error {
			known, err := b.Audit.PII(ctx, &p.event)
			require.Equal(t, err == nil, known.IsSet())
			return err
		},
	}
}
