package identitysuite

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var misses = []Scenario{
	{ID: "id.scope.miss_is_told", run: aReadThatFindsNothingIsTold},
	{ID: "id.scope.no_token_no_read", run: aTextThatIsNoTokenIsNotLookedFor},
}

// Whoever tries keys leaves a trail: a read by what a caller presented that finds nothing is told, with the scope in which it
// was made. Here all that is presented is of another project.
func aReadThatFindsNothingIsTold(t *testing.T, b *bench) {
	scope := newScope(t, "acme", "test")
	other := b.For(scope)
	_, err := other.Users.Create(t.Context(), identity.User{ID: "u1"}, b.emails("bob@example.com"))
	require.NoError(t, err)
	_, secret, err := other.Clients.Create(t.Context(), identity.NewClient{Type: identity.ClientConfidential})
	require.NoError(t, err)
	b.keepSecret(secret.Reveal())
	token, err := other.OneTimeTokens.Issue(t.Context(), identity.KindChallenge, identity.TokenSpec{Subject: "u1"})
	require.NoError(t, err)
	b.keepTokenSecret(t, token)
	grant := b.signIn(t, b.user(t, "u1"))
	unknown := partsOf(t, grant.Token).ofSession("unknown").token()
	family := partsOf(t, grant.Refresh).ofSession("unknown").token()

	account := identity.Upstream{Issuer: "i", Subject: "s", ClientID: "c"}
	for name, read := range map[string]func(context.Context) error{
		"Users.GetByIdentifier": func(ctx context.Context) error {
			return errorOf(b.Users.GetByIdentifier(ctx, identity.KindEmail, "bob@example.com"))
		},
		"Users.Get":            func(ctx context.Context) error { return errorOf(b.Users.Get(ctx, "u2")) },
		"Profiles.Get":         func(ctx context.Context) error { return errorOf(b.Profiles.Get(ctx, "u2")) },
		"Identities.FindUser":  func(ctx context.Context) error { return errorOf(b.Identities.FindUser(ctx, "i", "s")) },
		"Bindings.FindUser":    func(ctx context.Context) error { return errorOf(b.Bindings.FindUser(ctx, account)) },
		"Clients.VerifySecret": func(ctx context.Context) error { return errorOf(b.Clients.VerifySecret(ctx, "unknown", secret)) },
		"Passkeys.FindUser":    func(ctx context.Context) error { return errorOf(b.Passkeys.FindUser(ctx, "aaaa")) },
		"OneTimeTokens.Consume": func(ctx context.Context) error {
			return errorOf(b.OneTimeTokens.Consume(ctx, identity.KindChallenge, token))
		},
		"OneTimeTokens.VerifyCode": func(ctx context.Context) error {
			return errorOf(b.OneTimeTokens.VerifyCode(ctx, "flow", theorydb.NewSecret("12345678")))
		},
		"Service.AuthenticateSession": func(ctx context.Context) error { return errorOf(b.AuthenticateSession(ctx, unknown)) },
		"RefreshTokens.Refresh":       func(ctx context.Context) error { return errorOf(b.RefreshTokens.Refresh(ctx, family, "app")) },
		"Memberships.Require": func(ctx context.Context) error {
			return b.Memberships.Require(ctx, ourOrganization, "u1", identity.RoleAny)
		},
	} {
		told := b.notices(identity.NoticeMiss)
		require.Error(t, b.tells(read(t.Context())), name)
		require.Equal(t, told+1, b.notices(identity.NoticeMiss), name)
		last := b.told[len(b.told)-1]
		require.Equal(t, b.scope, last.Scope, name)
	}

	told := len(b.told)
	for _, found := range []error{
		errorOf(b.Users.Get(t.Context(), "u1")), b.authenticates(t, grant.Token), errorOf(other.OneTimeTokens.Consume(t.Context(), identity.KindChallenge, token)),
	} {
		require.NoError(t, found)
	}
	require.Len(t, b.told, told, "what is found is not told")
}

// aTextThatIsNoTokenIsNotLookedFor presents what can't be a token, where one is asked for.
func aTextThatIsNoTokenIsNotLookedFor(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	elsewhere := b.For(newScope(t, "acme", "test"))
	link := b.issue(t, identity.KindMagicLink, identity.TokenSpec{})
	unsigned, _, _ := strings.Cut(link.Reveal(), ".")
	requireUnsent(t, b, func() {
		for _, text := range []string{
			"", " ", "sess_", "rt_", "sess_AA", "Bearer x", strings.Repeat("s", 10_000), " " + grant.Token.Reveal(), grant.Token.Reveal() + "\n",
			unsigned, unsigned + ".", unsigned + "." + unsigned,
		} {
			presented := theorydb.NewSecret(text)
			require.Equal(t, identity.ErrInvalidToken, b.authenticates(t, presented))
			require.Equal(t, identity.ErrInvalidToken, b.refreshes(t, presented))
			require.Equal(t, identity.ErrInvalidToken, errorOf(b.OneTimeTokens.Consume(t.Context(), identity.KindMagicLink, presented)))
		}
		require.Equal(t, identity.ErrInvalidToken, b.authenticates(t, grant.Refresh))
		require.Equal(t, identity.ErrInvalidToken, b.refreshes(t, grant.Token))
		require.Equal(t, identity.ErrInvalidToken, errorOf(elsewhere.Sessions.Authenticate(t.Context(), grant.Token)))
		require.Equal(t, identity.ErrInvalidToken, errorOf(elsewhere.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")))
		require.Equal(t, identity.ErrInvalidToken, errorOf(elsewhere.OneTimeTokens.Consume(t.Context(), identity.KindMagicLink, link)))
	})
	require.Zero(t, b.notices(identity.NoticeMiss))
}
