package protocol

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// values draws any value of the protocol, nested a few deep.
func values(depth int) *rapid.Generator[any] {
	number := rapid.Map(rapid.Int64(), func(n int64) Number { return Number(json.Number(strings.TrimSpace(string(mustJSON(n))))) })
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), number.AsAny(), rapid.SliceOf(rapid.Byte()).AsAny(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return string(b) }), // not always UTF-8
		rapid.SliceOf(rapid.String()).AsAny(), rapid.SliceOf(number).AsAny(), rapid.SliceOf(rapid.SliceOf(rapid.Byte())).AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds, rapid.SliceOfN(values(depth-1), 0, 4).AsAny(), rapid.MapOfN(rapid.String(), values(depth-1), 0, 4).AsAny())
	}
	return rapid.OneOf(kinds...)
}

func mustJSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		item := Item(rapid.MapOf(rapid.String(), values(3)).Draw(t, "item"))
		text, err := json.Marshal(item)
		require.NoError(t, err)
		var read Item
		require.NoError(t, json.Unmarshal(text, &read))
		require.Equal(t, item, read)
		again, err := json.Marshal(read)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}

func TestNoItemIsNullAndAnEmptyOneIsNot(t *testing.T) {
	text, err := json.Marshal([]Item{nil, {}})
	require.NoError(t, err)
	require.Equal(t, "[null,{}]", string(text))
	var read []Item
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, []Item{nil, {}}, read)
}

func TestRequestsTellNothingFromNone(t *testing.T) {
	text, err := json.Marshal(&Request{Use: Use{Op: "update", Fields: []string{}, OnlyIf: []Condition{}, Keys: nil}})
	require.NoError(t, err)
	require.JSONEq(t, `{"id":0,"now":"0001-01-01T00:00:00Z","op":"update","fields":[],"only_if":[]}`, string(text))
}

func TestValuesOfOtherTypesAreNotWritten(t *testing.T) {
	_, err := json.Marshal(Item{"a": 1})
	require.ErrorContains(t, err, `"a": a int is no value`)
	_, err = json.Marshal(Values{[]any{map[string]any{"b": 1.5}}})
	require.ErrorContains(t, err, `a float64 is no value`)
}

func TestWhatIsNoValueIsRefused(t *testing.T) {
	for _, text := range []string{
		`{"a": "text"}`, `{"a": {}}`, `{"a": null}`, `{"a": {"S": "x", "N": "1"}}`, `{"a": {"T": "x"}}`, `{"a": {"S": null}}`, `{"a": {"S": 1}}`,
		`{"a": {"N": 1}}`, `{"a": {"B": "?"}}`, `{"a": {"B": "AQ"}}`, `{"a": {"B": "AQ=\n="}}`, `{"a": {"BOOL": "true"}}`, `{"a": {"NULL": false}}`,
		`{"a": {"NULL": null}}`, `{"a": {"L": {}}}`, `{"a": {"L": null}}`, `{"a": {"L": [1]}}`, `{"a": {"M": []}}`, `{"a": {"SS": null}}`, `{"a": {"NS": [1]}}`,
		`{"a": {"BS": ["?"]}}`, `{"a": {"HEX": "6"}}`, `{"a": {"HEX": "xx"}}`, `[]`, `"a"`,
	} {
		var item Item
		require.ErrorIs(t, json.Unmarshal([]byte(text), &item), errNoValue, text)
	}
	var list Values
	require.ErrorIs(t, json.Unmarshal([]byte(`{}`), &list), errNoValue)
}

// FuzzItem: whatever is read is written as what is read as the same again.
func FuzzItem(f *testing.F) {
	for _, text := range []string{`{}`, `{"a": {"S": "x"}}`, `{"a": {"L": [{"N": "1"}, {"BS": ["AQ=="]}]}, "b": {"M": {"c": {"NULL": true}}}}`, `{"a": {"HEX": "ff"}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var item, again Item
		if json.Unmarshal(text, &item) != nil {
			return
		}
		written, err := json.Marshal(item)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(written, &again))
		require.Equal(t, item, again)
	})
}
