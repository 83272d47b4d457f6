package theorydb_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// What somebody who can write to the table can do to a sealed value, short of knowing the key.

// served is a DynamoDB that answers GetItem with an item of the test's choice, for forms that the service would not
// store.
type served struct {
	*dynamodb.Client
	item theorydb.Item
}

func (s *served) GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return &dynamodb.GetItemOutput{Item: s.item}, nil
}

// target is a stored credential whose envelope is attacked.
type target struct {
	*vault
	model *theorydb.Model[Credential]
	item  theorydb.Item
	parts map[string]types.AttributeValue
}

func newTarget(t testing.TB, secret string) *target {
	v := openVault(t)
	a := &target{vault: v, model: model[Credential](t, v.engine, v.sealed)}
	require.NoError(t, a.model.Create(t.Context(), &Credential{"USER#1", "C", secret}))
	a.item = v.stored(t, "USER#1", "C")
	a.parts = a.item["secret"].(*types.AttributeValueMemberM).Value
	got, err := a.model.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.NoError(t, err)
	require.Equal(t, secret, got.Secret)
	return a
}

func (a *target) part(name string) []byte { return a.parts[name].(*types.AttributeValueMemberB).Value }

// with is the envelope with one part replaced, or removed by nil.
func (a *target) with(name string, value types.AttributeValue) types.AttributeValue {
	parts := maps.Clone(a.parts)
	parts[name] = value
	if value == nil {
		delete(parts, name)
	}
	return &types.AttributeValueMemberM{Value: parts}
}

func bin(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

// plant stores a value in place of the envelope; nil removes the attribute.
func (a *target) plant(t testing.TB, value types.AttributeValue) {
	item := maps.Clone(a.item)
	item["secret"] = value
	if value == nil {
		delete(item, "secret")
	}
	a.put(t, item)
}

// read reads what is planted, and gives how many requests KMS got.
func (a *target) read(t testing.TB) (asked int, err error) {
	for _, n := range a.asks(func() {
		var got *Credential
		got, err = a.model.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
		require.True(t, got == nil || err == nil, "a record beside an error")
	}) {
		asked += n
	}
	return asked, err
}

// requireEncryptionError checks that an error is one of encryption, typed, and says where.
func requireEncryptionError(t testing.TB, err, want error, attribute string) {
	t.Helper()
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.ErrorIs(t, err, want)
	var failed *theorydb.EncryptionError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, attribute, failed.Attr)
	require.NotEmpty(t, failed.Model)
}

var attackedSecrets = []string{"", "correct horse battery staple", strings.Repeat("0123456789abcdef", 12)}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	refusals := map[string]error{
		"k": theorydb.ErrKeyNotAllowed, "edk": theorydb.ErrEncryption, "kc": theorydb.ErrDecryptAuth,
		"nonce": theorydb.ErrDecryptAuth, "ct": theorydb.ErrDecryptAuth,
	}
	flips, byPart := 0, map[string]int{}
	for _, secret := range attackedSecrets {
		a := newTarget(t, secret)
		for name, want := range refusals {
			good := a.part(name)
			for bit := range len(good) * 8 {
				bad := bytes.Clone(good)
				bad[bit/8] ^= 1 << (bit % 8)
				a.plant(t, a.with(name, bin(bad)))
				asked, err := a.read(t)
				requireEncryptionError(t, err, want, "secret")
				if name == "k" {
					require.Zero(t, asked)
				} else {
					require.Equal(t, 1, asked)
				}
				byPart[name]++
				flips++
			}
		}
		a.plant(t, a.item["secret"])
		_, err := a.read(t)
		require.NoError(t, err, "the envelope as it was")
	}
	t.Logf("%d flipped bits of %d values, 0 accepted: %v", flips, len(attackedSecrets), byPart)
}

func TestEveryBitOfTheVersionIsRefused(t *testing.T) {
	a := newTarget(t, "s")
	back := &served{Client: a.client}
	m := model[Credential](t, embedded(t), a.sealed, func(c *theorydb.Config) {
		c.DynamoDB, c.LogicalTable, c.Table = back, a.table, a.table+"-served"
	})
	read := func(value types.AttributeValue) (err error) {
		back.item = maps.Clone(a.item)
		back.item["secret"] = value
		_, err = m.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
		return err
	}
	require.NoError(t, read(a.item["secret"]))
	texts := []string{"", "0", "1", "3", "2.0", "02", "+2", "2e0", "20e-1", " 2", "2 ", "-2", "two"}
	for bit := range 8 {
		texts = append(texts, string([]byte{'2' ^ 1<<bit}))
	}
	for _, text := range texts {
		a.requireSilent(t, func() {
			requireEncryptionError(t, read(a.with("v", num(text))), theorydb.ErrUnsupportedEnvelopeVersion, "secret")
		})
	}
	t.Logf("%d versions refused", len(texts))
}

func TestEveryTruncationIsRefused(t *testing.T) {
	shortest := map[string]int{"k": 8, "edk": 1, "kc": 32, "nonce": 12, "ct": 17}
	cuts, silent := 0, 0
	for _, secret := range attackedSecrets {
		a := newTarget(t, secret)
		for name, least := range shortest {
			good := a.part(name)
			cutsOf := [][]byte{append(bytes.Clone(good), 0), append([]byte{0}, good...)}
			for n := range good {
				cutsOf = append(cutsOf, good[:n])
			}
			for _, bad := range cutsOf {
				a.plant(t, a.with(name, bin(bad)))
				asked, err := a.read(t)
				fixed := name == "k" || name == "kc" || name == "nonce"
				if len(bad) < least || fixed {
					requireEncryptionError(t, err, theorydb.ErrInvalidEncryptedEnvelope, "secret")
					require.Zero(t, asked)
					silent++
				} else {
					requireEncryptionError(t, err, theorydb.ErrEncryption, "secret")
					require.Equal(t, 1, asked)
				}
				cuts++
			}
		}
	}
	t.Logf("%d truncations and extensions, 0 accepted, %d of them without asking KMS", cuts, silent)
}

// misshapen are values that are no envelope, by what is wrong with them.
func (a *target) misshapen() map[string]types.AttributeValue {
	all := map[string]types.AttributeValue{}
	plain := map[string]types.AttributeValue{
		"S": str("planted"), "S empty": str(""), "N": num("2"), "B": bin([]byte("planted")), "B empty": bin([]byte{}),
		"BOOL": &types.AttributeValueMemberBOOL{Value: true}, "NULL": &types.AttributeValueMemberNULL{Value: true},
		"L": &types.AttributeValueMemberL{Value: []types.AttributeValue{a.item["secret"]}}, "L empty": &types.AttributeValueMemberL{},
		"M empty": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}}, "M in M": a.in("secret"),
		"SS": &types.AttributeValueMemberSS{Value: []string{"planted"}}, "NS": &types.AttributeValueMemberNS{Value: []string{"2"}},
		"BS": &types.AttributeValueMemberBS{Value: [][]byte{{2}}},
	}
	for form, value := range plain {
		all["plain "+form] = value
		for name := range a.parts {
			rightType := form == "B" || form == "B empty"
			if name == "v" {
				rightType = form == "N"
			}
			if !rightType {
				all[name+" as "+form] = a.with(name, value)
			}
		}
	}
	for name, part := range a.parts {
		all["without "+name] = a.with(name, nil)
		renamed := maps.Clone(a.parts)
		delete(renamed, name)
		renamed[strings.ToUpper(name)] = part
		all["renamed "+name] = &types.AttributeValueMemberM{Value: renamed}
		all["twice "+name] = a.with(strings.ToUpper(name), part)
		only := map[string]types.AttributeValue{name: part}
		all["only "+name] = &types.AttributeValueMemberM{Value: only}
	}
	for _, extra := range []string{"x", " v", "v.", "v2", "ver", "alg", "aad"} {
		all[fmt.Sprintf("extra %q", extra)] = a.with(extra, num("1"))
	}
	for _, length := range []int{0, 1, 8, 11, 13, 16, 24, 64} {
		all[fmt.Sprint("nonce of ", length)] = a.with("nonce", bin(make([]byte, length)))
	}
	for _, length := range []int{0, 1025, 6144, 100_000} {
		all[fmt.Sprint("edk of ", length)] = a.with("edk", bin(make([]byte, length)))
	}
	for _, length := range []int{0, 1, 16} {
		all[fmt.Sprint("ct of ", length)] = a.with("ct", bin(make([]byte, length)))
	}
	return all
}

// in is the envelope inside of another map.
func (a *target) in(name string) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{name: a.item["secret"]}}
}

func TestWhatIsNoEnvelopeIsRefusedByEveryReadBeforeKMSIsAsked(t *testing.T) {
	a := newTarget(t, "s")
	key := Credential{PK: "USER#1", SK: "C"}
	query := theorydb.Query[Credential]{Key: Credential{PK: "USER#1"}}
	ctx, untouched := t.Context(), Credential{"as", "it", "was"}
	old := untouched
	reads := map[string]func() error{
		"Get":       func() error { _, err := a.model.Get(ctx, key); return err },
		"Query":     func() error { _, err := theorydb.Collect(a.model.Query(ctx, query)); return err },
		"QueryPage": func() error { _, err := a.model.QueryPage(ctx, query, ""); return err },
		"Delete": func() error {
			return a.model.Delete(ctx, &Credential{PK: "USER#1", SK: "C"}, theorydb.Returning(&old))
		},
	}
	shapes := a.misshapen()
	for name, value := range shapes {
		for verb, read := range reads {
			a.plant(t, value)
			var err error
			asked := a.asks(func() { err = read() })
			require.ErrorIs(t, err, theorydb.ErrInvalidEncryptedEnvelope, "%s by %s", name, verb)
			require.Empty(t, asked, "%s by %s", name, verb)
			requireEncryptionError(t, err, theorydb.ErrInvalidEncryptedEnvelope, "secret")
			var failed *theorydb.OpError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, verb == "Delete", failed.Applied, verb)
			require.NotContains(t, err.Error(), "planted")
		}
	}
	require.Equal(t, untouched, old)
	for _, version := range []string{"0", "1", "3", "-2", "2.5", "2E1"} {
		a.plant(t, a.with("v", num(version)))
		asked, err := a.read(t)
		requireEncryptionError(t, err, theorydb.ErrUnsupportedEnvelopeVersion, "secret")
		require.Zero(t, asked)
	}
	t.Logf("%d values that are no envelope, by %d verbs, 6 versions: all refused, KMS was not asked", len(shapes), len(reads))
}

func TestPlantedOldImageIsRefusedByEveryWriteThatReturnsIt(t *testing.T) {
	a := newTarget(t, "s")
	ctx, key := t.Context(), Credential{PK: "USER#1", SK: "C"}
	record, untouched := Credential{"USER#1", "C", "new"}, Credential{"as", "it", "was"}
	old := untouched
	for name, write := range map[string]func() error{
		"Put":    func() error { return a.model.Put(ctx, &record, theorydb.Returning(&old)) },
		"Update": func() error { return a.model.Update(ctx, &record, theorydb.Returning(&old)) },
		"Change": func() error {
			_, err := a.model.Change(ctx, key, theorydb.Set("secret", "new"), theorydb.Returning(&old))
			return err
		},
	} {
		for _, value := range []types.AttributeValue{str("planted"), nil, a.with("kc", bin(make([]byte, 32)))} {
			a.plant(t, value)
			err := write()
			require.ErrorIs(t, err, theorydb.ErrEncryption, name)
			var failed *theorydb.OpError
			require.ErrorAs(t, err, &failed)
			require.True(t, failed.Applied, name)
			require.Equal(t, untouched, old)
			got, err := a.model.Get(ctx, key)
			require.NoError(t, err)
			require.Equal(t, "new", got.Secret, "the write took effect, and healed the row")
		}
	}
}

func TestStrippedAttributeIsMissingAndNotEmpty(t *testing.T) {
	a := newTarget(t, "s")
	a.plant(t, nil)
	asked, err := a.read(t)
	requireEncryptionError(t, err, theorydb.ErrEncryptedFieldMissing, "secret")
	require.Zero(t, asked)
	_, err = a.model.QueryPage(t.Context(), theorydb.Query[Credential]{Key: Credential{PK: "USER#1"}}, "")
	require.ErrorIs(t, err, theorydb.ErrEncryptedFieldMissing)
}

// What no authentication can tell: an older value of the same place. doc.go and internal/envelope say so.
func TestOlderValueOfTheSamePlaceIsAccepted(t *testing.T) {
	a := newTarget(t, "older")
	require.NoError(t, a.model.Put(t.Context(), &Credential{"USER#1", "C", "newer"}))
	a.plant(t, a.item["secret"])
	got, err := a.model.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
	require.NoError(t, err)
	require.Equal(t, "older", got.Secret)
}

func TestOneSpoiltRowFailsThePageWhole(t *testing.T) {
	v := openVault(t)
	m := model[Credential](t, v.engine, v.sealed)
	const rows, spoilt = 100, 40
	for i := range rows {
		require.NoError(t, m.Create(t.Context(), &Credential{"USER#1", fmt.Sprintf("C%03d", i), strconv.Itoa(i)}))
	}
	row := v.stored(t, "USER#1", fmt.Sprintf("C%03d", spoilt))
	row["secret"] = str("planted")
	v.put(t, row)
	query := theorydb.Query[Credential]{Key: Credential{PK: "USER#1"}}
	page, err := m.QueryPage(t.Context(), query, "")
	require.Nil(t, page)
	require.ErrorIs(t, err, theorydb.ErrInvalidEncryptedEnvelope)
	yielded, failed := 0, 0
	for record, err := range m.Query(t.Context(), query) {
		if err == nil {
			require.Equal(t, strconv.Itoa(yielded), record.Secret)
			yielded++
			continue
		}
		require.Nil(t, record)
		require.ErrorIs(t, err, theorydb.ErrInvalidEncryptedEnvelope)
		failed++
	}
	require.Equal(t, []int{spoilt, 1}, []int{yielded, failed})
}

func FuzzStoredEnvelopeOpensAsItWasOrNotAtAll(f *testing.F) {
	v := openVault(f)
	m := model[Credential](f, v.engine, v.sealed)
	require.NoError(f, m.Create(f.Context(), &Credential{"USER#1", "C", "s"}))
	item := v.stored(f, "USER#1", "C")
	parts := item["secret"].(*types.AttributeValueMemberM).Value
	good := map[string][]byte{}
	for name, part := range parts {
		if part, ok := part.(*types.AttributeValueMemberB); ok {
			good[name] = part.Value
		}
	}
	back := &served{Client: v.client}
	reader := seatModel[Credential](f, v, func(c *theorydb.Config) { c.DynamoDB = back })
	f.Add("2", good["k"], good["edk"], good["kc"], good["nonce"], good["ct"], "")
	f.Add("1", good["k"], good["edk"], good["kc"], good["nonce"][:11], good["ct"], "x")
	f.Fuzz(func(t *testing.T, version string, k, edk, kc, nonce, ct []byte, extra string) {
		read := map[string]types.AttributeValue{
			"v": num(version), "k": bin(k), "edk": bin(edk), "kc": bin(kc), "nonce": bin(nonce), "ct": bin(ct),
		}
		if extra != "" {
			read[extra] = num("2")
		}
		back.item = maps.Clone(item)
		back.item["secret"] = &types.AttributeValueMemberM{Value: read}
		got, err := reader.Get(t.Context(), Credential{PK: "USER#1", SK: "C"})
		if err == nil {
			require.Equal(t, "s", got.Secret)
			require.True(t, reflect.DeepEqual(parts, read), "something that was not written opens")
			return
		}
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		require.Nil(t, got)
	})
}
