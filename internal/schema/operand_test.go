package schema

import (
	"math"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestOperandsConvertWithoutLoss(t *testing.T) {
	plan := mustCompile[wide]()
	at := time.Date(2023, 11, 14, 22, 13, 20, 7, time.UTC)
	s, n := "p", int64(5)
	ss := func(texts ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: texts} }
	ns := func(texts ...string) types.AttributeValue { return &types.AttributeValueMemberNS{Value: texts} }
	for _, c := range []struct {
		attr  string
		value any
		want  types.AttributeValue
	}{
		{"text", "a", text("a")},
		{"text", status("a"), text("a")},
		{"text", &s, text("p")},
		{"status", "on", text("on")},
		{"int64", 5, number("5")},
		{"int64", uint8(5), number("5")},
		{"int64", &n, number("5")},
		{"uint8", 255, number("255")},
		{"uint64", 5, number("5")},
		{"wait", time.Second, number("1000000000")},
		{"wait", 5, number("5")},
		{"float64", 5, number("5")},
		{"float64", float32(0.5), number("0.5")},
		{"float32", 0.1, number("0.1")},
		{"float64", 0.1, number("0.1")},
		{"bool", true, &types.AttributeValueMemberBOOL{Value: true}},
		{"bytes", []byte("x"), blob("x")},
		{"at", at, text("2023-11-14T22:13:20.000000007Z")},
		{"at", &at, text("2023-11-14T22:13:20.000000007Z")},
		{"moment", at, text("2023-11-14T22:13:20.000000007Z")},
		{"ttl", at, number("1700000000")},
		{"ttl", 1700000000, number("1700000000")},
		{"ttl", int64(1700000000), number("1700000000")},
		{"decimal", 5, number("5")},
		{"decimal", attributevalue.Number("1.50"), number("1.5")},
		{"decimal", 0.1, number("0.1")},
		{"pointer", "p", text("p")},
		{"list", []status{"a"}, list(text("a"))},
		{"levels", []string{"b", "a"}, ss("a", "b")},
		{"numbers", []int64{3, 2}, ns("2", "3")},
		{"numbers", []any{3, 2}, ns("2", "3")},
		{"amounts", []float32{1}, list(number("1"))},
		{"any", 5, number("5")},
		{"any", "a", text("a")},
		{"inner", inner{UserID: "u"}, mapOf("userID", text("u"))},
		{"innerPtr", inner{UserID: "u"}, mapOf("userID", text("u"))},
		{"doc", map[string]any{"a": 1}, text(`{"a":1}`)},
		{"heat", celsius{1}, mapOf("c", number("1"))},
	} {
		got, err := plan.Attribute(c.attr).Encode(c.value)
		require.NoError(t, err, "%s %T", c.attr, c.value)
		require.Empty(t, cmp.Diff(c.want, got, avOptions), "%s %T", c.attr, c.value)
	}
	var missing *string
	for _, c := range []struct {
		attr  string
		value any
	}{
		{"text", nil},
		{"text", 5},
		{"text", []byte("x")},
		{"text", missing},
		{"text", attributevalue.Number("5")},
		{"text", "\xff"},
		{"text", at},
		{"int64", "5"},
		{"int64", 5.0},
		{"int64", uint64(math.MaxUint64)},
		{"int8", 128},
		{"uint8", -1},
		{"int64", true},
		{"bool", 1},
		{"bool", "true"},
		{"float64", int64(1<<53 + 1)},
		{"float32", 1e300},
		{"float32", 0.123456789},
		{"float64", math.NaN()},
		{"float64", "1"},
		{"at", "2023-11-14T22:13:20Z"},
		{"at", time.Time{}},
		{"at", 5},
		{"ttl", "5"},
		{"ttl", 5.5},
		{"ttl", time.Time{}},
		{"decimal", "5"},
		{"decimal", math.Inf(1)},
		{"decimal", attributevalue.Number("x")},
		{"list", "a"},
		{"list", []int{1}},
		{"list", []string(nil)},
		{"texts", []string{}},
		{"inner", device{}},
		{"heat", 5},
		{"any", nil},
		{"any", make(chan int)},
		{"anything", map[string]string{}},
		{"bytes", "x"},
	} {
		_, err := plan.Attribute(c.attr).Encode(c.value)
		var value *ValueError
		require.ErrorAs(t, err, &value, "%s %T", c.attr, c.value)
		require.Equal(t, c.attr, value.Attr)
	}
}

func TestElementsAreEncodedByTheElementsType(t *testing.T) {
	plan := mustCompile[wide]()
	for _, c := range []struct {
		attr  string
		value any
		want  types.AttributeValue
	}{
		{"text", "a", text("a")},
		{"pointer", "a", text("a")},
		{"list", "a", text("a")},
		{"levels", "a", text("a")},
		{"numbers", 5, number("5")},
		{"blobs", []byte("x"), blob("x")},
		{"any", 5, number("5")},
		{"pair", 5, number("5")},
	} {
		got, err := plan.Attribute(c.attr).EncodeElement(c.value)
		require.NoError(t, err, c.attr)
		require.Empty(t, cmp.Diff(c.want, got, avOptions), c.attr)
	}
	for _, c := range []struct {
		attr  string
		value any
	}{{"int", 5}, {"inner", "a"}, {"anything", "a"}, {"at", "a"}, {"numbers", "5"}, {"list", nil}, {"doc", "a"}} {
		_, err := plan.Attribute(c.attr).EncodeElement(c.value)
		require.ErrorIs(t, err, ErrInvalidValue, c.attr)
	}
}

func TestAttributesGiveTheTextOfTheirKey(t *testing.T) {
	plan := mustCompile[wide]()
	for _, c := range []struct {
		attr string
		av   types.AttributeValue
		want string
	}{
		{"text", text("a#"), "a#"},
		{"int64", number("1E2"), "100"},
		{"uint64", number("18446744073709551615"), "18446744073709551615"},
		{"ttl", number("-5"), "-5"},
		{"at", text("2023-11-14T23:13:20+01:00"), "2023-11-14T22:13:20.000000000Z"},
		{"addr", text("10.0.0.1"), "10.0.0.1"},
		{"text", nil, ""},
	} {
		got, err := plan.Attribute(c.attr).Text(c.av)
		require.NoError(t, err, c.attr)
		require.Equal(t, c.want, got, c.attr)
	}
	for attr, av := range map[string]types.AttributeValue{
		"text": number("1"), "int64": number("1.5"), "uint64": number("-1"), "at": text("x"), "list": list(), "bool": &types.AttributeValueMemberBOOL{}, "status": text("\xff"),
	} {
		_, err := plan.Attribute(attr).Text(av)
		require.ErrorIs(t, err, ErrInvalidValue, attr)
	}
}
