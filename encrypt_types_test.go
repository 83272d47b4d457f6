package theorydb_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// tag stores itself as it says.
type tag struct{ word string }

func (m tag) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberS{Value: m.word}, nil
}

func (m *tag) UnmarshalDynamoDBAttributeValue(value types.AttributeValue) error {
	return attributevalue.Unmarshal(value, &m.word)
}

type address struct {
	Street string
	Rooms  []int
	Notes  map[string]*string
}

type digits [4]byte

// sealedKinds has an encrypted field of every kind of type.
type sealedKinds struct {
	PK string `theorydb:"pk"`
	SK string `theorydb:"sk"`

	Text    string             `theorydb:"encrypted"`
	Named   mood               `theorydb:"encrypted"`
	Bytes   []byte             `theorydb:"encrypted"`
	Bool    bool               `theorydb:"encrypted"`
	Int     int                `theorydb:"encrypted"`
	Int8    int8               `theorydb:"encrypted"`
	Int64   int64              `theorydb:"encrypted"`
	Uint64  uint64             `theorydb:"encrypted"`
	Float32 float32            `theorydb:"encrypted"`
	Float64 float64            `theorydb:"encrypted"`
	Time    time.Time          `theorydb:"encrypted"`
	Array   [3]int             `theorydb:"encrypted"`
	Pin     digits             `theorydb:"encrypted"`
	Slice   []string           `theorydb:"encrypted"`
	Nested  [][]float64        `theorydb:"encrypted"`
	Map     map[string]int     `theorydb:"encrypted"`
	Maps    map[string]address `theorydb:"encrypted"`
	Struct  address            `theorydb:"encrypted"`
	Pointer *string            `theorydb:"encrypted"`
	Deep    *address           `theorydb:"encrypted"`
	Set     []string           `theorydb:"encrypted,set"`
	Numbers []int              `theorydb:"encrypted,set"`
	JSON    map[string]string  `theorydb:"encrypted,json"`
	Addr    netip.Addr         `theorydb:"encrypted"`
	Custom  tag                `theorydb:"encrypted"`

	SecretText   theorydb.Secret[string]         `theorydb:"encrypted"`
	SecretBytes  theorydb.Secret[[]byte]         `theorydb:"encrypted"`
	SecretInt    theorydb.Secret[int64]          `theorydb:"encrypted"`
	SecretTime   theorydb.Secret[time.Time]      `theorydb:"encrypted"`
	SecretStruct theorydb.Secret[address]        `theorydb:"encrypted"`
	SecretList   theorydb.Secret[[]string]       `theorydb:"encrypted"`
	SecretPtr    theorydb.Secret[*string]        `theorydb:"encrypted"`
	SecretMap    theorydb.Secret[map[string]int] `theorydb:"encrypted"`
}

type mood string

func fullKinds() sealedKinds {
	home := address{"Main St", []int{1, 2}, map[string]*string{"door": ptr("blue"), "roof": nil}}
	moment := time.Date(2026, 2, 3, 4, 5, 6, 789, time.UTC)
	return sealedKinds{
		Text: "tëxt \x00 \U0001F511", Named: "calm", Bytes: []byte{0, 255, 1}, Bool: true, Int: -7, Int8: -128,
		Int64: -1 << 63, Uint64: 1<<64 - 1, Float32: 0.1, Float64: -1.7e-99, Time: moment, Array: [3]int{1, 0, 3},
		Pin: digits{1, 2, 3, 4}, Slice: []string{"b", "", "a"}, Nested: [][]float64{{1}, {}, {2, 3}}, Map: map[string]int{"z": 1, "a": 0},
		Maps: map[string]address{"home": home}, Struct: home, Pointer: ptr("here"), Deep: &home,
		Set: []string{"a", "b"}, Numbers: []int{1, 2, 3}, JSON: map[string]string{"k": "<&>"}, Addr: netip.MustParseAddr("2001:db8::1"), Custom: tag{"word"},
		SecretText: theorydb.NewSecret("s"), SecretBytes: theorydb.NewSecret([]byte{9}), SecretInt: theorydb.NewSecret[int64](5),
		SecretTime: theorydb.NewSecret(moment), SecretStruct: theorydb.NewSecret(home), SecretList: theorydb.NewSecret([]string{"x"}),
		SecretPtr: theorydb.NewSecret(ptr("p")), SecretMap: theorydb.NewSecret(map[string]int{"m": 1}),
	}
}

func emptyKinds() sealedKinds {
	return sealedKinds{
		Bytes: []byte{}, Slice: []string{}, Nested: [][]float64{}, Map: map[string]int{}, Maps: map[string]address{},
		Pointer: ptr(""), Deep: &address{}, JSON: map[string]string{}, Addr: netip.MustParseAddr("0.0.0.0"),
		SecretText: theorydb.NewSecret(""), SecretBytes: theorydb.NewSecret([]byte{}), SecretInt: theorydb.NewSecret[int64](0),
		SecretTime: theorydb.NewSecret(time.Time{}), SecretStruct: theorydb.NewSecret(address{}), SecretList: theorydb.NewSecret([]string{}),
		SecretPtr: theorydb.NewSecret[*string](nil), SecretMap: theorydb.NewSecret(map[string]int{}),
	}
}

// nilKinds holds nil wherever there can be one.
func nilKinds() sealedKinds {
	k := emptyKinds()
	k.Bytes, k.Slice, k.Nested, k.Map, k.Maps, k.Pointer, k.Deep, k.JSON = nil, nil, nil, nil, nil, nil, nil, nil
	k.SecretBytes, k.SecretList = theorydb.NewSecret[[]byte](nil), theorydb.NewSecret[[]string](nil)
	k.SecretMap = theorydb.NewSecret[map[string]int](nil)
	return k
}

func TestEveryTypeIsSealedAndReadBack(t *testing.T) {
	v := openVault(t)
	m := model[sealedKinds](t, v.engine, v.sealed)
	encrypted := reflect.TypeFor[sealedKinds]().NumField() - 2
	for name, k := range map[string]sealedKinds{"full": fullKinds(), "empty": emptyKinds(), "nil": nilKinds()} {
		t.Run(name, func(t *testing.T) {
			k.PK, k.SK = "KINDS", name
			want := k
			require.NoError(t, m.Create(t.Context(), &k))
			requireSame(t, want, k)
			stored := v.stored(t, "KINDS", name)
			sealed := 0
			for name := range stored {
				if name != "PK" && name != "SK" && !strings.HasPrefix(name, "_") {
					requireSealed(t, stored, name)
					sealed++
				}
			}
			require.Equal(t, encrypted, sealed, "what is empty or nil is sealed too: absence would tell")
			got, err := m.Get(t.Context(), sealedKinds{PK: "KINDS", SK: name})
			require.NoError(t, err)
			requireSame(t, want, *got)
			require.NoError(t, m.Update(t.Context(), got))
			got, err = m.Get(t.Context(), sealedKinds{PK: "KINDS", SK: name})
			require.NoError(t, err)
			requireSame(t, want, *got)
		})
	}
	t.Logf("%d encrypted fields, 3 records", encrypted)
}

// spareKinds may lack what is zero.
type spareKinds struct {
	PK     string                  `theorydb:"pk"`
	SK     string                  `theorydb:"sk"`
	Text   string                  `theorydb:"encrypted,omitempty"`
	Number int                     `theorydb:"encrypted,omitempty"`
	List   []string                `theorydb:"encrypted,omitempty"`
	Secret theorydb.Secret[string] `theorydb:"encrypted,omitempty"`
}

func TestZeroWithOmitemptyIsAbsentAndNeedsNoKMS(t *testing.T) {
	v := openVault(t)
	m := model[spareKinds](t, v.engine, v.sealed)
	s := spareKinds{PK: "S", SK: "1"}
	require.Empty(t, v.asks(func() { require.NoError(t, m.Create(t.Context(), &s)) }))
	for _, name := range []string{"text", "number", "list", "secret"} {
		require.NotContains(t, v.stored(t, "S", "1"), name)
	}
	require.Empty(t, v.asks(func() {
		got, err := m.Get(t.Context(), s)
		require.NoError(t, err)
		requireSame(t, s, *got)
	}))
	s.Text, s.Secret = "now", theorydb.NewSecret("") // the empty secret is one
	require.NoError(t, m.Update(t.Context(), &s))
	requireSealed(t, v.stored(t, "S", "1"), "secret")
	_, err := m.Change(t.Context(), s, theorydb.Remove("secret"))
	require.NoError(t, err)
	got, err := m.Get(t.Context(), s)
	require.NoError(t, err)
	require.False(t, got.Secret.IsSet())
	require.Equal(t, "now", got.Text)
}
