package theorydb_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// quoting refuses what it reads, and quotes it.
type quoting struct{ text string }

func (q quoting) MarshalText() ([]byte, error) { return []byte(q.text), nil }

func (q *quoting) UnmarshalText(text []byte) error { return fmt.Errorf("can't read %q", text) }

// What a text that was sealed is read as.
type (
	asText struct {
		_      theorydb.Entity `theorydb:"name:Read"`
		PK     string          `theorydb:"pk"`
		SK     string          `theorydb:"sk"`
		Secret string          `theorydb:"encrypted"`
	}
	asNumber struct {
		_      theorydb.Entity `theorydb:"name:Read"`
		PK     string          `theorydb:"pk"`
		SK     string          `theorydb:"sk"`
		Secret int             `theorydb:"encrypted"`
	}
	asQuoting struct {
		_      theorydb.Entity `theorydb:"name:Read"`
		PK     string          `theorydb:"pk"`
		SK     string          `theorydb:"sk"`
		Secret quoting         `theorydb:"encrypted"`
	}
	asJSON struct {
		_      theorydb.Entity `theorydb:"name:Read"`
		PK     string          `theorydb:"pk"`
		SK     string          `theorydb:"sk"`
		Secret map[string]int  `theorydb:"encrypted,json"`
	}
	asEnum struct {
		_      theorydb.Entity         `theorydb:"name:Read"`
		PK     string                  `theorydb:"pk"`
		SK     string                  `theorydb:"sk"`
		Secret theorydb.Secret[[]bool] `theorydb:"encrypted"`
	}
)

// aviary is where the canaries live: a vault whose wires are recorded.
type aviary struct {
	*vault
	*recording
	canaries    []string
	text, json  *slog.Logger
	calls       int
	failures    int
	credentials *theorydb.Model[versionedCredential]
	source      *theorydb.Model[Credential]
	many        *theorydb.Model[manySecrets]
	scoped      *theorydb.Model[swapScoped]
	open        *theorydb.Model[openRecord]
	db          *theorydb.DB // of them all
}

func newAviary(t *testing.T) *aviary {
	a := &aviary{vault: openVault(t), recording: &recording{channels: map[string]*bytes.Buffer{}}}
	config := func(c *theorydb.Config) {
		c.DynamoDB = a.aws.DynamoDB(func(o *dynamodb.Options) { o.HTTPClient = recorder{"DynamoDB", a.engine, a.recording} })
		c.KMS = a.keys.KMS(func(o *kms.Options) { o.HTTPClient = recorder{"KMS", kmsWire{a.vault}, a.recording} })
		c.KeyID = vaultKey
	}
	var err error
	db := a.vault.open(t, config)
	a.db = db
	a.source = registered[Credential](t, db)
	a.many = registered[manySecrets](t, db)
	a.credentials = registered[versionedCredential](t, db)
	a.open = registered[openRecord](t, db)
	scoped, err := theorydb.NewScopedModel[swapScoped](db)
	require.NoError(t, err)
	a.scoped = scoped.In(scopeOf(t, "acme"))
	require.NoError(t, db.CreateTable(t.Context()))
	a.text = slog.New(theorydb.RedactHandler(slog.NewTextHandler(channelWriter{a.recording, "slog text"}, nil)))
	a.json = slog.New(theorydb.RedactHandler(slog.NewJSONHandler(channelWriter{a.recording, "slog JSON"}, nil)))
	return a
}

func registered[T any](t testing.TB, db *theorydb.DB) *theorydb.Model[T] {
	m, err := theorydb.NewModel[T](db)
	require.NoError(t, err)
	return m
}

func (a *aviary) canary() string {
	canary := newCanary()
	a.canaries = append(a.canaries, canary)
	return canary
}

// did records what came of a call.
func (a *aviary) did(t *testing.T, err error, records ...any) {
	t.Helper()
	a.calls++
	require.NoError(t, err)
	a.log(records...)
}

func (a *aviary) log(records ...any) {
	for _, record := range records {
		for _, logger := range []*slog.Logger{a.text, a.json} {
			logger.Info("record", "record", record, slog.Group("in", "list", []any{record}, "map", map[string]any{"r": record}))
			logger.With("with", record).Info("with")
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			a.add("redacted "+verb, fmt.Appendf(nil, verb, theorydb.Redact(record)))
		}
	}
}

func (a *aviary) failed(t *testing.T, err, want error, records ...any) {
	t.Helper()
	a.calls++
	a.failures++
	require.ErrorIs(t, err, want)
	a.show(err)
	a.text.Error("failed", "err", err)
	a.json.Error("failed", "err", err)
	a.log(records...)
}

func (a *aviary) workload(t *testing.T, n int) {
	ctx := t.Context()
	secret := func() theorydb.Secret[string] { return theorydb.NewSecret(a.canary()) }
	id := fmt.Sprint(n)
	plain := Credential{"USER#" + id, "C", a.canary()}
	a.did(t, a.source.Create(ctx, &plain), plain)
	plain.Secret = a.canary()
	var old Credential
	a.did(t, a.source.Put(ctx, &plain, theorydb.Returning(&old)), plain, old)
	plain.Secret = a.canary()
	a.did(t, a.source.Update(ctx, &plain, theorydb.Fields("secret")), &plain)
	changed, err := a.source.Change(ctx, plain, theorydb.Set("secret", a.canary()))
	a.did(t, err, changed)
	page, err := a.source.QueryPage(ctx, theorydb.Query[Credential]{Key: Credential{PK: plain.PK}}, "")
	a.did(t, err, page.Items)
	_, err = a.source.Change(ctx, plain, theorydb.SetIfAbsent("secret", a.canary()), theorydb.Blind())
	a.did(t, err)

	many := manySecrets{
		PK: "M", SK: id, A: a.canary(), B: []byte(a.canary()), D: secret(), E: map[string]int{a.canary(): 1},
	}
	a.did(t, a.many.Create(ctx, &many), many)
	read, err := theorydb.Collect(a.many.Query(ctx, theorydb.Query[manySecrets]{Key: manySecrets{PK: "M", SK: id}}))
	a.did(t, err, read[0])
	tenant := swapScoped{ID: id, Part: "p", Secret: a.canary(), Other: a.canary()}
	a.did(t, a.scoped.Create(ctx, &tenant), tenant)

	held := versionedCredential{ID: id, Secret: secret(), Spare: theorydb.NewSecret([]byte(a.canary()))}
	a.faults.On("PutItem").CommitThenDrop()
	a.did(t, a.credentials.Create(ctx, &held), held)
	got, err := a.credentials.Modify(ctx, versionedCredential{ID: id}, func(c *versionedCredential) error { c.Secret = secret(); return nil })
	a.did(t, err, got)
	a.printSecrets(got)

	a.groups(t, n)
	a.failingCalls(t, plain, held)
	a.did(t, a.source.Delete(ctx, &plain, theorydb.Returning(&old)), old)
}

// printSecrets shows a record of Secrets to printers that know nothing of redaction.
func (a *aviary) printSecrets(c *versionedCredential) {
	for _, handler := range []slog.Handler{
		slog.NewTextHandler(channelWriter{a.recording, "plain slog text"}, nil), slog.NewJSONHandler(channelWriter{a.recording, "plain slog JSON"}, nil),
	} {
		slog.New(handler).Info("record", "record", c, "value", *c, "secret", c.Secret, "spare", &c.Spare)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		a.add("printed "+verb, fmt.Appendf(nil, verb+verb+verb, *c, c.Secret, []any{&c.Spare}))
	}
	d := depths{seen: map[uintptr]bool{}}
	d.walk(reflect.ValueOf(c))
	a.add("printed, deep", d.out.Bytes())
}

// failingCalls are calls that fail, each with canaries in hand.
func (a *aviary) failingCalls(t *testing.T, plain Credential, held versionedCredential) {
	ctx := t.Context()
	with := func() *Credential { c := plain; c.Secret = a.canary(); return &c }
	stale := held // Modify has raised the version
	stale.Secret = theorydb.NewSecret(a.canary())
	a.failed(t, a.credentials.Put(ctx, &stale), theorydb.ErrVersionConflict, stale)
	a.failed(t, a.credentials.Update(ctx, &stale), theorydb.ErrVersionConflict)
	a.failed(t, a.credentials.Create(ctx, &stale), theorydb.ErrAlreadyExists)
	a.failed(t, a.source.Create(ctx, with()), theorydb.ErrAlreadyExists)
	a.failed(t, a.source.Put(ctx, with(), theorydb.OnlyIf(theorydb.NotExists("secret"))), theorydb.ErrConditionFailed)
	a.failed(t, a.source.Put(ctx, with(), theorydb.OnlyIf(theorydb.Equal("secret", a.canary()))), theorydb.ErrEncryptedFieldNotQueryable)
	_, err := a.source.QueryPage(ctx, theorydb.Query[Credential]{Key: Credential{PK: plain.PK}, Filter: theorydb.Contains("secret", a.canary())}, "")
	a.failed(t, err, theorydb.ErrEncryptedFieldNotQueryable)
	_, err = a.source.Change(ctx, plain, theorydb.Append("secret", []string{a.canary()}))
	a.failed(t, err, theorydb.ErrEncryptedFieldNotUpdatable)
	_, err = a.source.Change(ctx, plain, theorydb.Set("secret", []string{a.canary()}))
	a.failed(t, err, theorydb.ErrInvalidValue)
	a.failed(t, a.source.Put(ctx, &Credential{plain.PK, "C", a.canary() + "\xff"}), theorydb.ErrInvalidValue)
	a.failed(t, a.source.Put(ctx, &Credential{"", "C", a.canary()}), theorydb.ErrKeyIncomplete)
	for _, fault := range kmsRefusals[:3] {
		a.kmsFaults.On("GenerateDataKey").Error(fault.status, fault.code, "")
		a.failed(t, a.source.Put(ctx, with()), fault.want)
		a.kmsFaults.On("Decrypt").Error(fault.status, fault.code, "")
		_, err = a.source.Get(ctx, plain)
		a.failed(t, err, fault.want)
	}
	a.faults.On("PutItem").Error(400, "ValidationException", "says what it was sent")
	err = a.source.Put(ctx, with())
	require.Error(t, err)
	a.failed(t, err, err)
	a.faults.On("UpdateItem").CommitThenDrop().Always()
	a.faults.On("GetItem").DropBefore().Always()
	a.failed(t, a.source.Update(ctx, with()), theorydb.ErrOutcomeUnknown)
	a.faults = &localaws.Faults{Next: a.aws}
	a.damaged(t, plain)
}

// damaged reads what can't be opened, and what can't be decoded afterwards.
func (a *aviary) damaged(t *testing.T, plain Credential) {
	ctx := t.Context()
	row := a.stored(t, plain.PK, plain.SK)
	other := a.stored(t, "M", strings.TrimPrefix(plain.PK, "USER#"))
	spoilt := maps.Clone(row)
	spoilt["secret"] = other["a"]
	a.put(t, spoilt)
	_, err := a.source.Get(ctx, plain)
	a.failed(t, err, theorydb.ErrDecryptAuth)
	a.put(t, row)

	db := func() *theorydb.DB {
		return a.vault.open(t, func(c *theorydb.Config) {
			c.DynamoDB = a.aws.DynamoDB(func(o *dynamodb.Options) { o.HTTPClient = recorder{"DynamoDB", a.engine, a.recording} })
			c.KMS, c.KeyID = a.kms, vaultKey
		})
	}
	text := asText{PK: plain.PK, SK: "T", Secret: a.canary()}
	a.did(t, registered[asText](t, db()).Create(ctx, &text), text)
	_, err = registered[asNumber](t, db()).Get(ctx, asNumber{PK: text.PK, SK: "T"})
	a.failed(t, err, theorydb.ErrEncryptedTypeMismatch)
	_, err = registered[asQuoting](t, db()).Get(ctx, asQuoting{PK: text.PK, SK: "T"})
	a.failed(t, err, theorydb.ErrEncryptedTypeMismatch)
	_, err = registered[asJSON](t, db()).Get(ctx, asJSON{PK: text.PK, SK: "T"})
	a.failed(t, err, theorydb.ErrEncryptedTypeMismatch)
	_, err = registered[asEnum](t, db()).Get(ctx, asEnum{PK: text.PK, SK: "T"})
	a.failed(t, err, theorydb.ErrEncryptedTypeMismatch)
}

// plantControl lets one canary out in every encoding, over the recorded wire and into the recorded log.
func (a *aviary) plantControl(t *testing.T, control string) {
	forms := encodings(control)
	require.NoError(t, a.open.Create(t.Context(), &openRecord{ID: "control", Text: control}))
	_, err := a.open.Get(t.Context(), openRecord{ID: "control"})
	require.NoError(t, err)
	for _, encoding := range slices.Sorted(maps.Keys(forms)) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://dynamodb.us-east-1.amazonaws.com", bytes.NewReader(forms[encoding]))
		require.NoError(t, err)
		response, err := recorder{"DynamoDB", a.engine, a.recording}.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	a.show(fmt.Errorf("an error that quotes %s", control))
	a.show(&theorydb.OpError{Err: &theorydb.ValueError{Problem: control}})
	a.text.Info("a record in clear", "record", openRecord{Text: control})
	a.json.Info("a record in clear", "record", openRecord{Text: control})
	a.add("redacted %+v", fmt.Appendf(nil, "%+v", theorydb.Redact(openRecord{Text: control})))
}

func TestNoSecretLeavesTheLibrary(t *testing.T) {
	a := newAviary(t)
	for n := 0; len(a.canaries) < 1_000; n++ {
		a.workload(t, n)
	}
	control := newCanary()
	a.plantControl(t, control)

	found, searched := a.find(a.canaries)
	require.Empty(t, found, "canaries by encoding and channel")
	planted, _ := a.find([]string{control})
	for encoding := range encodings(control) {
		require.Positive(t, planted[encoding]["DynamoDB request"], "the control as %s", encoding)
	}
	for channel, encoding := range map[string]string{
		"DynamoDB response": "JSON", "errors %v": "raw", "errors %+v": "raw", "errors %s": "raw", "errors %x": "hex",
		"errors, deep": "raw", "slog text": "JSON", "slog JSON": "JSON", "redacted %+v": "raw",
	} {
		require.Positive(t, planted[encoding][channel]+planted["JSON for HTML"][channel], "the control as %s in %s", encoding, channel)
	}
	t.Logf("%d canaries in %d encodings, %d calls of which %d failed, %d bytes in %d channels: 0 found; the control was found in each encoding",
		len(a.canaries), len(encodings(control)), a.calls, a.failures, searched, len(a.channels))
}
