package identity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
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
		b.holdsNoneOf(t, "Bob Ross", "rival")
	})
}

func TestAddressesOfAProfileAreNotAlteredInPlace(t *testing.T) {
	b := openBench(t)
	stores := b.For(b.scope)
	newUser(t, stores, "bob", "bob@example.com")
	stored, err := stores.Profiles.Get(t.Context(), "bob")
	require.NoError(t, err)
	_, err = stores.Profiles.Update(t.Context(), "bob", func(p *Profile) error {
		for digest := range p.Emails.Reveal() {
			p.Emails.Reveal()[digest] = "eve@example.com"
		}
		return nil
	})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	again, err := stores.Profiles.Get(t.Context(), "bob")
	require.NoError(t, err)
	require.Equal(t, stored.Emails.Reveal(), again.Emails.Reveal())
}
