package identitysuite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

// What the stores of users seal: profiles, and the tokens of bindings.
var userEncryption = []Scenario{
	{ID: "id.enc.write_without_key", Of: "profile", run: nothingOfAUserIsWrittenWithoutAKey},
	{ID: "id.enc.tx_write_without_key", Of: "profile", run: noUserIsMadeWhileKMSIsDown},
	{ID: "id.enc.read_kms_down", Of: "profile", run: noProfileIsReadWhileKMSIsDown},
	{ID: "id.enc.read_key_revoked", Of: "profile", run: noProfileIsReadUnderARevokedKey},
	{ID: "id.enc.bitflip", Of: "profile", run: aProfileWithAFlippedBitIsNotRead},
	{ID: "id.enc.swap_attr", Of: "profile", run: aProfileWithSwappedAttributesIsNotRead},
	{ID: "id.enc.redaction", Of: "profile", run: aProfileIsRedactedWhereverItIsPrinted},
	{ID: "id.enc.other_region_no_key", Of: "profile", run: whatIsSealedNeedsTheKeyOfItsRegion},
	{ID: "id.profile.list_without_kms", run: usersAreListedWithoutKMS},
}

// person is a user "u1" with a profile and a binding, and what must be seen nowhere.
type person struct {
	account identity.Upstream
	secrets []string
}

func (b *bench) person(t testing.TB) person {
	t.Helper()
	secrets := []string{"bob.secretly@example.com", "491512345678", "Bob Ross Secretly", "12 Hidden Lane", "1942-10-29", "left-handed", "upstream-access", "upstream-refresh"}
	b.keepSecret(secrets...)
	_, err := b.Users.Create(t.Context(), identity.User{ID: "u1"}, identity.NewUser{
		Identifiers: []identity.NewIdentifier{{Kind: identity.KindEmail, Value: secrets[0]}, {Kind: identity.KindPhone, Value: "+" + secrets[1]}},
		Profile: &identity.Profile{
			Name: theorydb.NewSecret(secrets[2]), Address: theorydb.NewSecret(secrets[3]), Birthdate: theorydb.NewSecret(secrets[4]),
			Custom: theorydb.NewSecret(map[string]string{"hand": secrets[5]}),
		},
	})
	require.NoError(t, err)
	account := identity.Upstream{Issuer: "https://upstream.example", Subject: "s#1", ClientID: "mcp"}
	_, err = b.Bindings.Bind(t.Context(), identity.Binding{
		UserID: "u1", Issuer: account.Issuer, Subject: account.Subject, ClientID: account.ClientID, Resource: "https://api.example", TokenScope: "read write",
		AccessToken: theorydb.NewSecret(secrets[6]), RefreshToken: theorydb.NewSecret(secrets[7]),
	})
	require.NoError(t, err)
	return person{account, secrets}
}

// requireSealedAway requires that neither the profile nor the tokens of a person can be read.
func (b *bench) requireSealedAway(t testing.TB, account identity.Upstream) {
	t.Helper()
	profile, err := b.Profiles.Get(t.Context(), "u1")
	require.ErrorIs(t, b.tells(err), theorydb.ErrEncryption)
	require.NotErrorIs(t, err, theorydb.ErrItemNotFound)
	require.Equal(t, identity.Profile{}, profile, "and no part of it")
	tokens, err := b.Bindings.Tokens(t.Context(), "u1", account)
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.Equal(t, identity.BindingTokens{}, tokens)
}

func nothingOfAUserIsWrittenWithoutAKey(t *testing.T, b *bench) {
	keyless, _ := b.serve(t, func(c *theorydb.Config) { c.KMS, c.KeyID = nil, "" }, nil)
	stores := keyless.For(b.scope)
	requireUnsent(t, b, func() {
		_, err := stores.Users.Create(t.Context(), identity.User{ID: "u1"}, b.emails("bob@example.com"))
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		_, err = stores.Bindings.Bind(t.Context(), identity.Binding{UserID: "u1", Issuer: "i", Subject: "s", ClientID: "c", Resource: "r", RefreshToken: theorydb.NewSecret("x")})
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		_, err = stores.Profiles.Get(t.Context(), "u1")
		require.ErrorIs(t, err, theorydb.ErrEncryption)
	})
}

func noUserIsMadeWhileKMSIsDown(t *testing.T, b *bench) {
	b.kmsFaults.On("").Always().DropBefore()
	require.Empty(t, b.faults.during(func() {
		_, err := b.Users.Create(t.Context(), identity.User{ID: "u1"}, b.emails("bob@example.com"))
		require.ErrorIs(t, err, theorydb.ErrEncryption)
	}))
	require.Empty(t, b.items(t))
}

func noProfileIsReadWhileKMSIsDown(t *testing.T, b *bench) {
	p := b.person(t)
	before := b.items(t)
	b.kmsFaults.On("").Always().DropBefore()
	b.requireSealedAway(t, p.account)
	_, err := b.Profiles.Update(t.Context(), "u1", func(p *identity.Profile) error { p.Name = theorydb.NewSecret("x"); return nil })
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	b.keepSecret("new@example.com")
	_, err = b.Users.ChangeIdentifier(t.Context(), "u1", p.secrets[0], identity.NewIdentifier{Kind: identity.KindEmail, Value: "new@example.com"})
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.ErrorIs(t, b.Bindings.Rotate(t.Context(), "u1", p.account, identity.BindingTokens{Refresh: theorydb.NewSecret("x"), Version: 1}), theorydb.ErrEncryption)
	require.ElementsMatch(t, before, b.items(t))
}

func noProfileIsReadUnderARevokedKey(t *testing.T, b *bench) {
	p := b.person(t)
	b.kmsFaults.On("Decrypt").Always().Error(400, "AccessDeniedException", "no")
	b.requireSealedAway(t, p.account)
	b.kmsFaults.mend()
	for _, state := range []localaws.KeyState{localaws.KeyDisabled, localaws.KeyPendingDeletion} {
		_, err := b.Profiles.Get(t.Context(), "u1")
		require.NoError(t, err)
		require.NoError(t, b.kms.SetKeyState(keyAlias, state))
		b.requireSealedAway(t, p.account)
		require.NoError(t, b.kms.SetKeyState(keyAlias, localaws.KeyEnabled))
	}
}

func aProfileWithAFlippedBitIsNotRead(t *testing.T, b *bench) {
	p := b.person(t)
	b.tamper(t, "Profile", func(item map[string]types.AttributeValue) { flip(t, item["name"]) })
	b.tamper(t, "Binding", func(item map[string]types.AttributeValue) { flip(t, item["refreshToken"]) })
	b.requireSealedAway(t, p.account)
}

func aProfileWithSwappedAttributesIsNotRead(t *testing.T, b *bench) {
	p := b.person(t)
	b.tamper(t, "Profile", func(item map[string]types.AttributeValue) {
		item["name"], item["address"] = item["address"], item["name"]
	})
	b.tamper(t, "Binding", func(item map[string]types.AttributeValue) { item["refreshToken"] = item["accessToken"] })
	b.requireSealedAway(t, p.account)
}

func aProfileIsRedactedWhereverItIsPrinted(t *testing.T, b *bench) {
	p := b.person(t)
	profile, err := b.Profiles.Get(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, p.secrets[2], profile.Name.Reveal())
	tokens, err := b.Bindings.Tokens(t.Context(), "u1", p.account)
	require.NoError(t, err)
	require.Equal(t, p.secrets[7], tokens.Refresh.Reveal())
	var log bytes.Buffer
	for _, value := range []any{profile, &profile, tokens, fmt.Errorf("read: %w", errors.Join(fmt.Errorf("%v", profile)))} {
		_, _ = fmt.Fprintf(&log, "%v %+v %#v", value, value, value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("read", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("read", "value", value)
		text, err := json.Marshal(value)
		require.NoError(t, err)
		log.Write(text)
	}
	func() {
		defer func() { _, _ = fmt.Fprint(&log, recover()) }()
		panic(profile)
	}()
	given := identity.NewIdentifier{Kind: identity.KindEmail, Value: p.secrets[0]}
	_, _ = fmt.Fprintf(&log, "%+v", theorydb.Redact(identity.NewUser{Identifiers: []identity.NewIdentifier{given}}))
	slog.New(theorydb.RedactHandler(slog.NewTextHandler(&log, nil))).Info("given", "identifier", given)
	require.Contains(t, log.String(), "[REDACTED]")
	for _, secret := range p.secrets {
		require.NotContains(t, log.String(), secret)
	}
}

func whatIsSealedNeedsTheKeyOfItsRegion(t *testing.T, b *bench) {
	b.kms.KMSKey("alias/acme")
	b.keepSecret("Ann Example", "Bob Example")
	named := func(id, name string) (identity.User, identity.NewUser) {
		return identity.User{ID: id}, identity.NewUser{Profile: &identity.Profile{Name: theorydb.NewSecret(name)}}
	}
	keyed := func(change func(*theorydb.Config)) *identity.Service {
		keys := identity.NewProjectKeys("")
		service, _ := b.serve(t, func(c *theorydb.Config) { c.KeyID, c.Keys = "", keys; change(c) }, func(o *identity.Options) { o.ProjectKeys = keys })
		return service
	}
	home := keyed(func(*theorydb.Config) {})
	_, _, err := home.Platform("test").CreateTenant(t.Context(), identity.NewTenant{
		ID: "acme", Name: "Acme", Project: identity.NewProject{ID: "prod", Name: "Production", KEKRef: b.kms.KMSKeyARN("alias/acme")},
	})
	require.NoError(t, err)
	ann, sealed := named("ann", "Ann Example")
	_, err = home.For(b.scope).Users.Create(t.Context(), ann, sealed)
	require.NoError(t, err)

	away := keyed(func(c *theorydb.Config) { c.KMS = b.kms.KMSIn("eu-west-1") }).For(b.scope)
	profile, err := away.Profiles.Get(t.Context(), "ann")
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.Equal(t, identity.Profile{}, profile)
	bob, sealed := named("bob", "Bob Example")
	_, err = away.Users.Create(t.Context(), bob, sealed)
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	_, err = away.Users.Get(t.Context(), "bob")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound, "nothing of him was written")
	_, err = away.Organizations.Create(t.Context(), identity.NewOrganization{ID: "o", Slug: "ours", Name: "Ours", OwnerID: "ann"})
	require.NoError(t, err, "what is not sealed works without the key")
	require.NoError(t, away.Memberships.Require(t.Context(), identity.OrganizationTarget("o"), "ann", identity.RoleOwner))

	profile, err = home.For(b.scope).Profiles.Get(t.Context(), "ann")
	require.NoError(t, err)
	require.Equal(t, "Ann Example", profile.Name.Reveal())
}

func usersAreListedWithoutKMS(t *testing.T, b *bench) {
	p := b.person(t)
	_, err := b.Identities.Link(t.Context(), "u1", p.account.Issuer, p.account.Subject)
	require.NoError(t, err)
	b.kmsFaults.On("").Always().DropBefore()
	page, err := b.Users.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	_, err = b.Users.GetByIdentifier(t.Context(), identity.KindEmail, p.secrets[0])
	require.NoError(t, err)
	_, err = b.Users.Disable(t.Context(), "u1")
	require.NoError(t, err)
	_, err = b.Identities.FindUser(t.Context(), p.account.Issuer, p.account.Subject)
	require.NoError(t, err)
	_, err = b.Bindings.FindUser(t.Context(), p.account)
	require.NoError(t, err)
	list, err := b.Bindings.List(t.Context(), "u1")
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.False(t, list[0].RefreshToken.IsSet())
	b.requireSealedAway(t, p.account)
}

// tamper changes the one stored item of an entity as somebody with access to the table could.
func (b *bench) tamper(t testing.TB, entity string, change func(map[string]types.AttributeValue)) {
	t.Helper()
	items := b.itemsOf(t, entity)
	require.Len(t, items, 1)
	change(items[0])
	_, err := b.engine.Client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: items[0]})
	require.NoError(t, err)
}

// flip changes a bit of the longest binary member of a sealed value.
func flip(t testing.TB, value types.AttributeValue) {
	t.Helper()
	sealed, ok := value.(*types.AttributeValueMemberM)
	require.True(t, ok)
	var longest []byte
	for _, member := range sealed.Value {
		if binary, ok := member.(*types.AttributeValueMemberB); ok && len(binary.Value) > len(longest) {
			longest = binary.Value
		}
	}
	require.NotEmpty(t, longest)
	longest[len(longest)/2] ^= 1
}
