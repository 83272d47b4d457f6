package schema

import (
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	drawnFloat = rapid.Float64Range(-1e125, 1e125).Filter(func(f float64) bool { return f == 0 || math.Abs(f) >= 1e-130 })
	drawnTime  = rapid.Custom(func(t *rapid.T) time.Time {
		zone := time.FixedZone("", rapid.IntRange(-50000, 50000).Draw(t, "zone"))
		at := time.Unix(rapid.Int64Range(-62000000000, 253000000000).Draw(t, "seconds"), rapid.Int64Range(0, 999999999).Draw(t, "nanos")).In(zone)
		return rapid.SampledFrom([]time.Time{{}, at, at}).Draw(t, "time")
	})
	drawnNumber = rapid.Custom(func(t *rapid.T) attributevalue.Number {
		return attributevalue.Number(strconv.FormatInt(rapid.Int64().Draw(t, "digits"), 10) + "E" + strconv.Itoa(rapid.IntRange(-100, 100).Draw(t, "exponent")))
	})
	drawnBytes = rapid.SliceOfN(rapid.Byte(), 0, 5)
	drawnAny   = rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.String(), toAny), rapid.Map(rapid.Int(), toAny), rapid.Map(drawnBytes, toAny),
		rapid.Map(rapid.Bool(), toAny), rapid.Map(rapid.SliceOfN(drawnFloat, 0, 3), toAny),
		rapid.Map(rapid.MapOfN(rapid.StringN(1, 4, 9), rapid.Map(drawnNumber, toAny), 0, 3), toAny),
	)
)

func toAny[T any](x T) any { return x }

func nilOr[T any](t *rapid.T, g *rapid.Generator[T], name string) *T {
	if rapid.Bool().Draw(t, name+" is nil") {
		return nil
	}
	x := g.Draw(t, name)
	return &x
}

func drawInner(t *rapid.T) inner {
	return inner{
		UserID: rapid.String().Draw(t, "userID"), Tags: drawSlice(t, rapid.String(), "tags"), Seen: drawnTime.Draw(t, "seen"),
		Note: nilOr(t, rapid.String(), "note"), Raw: rapid.SampledFrom([]any{nil, "<", true, []any{json.Number("1")}}).Draw(t, "raw"),
	}
}

func drawSlice[T any](t *rapid.T, g *rapid.Generator[T], name string) []T {
	if rapid.Bool().Draw(t, name+" is nil") {
		return nil
	}
	return rapid.SliceOfN(g, 0, 4).Draw(t, name)
}

func drawWide(t *rapid.T) *wide {
	w := &wide{
		ID: "1", Text: rapid.String().Draw(t, "text"), Status: status(rapid.String().Draw(t, "status")), Int: rapid.Int().Draw(t, "int"),
		Int8: rapid.Int8().Draw(t, "int8"), Int64: rapid.Int64().Draw(t, "int64"), Uint8: rapid.Uint8().Draw(t, "uint8"), Uint64: rapid.Uint64().Draw(t, "uint64"),
		Float32: rapid.Float32().Draw(t, "float32"), Float64: drawnFloat.Draw(t, "float64"), Bool: rapid.Bool().Draw(t, "bool"), Bytes: drawSlice(t, rapid.Byte(), "bytes"),
		At: drawnTime.Draw(t, "at"), Expires: drawnTime.Draw(t, "expires"), Wait: time.Duration(rapid.Int64().Draw(t, "wait")),
		Decimal: drawnNumber.Draw(t, "decimal"), JSONNum: json.Number(drawnNumber.Draw(t, "jsonNum")), Pointer: nilOr(t, rapid.String(), "pointer"), Moment: nilOr(t, drawnTime, "moment"),
		List: drawSlice(t, rapid.String(), "list"), Pointers: drawSlice(t, rapid.Ptr(rapid.Int(), true), "pointers"), Pair: [2]uint16{rapid.Uint16().Draw(t, "pair")},
		Nested:  drawSlice(t, rapid.MapOfN(rapid.StringN(1, 4, 9), drawnBytes, 0, 3), "nested"),
		Amounts: amounts(drawSlice(t, rapid.Float32(), "amounts")), Texts: drawSlice(t, rapid.String(), "texts"), Levels: []status{"b", "a", "b"}, Numbers: drawSlice(t, rapid.Int(), "numbers"),
		Floats: drawSlice(t, drawnFloat, "floats"),
		Exact:  drawSlice(t, drawnNumber, "exact"), Blobs: drawSlice(t, drawnBytes, "blobs"),
		Inner: drawInner(t), ByName: map[status]inner{"a": drawInner(t)}, Any: drawnAny.Draw(t, "any"),
		Anything: rapid.MapOfN(rapid.StringN(1, 4, 9), drawnAny, 0, 3).Draw(t, "anything"), Doc: map[string]any{rapid.String().Draw(t, "doc"): rapid.String().Draw(t, "doc value")},
		Shape: device{Name: rapid.String().Draw(t, "shape")}, Addr: netip.AddrFrom4([4]byte{1, 2, 3, rapid.Byte().Draw(t, "addr")}), Big: big.NewInt(rapid.Int64().Draw(t, "big")),
		Heat: celsius{float64(rapid.IntRange(-200, 200).Draw(t, "heat"))}, Maybe: rapid.String().Draw(t, "maybe"), Embedded: Embedded{Deep: rapid.Int32().Draw(t, "deep")},
	}
	if rapid.Bool().Draw(t, "inner pointer") {
		i := drawInner(t)
		w.InnerPtr = &i
	}
	copy(w.Sum[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "sum"))
	return w
}

// normal gives the documented normal form of w: what a read gives after w was
// written. It is written down by hand, type by type, without the codec.
func normal(w *wide) *wide {
	n := *w
	n.Float32, n.Float64 = w.Float32+0, w.Float64+0 // no negative zero
	n.At, n.Expires = normalTime(w.At), normalTime(w.Expires.Truncate(0))
	if n.Expires = time.Unix(w.Expires.Unix(), 0).UTC(); w.Expires.IsZero() || w.Expires.Unix() == 0 {
		n.Expires = time.Time{}
	}
	n.Decimal, n.JSONNum = normalNumber(w.Decimal), json.Number(normalNumber(attributevalue.Number(w.JSONNum)))
	if w.Moment != nil && w.Moment.IsZero() {
		n.Moment = nil
	} else if w.Moment != nil {
		at := w.Moment.UTC()
		n.Moment = &at
	}
	n.Amounts = slices.Clone(w.Amounts)
	for i := range n.Amounts {
		n.Amounts[i] += 0
	}
	n.Texts, n.Levels, n.Numbers = normalSet(w.Texts), normalSet(w.Levels), normalSet(w.Numbers)
	n.Floats = normalSet(w.Floats)
	for i := range n.Floats {
		n.Floats[i] += 0
	}
	n.Exact = nil
	for _, x := range w.Exact {
		n.Exact = append(n.Exact, normalNumber(x))
	}
	slices.SortFunc(n.Exact, func(a, b attributevalue.Number) int { return rat(a).Cmp(rat(b)) })
	n.Exact = slices.Compact(n.Exact)
	n.Blobs = slices.SortedFunc(slices.Values(w.Blobs), slices.Compare[[]byte])
	n.Blobs = slices.CompactFunc(n.Blobs, func(a, b []byte) bool { return slices.Equal(a, b) })
	if len(n.Blobs) == 0 {
		n.Blobs = nil
	}
	n.Inner = normalInner(w.Inner)
	if w.InnerPtr != nil {
		i := normalInner(*w.InnerPtr)
		n.InnerPtr = &i
	}
	n.ByName = map[status]inner{"a": normalInner(w.ByName["a"])}
	n.Any = normalAny(w.Any)
	n.Anything = map[string]any{}
	for k, x := range w.Anything {
		n.Anything[k] = normalAny(x)
	}
	return &n
}

func rat(n attributevalue.Number) *big.Rat {
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		panic("not a number")
	}
	return r
}

// normalNumber writes a number plainly by way of math/big.
func normalNumber(n attributevalue.Number) attributevalue.Number {
	if n == "" {
		return n
	}
	r := rat(n)
	if r.IsInt() {
		return attributevalue.Number(r.Num().String())
	}
	digits := r.FloatString(180)
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return attributevalue.Number(digits)
}

func normalTime(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

func normalSet[T string | status | int | float64](set []T) []T {
	sorted := slices.Compact(slices.Sorted(slices.Values(set)))
	if len(sorted) == 0 {
		return nil
	}
	return sorted
}

func normalInner(i inner) inner {
	i.Tags, i.Seen, i.Skip = normalSet(i.Tags), normalTime(i.Seen), ""
	return i
}

func normalAny(x any) any {
	switch x := x.(type) {
	case int:
		return attributevalue.Number(strconv.Itoa(x))
	case []float64:
		list := []any{}
		for _, f := range x {
			list = append(list, normalNumber(attributevalue.Number(strconv.FormatFloat(f+0, 'f', -1, 64))))
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for k, v := range x {
			n, _ := v.(attributevalue.Number)
			m[k] = normalNumber(n)
		}
		return m
	case []byte:
		return append([]byte{}, x...)
	}
	return x
}

var wideOptions = cmp.Options{
	cmp.AllowUnexported(celsius{}),
	cmp.Comparer(func(a, b *big.Int) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() }),
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }),
}

func TestWhatIsWrittenReadsBackInItsNormalForm(t *testing.T) {
	plan := mustCompile[wide]()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWide(t)
		item, err := plan.Encode(w)
		require.NoError(t, err)
		got := drawWide(t) // whatever stood there before
		require.NoError(t, plan.Decode(item, got))
		if d := cmp.Diff(normal(w), got, wideOptions); d != "" {
			t.Fatal(d)
		}
		again, err := plan.Encode(got)
		require.NoError(t, err)
		if d := cmp.Diff(item, again, avOptions); d != "" {
			t.Fatal("the normal form is stored differently: ", d)
		}
		merged := drawWide(t)
		require.NoError(t, plan.Merge(item, merged, plan.names))
		if d := cmp.Diff(got, merged, wideOptions); d != "" {
			t.Fatal("Merge of all is not Decode: ", d)
		}
	})
}

func TestOperandsAreStoredAsTheFieldIs(t *testing.T) {
	plan := mustCompile[wide]()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWide(t)
		item, err := plan.Encode(w)
		require.NoError(t, err)
		for name, value := range map[string]any{
			"text": w.Text, "status": w.Status, "int64": w.Int64, "uint64": w.Uint64, "float32": w.Float32, "float64": w.Float64, "nested": w.Nested,
			"texts": w.Texts, "numbers": w.Numbers, "at": w.At, "ttl": w.Expires, "inner": w.Inner, "decimal": w.Decimal, "any": w.Any, "anything": w.Anything,
		} {
			av, err := plan.Attribute(name).Encode(value)
			if item[name] == nil {
				require.ErrorIs(t, err, ErrInvalidValue, name)
				continue
			}
			require.NoError(t, err, name)
			if d := cmp.Diff(item[name], av, avOptions); d != "" {
				t.Fatal(name, d)
			}
		}
	})
}
