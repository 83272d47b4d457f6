package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// celsius says itself how it is stored.
type celsius struct{ degrees float64 }

func (c celsius) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	if c.degrees < -273.15 {
		return nil, errors.New("the secret is 4711")
	}
	return &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"c": &types.AttributeValueMemberN{Value: big.NewFloat(c.degrees).Text('f', -1)}}}, nil
}

func (c *celsius) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	m, ok := av.(*types.AttributeValueMemberM)
	if !ok {
		return errors.New("the secret is 4711")
	}
	n, ok := m.Value["c"].(*types.AttributeValueMemberN)
	if !ok {
		return errors.New("the secret is 4711")
	}
	return json.Unmarshal([]byte(n.Value), &c.degrees)
}

type (
	status  string
	amounts []float32
	wide    struct {
		ID       string `theorydb:"pk"`
		Text     string
		Status   status
		Int      int
		Int8     int8
		Int64    int64
		Uint8    uint8
		Uint64   uint64
		Float32  float32
		Float64  float64
		Bool     bool
		Bytes    []byte
		Sum      [4]byte
		At       time.Time
		Expires  time.Time `theorydb:"ttl"`
		Wait     time.Duration
		Decimal  attributevalue.Number
		JSONNum  json.Number
		Pointer  *string
		Moment   *time.Time
		List     []string
		Pointers []*int
		Pair     [2]uint16
		Nested   []map[string][]byte
		Amounts  amounts
		Texts    []string                `theorydb:"set"`
		Levels   []status                `theorydb:"set"`
		Numbers  []int                   `theorydb:"set"`
		Floats   []float64               `theorydb:"set"`
		Exact    []attributevalue.Number `theorydb:"set"`
		Blobs    [][]byte                `theorydb:"set"`
		Moments  []time.Time             `theorydb:"set"`
		Inner    inner
		InnerPtr *inner
		ByName   map[status]inner
		Any      any
		Anything map[string]any
		Doc      map[string]any `theorydb:"json"`
		Shape    device         `theorydb:"json"`
		Addr     netip.Addr
		Big      *big.Int
		Heat     celsius
		Maybe    string `theorydb:"omitempty"`
		Embedded
	}
	inner struct {
		UserID string
		Tags   []string  `theorydb:"set,attr:t"`
		Seen   time.Time `theorydb:"omitempty"`
		Skip   string    `theorydb:"-"`
		Note   *string
		Raw    any `theorydb:"json"`
	}
	Embedded struct{ Deep int32 }
)

func TestEncodeStoresEveryTypeAsTheTableSays(t *testing.T) {
	plan := mustCompile[wide]()
	at := time.Date(2023, 11, 14, 23, 13, 20, 5, time.FixedZone("", 3600))
	seven := 7
	w := &wide{
		ID: "1", Status: "on", Int8: -128, Uint64: math.MaxUint64, Float32: 0.1, Float64: 1e20,
		Bytes: []byte{}, Sum: [4]byte{1, 2, 3, 4}, At: at, Expires: at, Wait: time.Second, Decimal: "1.50", JSONNum: "1E2",
		List: []string{}, Pointers: []*int{&seven, nil}, Pair: [2]uint16{1, 2}, Nested: []map[string][]byte{{"k": {1}}, nil},
		Texts: []string{"b", "a", "b"}, Levels: []status{"y", "x"}, Numbers: []int{10, 9, 10, -1}, Floats: []float64{2.5, 1e3},
		Exact: []attributevalue.Number{"1.0", "1", "0.5"}, Blobs: [][]byte{{2}, {1}, {2}}, Moments: []time.Time{at},
		Inner: inner{UserID: "u", Tags: []string{"q", "p"}, Skip: "gone", Raw: map[string]any{"z": 1, "a": "<"}},
		Any:   map[string]any{"n": 1, "l": []any{nil, true, 1.5, []byte{9}}, "t": at}, Anything: map[string]any{},
		Doc: map[string]any{}, Shape: device{Name: "n", Agent: "a"}, Addr: netip.MustParseAddr("10.0.0.1"), Big: big.NewInt(77), Heat: celsius{21.5},
		Embedded: Embedded{Deep: 3},
	}
	item, err := plan.Encode(w)
	require.NoError(t, err)
	null := &types.AttributeValueMemberNULL{Value: true}
	yes := &types.AttributeValueMemberBOOL{Value: true}
	want := Item{
		"id": text("1"), "text": text(""), "status": text("on"), "int": number("0"), "int8": number("-128"), "int64": number("0"),
		"uint8": number("0"), "uint64": number("18446744073709551615"), "float32": number("0.1"), "float64": number("100000000000000000000"),
		"bool": &types.AttributeValueMemberBOOL{}, "bytes": blob(""), "sum": blob("\x01\x02\x03\x04"),
		"at": text("2023-11-14T22:13:20.000000005Z"), "ttl": number("1700000000"), "wait": number("1000000000"),
		"decimal": number("1.5"), "jsonNum": number("100"), "list": list(), "pointers": list(number("7"), null), "pair": list(number("1"), number("2")),
		"nested": list(mapOf("k", blob("\x01")), null),
		"texts":  &types.AttributeValueMemberSS{Value: []string{"a", "b"}}, "levels": &types.AttributeValueMemberSS{Value: []string{"x", "y"}},
		"numbers": &types.AttributeValueMemberNS{Value: []string{"-1", "9", "10"}}, "floats": &types.AttributeValueMemberNS{Value: []string{"2.5", "1000"}},
		"exact": &types.AttributeValueMemberNS{Value: []string{"0.5", "1"}}, "blobs": &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}},
		"moments":  &types.AttributeValueMemberSS{Value: []string{"2023-11-14T22:13:20.000000005Z"}},
		"inner":    mapOf("userID", text("u"), "t", &types.AttributeValueMemberSS{Value: []string{"p", "q"}}, "raw", text(`{"a":"<","z":1}`)),
		"any":      mapOf("n", number("1"), "l", list(null, yes, number("1.5"), blob("\x09")), "t", text("2023-11-14T22:13:20.000000005Z")),
		"anything": mapOf(), "doc": text("{}"), "shape": text(`{"Agent":"a","Name":"n"}`), "addr": text("10.0.0.1"), "big": text("77"),
		"heat": mapOf("c", number("21.5")), "deep": number("3"),
	}
	require.Empty(t, cmp.Diff(want, item, avOptions))
}

func TestEncodeRefusesWithTheAttributeAndNeverTheValue(t *testing.T) {
	loop := []any{nil}
	loop[0] = loop
	var self any
	self = &self
	deep := any("x")
	for range 32 {
		deep = []any{deep}
	}
	cases := []struct {
		name string
		w    wide
		attr string
		text string
	}{
		{"text", wide{Text: "4711\xff"}, "text", "is not valid UTF-8"},
		{"named text", wide{Status: "4711\xff"}, "status", "is not valid UTF-8"},
		{"text in a list", wide{List: []string{"4711\xff"}}, "list", "at []: is not valid UTF-8"},
		{"text in a set", wide{Texts: []string{"4711\xff"}}, "texts", "at []: is not valid UTF-8"},
		{"text in any", wide{Any: map[string]any{"a": "4711\xff"}}, "any", "at {}: is not valid UTF-8"},
		{"text in JSON", wide{Doc: map[string]any{"a": "4711\xff"}}, "doc", "holds text that is not valid UTF-8"},
		{"map key", wide{ByName: map[status]inner{"4711\xff": {}}}, "byName", "at {}: has a map key that is not valid UTF-8"},
		{"empty map key", wide{Anything: map[string]any{"": 1}}, "anything", "empty map key"},
		{"nested", wide{ByName: map[status]inner{"4711": {Tags: []string{"\xff"}}}}, "byName", "at {}.t[]: is not valid UTF-8"},
		{"not a number", wide{Float32: float32(math.NaN())}, "float32", "is not a finite number"},
		{"infinite", wide{Float64: math.Inf(1)}, "float64", "is not a finite number"},
		{"too large", wide{Float64: 4711e125}, "float64", "is larger than DynamoDB holds"},
		{"too small", wide{Float64: 4711e-140}, "float64", "is nearer to zero than DynamoDB holds"},
		{"decimal", wide{Decimal: "4711x"}, "decimal", "is not a number"},
		{"decimal in a set", wide{Exact: []attributevalue.Number{"4711x"}}, "exact", "at []: is not a number"},
		{"empty decimal in a set", wide{Exact: []attributevalue.Number{""}}, "exact", "at []: is absent"},
		{"year", wide{At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "at", "has a year outside"},
		{"ttl in milliseconds", wide{Expires: time.Unix(1700000000000, 0)}, "ttl", "has a year outside"},
		{"channel in any", wide{Any: []any{make(chan int)}}, "any", "a type that can't be stored: chan int"},
		{"list that holds itself", wide{Any: loop}, "any", "32 levels"},
		{"pointer to itself", wide{Any: self}, "any", "32 levels"},
		{"33 levels", wide{Any: deep}, "any", "32 levels"},
		{"JSON that can't be", wide{Doc: map[string]any{"a": math.NaN()}}, "doc", "can't be written as JSON"},
		{"custom", wide{Heat: celsius{-300}}, "heat", "MarshalDynamoDBAttributeValue failed"},
	}
	plan := mustCompile[wide]()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.w.Heat.degrees = min(c.w.Heat.degrees, 0)
			_, err := plan.Encode(&c.w)
			var value *ValueError
			require.ErrorAs(t, err, &value)
			require.ErrorIs(t, err, ErrInvalidValue)
			require.Equal(t, c.attr, value.Attr)
			require.Contains(t, value.Problem, c.text)
			require.NotContains(t, err.Error(), "4711")
		})
	}
	t.Run("32 levels are held", func(t *testing.T) {
		_, err := plan.Encode(&wide{Any: as[[]any](t, deep)[0]})
		require.NoError(t, err)
	})
}

func TestDecodeRefusesAndLeavesTheRecordAlone(t *testing.T) {
	cases := []struct {
		attr string
		av   types.AttributeValue
		text string
	}{
		{"text", number("4711"), "is stored as N, not as S"},
		{"text", &types.AttributeValueMemberNULL{Value: true}, "is stored as NULL"},
		{"int", number("1.5"), "is not a whole number"},
		{"int8", number("128"), "does not fit"},
		{"uint64", number("-1"), "does not fit"},
		{"float32", number("1E39"), "does not fit"},
		{"float32", number("1E-100"), "does not fit"},
		{"float64", number("4711e"), "is not a number"},
		{"bool", text("true"), "is stored as S"},
		{"sum", blob("123"), "another length"},
		{"at", text("4711"), "is not an RFC 3339 time"},
		{"ttl", number("4711.5"), "is not a whole number"},
		{"ttl", text("4711"), "is stored as S"},
		{"pair", list(number("1")), "another length"},
		{"list", list(text("a"), number("4711")), "at []: is stored as N"},
		{"texts", list(text("a")), "is stored as L, not as SS"},
		{"numbers", &types.AttributeValueMemberNS{Value: []string{"1.5"}}, "at []: is not a whole number"},
		{"inner", mapOf("userID", number("4711")), "at userID: is stored as N"},
		{"byName", mapOf("4711", mapOf("seen", text("4711"))), "at {}.seen: is not an RFC 3339 time"},
		{"doc", text("4711 4712"), "JSON"},
		{"shape", text(`{"Name": 4711}`), "is not JSON of the attribute's type"},
		{"addr", text("4711"), "UnmarshalText failed"},
		{"heat", number("4711"), "UnmarshalDynamoDBAttributeValue failed"},
		{"any", text("4711\xff"), "is not valid UTF-8"},
		{"decimal", number("4711x"), "is not a number"},
	}
	plan := mustCompile[wide]()
	for _, c := range cases {
		rec := &wide{ID: "before", List: []string{"kept"}, Heat: celsius{1}}
		err := plan.Decode(Item{"id": text("after"), "list": list(), c.attr: c.av}, rec)
		var value *ValueError
		require.ErrorAs(t, err, &value, c.attr)
		require.Equal(t, c.attr, value.Attr)
		require.Contains(t, value.Problem, c.text)
		require.NotContains(t, err.Error(), "4711")
		require.Equal(t, &wide{ID: "before", List: []string{"kept"}, Heat: celsius{1}}, rec)
		require.ErrorAs(t, plan.Merge(Item{c.attr: c.av}, rec, []string{"list", c.attr}), &value)
		require.Equal(t, &wide{ID: "before", List: []string{"kept"}, Heat: celsius{1}}, rec)
	}
}

func TestDecodeTakesNullWhereGoHasNil(t *testing.T) {
	null := &types.AttributeValueMemberNULL{Value: true}
	s := "old"
	rec := &wide{Pointer: &s, Bytes: []byte{1}, List: []string{"x"}, Texts: []string{"x"}, Anything: map[string]any{"x": 1}, Any: 1, InnerPtr: &inner{}}
	require.NoError(t, mustCompile[wide]().Decode(Item{
		"pointer": null, "bytes": null, "list": null, "texts": null, "anything": null, "any": null, "innerPtr": null, "doc": null, "pointers": list(null),
	}, rec))
	require.Equal(t, &wide{Pointers: []*int{nil}}, rec)
}

func TestDecodeSharesNothingWithTheItem(t *testing.T) {
	item := Item{
		"bytes": blob("ab"), "blobs": &types.AttributeValueMemberBS{Value: [][]byte{[]byte("ab")}},
		"nested": list(mapOf("k", blob("ab"))), "any": list(blob("ab")), "sum": blob("abcd"),
	}
	rec := &wide{}
	require.NoError(t, mustCompile[wide]().Decode(item, rec))
	rec.Bytes[0], rec.Blobs[0][0], rec.Nested[0]["k"][0], as[[]byte](t, as[[]any](t, rec.Any)[0])[0] = 'x', 'x', 'x', 'x'
	again := &wide{}
	require.NoError(t, mustCompile[wide]().Decode(item, again))
	require.True(t, bytes.Equal([]byte("ab"), again.Bytes) && bytes.Equal([]byte("ab"), again.Blobs[0]))
	require.Equal(t, []byte("ab"), again.Nested[0]["k"])
	require.Equal(t, []any{[]byte("ab")}, again.Any)
}

func TestCanonicalNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "0.00": "0", "0E999999999999999999999": "0", "+1": "1", "007": "7", "1.0": "1", "-1.50": "-1.5",
		"1E3": "1000", "1e-3": "0.001", "12.34e1": "123.4", "100": "100", ".5": "0.5",
		"9.9999999999999999999999999999999999999E+125": strings.Repeat("9", 38) + strings.Repeat("0", 88),
		"1E-130": "0." + strings.Repeat("0", 129) + "1",
	} {
		got, err := canonicalNumber(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{"", "-", "+", ".", "1.", "e5", "1e", "1e+", "1e+-5", "1_0", " 1", "1 ", "0x1", "NaN", "Inf", "1,5", "1E126", "1E-131", "1e999999999999999999999", strings.Repeat("1", 39), "--1"} {
		_, err := canonicalNumber(in)
		require.Error(t, err, in)
	}
}
