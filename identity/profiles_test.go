package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// secretPerson is a user with a profile and a binding, and what must be seen nowhere.
func secretPerson(t testing.TB, b *bench) (stores *Stores, account Upstream, secrets []string) {
	stores = b.For(b.scope)
	secrets = []string{"bob.secretly@example.com", "491512345678", "Bob Ross Secretly", "12 Hidden Lane", "1942-10-29", "left-handed", "upstream-access", "upstream-refresh"}
	_, err := stores.Users.Create(t.Context(), User{ID: "u1"}, NewUser{
		Identifiers: []NewIdentifier{{Kind: KindEmail, Value: secrets[0]}, {Kind: KindPhone, Value: "+" + secrets[1]}},
		Profile: &Profile{
			Name: theorydb.NewSecret(secrets[2]), Address: theorydb.NewSecret(secrets[3]), Birthdate: theorydb.NewSecret(secrets[4]),
			Custom: theorydb.NewSecret(map[string]string{"hand": secrets[5]}),
		},
	})
	require.NoError(t, err)
	account = Upstream{Issuer: "https://upstream.example", Subject: "s#1", ClientID: "mcp"}
	_, err = stores.Bindings.Bind(t.Context(), Binding{
		UserID: "u1", Issuer: account.Issuer, Subject: account.Subject, ClientID: account.ClientID, Resource: "https://api.example", TokenScope: "read write",
		AccessToken: theorydb.NewSecret(secrets[6]), RefreshToken: theorydb.NewSecret(secrets[7]),
	})
	require.NoError(t, err)
	return stores, account, secrets
}

// requireSealedAway demands that neither the profile nor the tokens of a person can be read.
func requireSealedAway(t *testing.T, s *Stores, account Upstream) {
	profile, err := s.Profiles.Get(t.Context(), "u1")
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.NotErrorIs(t, err, theorydb.ErrItemNotFound)
	require.Empty(t, profile.UserID)
	require.False(t, profile.Name.IsSet())
	tokens, err := s.Bindings.Tokens(t.Context(), "u1", account)
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.False(t, tokens.Refresh.IsSet())
}

func TestContractUserEncryption(t *testing.T) {
	t.Run("id.enc.write_without_key", func(t *testing.T) {
		b := openBench(t)
		stores := usersService(t, b, func(c *theorydb.Config) { c.KMS, c.KeyID = nil, "" }).For(b.scope)
		b.aws.ResetCalls()
		_, err := stores.Users.Create(t.Context(), User{ID: "u1"}, email("bob@example.com"))
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		_, err = stores.Bindings.Bind(t.Context(), Binding{UserID: "u1", Issuer: "i", Subject: "s", ClientID: "c", Resource: "r", RefreshToken: theorydb.NewSecret("x")})
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		_, err = stores.Profiles.Get(t.Context(), "u1")
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		require.Empty(t, b.aws.Calls())
	})
	t.Run("id.enc.tx_write_without_key", func(t *testing.T) {
		b := openBench(t)
		stores := b.For(b.scope)
		b.kmsFaults.On("").Always().DropBefore()
		b.aws.ResetCalls()
		_, err := stores.Users.Create(t.Context(), User{ID: "u1"}, email("bob@example.com"))
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		require.Empty(t, b.aws.Calls())
		require.Empty(t, usersItems(t, b))
	})
	t.Run("id.enc.read_kms_down", func(t *testing.T) {
		b := openBench(t)
		stores, account, _ := secretPerson(t, b)
		before := usersItems(t, b)
		b.kmsFaults.On("").Always().DropBefore()
		requireSealedAway(t, stores, account)
		_, err := stores.Profiles.Update(t.Context(), "u1", func(p *Profile) error { p.Name = theorydb.NewSecret("x"); return nil })
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		_, err = stores.Users.ChangeIdentifier(t.Context(), "u1", "bob.secretly@example.com", NewIdentifier{Kind: KindEmail, Value: "new@example.com"})
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		require.ErrorIs(t, stores.Bindings.Rotate(t.Context(), "u1", account, BindingTokens{Refresh: theorydb.NewSecret("x"), Version: 1}), theorydb.ErrEncryption)
		require.Equal(t, before, usersItems(t, b))
	})
	t.Run("id.enc.read_key_revoked", func(t *testing.T) {
		for _, state := range []localaws.KeyState{localaws.KeyDisabled, localaws.KeyPendingDeletion} {
			b := openBench(t)
			stores, account, _ := secretPerson(t, b)
			require.NoError(t, b.aws.SetKeyState("alias/identity", state))
			requireSealedAway(t, stores, account)
		}
		b := openBench(t)
		stores, account, _ := secretPerson(t, b)
		b.kmsFaults.On("Decrypt").Always().Error(400, "AccessDeniedException", "no")
		requireSealedAway(t, stores, account)
	})
	t.Run("id.enc.bitflip", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			stores, account, _ := secretPerson(t, b)
			tamper(t, b, "Profile", func(item map[string]types.AttributeValue) { flip(t, item["name"]) })
			tamper(t, b, "Binding", func(item map[string]types.AttributeValue) { flip(t, item["refreshToken"]) })
			requireSealedAway(t, stores, account)
		})
	})
	t.Run("id.enc.swap_attr", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			stores, account, _ := secretPerson(t, b)
			tamper(t, b, "Profile", func(item map[string]types.AttributeValue) {
				item["name"], item["address"] = item["address"], item["name"]
			})
			tamper(t, b, "Binding", func(item map[string]types.AttributeValue) { item["refreshToken"] = item["accessToken"] })
			requireSealedAway(t, stores, account)
		})
	})
	t.Run("id.enc.redaction", func(t *testing.T) {
		b := openBench(t)
		stores, account, secrets := secretPerson(t, b)
		profile, err := stores.Profiles.Get(t.Context(), "u1")
		require.NoError(t, err)
		require.Equal(t, secrets[2], profile.Name.Reveal())
		tokens, err := stores.Bindings.Tokens(t.Context(), "u1", account)
		require.NoError(t, err)
		require.Equal(t, secrets[7], tokens.Refresh.Reveal())
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
		given := NewIdentifier{Kind: KindEmail, Value: secrets[0]}
		_, _ = fmt.Fprintf(&log, "%+v", theorydb.Redact(NewUser{Identifiers: []NewIdentifier{given}}))
		slog.New(theorydb.RedactHandler(slog.NewTextHandler(&log, nil))).Info("given", "identifier", given)
		require.Contains(t, log.String(), "[REDACTED]")
		for _, secret := range secrets {
			require.NotContains(t, log.String(), secret)
		}
	})
	t.Run("id.profile.list_without_kms", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			stores, account, secrets := secretPerson(t, b)
			_, err := stores.Identities.Link(t.Context(), "u1", account.Issuer, account.Subject)
			require.NoError(t, err)
			b.kmsFaults.On("").Always().DropBefore()
			page, err := stores.Users.List(t.Context(), "")
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
			_, err = stores.Users.GetByIdentifier(t.Context(), KindEmail, secrets[0])
			require.NoError(t, err)
			_, err = stores.Users.Disable(t.Context(), "u1")
			require.NoError(t, err)
			_, err = stores.Identities.FindUser(t.Context(), account.Issuer, account.Subject)
			require.NoError(t, err)
			_, err = stores.Bindings.FindUser(t.Context(), account)
			require.NoError(t, err)
			list, err := stores.Bindings.List(t.Context(), "u1")
			require.NoError(t, err)
			require.Len(t, list, 1)
			require.False(t, list[0].RefreshToken.IsSet())
			requireSealedAway(t, stores, account)
			usersHoldNoneOf(t, b, secrets...)
		})
	})
}

// tamper changes the one stored item of an entity as somebody with access to the table could.
func tamper(t *testing.T, b *bench, entity string, change func(map[string]types.AttributeValue)) {
	for _, item := range usersItems(t, b) {
		if name, ok := item["_t"].(*types.AttributeValueMemberS); ok && name.Value == entity {
			change(item)
			_, err := b.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: item})
			require.NoError(t, err)
			return
		}
	}
	t.Fatal("no item of " + entity)
}

// flip changes a bit of the longest binary member of a sealed value.
func flip(t *testing.T, value types.AttributeValue) {
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

func TestProfilesAreMadeAndUpdated(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		stores := b.For(b.scope)
		newUser(t, stores, "u1")
		_, err := stores.Profiles.Get(t.Context(), "u1")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		setName := func(name string) func(*Profile) error {
			return func(p *Profile) error { p.Name = theorydb.NewSecret(name); return nil }
		}
		profile, err := stores.Profiles.Update(t.Context(), "u1", setName("Bob"))
		require.NoError(t, err)
		require.Equal(t, int64(1), profile.Version)
		profile, err = stores.Profiles.Update(t.Context(), "u1", setName("Bob Ross"))
		require.NoError(t, err)
		require.Equal(t, int64(2), profile.Version)
		stored, err := stores.Profiles.Get(t.Context(), "u1")
		require.NoError(t, err)
		require.Equal(t, "Bob Ross", stored.Name.Reveal())

		_, err = stores.Profiles.Update(t.Context(), "nobody", setName("x"))
		require.ErrorIs(t, err, ErrUserInactive)
		_, err = stores.Profiles.Update(t.Context(), "u1", func(p *Profile) error {
			p.Emails = theorydb.NewSecret(map[string]string{"d": "x"})
			return nil
		})
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		for _, change := range []func(*Profile){
			func(p *Profile) { p.UserID = "u2" },
			func(p *Profile) { p.Name = theorydb.NewSecret(strings.Repeat("x", maxName+1)) },
			func(p *Profile) { p.Custom = theorydb.NewSecret(map[string]string{"": "x"}) },
		} {
			_, err = stores.Profiles.Update(t.Context(), "u1", func(p *Profile) error { change(p); return nil })
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		}
		_, err = stores.Profiles.Update(t.Context(), "u1", func(p *Profile) error { // a rival is faster every time
			p.Name = theorydb.NewSecret("loser")
			return second(stores.Profiles.Update(t.Context(), "u1", setName("rival")))
		})
		require.ErrorIs(t, err, theorydb.ErrVersionConflict)
		stored, err = stores.Profiles.Get(t.Context(), "u1")
		require.NoError(t, err)
		require.Equal(t, "rival", stored.Name.Reveal())
		usersHoldNoneOf(t, b, "Bob Ross", "rival")
	})
}
