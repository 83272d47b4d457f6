package schema

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Secret stands for the type of the root package.
type (
	concealed[T any] = Hidden[T]
	Secret[T any]    struct{ concealed[T] }
)

func secretOf[T any](v T) Secret[T] { return Secret[T]{Hide(v)} }

func (s Secret[T]) reveal() (T, bool) { return Show(s.concealed) }

// MarshalText is why a Secret must never be taken for a type with a text form.
func (Secret[T]) MarshalText() ([]byte, error) { return []byte("[REDACTED]"), nil }

type sealedModel struct {
	ID      string                `theorydb:"pk"`
	Text    string                `theorydb:"encrypted"`
	Int     int                   `theorydb:"encrypted"`
	Bool    bool                  `theorydb:"encrypted"`
	Bytes   []byte                `theorydb:"encrypted"`
	At      time.Time             `theorydb:"encrypted"`
	Decimal attributevalue.Number `theorydb:"encrypted"`
	Pointer *string               `theorydb:"encrypted"`
	Custom  *money                `theorydb:"encrypted"`
	List    []string              `theorydb:"encrypted"`
	Set     []string              `theorydb:"encrypted,set"`
	Map     map[string]string     `theorydb:"encrypted"`
	Maps    map[string]any        `theorydb:"encrypted"`
	Struct  device                `theorydb:"encrypted"`
	JSON    map[string]any        `theorydb:"encrypted,json"`
	Left    string                `theorydb:"encrypted,omitempty"`
	LeftNil *string               `theorydb:"encrypted,omitempty"`

	Secret      Secret[string]         `theorydb:"encrypted"`
	SecretBytes Secret[[]byte]         `theorydb:"encrypted"`
	SecretNil   Secret[*int]           `theorydb:"encrypted"`
	SecretMap   Secret[map[string]int] `theorydb:"encrypted"`
	SecretSet   Secret[[]string]       `theorydb:"encrypted,set"`
	SecretJSON  Secret[[]int]          `theorydb:"encrypted,json"`
	SecretTime  Secret[time.Time]      `theorydb:"encrypted"`
	SecretLeft  Secret[string]         `theorydb:"encrypted,omitempty"`
	Unset       Secret[string]         `theorydb:"encrypted,omitempty"`
}

// money has a stored form of its own.
type money struct{ cents string }

func (m *money) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberN{Value: m.cents}, nil
}

func (m *money) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	if n, ok := av.(*types.AttributeValueMemberN); ok {
		m.cents = n.Value
	}
	return nil
}

// An encrypted attribute without omitempty is always there, whatever it holds,
// so that its absence tells that somebody removed it.
func TestSealedZeroIsStoredAndNilIsNULL(t *testing.T) {
	plan := mustCompile[sealedModel]()
	rec := &sealedModel{
		ID: "1", Secret: secretOf(""), SecretBytes: secretOf([]byte(nil)), SecretNil: secretOf[*int](nil), SecretMap: secretOf[map[string]int](nil),
		SecretSet: secretOf[[]string](nil), SecretJSON: secretOf[[]int](nil), SecretTime: secretOf(time.Time{}), SecretLeft: secretOf(""),
	}
	item, err := plan.Encode(rec)
	require.NoError(t, err)
	no := &types.AttributeValueMemberBOOL{Value: false}
	require.Empty(t, cmp.Diff(Item{
		"id": text("1"), "text": text(""), "int": number("0"), "bool": no, "bytes": null, "at": null, "decimal": null, "pointer": null, "custom": null,
		"list": null, "set": null, "map": null, "maps": null, "struct": mapOf("name", text(""), "agent", text("")), "json": null,
		"secret": text(""), "secretBytes": null, "secretNil": null, "secretMap": null, "secretSet": null, "secretJSON": null, "secretTime": null,
		"secretLeft": text(""),
	}, item, avOptions))

	filled := ""
	read := &sealedModel{Pointer: &filled, Custom: &money{}, List: []string{""}, Map: map[string]string{}, At: time.Unix(1, 0), Decimal: "1", Unset: secretOf("old")}
	require.NoError(t, plan.Decode(item, read))
	require.Nil(t, read.Pointer)
	require.Nil(t, read.Custom)
	require.Nil(t, read.Bytes)
	require.Nil(t, read.List)
	require.Nil(t, read.Set)
	require.Nil(t, read.Map)
	require.Nil(t, read.Maps)
	require.Nil(t, read.JSON)
	require.True(t, read.At.IsZero())
	require.Empty(t, read.Decimal)
	for _, set := range []bool{isSet(read.Secret), isSet(read.SecretBytes), isSet(read.SecretNil), isSet(read.SecretMap), isSet(read.SecretSet), isSet(read.SecretJSON), isSet(read.SecretTime), isSet(read.SecretLeft)} {
		require.True(t, set)
	}
	require.False(t, isSet(read.Unset))
	again, err := plan.Encode(read)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(item, again, avOptions))
}

func isSet[T any](s Secret[T]) bool {
	_, ok := s.reveal()
	return ok
}

func TestSealedEmptyIsNotNil(t *testing.T) {
	plan := mustCompile[sealedModel]()
	rec := &sealedModel{ID: "1", Bytes: []byte{}, List: []string{}, Map: map[string]string{}, Maps: map[string]any{}, JSON: map[string]any{}, SecretBytes: secretOf([]byte{})}
	item, err := plan.Encode(rec)
	require.NoError(t, err)
	require.Equal(t, []string{"B", "L", "M", "M", "S", "B"}, kindsOf(item, "bytes", "list", "map", "maps", "json", "secretBytes"))
	read := &sealedModel{}
	require.NoError(t, plan.Decode(item, read))
	require.NotNil(t, read.Bytes)
	require.NotNil(t, read.List)
	require.NotNil(t, read.Map)
	require.NotNil(t, read.Maps)
	require.NotNil(t, read.JSON)
	held, _ := read.SecretBytes.reveal()
	require.NotNil(t, held)
}

func kindsOf(item Item, names ...string) []string {
	var kinds []string
	for _, name := range names {
		kinds = append(kinds, kindOf(item[name]))
	}
	return kinds
}

func TestUnsetSecretIsAbsent(t *testing.T) {
	plan := mustCompile[sealedModel]()
	item, err := plan.Encode(&sealedModel{ID: "1"})
	require.NoError(t, err)
	for _, name := range []string{"secret", "secretBytes", "secretNil", "secretMap", "secretSet", "secretJSON", "secretTime", "secretLeft", "unset"} {
		require.NotContains(t, item, name)
		require.True(t, plan.Attribute(name).IsZero(&sealedModel{}), name)
	}
	require.False(t, plan.Attribute("secret").IsZero(&sealedModel{Secret: secretOf("")}))
	_, err = plan.Attribute("secret").Encode(Secret[string]{})
	require.ErrorIs(t, err, ErrInvalidValue)
}

// Optional tells the core which sealed attributes may be absent.
func TestSealedAttributeIsOptionalByOmitEmptyOnly(t *testing.T) {
	plan := mustCompile[sealedModel]()
	for _, a := range plan.Attributes[1:] {
		require.Equal(t, a.OmitEmpty, a.Optional, a.Name)
		require.True(t, a.Encrypted)
	}
}

func TestSecretHasTheTypeOfWhatItHolds(t *testing.T) {
	plan := mustCompile[sealedModel]()
	for name, want := range map[string][2]string{
		"secret": {kindS, FormatNone}, "secretBytes": {kindB, FormatNone}, "secretNil": {kindN, FormatInt}, "secretMap": {kindM, FormatNone},
		"secretSet": {kindSS, FormatNone}, "secretJSON": {kindS, FormatJSON}, "secretTime": {kindS, FormatTime},
	} {
		a := plan.Attribute(name)
		require.Equal(t, want, [2]string{a.Type, a.Format}, name)
	}
	require.True(t, plan.Attribute("secretSet").Set)
	require.True(t, plan.Attribute("secretJSON").JSON)
}

func TestSecretIsComparedWithASecretOnly(t *testing.T) {
	a := mustCompile[sealedModel]().Attribute("secret")
	av, err := a.Encode(secretOf("x"))
	require.NoError(t, err)
	require.Equal(t, text("x"), av)
	_, err = a.Encode("planted-value")
	require.ErrorIs(t, err, ErrInvalidValue)
	require.NotContains(t, err.Error(), "planted-value")
}

func TestSecretRoundTrip(t *testing.T) {
	type model struct {
		ID   string                    `theorydb:"pk"`
		Text Secret[string]            `theorydb:"encrypted"`
		Map  Secret[map[string]string] `theorydb:"encrypted"`
		Ints Secret[[]int64]           `theorydb:"encrypted,omitempty"`
	}
	plan := mustCompile[model]()
	rapid.Check(t, func(t *rapid.T) {
		rec := &model{ID: "1", Text: secretOf(rapid.String().Draw(t, "text"))}
		m := rapid.MapOf(rapid.StringN(1, 5, -1), rapid.String()).Draw(t, "map")
		rec.Map = secretOf(m)
		ints := rapid.SliceOf(rapid.Int64()).Draw(t, "ints")
		rec.Ints = secretOf(ints)
		item, err := plan.Encode(rec)
		require.NoError(t, err)
		read := &model{}
		require.NoError(t, plan.Decode(item, read))
		got, _ := read.Text.reveal()
		want, _ := rec.Text.reveal()
		require.Equal(t, want, got)
		gotMap, _ := read.Map.reveal()
		require.Equal(t, m, gotMap)
		gotInts, _ := read.Ints.reveal()
		require.Equal(t, ints, gotInts)
	})
}

// What was opened and does not fit the Go type is a ValueError that names the
// attribute; nothing of the value is in it, and the record is as it was.
func TestSealedValueOfAnotherTypeIsRefusedWithoutQuotingIt(t *testing.T) {
	plan := mustCompile[sealedModel]()
	full, err := plan.Encode(&sealedModel{ID: "1", Secret: secretOf("x"), Bytes: []byte("x"), List: []string{"x"}, Set: []string{"x"}, Map: map[string]string{"a": "x"}})
	require.NoError(t, err)
	values := []types.AttributeValue{
		text("planted"), number("31337"), blob("planted"), &types.AttributeValueMemberBOOL{Value: true}, null, list(text("planted")),
		mapOf("planted", text("planted")), &types.AttributeValueMemberSS{Value: []string{"planted"}}, &types.AttributeValueMemberNS{Value: []string{"31337"}},
		&types.AttributeValueMemberBS{Value: [][]byte{[]byte("planted")}},
	}
	fits := map[string][]string{
		"text": {kindS}, "secret": {kindS}, "int": {kindN}, "bytes": {kindB, kindNULL}, "secretBytes": {kindB, kindNULL}, "list": {kindNULL, kindL},
		"set": {kindNULL, kindSS}, "map": {kindNULL, kindM}, "secretNil": {kindN, kindNULL}, "bool": {kindBOOL}, "struct": {kindM}, "pointer": {kindS, kindNULL},
	}
	for name, kinds := range fits {
		for _, av := range values {
			item := Item{}
			for k, v := range full {
				item[k] = v
			}
			item[name] = av
			read := &sealedModel{Text: "before"}
			err := plan.Decode(item, read)
			if contains(kinds, kindOf(av)) {
				require.NoError(t, err, "%s as %s", name, kindOf(av))
				continue
			}
			var v *ValueError
			require.ErrorAs(t, err, &v, "%s as %s", name, kindOf(av))
			require.Equal(t, name, v.Attr)
			require.NotContains(t, err.Error(), "planted")
			require.NotContains(t, err.Error(), "31337")
			require.Equal(t, &sealedModel{Text: "before"}, read)
		}
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func TestSealedAttributesOfDocuments(t *testing.T) {
	plan, err := CompileDocument([]byte(`{"name": "M", "table": {"name": "t"}, "keys": {"partition": {"attribute": "PK", "type": "S"}},
		"attributes": [{"attribute": "PK", "type": "S", "roles": ["pk"]},
			{"attribute": "s", "type": "S", "encryption": {"v": 1}}, {"attribute": "b", "type": "B", "encryption": {"v": 1}},
			{"attribute": "m", "type": "M", "encryption": {"v": 1}}, {"attribute": "ss", "type": "SS", "encryption": {"v": 1}},
			{"attribute": "o", "type": "B", "omit_empty": true, "encryption": {"v": 1}}, {"attribute": "plain", "type": "B"}]}`), reflect.TypeFor[record](), testOptions)
	require.NoError(t, err)
	item, err := plan.Encode(&record{"PK": "1", "s": "", "b": nil, "m": nil, "ss": []string{}, "o": nil, "plain": nil})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(Item{"PK": text("1"), "s": text(""), "b": null, "m": null, "ss": null}, item, avOptions))
	read := record{}
	require.NoError(t, plan.Decode(item, &read))
	require.Equal(t, record{"PK": "1", "s": "", "b": nil, "m": nil, "ss": nil}, read)
	again, err := plan.Encode(&read)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(item, again, avOptions))

	// What is not there at all, and what can't be nil, is absent.
	item, err = plan.Encode(&record{"PK": "1", "s": nil})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(Item{"PK": text("1")}, item, avOptions))
	require.Error(t, plan.Decode(Item{"PK": text("1"), "s": null}, &record{}))
}
