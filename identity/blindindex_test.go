package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// The digests are part of the table: another one, and no user is found again.
func TestBlindIndexIsTheKeyedHashOfKindScopeAndValue(t *testing.T) {
	b := openBench(t)
	digest := func(tenant, project, kind, value string) string {
		scope, err := NewScope(tenant, project)
		require.NoError(t, err)
		i, err := b.For(scope).Users.identify(kind, value)
		require.NoError(t, err)
		return i.digest
	}
	mac := hmac.New(sha256.New, b.options.IndexKey)
	mac.Write([]byte("email\x00acme\x00prod\x00bob@example.com"))
	require.Equal(t, hex.EncodeToString(mac.Sum(nil)), digest("acme", "prod", KindEmail, "Bob@Example.com"))
	require.Equal(t, "6b74e03b622682e5c9494d26e936d1ba0edfbbd91ff240a79aa82abb50836115", digest("acme", "prod", KindEmail, "Bob@Example.com"))

	seen := map[string]bool{}
	for _, one := range [][4]string{
		{"acme", "prod", KindEmail, "bob@example.com"},
		{"acme", "prod", KindExternal, "bob@example.com"},
		{"acme", "staging", KindEmail, "bob@example.com"},
		{"acmep", "rod", KindEmail, "bob@example.com"},
		{"prod", "acme", KindEmail, "bob@example.com"},
		{"acme", "prod", KindEmail, "carol@example.com"},
		{"acme", "prod", KindPhone, "+4915123456"},
		{"acme", "prod", KindExternal, "+4915123456"},
	} {
		d := digest(one[0], one[1], one[2], one[3])
		require.Regexp(t, `^[0-9a-f]{64}$`, d)
		require.False(t, seen[d])
		seen[d] = true
	}
	other := usersService(t, b, func(*theorydb.Config) {})
	other.options.IndexKey = make([]byte, keySize)
	i, err := other.For(b.scope).Users.identify(KindEmail, "bob@example.com")
	require.NoError(t, err)
	require.False(t, seen[i.digest], "another key")
}

func TestServiceKeepsKeysOfItsOwn(t *testing.T) {
	var given []byte
	b := openBench(t, func(o *Options) { given = o.IndexKey })
	stores := b.For(b.scope)
	newUser(t, stores, "bob", "bob@example.com")
	clear(given)
	found, err := stores.Users.GetByIdentifier(t.Context(), KindEmail, "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, "bob", found.ID)
}
