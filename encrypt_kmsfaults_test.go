package theorydb_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// kmsRefusal is an answer of KMS and what it means.
type kmsRefusal struct {
	code      string
	status    int // 0: the connection is lost
	want      error
	retryable bool
}

var kmsRefusals = []kmsRefusal{
	{"NotFoundException", 400, theorydb.ErrKMSKeyUnusable, false},
	{"DisabledException", 400, theorydb.ErrKMSKeyUnusable, false},
	{"KMSInvalidStateException", 400, theorydb.ErrKMSKeyUnusable, false},
	{"IncorrectKeyException", 400, theorydb.ErrKMSKeyMismatch, false},
	{"InvalidCiphertextException", 400, theorydb.ErrDecryptAuth, false},
	{"InvalidKeyUsageException", 400, theorydb.ErrKMSKeyUnusable, false},
	{"InvalidGrantTokenException", 400, theorydb.ErrKMSAccessDenied, false},
	{"InvalidArnException", 400, theorydb.ErrKMSKeyUnusable, false},
	{"DryRunOperationException", 400, theorydb.ErrKMSUnavailable, false},
	{"KeyUnavailableException", 500, theorydb.ErrKMSKeyUnusable, true},
	{"KMSInternalException", 500, theorydb.ErrKMSUnavailable, true},
	{"DependencyTimeoutException", 503, theorydb.ErrKMSUnavailable, true},
	{"LimitExceededException", 400, theorydb.ErrKMSThrottled, true},
	{"AccessDeniedException", 400, theorydb.ErrKMSAccessDenied, false},
	{"ThrottlingException", 400, theorydb.ErrKMSThrottled, true},
	{"UnrecognizedClientException", 400, theorydb.ErrKMSAccessDenied, false},
	{"ExpiredTokenException", 400, theorydb.ErrKMSAccessDenied, false},
	{"SomethingNewException", 400, theorydb.ErrKMSUnavailable, false},
	{"SomethingNewException", 429, theorydb.ErrKMSUnavailable, true},
	{"SomethingNewException", 500, theorydb.ErrKMSUnavailable, true},
	{"", 0, theorydb.ErrKMSUnavailable, true},
}

// credentialVerbs are the verbs by what they need of KMS.
func credentialVerbs(ctx context.Context, db *theorydb.DB, m *theorydb.Model[versionedCredential]) map[string]map[string]func() error {
	held := func() *versionedCredential {
		return &versionedCredential{ID: "1", Label: "l", Secret: theorydb.NewSecret("s"), Version: 1}
	}
	key := versionedCredential{ID: "1"}
	query := theorydb.Query[versionedCredential]{Key: key}
	writes := map[string]func() error{
		"Create": func() error { return m.Create(ctx, &versionedCredential{ID: "2", Secret: theorydb.NewSecret("s")}) },
		"Put":    func() error { return m.Put(ctx, held()) },
		"Update": func() error { return m.Update(ctx, held()) },
		"Fields": func() error { return m.Update(ctx, held(), theorydb.Fields("secret")) },
		"Set": func() error {
			_, err := m.Change(ctx, key, theorydb.Set("secret", theorydb.NewSecret("x")), theorydb.AnyVersion())
			return err
		},
		"IfUnset": func() error {
			_, err := m.Change(ctx, key, theorydb.SetIfAbsent("secret", theorydb.NewSecret("x")), theorydb.AnyVersion())
			return err
		},
		"OrCreate": func() error {
			_, err := m.Change(ctx, versionedCredential{ID: "3"}, theorydb.Set("secret", theorydb.NewSecret("x")), theorydb.AnyVersion(), theorydb.OrCreate())
			return err
		},
		"BatchWrite": func() error { return db.BatchWrite(ctx, m.PutOp(held(), theorydb.Unchecked())) },
		"Transact, create": func() error {
			return db.Transact(ctx, m.CreateOp(&versionedCredential{ID: "2", Secret: theorydb.NewSecret("s")}))
		},
		"Transact, put":    func() error { return db.Transact(ctx, m.CheckOp(versionedCredential{ID: "4"}), m.PutOp(held())) },
		"Transact, update": func() error { return db.Transact(ctx, m.UpdateOp(held())) },
		"Transact, fields": func() error { return db.Transact(ctx, m.UpdateOp(held(), theorydb.Fields("secret"))) },
		"Transact, change": func() error {
			return db.Transact(ctx, m.ChangeOp(key, theorydb.Set("secret", theorydb.NewSecret("x")), theorydb.AnyVersion()))
		},
		"Transact, if unset": func() error {
			return db.Transact(ctx, m.ChangeOp(key, theorydb.SetIfAbsent("secret", theorydb.NewSecret("x")), theorydb.AnyVersion()))
		},
		"Transact, or create": func() error {
			return db.Transact(ctx, m.ChangeOp(versionedCredential{ID: "3"},
				theorydb.Set("secret", theorydb.NewSecret("x")), theorydb.AnyVersion(), theorydb.OrCreate()))
		},
	}
	reads := map[string]func() error{
		"Get":       func() error { _, err := m.Get(ctx, key); return err },
		"Query":     func() error { _, err := theorydb.Collect(m.Query(ctx, query)); return err },
		"QueryPage": func() error { _, err := m.QueryPage(ctx, query, ""); return err },
		"Modify": func() error {
			_, err := m.Modify(ctx, key, func(*versionedCredential) error { return nil })
			return err
		},
		"BatchGet of a model": func() error { _, err := m.BatchGet(ctx, []versionedCredential{{ID: "4"}, key}); return err },
		"BatchGet":            func() error { return db.BatchGet(ctx, []theorydb.ReadOp{m.GetOp(key)}) },
		"TransactGet":         func() error { return db.TransactGet(ctx, m.GetOp(versionedCredential{ID: "4"}), m.GetOp(key)) },
	}
	all := map[string]func() error{}
	for _, some := range []map[string]func() error{writes, reads} {
		for name, verb := range some {
			all[name] = verb
		}
	}
	return map[string]map[string]func() error{"GenerateDataKey": writes, "Decrypt": reads, "DescribeKey": all}
}

func TestEveryRefusalOfKMSFailsEveryVerbAndWritesNothing(t *testing.T) {
	v := openVault(t)
	resolved := v.open(t, v.sealed)
	seeded := registered[versionedCredential](t, resolved)
	require.NoError(t, resolved.CreateTable(t.Context()))
	require.NoError(t, seeded.Create(t.Context(), &versionedCredential{ID: "1", Label: "l", Secret: theorydb.NewSecret("s")}))
	before := v.keys.Items(v.table)
	cells := 0
	for _, refusal := range kmsRefusals {
		for operation := range credentialVerbs(t.Context(), resolved, seeded) {
			db, m := resolved, seeded
			if operation == "DescribeKey" { // a DB that has not resolved its key
				db = v.open(t, v.sealed)
				m = registered[versionedCredential](t, db)
			}
			for verb, call := range credentialVerbs(t.Context(), db, m)[operation] {
				name := fmt.Sprint(refusal.code, " ", refusal.status, " of ", operation, " in ", verb)
				v.kmsFaults = &localaws.Faults{Next: v.keys}
				if rule := v.kmsFaults.On(operation).Always(); refusal.status == 0 {
					rule.DropBefore()
				} else {
					rule.Error(refusal.status, refusal.code, "what KMS says of s")
				}
				err := call()
				require.ErrorIs(t, err, refusal.want, name)
				var failed *theorydb.EncryptionError
				require.ErrorAs(t, err, &failed, name)
				require.Equal(t, refusal.retryable, failed.Retryable, name)
				require.Equal(t, refusal.code, failed.Code, name)
				require.Equal(t, "versionedCredential", failed.Model, name)
				require.Equal(t, map[string]string{"GenerateDataKey": "seal", "Decrypt": "open", "DescribeKey": "resolve"}[operation], failed.Op, name)
				require.NotContains(t, err.Error(), "what KMS says", name)
				var outer *theorydb.OpError
				require.ErrorAs(t, err, &outer, name)
				require.False(t, outer.Applied, name)
				cells++
			}
		}
	}
	v.kmsFaults = &localaws.Faults{Next: v.keys}
	require.Equal(t, before, v.keys.Items(v.table), "nothing was written")
	_, err := seeded.Get(t.Context(), versionedCredential{ID: "1"})
	require.NoError(t, err, "and nothing is remembered")
	t.Logf("%d cells: %d refusals, 3 operations of KMS", cells, len(kmsRefusals))
}

func TestChangeWhoseItemCanNotBeOpenedSaysThatItTookEffect(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	v.kmsFaults.On("Decrypt").Error(400, "DisabledException", "")
	got, err := m.Change(t.Context(), Credential{PK: "USER#1", SK: "C"}, theorydb.Set("secret", "new"))
	require.Nil(t, got)
	require.ErrorIs(t, err, theorydb.ErrKMSKeyUnusable)
	var failed *theorydb.OpError
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.Applied)
	got, err = m.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.NoError(t, err)
	require.Equal(t, "new", got.Secret)
}

func TestStateOfTheKeyTakesEffectAtOnce(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	for state, retryable := range map[localaws.KeyState]bool{
		localaws.KeyDisabled: false, localaws.KeyPendingDeletion: false, localaws.KeyPendingImport: false, localaws.KeyUnavailable: true,
	} {
		require.NoError(t, v.keys.SetKeyState(vaultKey, state))
		_, readErr := m.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
		var writeErr error
		require.Zero(t, v.sends(func() { writeErr = m.Put(t.Context(), &Credential{"USER#1", "C", "s"}) }))
		for _, err := range []error{readErr, writeErr} {
			require.ErrorIs(t, err, theorydb.ErrKMSKeyUnusable, state)
			var failed *theorydb.EncryptionError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, retryable, failed.Retryable, state)
		}
	}
	require.NoError(t, v.keys.SetKeyState(vaultKey, localaws.KeyEnabled))
	_, err := m.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.NoError(t, err)
}

// lyingKMS is a KMS whose answers a test changes.
type lyingKMS struct {
	theorydb.KMS
	generated func(*kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput
	decrypted func(*kms.DecryptOutput) *kms.DecryptOutput
	described func(*kms.DescribeKeyOutput) *kms.DescribeKeyOutput
}

func (l *lyingKMS) GenerateDataKey(ctx context.Context, in *kms.GenerateDataKeyInput, o ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	out, err := l.KMS.GenerateDataKey(ctx, in, o...)
	if err == nil && l.generated != nil {
		out = l.generated(out)
	}
	return out, err
}

func (l *lyingKMS) Decrypt(ctx context.Context, in *kms.DecryptInput, o ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	out, err := l.KMS.Decrypt(ctx, in, o...)
	if err == nil && l.decrypted != nil {
		out = l.decrypted(out)
	}
	return out, err
}

func (l *lyingKMS) DescribeKey(ctx context.Context, in *kms.DescribeKeyInput, o ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	out, err := l.KMS.DescribeKey(ctx, in, o...)
	if err == nil && l.described != nil {
		out = l.described(out)
	}
	return out, err
}

func TestAnswerOfKMSThatIsNoneIsRefused(t *testing.T) {
	v := openVault(t)
	liar := &lyingKMS{KMS: v.kms}
	lied := func(c *theorydb.Config) { c.KMS, c.KeyID = liar, vaultKey }
	m := model[Credential](t, v.engine, lied)
	ctx, key := t.Context(), Credential{PK: "USER#1", SK: "C"}
	require.NoError(t, m.Create(ctx, &Credential{"USER#1", "C", "s"}))
	other := v.keys.KMSKeyARN(v.keys.KMSKey("alias/other"))
	for name, row := range map[string]struct {
		lie  func(*kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput
		want error
	}{
		"another key": {func(o *kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput { o.KeyId = &other; return o }, theorydb.ErrKMSKeyMismatch},
		"an alias":    {func(o *kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput { o.KeyId = ptr(vaultKey); return o }, theorydb.ErrKMSKeyMismatch},
		"no key":      {func(o *kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput { o.KeyId = nil; return o }, theorydb.ErrKMSKeyMismatch},
		"nothing":     {func(*kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput { return nil }, theorydb.ErrKMSKeyMismatch},
		"a short data key": {func(o *kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput {
			o.Plaintext = o.Plaintext[:16]
			return o
		}, theorydb.ErrKMSUnavailable},
		"no data key":    {func(o *kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput { o.Plaintext = nil; return o }, theorydb.ErrKMSUnavailable},
		"no wrapped key": {func(o *kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput { o.CiphertextBlob = nil; return o }, theorydb.ErrKMSUnavailable},
		"a huge wrapped key": {func(o *kms.GenerateDataKeyOutput) *kms.GenerateDataKeyOutput {
			o.CiphertextBlob = make([]byte, 1025)
			return o
		}, theorydb.ErrKMSUnavailable},
	} {
		liar.generated = row.lie
		var err error
		require.Zero(t, v.sends(func() { err = m.Put(ctx, &Credential{"USER#1", "C", "new"}) }), name)
		require.ErrorIs(t, err, row.want, name)
	}
	for name, row := range map[string]struct {
		lie  func(*kms.DecryptOutput) *kms.DecryptOutput
		want error
	}{
		"another key":      {func(o *kms.DecryptOutput) *kms.DecryptOutput { o.KeyId = &other; return o }, theorydb.ErrKMSKeyMismatch},
		"no key":           {func(o *kms.DecryptOutput) *kms.DecryptOutput { o.KeyId = nil; return o }, theorydb.ErrKMSKeyMismatch},
		"nothing":          {func(*kms.DecryptOutput) *kms.DecryptOutput { return nil }, theorydb.ErrKMSKeyMismatch},
		"a short data key": {func(o *kms.DecryptOutput) *kms.DecryptOutput { o.Plaintext = o.Plaintext[:31]; return o }, theorydb.ErrDecryptAuth},
		"no data key":      {func(o *kms.DecryptOutput) *kms.DecryptOutput { o.Plaintext = nil; return o }, theorydb.ErrDecryptAuth},
		"another data key": {func(o *kms.DecryptOutput) *kms.DecryptOutput { o.Plaintext[0] ^= 1; return o }, theorydb.ErrDecryptAuth},
	} {
		liar.decrypted = row.lie
		_, err := m.Get(ctx, key)
		requireEncryptionError(t, err, row.want, "secret")
		require.Error(t, err, name)
	}
	for name, lie := range map[string]func(*kms.DescribeKeyOutput) *kms.DescribeKeyOutput{
		"nothing":  func(*kms.DescribeKeyOutput) *kms.DescribeKeyOutput { return nil },
		"no key":   func(o *kms.DescribeKeyOutput) *kms.DescribeKeyOutput { o.KeyMetadata = nil; return o },
		"no ARN":   func(o *kms.DescribeKeyOutput) *kms.DescribeKeyOutput { o.KeyMetadata.Arn = nil; return o },
		"an alias": func(o *kms.DescribeKeyOutput) *kms.DescribeKeyOutput { o.KeyMetadata.Arn = ptr(vaultKey); return o },
	} {
		liar.described = lie
		fresh, err := theorydb.NewModel[Credential](v.open(t, lied))
		require.NoError(t, err)
		require.ErrorIs(t, fresh.Put(ctx, &Credential{"USER#1", "C", "new"}), theorydb.ErrKMSUnavailable, name)
	}
}

func TestClientThatLogsDataKeysIsRefused(t *testing.T) {
	v := openVault(t)
	for _, mode := range []aws.ClientLogMode{aws.LogRequestWithBody, aws.LogResponseWithBody, aws.LogRetries | aws.LogResponseWithBody} {
		_, err := theorydb.New(theorydb.Config{
			DynamoDB: v.client, Table: v.table, KeyID: vaultKey,
			KMS: v.keys.KMS(func(o *kms.Options) { o.ClientLogMode = mode }),
		})
		require.ErrorContains(t, err, "LogResponseWithBody")
	}
	_, err := theorydb.New(theorydb.Config{
		DynamoDB: v.client, Table: v.table, KeyID: vaultKey,
		KMS: v.keys.KMS(func(o *kms.Options) { o.ClientLogMode = aws.LogRetries | aws.LogRequest | aws.LogResponse }),
	})
	require.NoError(t, err)
}

// wrappedClient hides what client it is, so that New can't look at it.
type wrappedClient struct{ *kms.Client }

func TestBodiesAreNotLoggedByAClientThatNewCanNotSee(t *testing.T) {
	v := openVault(t)
	var log bytes.Buffer
	client := v.keys.KMS(func(o *kms.Options) {
		o.ClientLogMode = aws.LogRequestWithBody | aws.LogResponseWithBody | aws.LogRequest
		o.Logger = logging.NewStandardLogger(&log)
	})
	m := model[Credential](t, v.engine, func(c *theorydb.Config) { c.KMS, c.KeyID = wrappedClient{client}, vaultKey })
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	_, err := m.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.NoError(t, err)
	require.Contains(t, log.String(), "TrentService.Decrypt", "other logging is the caller's")
	require.NotContains(t, log.String(), "Plaintext")

	_, err = client.GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{KeyId: ptr(vaultKey), KeySpec: "AES_256"})
	require.NoError(t, err)
	require.Contains(t, log.String(), "Plaintext", "what the SDK does otherwise")
}
