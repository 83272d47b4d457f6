package theorydb_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// Credential is the form in which services declare an encrypted field today, to the letter.
type Credential struct {
	PK     string `theorydb:"pk" json:"pk"`
	SK     string `theorydb:"sk" json:"sk"`
	Secret string `theorydb:"encrypted" json:"secret"`
}

// versionedCredential has what Modify needs, and an attribute that is not encrypted.
type versionedCredential struct {
	ID      string
	_       theorydb.Key `theorydb:"pk" key:"CREDENTIAL#{id}"`
	_       theorydb.Key `theorydb:"sk" key:"CREDENTIAL"`
	Label   string
	Secret  theorydb.Secret[string] `theorydb:"encrypted"`
	Spare   theorydb.Secret[[]byte] `theorydb:"encrypted,omitempty"`
	Version int64                   `theorydb:"version"`
}

// vaultKey is the alias of the key that vaults seal with.
const vaultKey = "alias/vault"

// vault is an engine with a KMS beside it, with faults in front of that and a record of what is asked of it.
type vault struct {
	*engine
	keys      *localaws.AWS // whose KMS it is
	kms       *kms.Client
	kmsFaults *localaws.Faults
	through   theorydb.KMS // in front of kms, when there is one

	mu      sync.Mutex
	asked   map[string]int // by operation
	during  func(operation string)
	busy    atomic.Int64
	busiest int64
}

// vaultOn puts a KMS beside an engine.
func vaultOn(e *engine) *vault {
	v := &vault{engine: e, keys: e.aws, asked: map[string]int{}}
	if v.keys == nil {
		v.keys = localaws.New()
	}
	v.keys.KMSKey(vaultKey)
	v.kmsFaults = &localaws.Faults{Next: v.keys}
	v.kms = v.keys.KMS(func(o *kms.Options) { o.HTTPClient = kmsWire{v} })
	return v
}

func openVault(t testing.TB) *vault { return vaultOn(embedded(t)) }

// kmsWire counts what is sent to KMS, and how much of it at once.
type kmsWire struct{ *vault }

func (w kmsWire) Do(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	busy := w.busy.Add(1)
	defer w.busy.Add(-1)
	w.mu.Lock()
	w.asked[operation]++
	w.busiest = max(w.busiest, busy)
	during := w.during
	w.mu.Unlock()
	if during != nil {
		during(operation)
	}
	return w.kmsFaults.Do(r)
}

// sealed configures a DB with the key of the vault.
func (v *vault) sealed(c *theorydb.Config) {
	c.KMS, c.KeyID = v.kms, vaultKey
	if v.through != nil {
		c.KMS = v.through
	}
}

// asks returns how many requests a call sends to KMS, by operation.
func (v *vault) asks(call func()) map[string]int {
	v.mu.Lock()
	v.asked = map[string]int{}
	v.mu.Unlock()
	call()
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asked
}

// requireSilent checks that a call sends nothing to anybody.
func (v *vault) requireSilent(t testing.TB, call func()) {
	t.Helper()
	var asked map[string]int
	require.Zero(t, v.sends(func() { asked = v.asks(call) }), "requests to DynamoDB")
	require.Empty(t, asked, "requests to KMS")
}

// requireSealed checks that an attribute is stored as an envelope.
func requireSealed(t testing.TB, item theorydb.Item, name string) {
	t.Helper()
	stored, ok := item[name].(*types.AttributeValueMemberM)
	require.True(t, ok, "%s is stored as %T", name, item[name])
	require.Equal(t, num("2"), stored.Value["v"])
	require.Len(t, stored.Value, 6)
}

// requireSame compares records that hold Secrets, and shows no value of those.
func requireSame(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Fatal(diff)
	}
}

func TestCredentialOfTheSourceFormIsSealedByEveryVerb(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		v := vaultOn(e)
		m := model[Credential](t, v.engine, v.sealed)
		ctx, key := t.Context(), Credential{PK: "USER#1", SK: "CREDENTIAL"}
		stored := func() theorydb.Item { return v.stored(t, key.PK, key.SK) }
		holds := func(secret string) {
			t.Helper()
			requireSealed(t, stored(), "secret")
			got, err := m.Get(ctx, key, theorydb.Consistent())
			require.NoError(t, err)
			require.Equal(t, Credential{key.PK, key.SK, secret}, *got)
		}
		c := Credential{PK: key.PK, SK: key.SK, Secret: "created"}
		require.NoError(t, m.Create(ctx, &c))
		require.Equal(t, "created", c.Secret)
		holds("created")

		var old Credential
		c.Secret = "put"
		require.NoError(t, m.Put(ctx, &c, theorydb.Returning(&old)))
		require.Equal(t, "created", old.Secret)
		holds("put")

		c.Secret = "updated"
		require.NoError(t, m.Update(ctx, &c, theorydb.Returning(&old)))
		require.Equal(t, "put", old.Secret)
		holds("updated")

		c.Secret = "fields"
		require.NoError(t, m.Update(ctx, &c, theorydb.Fields("secret"), theorydb.OnlyIf(theorydb.Exists("secret"))))
		holds("fields")

		changed, err := m.Change(ctx, key, theorydb.Set("secret", "changed"))
		require.NoError(t, err)
		require.Equal(t, "changed", changed.Secret)
		holds("changed")
		changed, err = m.Change(ctx, key, theorydb.SetIfAbsent("secret", "not this"))
		require.NoError(t, err)
		require.Equal(t, "changed", changed.Secret)
		nothing, err := m.Change(ctx, key, theorydb.Set("secret", "blind"), theorydb.Blind())
		require.NoError(t, err)
		require.Nil(t, nothing)
		holds("blind")

		query := theorydb.Query[Credential]{Key: Credential{PK: key.PK}, Filter: theorydb.Exists("secret")}
		found, err := theorydb.Collect(m.Query(ctx, query))
		require.NoError(t, err)
		require.Equal(t, []*Credential{{key.PK, key.SK, "blind"}}, found)
		page, err := m.QueryPage(ctx, query, "")
		require.NoError(t, err)
		require.Equal(t, []*Credential{{key.PK, key.SK, "blind"}}, page.Items)
		count, err := m.Count(ctx, query)
		require.NoError(t, err)
		require.Equal(t, 1, count)
		raw, err := m.Raw(ctx, key)
		require.NoError(t, err)
		requireSealed(t, raw, "secret")

		require.NoError(t, m.Delete(ctx, &c, theorydb.Returning(&old)))
		require.Equal(t, "blind", old.Secret)
		require.Empty(t, stored())

		made, err := m.Change(ctx, key, theorydb.OrCreate(), theorydb.Set("secret", "made"))
		require.NoError(t, err)
		require.Equal(t, "made", made.Secret)
		holds("made")
	})
}

func TestModifyOpensAndSealsAnew(t *testing.T) {
	v := openVault(t)
	m := model[versionedCredential](t, v.engine, v.sealed)
	c := versionedCredential{ID: "1", Secret: theorydb.NewSecret("first")}
	require.NoError(t, m.Create(t.Context(), &c))
	before := v.stored(t, "CREDENTIAL#1", "CREDENTIAL")
	got, err := m.Modify(t.Context(), versionedCredential{ID: "1"}, func(c *versionedCredential) error {
		require.Equal(t, "first", c.Secret.Reveal())
		c.Secret, c.Spare = theorydb.NewSecret("second"), theorydb.NewSecret([]byte{1, 2})
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, "second", got.Secret.Reveal())
	after := v.stored(t, "CREDENTIAL#1", "CREDENTIAL")
	requireSealed(t, after, "secret")
	requireSealed(t, after, "spare")
	require.NotEqual(t, before["secret"], after["secret"])
	read, err := m.Get(t.Context(), versionedCredential{ID: "1"})
	require.NoError(t, err)
	requireSame(t, got, read)
}

func TestSameValueIsSealedDifferentlyEachTime(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	seen := map[string]bool{}
	for range 50 {
		require.NoError(t, m.Put(t.Context(), &Credential{"USER#1", "C", "same"}))
		envelope := v.stored(t, "USER#1", "C")["secret"].(*types.AttributeValueMemberM).Value
		for _, part := range []string{"edk", "kc", "nonce", "ct"} {
			value := string(envelope[part].(*types.AttributeValueMemberB).Value)
			require.False(t, seen[value], part)
			seen[value] = true
		}
	}
}

func TestSecretThatWasNeverSetIsNotWritten(t *testing.T) {
	v := openVault(t)
	m := model[versionedCredential](t, v.engine, v.sealed)
	ctx, c := t.Context(), versionedCredential{ID: "1"}
	for name, write := range map[string]func() error{
		"Create": func() error { return m.Create(ctx, &c) },
		"Put":    func() error { return m.Put(ctx, &c) },
		"Update": func() error { return m.Update(ctx, &c) },
		"Fields": func() error { return m.Update(ctx, &c, theorydb.Fields("secret")) },
		"Set": func() error {
			_, err := m.Change(ctx, c, theorydb.Set("secret", c.Secret), theorydb.AnyVersion())
			return err
		},
		"OrCreate": func() error {
			_, err := m.Change(ctx, c, theorydb.Set("label", "x"), theorydb.AnyVersion(), theorydb.OrCreate())
			return err
		},
	} {
		v.requireSilent(t, func() {
			err := write()
			require.Error(t, err, name)
			if name != "Set" { // an operand that is no value
				require.ErrorIs(t, err, theorydb.ErrEncryptedFieldMissing, name)
			}
		})
	}
}

func TestWithoutKeyEveryVerbRefusesBeforeAnythingIsSent(t *testing.T) {
	v := openVault(t)
	m := model[versionedCredential](t, v.engine)
	source, err := theorydb.NewModel[Credential](v.open(t))
	require.NoError(t, err)
	ctx := t.Context()
	plain, key := Credential{"USER#1", "C", "s"}, versionedCredential{ID: "1"}
	held := versionedCredential{ID: "1", Secret: theorydb.NewSecret("s"), Version: 1}
	query, of := theorydb.Query[versionedCredential]{Key: key}, theorydb.Query[Credential]{Key: Credential{PK: "USER#1"}}
	calls := map[string]func() error{
		"Create":        func() error { return m.Create(ctx, &held) },
		"Put":           func() error { return m.Put(ctx, &held) },
		"Update":        func() error { return m.Update(ctx, &held) },
		"Update Fields": func() error { return m.Update(ctx, &held, theorydb.Fields("secret")) },
		"Update other":  func() error { return m.Update(ctx, &held, theorydb.Fields("label")) },
		"Change Set": func() error {
			_, err := m.Change(ctx, key, theorydb.Set("secret", theorydb.NewSecret("x")), theorydb.AnyVersion())
			return err
		},
		"Change blind": func() error {
			_, err := m.Change(ctx, key, theorydb.Set("label", "x"), theorydb.AnyVersion(), theorydb.Blind())
			return err
		},
		"Modify": func() error {
			_, err := m.Modify(ctx, key, func(*versionedCredential) error { return nil })
			return err
		},
		"Delete":           func() error { return m.Delete(ctx, &held) },
		"Delete Returning": func() error { return m.Delete(ctx, &held, theorydb.Returning(&versionedCredential{})) },
		"Get":              func() error { _, err := m.Get(ctx, key); return err },
		"Raw":              func() error { _, err := m.Raw(ctx, key); return err },
		"Query":            func() error { _, err := theorydb.Collect(m.Query(ctx, query)); return err },
		"QueryPage":        func() error { _, err := m.QueryPage(ctx, query, ""); return err },
		"Count":            func() error { _, err := m.Count(ctx, query); return err },
		"Explain":          func() error { _, err := m.Explain(query); return err },
		"source Create":    func() error { return source.Create(ctx, &plain) },
		"source Put":       func() error { return source.Put(ctx, &plain) },
		"source Update":    func() error { return source.Update(ctx, &plain) },
		"source Change":    func() error { _, err := source.Change(ctx, plain, theorydb.Set("secret", "x")); return err },
		"source Get":       func() error { _, err := source.Get(ctx, plain); return err },
		"source Query":     func() error { _, err := theorydb.Collect(source.Query(ctx, of)); return err },
		"source Delete":    func() error { return source.Delete(ctx, &plain) },
	}
	for name, call := range calls {
		v.requireSilent(t, func() { require.ErrorIs(t, call(), theorydb.ErrEncryptionNotConfigured, name) })
	}
	require.ErrorIs(t, v.open(t).VerifyKeys(ctx), theorydb.ErrEncryptionNotConfigured)
	require.Equal(t, Credential{"USER#1", "C", "s"}, plain)
	t.Logf("%d calls, 0 requests to DynamoDB, 0 to KMS", len(calls))
}

func TestHalfAConfigurationOfEncryptionIsRefused(t *testing.T) {
	v := openVault(t)
	arn := v.keys.KMSKeyARN(vaultKey)
	for name, change := range map[string]func(*theorydb.Config){
		"KMS without key":     func(c *theorydb.Config) { c.KMS = v.kms },
		"key without KMS":     func(c *theorydb.Config) { c.KeyID = vaultKey },
		"keys without KMS":    func(c *theorydb.Config) { c.Keys = theorydb.StaticKeys(arn) },
		"two sources of keys": func(c *theorydb.Config) { c.KMS, c.KeyID, c.Keys = v.kms, vaultKey, theorydb.StaticKeys(arn) },
		"blank key":           func(c *theorydb.Config) { c.KMS, c.KeyID = v.kms, "  " },
		"nil client":          func(c *theorydb.Config) { c.KMS, c.KeyID = (*kms.Client)(nil), vaultKey },
	} {
		config := theorydb.Config{DynamoDB: v.client, Table: v.table}
		change(&config)
		v.requireSilent(t, func() {
			_, err := theorydb.New(config)
			require.Error(t, err, name)
		})
	}
}

func TestWhatCanNotBeSealedIsRefusedBeforeDynamoDBIsAsked(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	ctx, key := t.Context(), Credential{PK: "USER#1", SK: "C"}
	with := func(secret string) *Credential { return &Credential{"USER#1", "C", secret} }
	for _, row := range []struct {
		name string
		call func() error
		want error
	}{
		{"invalid UTF-8", func() error { return m.Put(ctx, with("\xff")) }, theorydb.ErrInvalidValue},
		{"invalid UTF-8 in Set", func() error { _, err := m.Change(ctx, key, theorydb.Set("secret", "\xff")); return err }, theorydb.ErrInvalidValue},
		{"a value of another type in Set", func() error { _, err := m.Change(ctx, key, theorydb.Set("secret", 7)); return err }, theorydb.ErrInvalidValue},
		{"Add", func() error { _, err := m.Change(ctx, key, theorydb.Add("secret", 7)); return err }, theorydb.ErrEncryptedFieldNotUpdatable},
		{"Append", func() error { _, err := m.Change(ctx, key, theorydb.Append("secret", []string{"x"})); return err }, theorydb.ErrEncryptedFieldNotUpdatable},
		{"Remove", func() error { _, err := m.Change(ctx, key, theorydb.Remove("secret")); return err }, theorydb.ErrEncryptedFieldNotUpdatable},
		{"condition", func() error { return m.Put(ctx, with("s"), theorydb.OnlyIf(theorydb.Equal("secret", "s"))) }, theorydb.ErrEncryptedFieldNotQueryable},
		{"nested condition", func() error {
			return m.Update(ctx, with("s"), theorydb.OnlyIf(theorydb.Not(theorydb.And(theorydb.Contains("secret", "s"), theorydb.Exists("secret")))))
		}, theorydb.ErrEncryptedFieldNotQueryable},
		{"size", func() error { return m.Delete(ctx, with("s"), theorydb.OnlyIf(theorydb.SizeOf("secret", ">", 1))) }, theorydb.ErrEncryptedFieldNotQueryable},
		{"filter", func() error {
			_, err := m.QueryPage(ctx, theorydb.Query[Credential]{Key: key, Filter: theorydb.BeginsWith("secret", "s")}, "")
			return err
		}, theorydb.ErrEncryptedFieldNotQueryable},
	} {
		var err error
		require.Zero(t, v.sends(func() { err = row.call() }), row.name)
		require.ErrorIs(t, err, row.want, row.name)
	}
	v.requireSilent(t, func() {
		require.ErrorIs(t, m.Put(ctx, with(strings.Repeat("a", 410_000))), theorydb.ErrItemTooLarge)
	})
	grown := with(strings.Repeat("a", 409_400)) // fits in clear, and not with its envelope
	var err error
	require.Zero(t, v.sends(func() { err = m.Put(ctx, grown) }))
	require.ErrorIs(t, err, theorydb.ErrItemTooLarge)
}

func TestCanceledCallSendsNothing(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var err error
	require.Zero(t, v.sends(func() { err = m.Create(ctx, &Credential{"USER#1", "C", "s"}) }))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, theorydb.ErrKMSUnavailable)
}
