package contracttest

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestValuesAreComparedByWhatTheyMean(t *testing.T) {
	at := time.Date(2033, 5, 18, 3, 33, 20, 100_000_000, time.UTC)
	for name, test := range map[string]struct {
		declared  declaration
		want, got any
		same      bool
	}{
		"integer":                   {declaration{Type: "N", Format: "int"}, Number("3"), int64(3), true},
		"another integer":           {declaration{Type: "N", Format: "int"}, Number("3"), int64(4), false},
		"big integer":               {declaration{Type: "N", Format: "int"}, Number("9007199254740993"), int64(9007199254740993), true},
		"its neighbour":             {declaration{Type: "N", Format: "int"}, Number("9007199254740993"), int64(9007199254740992), false},
		"unsigned":                  {declaration{Type: "N", Format: "uint"}, Number("18446744073709551615"), uint64(math.MaxUint64), true},
		"exponent":                  {declaration{Type: "N"}, Number("1e3"), Number("1000"), true},
		"trailing zeros":            {declaration{Type: "N"}, Number("1.50"), Number("1.5"), true},
		"decimal text":              {declaration{Type: "N"}, "1.5", Number("1.5"), true},
		"text is no number":         {declaration{Type: "S"}, "1", Number("1"), false},
		"number is no text":         {declaration{Type: "S"}, Number("1"), "1", false},
		"float":                     {declaration{Type: "N", Format: "float"}, Number("0.1"), 0.1, true},
		"minus zero":                {declaration{Type: "N", Format: "float"}, Number("0"), math.Copysign(0, -1), true},
		"time in another zone":      {declaration{Type: "S", Format: "rfc3339nano"}, "2033-05-18T05:33:20.1+02:00", at, true},
		"time a nanosecond later":   {declaration{Type: "S", Format: "rfc3339nano"}, "2033-05-18T03:33:20.100000001Z", at, false},
		"text that looks like time": {declaration{Type: "S"}, "2033-05-18T03:33:20.100Z", "2033-05-18T03:33:20.1Z", false},
		"set in another order":      {declaration{Type: "SS"}, []any{"b", "a", "b"}, []string{"a", "b"}, true},
		"set with one less":         {declaration{Type: "SS"}, []any{"a"}, []string{"a", "b"}, false},
		"set with one more":         {declaration{Type: "SS"}, []any{"a", "b", "c"}, []string{"a", "b"}, false},
		"number set":                {declaration{Type: "NS"}, []any{Number("1e1"), "2"}, []Number{"2", "10"}, true},
		"binary set":                {declaration{Type: "BS"}, []any{"Ag==", "AQ=="}, [][]byte{{1}, {2}}, true},
		"list in another order":     {declaration{Type: "L"}, []any{"b", "a"}, []any{"a", "b"}, false},
		"list is no set":            {declaration{Type: "L"}, []any{"a"}, []string{"a"}, false},
		"nested":                    {declaration{Type: "M"}, map[string]any{"a": []any{Number("1"), nil}}, map[string]any{"a": []any{json.Number("1.0"), nil}}, true},
		"nested with one more":      {declaration{Type: "M"}, map[string]any{"a": true}, map[string]any{"a": true, "b": nil}, false},
		"binary":                    {declaration{Type: "B"}, "AQID", []byte{1, 2, 3}, true},
		"binary is no text":         {declaration{Type: "S"}, "AQID", []byte{1, 2, 3}, false},
		"absent":                    {declaration{Type: "S"}, nil, nil, true},
		"absent is not empty":       {declaration{Type: "S"}, "", nil, false},
		"empty is not absent":       {declaration{Type: "S"}, nil, "", false},
		"zero is not absent":        {declaration{Type: "N", Format: "int"}, Number("0"), nil, false},
		"false is not absent":       {declaration{Type: "BOOL"}, false, nil, false},
		"empty set is not absent":   {declaration{Type: "SS"}, []any{}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.same, test.declared.sameValue(test.want, test.got))
		})
	}
}

func TestDifferentValuesHaveDifferentCanonicalTexts(t *testing.T) {
	value := rapid.OneOf(
		rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Int64().AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(), rapid.Just[any](nil),
		rapid.Map(rapid.SliceOfN(rapid.StringN(0, 2, 4), 0, 3), func(list []string) any {
			values := make([]any, len(list))
			for i, text := range list {
				values[i] = text
			}
			return values
		}),
		rapid.Map(rapid.MapOfN(rapid.StringN(0, 2, 4), rapid.StringN(0, 2, 4), 0, 3), func(m map[string]string) any {
			values := map[string]any{}
			for name, text := range m {
				values[name] = text
			}
			return values
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		require.Equal(t, equalValues(a, b), canonical(a) == canonical(b))
	})
}

// equalValues is a slow way to say the same for the values of the property above.
func equalValues(a, b any) bool {
	encodedA, errA := json.Marshal([]any{a})
	encodedB, errB := json.Marshal([]any{b})
	if errA != nil || errB != nil {
		return false
	}
	_, bytesA := a.([]byte)
	_, bytesB := b.([]byte)
	return bytesA == bytesB && string(encodedA) == string(encodedB)
}
