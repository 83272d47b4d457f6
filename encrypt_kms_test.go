package theorydb_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// manySecrets has several encrypted attributes and one in clear.
type manySecrets struct {
	PK    string                  `theorydb:"pk"`
	SK    string                  `theorydb:"sk"`
	Label string                  `theorydb:"attr:label"`
	A     string                  `theorydb:"encrypted,attr:a"`
	B     []byte                  `theorydb:"encrypted,attr:b"`
	C     int                     `theorydb:"encrypted,attr:c"`
	D     theorydb.Secret[string] `theorydb:"encrypted,attr:d"`
	E     map[string]int          `theorydb:"encrypted,attr:e"`
}

func manySecretsAt(sk string) manySecrets {
	return manySecrets{"M", sk, "label", "a", []byte("b"), 3, theorydb.NewSecret("d"), map[string]int{"e": 5}}
}

// openRecord has nothing to seal.
type openRecord struct {
	_    theorydb.Key `theorydb:"pk" key:"OPEN#{id}"`
	_    theorydb.Key `theorydb:"sk" key:"OPEN"`
	ID   string
	Text string
}

func TestKMSIsAskedOncePerItemWrittenAndOncePerWrappedKeyRead(t *testing.T) {
	v := openVault(t)
	m := model[manySecrets](t, v.engine, v.sealed)
	db := v.open(t, v.sealed)
	openModel, err := theorydb.NewModel[openRecord](db)
	require.NoError(t, err)
	ctx, record, key := t.Context(), manySecretsAt("1"), manySecrets{PK: "M", SK: "1"}
	query := theorydb.Query[manySecrets]{Key: manySecrets{PK: "M"}}
	const describe, generate, decrypt = "DescribeKey", "GenerateDataKey", "Decrypt"
	steps := []struct {
		name string
		call func() error
		want map[string]int
	}{
		{"first Create", func() error { return m.Create(ctx, &record) }, map[string]int{describe: 1, generate: 1}},
		{"Put", func() error { return m.Put(ctx, &record) }, map[string]int{generate: 1}},
		{"Update", func() error { return m.Update(ctx, &record) }, map[string]int{generate: 1}},
		{"Get", func() error { _, err := m.Get(ctx, key); return err }, map[string]int{decrypt: 1}},
		{"Query", func() error { _, err := theorydb.Collect(m.Query(ctx, query)); return err }, map[string]int{decrypt: 1}},
		{"Update of what is not encrypted", func() error { return m.Update(ctx, &record, theorydb.Fields("label")) }, map[string]int{}},
		{"Change of what is not encrypted, blind", func() error {
			_, err := m.Change(ctx, key, theorydb.Set("label", "x"), theorydb.Blind())
			return err
		}, map[string]int{}},
		{"Change of what is not encrypted", func() error { _, err := m.Change(ctx, key, theorydb.Set("label", "x")); return err }, map[string]int{decrypt: 1}},
		{"Update of two of them", func() error { return m.Update(ctx, &record, theorydb.Fields("a", "b")) }, map[string]int{generate: 1}},
		{"Get after both writes", func() error { _, err := m.Get(ctx, key); return err }, map[string]int{decrypt: 2}},
		{"Count", func() error { _, err := m.Count(ctx, query); return err }, map[string]int{}},
		{"Raw", func() error { _, err := m.Raw(ctx, key); return err }, map[string]int{}},
		{"refused Create", func() error {
			if err := m.Create(ctx, ptr(manySecretsAt("1"))); !errors.Is(err, theorydb.ErrAlreadyExists) {
				return fmt.Errorf("not refused: %w", err)
			}
			return nil
		}, map[string]int{generate: 1}},
		{"Delete returning", func() error { return m.Delete(ctx, &record, theorydb.Returning(&manySecrets{})) }, map[string]int{decrypt: 2}},
		{"Delete", func() error { return m.Delete(ctx, &record) }, map[string]int{}},
		{"open record", func() error {
			open := openRecord{ID: "1", Text: "t"}
			if err := openModel.Create(ctx, &open); err != nil {
				return err
			}
			_, err := openModel.Get(ctx, open)
			return err
		}, map[string]int{}},
	}
	for _, step := range steps {
		asked := v.asks(func() { require.NoError(t, step.call(), step.name) })
		require.Equal(t, step.want, asked, step.name)
	}
}

func TestResentWriteIsSealedOnce(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	bodies := map[string]bool{}
	v.faults.On("PutItem").When(func(r localaws.Request) bool {
		var body map[string]any // the SDK writes members in any order, encoding/json sorted
		_ = json.Unmarshal(r.Body, &body)
		canonical, _ := json.Marshal(body)
		bodies[string(canonical)] = true
		return false
	}).DropBefore()
	v.faults.On("PutItem").CommitThenDrop().Times(3)
	asked := v.asks(func() {
		require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	})
	require.Equal(t, 1, asked["GenerateDataKey"])
	require.Equal(t, 3, v.faults.Fired())
	require.Len(t, bodies, 1, "the same bytes each time")
}

// page stores records of five secrets each.
func (v *vault) page(t *testing.T, m *theorydb.Model[manySecrets], n int) {
	for i := range n {
		require.NoError(t, m.Create(t.Context(), ptr(manySecretsAt(fmt.Sprintf("%03d", i)))))
	}
}

func TestPageAsksForItsKeysTogetherAndForEachOnce(t *testing.T) {
	v := openVault(t)
	m := model[manySecrets](t, v.engine, v.sealed)
	const rows, atOnce = 100, 16
	v.page(t, m, rows)
	// Every call waits for others, so that the most there can be is what there is.
	arrived, full, once := make(chan struct{}, rows), make(chan struct{}), sync.Once{}
	v.busiest = 0
	v.during = func(string) {
		arrived <- struct{}{}
		if len(arrived) == atOnce {
			once.Do(func() { close(full) })
		}
		select {
		case <-full:
		case <-time.After(10 * time.Second): // fewer at once: the assertion says so
		}
	}
	query := theorydb.Query[manySecrets]{Key: manySecrets{PK: "M"}}
	asked := v.asks(func() {
		page, err := m.QueryPage(t.Context(), query, "")
		require.NoError(t, err)
		require.Len(t, page.Items, rows)
		for i, record := range page.Items {
			requireSame(t, manySecretsAt(fmt.Sprintf("%03d", i)), *record)
		}
	})
	require.Equal(t, map[string]int{"Decrypt": rows}, asked)
	require.EqualValues(t, atOnce, v.busiest)
	t.Logf("%d items of 5 secrets: %d requests to KMS, at most %d at once", rows, asked["Decrypt"], v.busiest)
	v.during = nil

	asked = v.asks(func() {
		query.PageSize = 7
		records, err := theorydb.Collect(m.Query(t.Context(), query))
		require.NoError(t, err)
		require.Len(t, records, rows)
	})
	require.Equal(t, map[string]int{"Decrypt": rows}, asked, "page by page")

	// A key that is refused is not asked for again by the row that needs it.
	require.NoError(t, v.keys.SetKeyState(vaultKey, localaws.KeyDisabled))
	asked = v.asks(func() {
		_, err := m.QueryPage(t.Context(), theorydb.Query[manySecrets]{Key: manySecrets{PK: "M"}}, "")
		require.ErrorIs(t, err, theorydb.ErrKMSKeyUnusable)
	})
	require.LessOrEqual(t, asked["Decrypt"], rows)
}

func TestRowsThatShareAWrappedKeyShareItsRequest(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	row := v.stored(t, "USER#1", "C")
	for i := range 50 {
		row["SK"] = str(fmt.Sprint("C", i))
		v.put(t, row)
	}
	asked := v.asks(func() {
		_, err := m.QueryPage(t.Context(), theorydb.Query[Credential]{Key: Credential{PK: "USER#1"}}, "")
		require.ErrorIs(t, err, theorydb.ErrDecryptAuth, "an envelope copied elsewhere")
	})
	require.Equal(t, map[string]int{"Decrypt": 1}, asked)
}

func TestWithKMSDownOnlyWhatIsSealedRefuses(t *testing.T) {
	v := openVault(t)
	v.kmsFaults.On("").Always().DropBefore()
	ctx := t.Context()
	db := v.open(t, v.sealed)
	credentials, err := theorydb.NewModel[versionedCredential](db)
	require.NoError(t, err)
	plain, err := theorydb.NewModel[openRecord](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(ctx))
	require.NoError(t, plain.Create(ctx, &openRecord{ID: "1", Text: "t"}))
	_, err = plain.Get(ctx, openRecord{ID: "1"})
	require.NoError(t, err)

	c := versionedCredential{ID: "1", Secret: theorydb.NewSecret("s")}
	require.Zero(t, v.sends(func() { err = credentials.Create(ctx, &c) }))
	require.ErrorIs(t, err, theorydb.ErrKMSUnavailable)
	require.ErrorIs(t, db.VerifyKeys(ctx), theorydb.ErrKMSUnavailable)

	v.kmsFaults = &localaws.Faults{Next: v.keys}
	require.NoError(t, credentials.Create(ctx, &c), "as soon as KMS is back")
	v.kmsFaults.On("").Always().DropBefore()
	c.Label = "written without KMS"
	require.NoError(t, credentials.Update(ctx, &c, theorydb.Fields("label")))
	_, err = credentials.Get(ctx, c)
	require.ErrorIs(t, err, theorydb.ErrKMSUnavailable)
	require.NoError(t, credentials.Delete(ctx, &c))
}

func TestVerifyKeysTriesBothPermissions(t *testing.T) {
	v := openVault(t)
	db := v.open(t, v.sealed)
	asked := v.asks(func() { require.NoError(t, db.VerifyKeys(t.Context())) })
	require.Equal(t, map[string]int{"DescribeKey": 1, "GenerateDataKey": 1, "Decrypt": 1}, asked)
	for _, operation := range []string{"GenerateDataKey", "Decrypt"} {
		v.kmsFaults.On(operation).Error(400, "AccessDeniedException", "")
		require.ErrorIs(t, db.VerifyKeys(t.Context()), theorydb.ErrKMSAccessDenied)
	}
	require.Zero(t, v.requests.Load())
}

func TestEncryptionContextNamesTableAndTenantAndNothingElse(t *testing.T) {
	v := openVault(t)
	scoped, err := theorydb.NewScopedModel[swapScoped](v.open(t, v.sealed, func(c *theorydb.Config) { c.LogicalTable = "identity" }))
	require.NoError(t, err)
	m := scoped.In(scopeOf(t, "acme"))
	v.keys.ResetCalls()
	err = m.Create(t.Context(), &swapScoped{ID: "ada@example.com", Part: "p"})
	require.ErrorIs(t, err, theorydb.ErrTableNotFound, "the table is not what matters here")
	for _, call := range v.keys.KMSCalls() {
		if call.Operation == "GenerateDataKey" {
			require.Equal(t, map[string]string{"theorydb": "2", "table": "identity", "tenant": "acme"}, call.EncryptionContext)
		}
	}
	require.True(t, slices.ContainsFunc(v.keys.KMSCalls(), func(c localaws.KMSCall) bool { return c.Operation == "GenerateDataKey" }))
}

func TestItemsOfAKeySurviveARestoreIntoAnotherTable(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed, func(c *theorydb.Config) { c.LogicalTable = "identity" })
	require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", "C", "s"}))
	row := v.stored(t, "USER#1", "C")
	restored := vaultOn(embedded(t))
	restored.kms = v.kms
	again := model[Credential](t, restored.engine, restored.sealed, func(c *theorydb.Config) { c.LogicalTable = "identity" })
	restored.put(t, row)
	got, err := again.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.NoError(t, err)
	require.Equal(t, "s", got.Secret)
	require.IsType(t, &types.AttributeValueMemberM{}, row["secret"])
}
