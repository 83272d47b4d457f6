package attribute_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

func decode(t require.TestingT, text string) attribute.Value {
	var tree any
	require.NoError(t, json.Unmarshal([]byte(text), &tree))
	v, err := attribute.Decode(tree)
	require.Nil(t, err, text)
	return v
}

// The sizes follow
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func TestSizesOfValues(t *testing.T) {
	for text, size := range map[string]int{
		`{"S":""}`: 0, `{"S":"é"}`: 2, `{"B":"AQID"}`: 3, `{"BOOL":false}`: 1, `{"NULL":true}`: 1,
		`{"N":"0"}`: 1, `{"N":"1"}`: 2, `{"N":"12"}`: 2, `{"N":"123"}`: 3, `{"N":"-12"}`: 3, `{"N":"1e100"}`: 2,
		`{"L":[]}`: 3, `{"L":[{"S":"ab"}]}`: 6, `{"M":{"k":{"S":"ab"}}}`: 7, `{"SS":["a","bc"]}`: 3, `{"NS":["1","22"]}`: 4,
	} {
		require.Equal(t, size, decode(t, text).Size(), text)
	}
	require.Equal(t, 5, attribute.Item{"name": decode(t, `{"BOOL":true}`)}.Size())
}

func TestSetsAreEqualInAnyOrderAndListsAreNot(t *testing.T) {
	require.True(t, attribute.Equal(decode(t, `{"NS":["1","2.0"]}`), decode(t, `{"NS":["2","1"]}`)))
	require.False(t, attribute.Equal(decode(t, `{"SS":["1","2"]}`), decode(t, `{"SS":["1"]}`)))
	require.False(t, attribute.Equal(decode(t, `{"SS":["1"]}`), decode(t, `{"NS":["1"]}`)))
	require.False(t, attribute.Equal(decode(t, `{"L":[{"N":"1"},{"N":"2"}]}`), decode(t, `{"L":[{"N":"2"},{"N":"1"}]}`)))
}

func TestOnlyScalarsOfOneKindHaveAnOrder(t *testing.T) {
	order, ok := attribute.Compare(decode(t, `{"S":"Z"}`), decode(t, `{"S":"a"}`))
	require.True(t, ok && order < 0, "by bytes, not by alphabet")
	for _, pair := range [][2]string{{`{"S":"1"}`, `{"N":"1"}`}, {`{"BOOL":true}`, `{"BOOL":false}`}, {`{"L":[]}`, `{"L":[]}`}} {
		_, ok := attribute.Compare(decode(t, pair[0]), decode(t, pair[1]))
		require.False(t, ok, pair)
	}
}

// FuzzDecode holds that whatever is accepted comes back the same, and that no
// refusal repeats what was sent.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{"S":"a"}`, `{"N":"-1.50e3"}`, `{"B":"AQ=="}`, `{"BOOL":true}`, `{"NULL":true}`, `{"SS":["b","a"]}`, `{"NS":["1","1.0"]}`,
		`{"BS":["AQ==",""]}`, `{"L":[{"M":{"x":{"N":"1"}}}]}`, `{"M":{"":{"S":""}}}`, `{"S":null,"N":"1"}`, `{"S":1}`, `[]`, `{"N":"secret-text"}`,
		strings.Repeat(`{"L":[`, 40) + `{"S":"x"}` + strings.Repeat(`]}`, 40),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var tree any
		if json.Unmarshal([]byte(text), &tree) != nil {
			return
		}
		v, refusal := attribute.Decode(tree)
		if refusal != nil {
			require.NotContains(t, refusal.Message, "secret-text")
			return
		}
		encoded, err := json.Marshal(attribute.Encode(v))
		require.NoError(t, err)
		require.True(t, attribute.Equal(v, decode(t, string(encoded))), "%s became %s", text, encoded)
	})
}
