package schema

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

type (
	sparse struct {
		ID      string                `theorydb:"pk"`
		Text    string                `theorydb:"omitempty"`
		Int     int                   `theorydb:"omitempty"`
		Uint    uint8                 `theorydb:"omitempty"`
		Float   float64               `theorydb:"omitempty"`
		Bool    bool                  `theorydb:"omitempty"`
		Bytes   []byte                `theorydb:"omitempty"`
		Sum     [2]byte               `theorydb:"omitempty"`
		At      time.Time             `theorydb:"omitempty"`
		Expires time.Time             `theorydb:"ttl,omitempty"`
		Decimal attributevalue.Number `theorydb:"omitempty"`
		Pointer *string               `theorydb:"omitempty"`
		List    []string              `theorydb:"omitempty"`
		Pair    [2]int                `theorydb:"omitempty"`
		Set     []string              `theorydb:"omitempty,set"`
		Numbers []int                 `theorydb:"omitempty,set"`
		Map     map[string]string     `theorydb:"omitempty"`
		Maps    map[string]int        `theorydb:"omitempty"`
		Inner   device                `theorydb:"omitempty"`
		Any     any                   `theorydb:"omitempty"`
		Doc     map[string]any        `theorydb:"omitempty,json"`
		Shape   device                `theorydb:"omitempty,json"`
		Addr    netip.Addr            `theorydb:"omitempty"`
		Big     big.Int               `theorydb:"omitempty"`
		Heat    celsius               `theorydb:"omitempty"`
		Clock   clock                 `theorydb:"omitempty"`
	}
	// clock says itself what zero is.
	clock struct{ Ticks, Limit int }
)

func (c clock) IsZero() bool { return c.Ticks == 0 }

func TestOmitEmptyLeavesOutWhatIsEmpty(t *testing.T) {
	plan := mustCompile[sparse]()
	for name, rec := range map[string]*sparse{
		"zero":  {ID: "1"},
		"empty": {ID: "1", Bytes: []byte{}, List: []string{}, Set: []string{}, Map: map[string]string{}, Maps: map[string]int{}, Doc: map[string]any{}, Any: "", Clock: clock{Limit: 5}, Expires: time.Unix(0, 5)},
	} {
		item, err := plan.Encode(rec)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(Item{"id": text("1")}, item, avOptions), name)
	}
	empty := ""
	full := &sparse{
		ID: "1", Text: "x", Int: 1, Uint: 1, Float: 1, Bool: true, Bytes: []byte{1}, Sum: [2]byte{1}, At: time.Unix(1, 0), Expires: time.Unix(1, 0), Decimal: "0", Pointer: &empty,
		List: []string{""}, Pair: [2]int{1}, Set: []string{""}, Numbers: []int{0}, Map: map[string]string{"a": ""}, Maps: map[string]int{"a": 0}, Inner: device{Name: "x"}, Any: 1,
		Doc: map[string]any{"a": nil}, Shape: device{Name: "x"}, Addr: netip.MustParseAddr("::1"), Big: *big.NewInt(1), Heat: celsius{1}, Clock: clock{Ticks: 1},
	}
	item, err := plan.Encode(full)
	require.NoError(t, err)
	require.Len(t, item, len(plan.Attributes))
	for _, a := range plan.Attributes[1:] {
		require.True(t, a.IsZero(&sparse{}), a.Name)
		require.False(t, a.IsZero(full), a.Name)
	}
	read := &sparse{}
	require.NoError(t, plan.Decode(item, read))
	again, err := plan.Encode(read)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(item, again, avOptions))
}

func TestEmptyIsNotZeroWhereItIsStored(t *testing.T) {
	type model struct {
		ID    string            `theorydb:"pk"`
		List  []string          `theorydb:"required"`
		Bytes []byte            `theorydb:"required"`
		Map   map[string]string `theorydb:"required"`
		Set   []string          `theorydb:"set,required"`
	}
	plan := mustCompile[model]()
	_, err := plan.Encode(&model{ID: "1", List: []string{}, Bytes: []byte{}, Map: map[string]string{}, Set: []string{"a"}})
	require.NoError(t, err)
	for _, rec := range []*model{
		{Bytes: []byte{}, Map: map[string]string{}, Set: []string{"a"}},
		{List: []string{}, Map: map[string]string{}, Set: []string{"a"}},
		{List: []string{}, Bytes: []byte{}, Set: []string{"a"}},
		{List: []string{}, Bytes: []byte{}, Map: map[string]string{}, Set: []string{}},
	} {
		_, err := plan.Encode(rec)
		require.ErrorContains(t, err, "is required")
	}
}

func TestAnyReadsEveryStoredType(t *testing.T) {
	plan := mustCompile[wide]()
	for _, c := range []struct {
		av   types.AttributeValue
		want any
	}{
		{text("a"), "a"},
		{number("1E2"), attributevalue.Number("100")},
		{blob("a"), []byte("a")},
		{&types.AttributeValueMemberBOOL{Value: true}, true},
		{&types.AttributeValueMemberNULL{Value: true}, nil},
		{list(text("a"), &types.AttributeValueMemberNULL{Value: true}), []any{"a", nil}},
		{mapOf("a", list()), map[string]any{"a": []any{}}},
		{&types.AttributeValueMemberSS{Value: []string{"b", "a"}}, []string{"a", "b"}},
		{&types.AttributeValueMemberNS{Value: []string{"10", "9"}}, []attributevalue.Number{"9", "10"}},
		{&types.AttributeValueMemberBS{Value: [][]byte{{2}, {1}}}, [][]byte{{1}, {2}}},
	} {
		rec := &wide{Any: "old"}
		require.NoError(t, plan.Decode(Item{"any": c.av}, rec))
		require.Equal(t, c.want, rec.Any)
	}
	deep := text("x")
	for range 33 {
		deep = list(deep)
	}
	for _, av := range []types.AttributeValue{
		&types.AttributeValueMemberSS{Value: []string{"\xff"}}, &types.AttributeValueMemberNS{Value: []string{"x"}}, mapOf("\xff", text("a")), list(text("\xff")),
		mapOf("a", text("\xff")), deep, mapOf("a", deep), &types.UnknownUnionMember{Tag: "X"},
	} {
		require.ErrorIs(t, plan.Decode(Item{"any": av}, &wide{}), ErrInvalidValue)
	}
}

func TestRecordsReadNumberTextAndWholeFloats(t *testing.T) {
	plan := mustCompileDocument(t, orderDocument)
	for _, c := range []struct {
		attr  string
		value any
		want  types.AttributeValue // nil for a refusal
	}{
		{"number", json.Number("7"), number("7")},
		{"number", attributevalue.Number("7.0"), number("7")},
		{"number", json.Number("-7"), nil},
		{"number", -7.0, nil},
		{"number", 7.0, number("7")},
		{"number", 1e17, nil},
		{"version", json.Number("1e3"), number("1000")},
		{"version", -5.0, number("-5")},
		{"version", json.Number("1.5"), nil},
		{"version", uint64(1 << 63), nil},
		{"rate", json.Number("1.50"), number("1.5")},
		{"rate", json.Number("1e400"), nil},
		{"rate", "1.5", nil},
		{"amount", json.Number("1.50"), number("1.5")},
		{"amount", 7, number("7")},
		{"amount", 0.5, number("0.5")},
		{"open", json.Number("1"), nil},
		{"ttl", "2023-11-14T22:13:20.9Z", number("1700000000")},
		{"ttl", "soon", nil},
		{"tags", []string{"b", "b"}, &types.AttributeValueMemberSS{Value: []string{"b"}}},
		{"tags", []any{nil}, nil},
		{"lines", []string{"a"}, list(text("a"))},
		{"profile", device{Name: "n"}, mapOf("name", text("n"), "agent", text(""))},
	} {
		got, err := plan.Attribute(c.attr).Encode(c.value)
		if c.want == nil {
			require.ErrorIs(t, err, ErrInvalidValue, "%s %T", c.attr, c.value)
			continue
		}
		require.NoError(t, err, "%s %T", c.attr, c.value)
		require.Empty(t, cmp.Diff(c.want, got, avOptions), "%s %T", c.attr, c.value)
	}
	for attr, element := range map[string]any{"tenant": "a", "tags": "a", "lines": "a"} {
		got, err := plan.Attribute(attr).EncodeElement(element)
		require.NoError(t, err)
		require.Equal(t, text("a"), got)
	}
	for attr, element := range map[string]any{"doc": "a", "rate": 1, "tags": 5, "codes": nil, "profile": "a", "paidAt": "a"} {
		_, err := plan.Attribute(attr).EncodeElement(element)
		require.ErrorIs(t, err, ErrInvalidValue, attr)
	}
	for _, rec := range []any{nil, record{}, (*record)(nil), &map[string]any{}} {
		_, err := plan.Encode(rec)
		require.ErrorIs(t, err, ErrInvalidValue)
	}
	require.Equal(t, reflect.TypeFor[*record](), reflect.TypeOf(plan.New()))
}
