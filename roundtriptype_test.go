package theorydb_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

type (
	color string
	level int16

	// Common is embedded; its fields are attributes of the record.
	Common struct {
		Shared string
		Seen   time.Time
	}
	// More is embedded as a pointer.
	More struct {
		Extra  string
		Extras []string
	}
	nested struct {
		Name  string
		At    time.Time
		Count *int
		Marks []string `theorydb:"set"`
		Inner map[string]color
		Skip  string `theorydb:"omitempty"`
	}
	document struct {
		B    string
		A    []int
		Deep map[string]any
	}
	// coordinates bring their own marshaler.
	coordinates struct{ X, Y int64 }
)

// MarshalDynamoDBAttributeValue stores both numbers in one text.
func (c coordinates) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return str(strconv.FormatInt(c.X, 10) + "/" + strconv.FormatInt(c.Y, 10)), nil
}

// UnmarshalDynamoDBAttributeValue is the way back.
func (c *coordinates) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	text, ok := av.(*types.AttributeValueMemberS)
	if !ok {
		return errors.New("coordinates are a text")
	}
	x, y, _ := bytes.Cut([]byte(text.Value), []byte("/"))
	return errors.Join(json.Unmarshal(x, &c.X), json.Unmarshal(y, &c.Y))
}

// everything has a field of each type that a record may have.
type everything struct {
	_ theorydb.Entity `theorydb:"name:Everything"`
	_ theorydb.Key    `theorydb:"pk" key:"ALL#{owner}"`
	_ theorydb.Key    `theorydb:"sk" key:"ROW#{row|int}"`

	Owner string
	Row   int64
	Common
	*More

	Text       string
	Named      color
	Omitted    string `theorydb:"omitempty"`
	I          int
	I8         int8
	I16        int16
	I32        int32
	I64        int64
	U          uint
	U8         uint8
	U16        uint16
	U32        uint32
	U64        uint64
	NamedInt   level
	F32        float32
	F64        float64
	Bool       bool
	Bytes      []byte
	Digest     [4]byte
	Triple     [3]int16
	When       time.Time
	Later      *time.Time
	PText      *string
	PInt       *int
	PBool      *bool
	PNested    *nested
	List       []string
	Matrix     [][]int
	Pointers   []*string
	Times      []time.Time
	Structs    []nested
	Mapping    map[string]int
	Lists      map[string][]string
	Sections   map[string]nested
	Pointed    map[string]*int
	Tags       []string  `theorydb:"set"`
	Colors     []color   `theorydb:"set"`
	Numbers    []int     `theorydb:"set"`
	Floats     []float64 `theorydb:"set"`
	Blobs      [][]byte  `theorydb:"set"`
	Nested     nested
	Document   document       `theorydb:"json"`
	Free       map[string]any `theorydb:"json"`
	PDocument  *document      `theorydb:"json"`
	Address    netip.Addr
	Place      coordinates
	Places     []coordinates
	Anything   any
	Decimal    attributevalue.Number
	Expiry     time.Time `theorydb:"ttl"`
	Version    int64     `theorydb:"version"`
	CreatedAt  time.Time `theorydb:"created_at"`
	UpdatedAt  time.Time `theorydb:"updated_at"`
	Everywhere string    `theorydb:"-"`
}

// fieldsOfEverything may be named in Fields; their attributes have the same names but for the capital, apart from the ttl.
var fieldsOfEverything = []string{
	"Shared", "Seen", "Text", "Named", "Omitted", "I", "I8", "I16", "I32", "I64", "U", "U8", "U16", "U32", "U64", "NamedInt",
	"F32", "F64", "Bool", "Bytes", "Digest", "Triple", "When", "Later", "PText", "PInt", "PBool", "PNested", "List", "Matrix",
	"Pointers", "Times", "Structs", "Mapping", "Lists", "Sections", "Pointed", "Tags", "Colors", "Numbers", "Floats", "Blobs",
	"Nested", "Document", "Free", "PDocument", "Address", "Place", "Places", "Anything", "Decimal", "Expiry",
}

// drawEverything draws a record, and the form in which it must be read back.
func drawEverything(t *rapid.T, future time.Time) (given, want everything) {
	free, freeWant := drawJSONObject(t)
	anything, anythingWant := drawAny(t, 2)
	given = everything{
		Owner: "o", Common: Common{drawnText.Draw(t, "shared"), drawnTime.Draw(t, "seen")},
		Text: drawnText.Draw(t, "text"), Named: color(drawnText.Draw(t, "named")), Omitted: drawnText.Draw(t, "omitted"),
		I: rapid.Int().Draw(t, "i"), I8: rapid.Int8().Draw(t, "i8"), I16: rapid.Int16().Draw(t, "i16"), I32: rapid.Int32().Draw(t, "i32"),
		I64: rapid.Int64().Draw(t, "i64"), U: rapid.Uint().Draw(t, "u"), U8: rapid.Uint8().Draw(t, "u8"), U16: rapid.Uint16().Draw(t, "u16"),
		U32: rapid.Uint32().Draw(t, "u32"), U64: rapid.Uint64().Draw(t, "u64"), NamedInt: level(rapid.Int16().Draw(t, "level")),
		F32: rapid.Float32().Draw(t, "f32"), F64: drawnFloat.Draw(t, "f64"), Bool: rapid.Bool().Draw(t, "bool"), Bytes: drawnBytes.Draw(t, "bytes"),
		Digest: [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "digest")), Triple: [3]int16(rapid.SliceOfN(rapid.Int16(), 3, 3).Draw(t, "triple")),
		When: drawnTime.Draw(t, "when"), Later: rapid.Ptr(drawnTime, true).Draw(t, "later"), PText: rapid.Ptr(drawnText, true).Draw(t, "ptext"),
		PInt: rapid.Ptr(rapid.Int(), true).Draw(t, "pint"), PBool: rapid.Ptr(rapid.Bool(), true).Draw(t, "pbool"),
		PNested: rapid.Ptr(someNested, true).Draw(t, "pnested"), List: listOf(drawnText).Draw(t, "list"), Matrix: listOf(listOf(rapid.Int())).Draw(t, "matrix"),
		Pointers: listOf(rapid.Ptr(drawnText, true)).Draw(t, "pointers"), Times: listOf(drawnTime).Draw(t, "times"), Structs: listOf(someNested).Draw(t, "structs"),
		Mapping: mapOf(rapid.Int()).Draw(t, "mapping"), Lists: mapOf(listOf(drawnText)).Draw(t, "lists"), Sections: mapOf(someNested).Draw(t, "sections"),
		Pointed: mapOf(rapid.Ptr(rapid.Int(), true)).Draw(t, "pointed"), Tags: listOf(drawnText).Draw(t, "tags"),
		Colors: listOf(rapid.Map(drawnText, func(s string) color { return color(s) })).Draw(t, "colors"), Numbers: listOf(rapid.IntRange(-3, 11)).Draw(t, "numbers"),
		Floats: listOf(drawnFloat).Draw(t, "floats"), Blobs: listOf(rapid.SliceOfN(rapid.Byte(), 0, 2)).Draw(t, "blobs"), Nested: someNested.Draw(t, "nested"),
		Document: someDocument.Draw(t, "document"), Free: free, PDocument: rapid.Ptr(someDocument, true).Draw(t, "pdocument"),
		Address: rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fe80::1%eth0")}).Draw(t, "address"),
		Place:   coordinates{rapid.Int64().Draw(t, "x"), 2}, Places: listOf(rapid.Just(coordinates{3, 4})).Draw(t, "places"), Anything: anything,
		Decimal:    rapid.SampledFrom([]attributevalue.Number{"0", "-1.5", "12345678901234567890123456789012345678", "0.0000000001"}).Draw(t, "decimal"),
		Expiry:     rapid.SampledFrom([]time.Time{{}, future, future.In(time.FixedZone("", 3600)).Add(999)}).Draw(t, "expiry"),
		Everywhere: "kept",
	}
	if rapid.Bool().Draw(t, "more") {
		given.More = &More{drawnText.Draw(t, "extra"), listOf(drawnText).Draw(t, "extras")}
	}
	want = normalForm(given)
	want.Free, want.Anything = freeWant, anythingWant
	return given, want
}

// normalForm says the documented rules again: what is read where that is not what was given.
func normalForm(r everything) everything {
	r.Seen, r.When = r.Seen.UTC(), r.When.UTC()
	switch {
	case r.Later == nil:
	case r.Later.IsZero(): // a zero time is absent
		r.Later = nil
	default:
		r.Later = ptr(r.Later.UTC())
	}
	r.Times = slices.Clone(r.Times)
	for i, moment := range r.Times {
		r.Times[i] = moment.UTC()
	}
	r.Tags, r.Colors, r.Numbers = setOf(r.Tags), setOf(r.Colors), setOf(r.Numbers)
	r.Floats = setOf(r.Floats)
	r.Blobs = slices.CompactFunc(slices.SortedFunc(slices.Values(r.Blobs), bytes.Compare), bytes.Equal)
	r.Nested = normalNested(r.Nested)
	if r.PNested != nil {
		r.PNested = ptr(normalNested(*r.PNested))
	}
	r.Structs = slices.Clone(r.Structs)
	for i, n := range r.Structs {
		r.Structs[i] = normalNested(n)
	}
	if r.Sections != nil {
		sections := map[string]nested{}
		for name, n := range r.Sections {
			sections[name] = normalNested(n)
		}
		r.Sections = sections
	}
	r.Expiry = r.Expiry.UTC().Truncate(time.Second)
	return r
}

func normalNested(n nested) nested {
	n.At, n.Marks = n.At.UTC(), setOf(n.Marks)
	return n
}

// setOf is sorted and without duplicates, and nil when it is empty.
func setOf[T cmp.Ordered](members []T) []T {
	return slices.Compact(slices.Sorted(slices.Values(members)))
}

var (
	drawnText  = rapid.StringOfN(rapid.RuneFrom([]rune("aZ09#%\x00\x7fé漢\U00010348\u2028<&\ufffd")), 0, 4, -1)
	drawnBytes = rapid.OneOf(rapid.Just[[]byte](nil), rapid.SliceOfN(rapid.Byte(), 0, 4))
	drawnTime  = rapid.Custom(func(t *rapid.T) time.Time {
		zone := time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
		return rapid.SampledFrom([]time.Time{
			{},
			time.Unix(0, 0), time.Unix(1_700_000_000, rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).In(zone),
			time.Date(0, 1, 2, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 30, 0, 0, 0, 0, zone),
		}).Draw(t, "moment")
	})
	// drawnFloat is what DynamoDB can hold; negative zero is among it.
	drawnFloat = rapid.Map(rapid.Float64(), func(f float64) float64 {
		if magnitude := math.Abs(f); magnitude >= 1e126 || magnitude < 1e-130 {
			return math.Copysign(0, f)
		}
		return f
	})
	someNested = rapid.Custom(func(t *rapid.T) nested {
		return nested{
			drawnText.Draw(t, "name"), drawnTime.Draw(t, "at"), rapid.Ptr(rapid.Int(), true).Draw(t, "count"), listOf(drawnText).Draw(t, "marks"),
			mapOf(rapid.SampledFrom([]color{"", "red"})).Draw(t, "inner"), drawnText.Draw(t, "skip"),
		}
	})
	someDocument = rapid.Custom(func(t *rapid.T) document {
		return document{drawnText.Draw(t, "b"), listOf(rapid.Int()).Draw(t, "a"), rapid.SampledFrom([]map[string]any{nil, {}, {"x": json.Number("1.50"), "a": []any{nil, true, "<"}}}).Draw(t, "deep")}
	})
)

// listOf draws nil, empty and filled slices.
func listOf[T any](element *rapid.Generator[T]) *rapid.Generator[[]T] {
	return rapid.OneOf(rapid.Just[[]T](nil), rapid.SliceOfN(element, 0, 3))
}

// mapOf draws nil, empty and filled maps.
func mapOf[T any](element *rapid.Generator[T]) *rapid.Generator[map[string]T] {
	key := rapid.SampledFrom([]string{"a", "B", "é", "#:", "\x00"})
	return rapid.OneOf(rapid.Just[map[string]T](nil), rapid.MapOfN(key, element, 0, 2))
}

// drawJSONObject draws a value of a json attribute: numbers are read with every digit.
func drawJSONObject(t *rapid.T) (given, want map[string]any) {
	if rapid.Bool().Draw(t, "nil object") {
		return nil, nil
	}
	s, n := drawnText.Draw(t, "string"), rapid.Int().Draw(t, "number")
	return map[string]any{"s": s, "n": n, "l": []any{1.5, nil}},
		map[string]any{"s": s, "n": json.Number(strconv.Itoa(n)), "l": []any{json.Number("1.5"), nil}}
}

// drawAny draws a value of an attribute of type any, and what is read for it: numbers as exact decimals, times as
// their text, lists and maps of any.
func drawAny(t *rapid.T, depth int) (given, want any) {
	switch rapid.IntRange(0, 8+depth).Draw(t, "kind") {
	case 0:
		return nil, nil
	case 1:
		n := rapid.Int64().Draw(t, "int")
		return n, attributevalue.Number(strconv.FormatInt(n, 10))
	case 2:
		n := rapid.Uint64().Draw(t, "uint")
		return n, attributevalue.Number(strconv.FormatUint(n, 10))
	case 3:
		return 0.1, attributevalue.Number("0.1")
	case 4:
		b := rapid.Bool().Draw(t, "bool")
		return b, b
	case 5:
		b := rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "bytes")
		return b, b
	case 6:
		return time.Unix(1, 5).In(time.FixedZone("", 60)), "1970-01-01T00:00:01.000000005Z"
	case 7:
		return []color{"red", ""}, []any{"red", ""}
	case 8:
		s := drawnText.Draw(t, "string")
		return s, s
	case 9:
		inner, innerWant := drawAny(t, depth-1)
		return []any{inner, nil}, []any{innerWant, nil}
	}
	inner, innerWant := drawAny(t, depth-1)
	return map[string]any{"a": inner}, map[string]any{"a": innerWant}
}
