package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// with configures a DB with a resolver of keys.
func (v *vault) with(keys theorydb.KeyResolver) func(*theorydb.Config) {
	return func(c *theorydb.Config) { c.KMS, c.Keys = v.kms, keys }
}

// key makes a KMS key and gives its ARN.
func (v *vault) key(alias string) string { return v.keys.KMSKeyARN(v.keys.KMSKey(alias)) }

// usedKeys are the keys that KMS was asked about, by operation.
func (v *vault) usedKeys(call func()) map[string]string {
	v.keys.ResetCalls()
	call()
	used := map[string]string{}
	for _, call := range v.keys.KMSCalls() {
		used[call.Operation] = call.KeyARN
	}
	return used
}

func TestAliasIsResolvedOnceAndPinned(t *testing.T) {
	v := openVault(t)
	first, second := v.keys.KMSKeyARN(vaultKey), v.key("alias/second")
	m := model[Credential](t, v.engine, v.sealed)
	ctx, key := t.Context(), Credential{PK: "USER#1", SK: "C"}
	write := func(m *theorydb.Model[Credential]) func() {
		return func() { require.NoError(t, m.Put(ctx, &Credential{"USER#1", "C", "s"})) }
	}
	require.Equal(t, map[string]string{"DescribeKey": first, "GenerateDataKey": first}, v.usedKeys(write(m)))

	require.NoError(t, v.keys.PointAlias(vaultKey, second))
	require.Equal(t, map[string]string{"GenerateDataKey": first}, v.usedKeys(write(m)), "the alias is not asked for again")
	got, err := m.Get(ctx, key)
	require.NoError(t, err)
	require.Equal(t, "s", got.Secret)

	later, err := theorydb.NewModel[Credential](v.open(t, v.sealed)) // a process that starts after the alias moved
	require.NoError(t, err)
	require.Equal(t, map[string]string{"DescribeKey": second}, v.usedKeys(func() {
		_, err := later.Get(ctx, key)
		requireEncryptionError(t, err, theorydb.ErrKeyNotAllowed, "secret")
	}), "no key is tried that does not fit")
	rotated, err := theorydb.NewModel[Credential](v.open(t, v.with(theorydb.StaticKeys(second, first))))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"Decrypt": first}, v.usedKeys(func() {
		got, err := rotated.Get(ctx, key)
		require.NoError(t, err)
		require.Equal(t, "s", got.Secret)
	}))
	require.Equal(t, map[string]string{"GenerateDataKey": second}, v.usedKeys(write(rotated)), "what may only open does not seal")
	_, err = later.Get(ctx, key)
	require.NoError(t, err)
	_, err = m.Get(ctx, key)
	require.ErrorIs(t, err, theorydb.ErrKeyNotAllowed)
}

func TestKeyIDIsTakenInEveryForm(t *testing.T) {
	v := openVault(t)
	arn := v.keys.KMSKeyARN(vaultKey)
	id := arn[len(arn)-36:]
	const account = "arn:aws:kms:us-east-1:"
	aliasARN := arn[:len(arn)-len("key/")-36] + vaultKey
	require.Contains(t, aliasARN, account)
	writer := model[Credential](t, v.engine, v.sealed)
	require.NoError(t, writer.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	for name, want := range map[string]int{arn: 0, id: 1, aliasARN: 1, vaultKey: 1} {
		m, err := theorydb.NewModel[Credential](v.open(t, v.sealed, func(c *theorydb.Config) { c.KeyID = name }))
		require.NoError(t, err)
		asked := v.asks(func() {
			for range 2 {
				_, err = m.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
				require.NoError(t, err, name)
			}
		})
		require.Equal(t, want, asked["DescribeKey"], name)
	}
}

// waitFor waits until a condition that other goroutines bring about holds.
func waitFor(t *testing.T, what string, condition func() bool) {
	require.Eventually(t, condition, 10*time.Second, time.Millisecond, what)
}

func TestConcurrentFirstUseResolvesTheKeyOnce(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	release := make(chan struct{})
	v.during = func(operation string) {
		if operation == "DescribeKey" {
			<-release
		}
	}
	const callers = 32
	var group sync.WaitGroup
	failures := make(chan error, callers)
	asked := v.asks(func() {
		for i := range callers {
			group.Go(func() {
				failures <- m.Create(t.Context(), &Credential{"USER#1", fmt.Sprint("C", i), "s"})
			})
		}
		waitFor(t, "somebody asks", func() bool { return v.busy.Load() == 1 })
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		err := m.Create(canceled, &Credential{"USER#1", "impatient", "s"})
		require.ErrorIs(t, err, context.Canceled, "who waits for somebody else's question can still leave")
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		close(release)
		group.Wait()
	})
	for range callers {
		require.NoError(t, <-failures)
	}
	require.Equal(t, map[string]int{"DescribeKey": 1, "GenerateDataKey": callers}, asked)
}

func TestFailedResolutionIsNotRemembered(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	v.kmsFaults.On("DescribeKey").Error(400, "AccessDeniedException", "").Times(2)
	for range 2 {
		var err error
		require.Zero(t, v.sends(func() { err = m.Create(t.Context(), &Credential{"USER#1", "C", "s"}) }))
		require.ErrorIs(t, err, theorydb.ErrKMSAccessDenied)
	}
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
}

func TestCanceledResolutionLetsTheNextOneTry(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	ctx, cancel := context.WithCancel(t.Context())
	v.during = func(string) { cancel() }
	err := m.Create(ctx, &Credential{"USER#1", "C", "s"})
	require.ErrorIs(t, err, context.Canceled)
	v.during = nil
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
}

func TestEachScopeHasItsOwnKeyAndAnUnknownOneHasNone(t *testing.T) {
	v := openVault(t)
	acme, globex := scopeOf(t, "acme"), scopeOf(t, "globex")
	keys := map[theorydb.Scope]theorydb.KeySet{
		acme: {Current: v.key("alias/acme")}, globex: {Current: v.key("alias/globex")},
		{}: {Current: v.key("alias/nobody")}, // an entry for the zero scope is none
	}
	db := v.open(t, v.with(theorydb.ScopeKeys(keys)))
	scoped, err := theorydb.NewScopedModel[swapScoped](db)
	require.NoError(t, err)
	unscoped, err := theorydb.NewModel[unscopedVault](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	for scope, set := range map[theorydb.Scope]string{acme: keys[acme].Current, globex: keys[globex].Current} {
		m := scoped.In(scope)
		require.Equal(t, map[string]string{"GenerateDataKey": set}, v.usedKeys(func() {
			require.NoError(t, m.Create(t.Context(), &swapScoped{ID: "1", Part: "p", Secret: "s"}))
		}))
		got, err := m.Get(t.Context(), swapScoped{ID: "1", Part: "p"})
		require.NoError(t, err)
		require.Equal(t, "s", got.Secret)
	}
	v.requireSilent(t, func() {
		err := scoped.In(scopeOf(t, "initech")).Create(t.Context(), &swapScoped{ID: "1", Part: "p", Secret: "s"})
		require.ErrorIs(t, err, theorydb.ErrEncryptionKeyUnresolved)
		require.ErrorIs(t, unscoped.Create(t.Context(), &unscopedVault{ID: "1"}), theorydb.ErrEncryptionKeyUnresolved)
	})
	require.ErrorIs(t, db.VerifyKeys(t.Context()), theorydb.ErrEncryptionKeyUnresolved)
}

// unscopedVault stands beside a scoped model.
type unscopedVault struct {
	_      theorydb.Key `theorydb:"pk" key:"UNSCOPED#{id}"`
	_      theorydb.Key `theorydb:"sk" key:"UNSCOPED"`
	ID     string
	Secret string `theorydb:"encrypted"`
}

func TestResolverThatNamesNoKeyFailsTheCallBeforeAnythingIsSent(t *testing.T) {
	v := openVault(t)
	good := v.keys.KMSKeyARN(vaultKey)
	set := func(current string, others ...string) theorydb.KeyResolver {
		return theorydb.KeyResolverFunc(func(context.Context, theorydb.KeyRequest) (theorydb.KeySet, error) {
			return theorydb.KeySet{Current: current, DecryptOnly: others}, nil
		})
	}
	failing := func(err error) theorydb.KeyResolver {
		return theorydb.KeyResolverFunc(func(context.Context, theorydb.KeyRequest) (theorydb.KeySet, error) {
			return theorydb.KeySet{Current: good}, err
		})
	}
	errLookup := errors.New("lookup failed")
	theirs := &theorydb.EncryptionError{Op: "open", Model: "Theirs", Attr: "a", Code: "C", Retryable: true, Err: theorydb.ErrDecryptAuth}
	m := model[Credential](t, v.engine, v.sealed)
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	resolvers := map[string]theorydb.KeyResolver{
		"nothing":                    set(""),
		"a blank":                    set(" "),
		"an alias":                   set(vaultKey),
		"an alias ARN":               set("arn:aws:kms:us-east-1:000000000000:" + vaultKey),
		"a key id":                   set(good[len(good)-36:]),
		"an ARN of another service":  set("arn:aws:s3:us-east-1:000000000000:key/" + good[len(good)-36:]),
		"an ARN without an id":       set("arn:aws:kms:us-east-1:000000000000:key/"),
		"an alias to open":           set(good, vaultKey),
		"nothing to open":            set(good, ""),
		"an error":                   failing(errLookup),
		"an encryption error":        failing(theirs),
		"an empty encryption error":  failing(&theorydb.EncryptionError{Err: theorydb.ErrEncryption}),
		"a nil func":                 theorydb.KeyResolverFunc(nil),
		"a panic":                    theorydb.KeyResolverFunc(func(context.Context, theorydb.KeyRequest) (theorydb.KeySet, error) { panic("s3cr3t") }),
		"a panic with an error":      theorydb.KeyResolverFunc(func(context.Context, theorydb.KeyRequest) (theorydb.KeySet, error) { panic(errLookup) }),
		"static keys with no key":    theorydb.StaticKeys(""),
		"static keys with an alias":  theorydb.StaticKeys(vaultKey),
		"scope keys without a scope": theorydb.ScopeKeys(map[theorydb.Scope]theorydb.KeySet{{}: {Current: good}}),
		"nil scope keys":             theorydb.ScopeKeys(nil),
	}
	for name, resolver := range resolvers {
		m, err := theorydb.NewModel[Credential](v.open(t, v.with(resolver)))
		require.NoError(t, err)
		var writeErr, readErr error
		v.requireSilent(t, func() { writeErr = m.Put(t.Context(), &Credential{"USER#1", "C", "new"}) })
		asked := v.asks(func() { _, readErr = m.Get(t.Context(), Credential{PK: "USER#1", SK: "C"}) })
		require.Empty(t, asked, name)
		for _, err := range []error{writeErr, readErr} {
			require.ErrorIs(t, err, theorydb.ErrEncryptionKeyUnresolved, name)
			var failed *theorydb.EncryptionError
			require.ErrorAs(t, err, &failed, name)
			require.Equal(t, theorydb.EncryptionError{Op: "resolve", Model: "Credential", Err: failed.Err}, *failed, name)
			require.NotContains(t, err.Error(), "s3cr3t")
		}
	}
	require.Equal(t, "Theirs", theirs.Model, "the resolver's own error is not written to")
	t.Logf("%d resolvers", len(resolvers))
}

func TestResolverIsToldWhatItMayDecideBy(t *testing.T) {
	v := openVault(t)
	var asked []theorydb.KeyRequest
	resolver := theorydb.KeyResolverFunc(func(_ context.Context, r theorydb.KeyRequest) (theorydb.KeySet, error) {
		asked = append(asked, r)
		return theorydb.KeySet{Current: v.keys.KMSKeyARN(vaultKey)}, nil
	})
	scoped, err := theorydb.NewScopedModel[swapScoped](v.open(t, v.with(resolver), func(c *theorydb.Config) { c.LogicalTable = "identity" }))
	require.NoError(t, err)
	_ = scoped.In(scopeOf(t, "acme")).Create(t.Context(), &swapScoped{ID: "1", Part: "p"})
	require.Equal(t, []theorydb.KeyRequest{{Table: "identity", Model: "Vault", Scope: scopeOf(t, "acme"), Region: "us-east-1"}}, asked)
}

func TestRegionWithoutAKeyFailsClosed(t *testing.T) {
	v := openVault(t)
	home := v.keys.KMSKeyARN(vaultKey)
	byRegion := theorydb.KeyResolverFunc(func(_ context.Context, r theorydb.KeyRequest) (theorydb.KeySet, error) {
		arn, ok := map[string]string{"us-east-1": home}[r.Region]
		if !ok {
			return theorydb.KeySet{}, fmt.Errorf("no key in region %q", r.Region)
		}
		return theorydb.KeySet{Current: arn}, nil
	})
	m := model[Credential](t, v.engine, v.with(byRegion))
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	abroad := v.keys.KMSIn("eu-west-1", func(o *kms.Options) { o.HTTPClient = kmsWire{v} })
	there := func(keys theorydb.KeyResolver) *theorydb.Model[Credential] {
		m, err := theorydb.NewModel[Credential](v.open(t, v.with(keys), func(c *theorydb.Config) { c.KMS = abroad }))
		require.NoError(t, err)
		return m
	}
	v.requireSilent(t, func() {
		require.ErrorIs(t, there(byRegion).Put(t.Context(), &Credential{"USER#1", "C", "x"}), theorydb.ErrEncryptionKeyUnresolved)
	})
	var err error
	require.Zero(t, v.sends(func() { err = there(theorydb.StaticKeys(home)).Put(t.Context(), &Credential{"USER#1", "C", "x"}) }))
	require.ErrorIs(t, err, theorydb.ErrKMSKeyUnusable, "a key of another region")
	_, err = there(theorydb.StaticKeys(home)).Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.ErrorIs(t, err, theorydb.ErrEncryption)
}

func TestReplicaOfAMultiRegionKeyOpensWhatTheOtherSealed(t *testing.T) {
	v := openVault(t)
	made, err := v.kms.CreateKey(t.Context(), &kms.CreateKeyInput{MultiRegion: ptr(true)})
	require.NoError(t, err)
	home := *made.KeyMetadata.Arn
	replica, err := v.kms.ReplicateKey(t.Context(), &kms.ReplicateKeyInput{KeyId: &home, ReplicaRegion: ptr("eu-west-1")})
	require.NoError(t, err)
	m := model[Credential](t, v.engine, v.with(theorydb.StaticKeys(home)))
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	there, err := theorydb.NewModel[Credential](v.open(t, v.with(theorydb.StaticKeys(*replica.ReplicaKeyMetadata.Arn)), func(c *theorydb.Config) {
		c.KMS = v.keys.KMSIn("eu-west-1")
	}))
	require.NoError(t, err)
	got, err := there.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.NoError(t, err)
	require.Equal(t, "s", got.Secret)
}

func TestKeyThatMayOnlyOpenOpens(t *testing.T) {
	v := openVault(t)
	old, current := v.key("alias/old"), v.key("alias/current")
	before := model[Credential](t, v.engine, v.with(theorydb.StaticKeys(old)))
	require.NoError(t, before.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	m, err := theorydb.NewModel[Credential](v.open(t, v.with(theorydb.StaticKeys(current, v.key("alias/older"), old))))
	require.NoError(t, err)
	used := v.usedKeys(func() {
		got, err := m.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
		require.NoError(t, err)
		require.NoError(t, m.Update(t.Context(), got))
	})
	require.Equal(t, map[string]string{"Decrypt": old, "GenerateDataKey": current}, used)
	require.NoError(t, v.keys.SetKeyState(old, localaws.KeyDisabled))
	_, err = m.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.NoError(t, err, "the old key is not needed any more")
	_, err = before.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.ErrorIs(t, err, theorydb.ErrKeyNotAllowed)
}
