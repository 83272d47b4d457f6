package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// The models of the swap matrix differ in one thing each.
type (
	swapVault struct {
		_      theorydb.Entity `theorydb:"name:Vault"`
		_      theorydb.Key    `theorydb:"pk" key:"TENANT#{tenant}#VAULT#{id}"`
		_      theorydb.Key    `theorydb:"sk" key:"PART#{part}"`
		Tenant string
		ID     string
		Part   string
		Secret string `theorydb:"encrypted"`
		Other  string `theorydb:"encrypted"`
	}
	swapScoped struct {
		_      theorydb.Entity `theorydb:"name:Vault"`
		_      theorydb.Key    `theorydb:"pk" key:"TENANT#{tenant}#VAULT#{id}"`
		_      theorydb.Key    `theorydb:"sk" key:"PART#{part}"`
		Tenant string          `theorydb:"scope"`
		ID     string
		Part   string
		Secret string `theorydb:"encrypted"`
		Other  string `theorydb:"encrypted"`
	}
	swapEntity struct {
		_      theorydb.Entity `theorydb:"name:Safe"`
		_      theorydb.Key    `theorydb:"pk" key:"TENANT#{tenant}#VAULT#{id}"`
		_      theorydb.Key    `theorydb:"sk" key:"PART#{part}"`
		Tenant string
		ID     string
		Part   string
		Secret string `theorydb:"encrypted"`
	}
	swapNumber struct {
		_      theorydb.Entity `theorydb:"name:Vault"`
		_      theorydb.Key    `theorydb:"pk" key:"TENANT#{tenant}#VAULT#{id}"`
		_      theorydb.Key    `theorydb:"sk" key:"PART#{part}"`
		Tenant string
		ID     string
		Part   string
		Secret int64 `theorydb:"encrypted"`
	}
)

// swapPlace is somewhere an envelope can be.
type swapPlace struct {
	name      string
	attribute string
	item      theorydb.Item // the row, with its own envelope
	read      func() error
}

// seat writes a record where nothing was and remembers its row.
func seat[T any](t testing.TB, v *vault, name, attribute string, m *theorydb.Model[T], record T) swapPlace {
	key := theorydb.Item{}
	require.NoError(t, m.Create(t.Context(), &record))
	stored, err := m.Raw(t.Context(), record)
	require.NoError(t, err)
	key["PK"], key["SK"] = stored["PK"], stored["SK"]
	_, err = v.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &v.table, Key: key})
	require.NoError(t, err)
	return swapPlace{name, attribute, stored, func() error {
		got, err := m.Get(t.Context(), record)
		require.True(t, err != nil || reflect.DeepEqual(record, *got), "opened as something else")
		return err
	}}
}

func seatModel[T any](t testing.TB, v *vault, change ...func(*theorydb.Config)) *theorydb.Model[T] {
	m, err := theorydb.NewModel[T](v.open(t, append([]func(*theorydb.Config){v.sealed}, change...)...))
	require.NoError(t, err)
	return m
}

func seatScope(t testing.TB, v *vault, tenant string, change ...func(*theorydb.Config)) *theorydb.Model[swapScoped] {
	m, err := theorydb.NewScopedModel[swapScoped](v.open(t, append([]func(*theorydb.Config){v.sealed}, change...)...))
	require.NoError(t, err)
	return m.In(scopeOf(t, tenant))
}

func swapPlaces(t *testing.T, v *vault) []swapPlace {
	plain := model[swapVault](t, v.engine, v.sealed)
	keys := func(c *theorydb.Config) {
		c.KeyID, c.Keys = "", theorydb.ScopeKeys(map[theorydb.Scope]theorydb.KeySet{
			scopeOf(t, "a"): {Current: v.keys.KMSKeyARN(v.keys.KMSKey("alias/tenant-a"))},
			scopeOf(t, "b"): {Current: v.keys.KMSKeyARN(v.keys.KMSKey("alias/tenant-b"))},
		})
	}
	elsewhere := func(c *theorydb.Config) { c.LogicalTable = "elsewhere" }
	return []swapPlace{
		seat(t, v, "vault", "secret", plain, swapVault{Tenant: "a", ID: "1", Part: "p", Secret: "s", Other: "o"}),
		seat(t, v, "attribute", "other", plain, swapVault{Tenant: "a", ID: "1", Part: "p", Secret: "s", Other: "o"}),
		seat(t, v, "pk", "secret", plain, swapVault{Tenant: "a", ID: "2", Part: "p", Secret: "s", Other: "o"}),
		seat(t, v, "sk", "secret", plain, swapVault{Tenant: "a", ID: "1", Part: "q", Secret: "s", Other: "o"}),
		seat(t, v, "logical table", "secret", seatModel[swapVault](t, v, elsewhere), swapVault{Tenant: "a", ID: "1", Part: "p", Secret: "s", Other: "o"}),
		seat(t, v, "entity", "secret", seatModel[swapEntity](t, v), swapEntity{Tenant: "a", ID: "1", Part: "p", Secret: "s"}),
		seat(t, v, "type", "secret", seatModel[swapNumber](t, v), swapNumber{Tenant: "a", ID: "1", Part: "p", Secret: 7}),
		seat(t, v, "scope a", "secret", seatScope(t, v, "a"), swapScoped{Tenant: "a", ID: "1", Part: "p", Secret: "s"}),
		seat(t, v, "scope b", "secret", seatScope(t, v, "b"), swapScoped{Tenant: "b", ID: "1", Part: "p", Secret: "s"}),
		seat(t, v, "key of a", "secret", seatScope(t, v, "a", keys), swapScoped{Tenant: "a", ID: "1", Part: "p", Secret: "s"}),
		seat(t, v, "key of b", "secret", seatScope(t, v, "b", keys), swapScoped{Tenant: "b", ID: "1", Part: "p", Secret: "s"}),
	}
}

// carelessKMS binds data keys to nothing, as a KMS would whose encryption context were ignored. What binds an envelope
// to its place must not depend on it.
type carelessKMS struct{ *kms.Client }

func (c carelessKMS) GenerateDataKey(ctx context.Context, in *kms.GenerateDataKeyInput, o ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	in.EncryptionContext = nil
	return c.Client.GenerateDataKey(ctx, in, o...)
}

func (c carelessKMS) Decrypt(ctx context.Context, in *kms.DecryptInput, o ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	in.EncryptionContext = nil
	return c.Client.Decrypt(ctx, in, o...)
}

func TestEnvelopeOpensInItsOwnPlaceOnly(t *testing.T) {
	for name, careless := range map[string]bool{"KMS": false, "KMS that ignores the encryption context": true} {
		t.Run(name, func(t *testing.T) {
			v := openVault(t)
			if careless {
				v.through = carelessKMS{v.kms}
			}
			requireOwnPlaces(t, v)
		})
	}
}

func requireOwnPlaces(t *testing.T, v *vault) {
	places := swapPlaces(t, v)
	refused, kinds := 0, map[error]int{}
	for i, from := range places {
		for j, to := range places {
			planted := maps.Clone(to.item)
			planted[to.attribute] = from.item[from.attribute]
			v.put(t, planted)
			err := to.read()
			if i == j {
				require.NoError(t, err, "%s in its own place", from.name)
				continue
			}
			require.ErrorIs(t, err, theorydb.ErrEncryption, "the envelope of %s opened in %s", from.name, to.name)
			refused++
			for _, kind := range []error{theorydb.ErrDecryptAuth, theorydb.ErrKeyNotAllowed, theorydb.ErrEncryptedTypeMismatch} {
				if errors.Is(err, kind) {
					kinds[kind]++
				}
			}
		}
	}
	require.Equal(t, len(places)*(len(places)-1), refused)
	require.Equal(t, 2, kinds[theorydb.ErrEncryptedTypeMismatch], "only what was sealed in the very place gets as far as its type")
	t.Logf("%d places, %d pairs, all refused: %v", len(places), refused, kinds)
}

// Two attributes of an item share a wrapped key. What one of them was allowed must not open the other.
func TestSelectorIsJudgedForEachAttribute(t *testing.T) {
	v := openVault(t)
	m := model[manySecrets](t, v.engine, v.sealed)
	require.NoError(t, m.Create(t.Context(), ptr(manySecretsAt("1"))))
	for _, attribute := range []string{"a", "b", "c", "d", "e"} {
		row := v.stored(t, "M", "1")
		row[attribute].(*types.AttributeValueMemberM).Value["k"] = bin(make([]byte, 8))
		v.put(t, row)
		_, err := m.Get(t.Context(), manySecrets{PK: "M", SK: "1"})
		requireEncryptionError(t, err, theorydb.ErrKeyNotAllowed, attribute)
		require.NoError(t, m.Put(t.Context(), ptr(manySecretsAt("1"))))
	}
}

// numberKeys and bytesKeys have keys that are no text.
type numberKeys struct {
	PK     float64 `theorydb:"pk"`
	SK     int64   `theorydb:"sk"`
	Secret string  `theorydb:"encrypted"`
}

type bytesKeys struct {
	PK     []byte `theorydb:"pk"`
	Secret string `theorydb:"encrypted"`
}

func TestNumericKeysBindByTheirValueAndNotByTheirText(t *testing.T) {
	v := openVault(t)
	m := model[numberKeys](t, v.engine, v.sealed)
	values := []float64{0, 1, -1, 10, 100, 1e21, -1e21, 1.5, 0.1, 1e-7, 1e-130, 9.99e125, 123456789.125, 1e15}
	for i, value := range values {
		record := numberKeys{value, int64(i) * 1000, fmt.Sprint("secret ", i)}
		require.NoError(t, m.Create(t.Context(), &record))
		got, err := m.Get(t.Context(), numberKeys{PK: value, SK: int64(i) * 1000})
		require.NoError(t, err, value)
		require.Equal(t, record, *got)
		stored, err := m.Raw(t.Context(), record)
		require.NoError(t, err)
		back := &served{Client: v.client}
		reader := seatModel[numberKeys](t, v, func(c *theorydb.Config) { c.DynamoDB = back })
		for _, text := range sameNumber(stored["PK"].(*types.AttributeValueMemberN).Value) {
			back.item = maps.Clone(stored)
			back.item["PK"] = num(text)
			got, err := reader.Get(t.Context(), record)
			require.NoError(t, err, text)
			require.Equal(t, record, *got)
		}
		back.item = maps.Clone(stored)
		back.item["SK"] = num(fmt.Sprint(i*1000 + 1))
		_, err = reader.Get(t.Context(), record)
		require.ErrorIs(t, err, theorydb.ErrDecryptAuth, "another number")
	}

	other := openVault(t)
	b := model[bytesKeys](t, other.engine, other.sealed)
	record := bytesKeys{[]byte{0, 255, '#'}, "s"}
	require.NoError(t, b.Create(t.Context(), &record))
	got, err := b.Get(t.Context(), record)
	require.NoError(t, err)
	require.Equal(t, record, *got)
	t.Logf("%d numbers", len(values))
}

// sameNumber are other texts of a number.
func sameNumber(text string) []string {
	texts := []string{text, text + "E0", text + "e+0"}
	if !strings.Contains(text, ".") {
		texts = append(texts, text+".0", text+".000", text+"0E-1")
	}
	return slices.Compact(texts)
}
