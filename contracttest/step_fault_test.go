package contracttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

func TestAThrowBackThatTookNothingFails(t *testing.T) {
	const batchOfTwo = "{ op: batch_get, keys: [{ PK: a, SK: a }, { PK: a, SK: b }] }"
	for name, test := range map[string]struct{ fault, next, want string }{
		"took one":         {"throw_back: [1]", batchOfTwo, ""},
		"took both, twice": {"throw_back: [0, 1], times: 2", batchOfTwo, ""},
		"no such position": {"throw_back: [2]", batchOfTwo, "the fault of line 4 happened 0 times, not 1"},
		"one of two":       {"throw_back: [1, 2]", batchOfTwo, "the fault of line 4 took nothing at position 2: no batch had one"},
		"once, not twice":  {"throw_back: [1], times: 2", batchOfTwo, "the fault of line 4 happened 1 times, not 2"},
		"no batch":         {"throw_back: [0]", "{ op: create, item: { PK: a, SK: b } }", "the fault of line 4 happened 0 times, not 1"},
		"an empty batch":   {"throw_back: [0]", "{ op: batch_get, keys: [] }", "the fault of line 4 happened 0 times, not 1"},
	} {
		t.Run(name, func(t *testing.T) {
			scenario, err := ParseScenario("a.yaml", []byte("name: n\nmodel: Note\nsteps:\n  - { op: fault, "+test.fault+" }\n  - "+test.next))
			require.NoError(t, err)
			failure := runTale(t, scenario).Failure
			if test.want == "" {
				require.Nil(t, failure)
				return
			}
			require.NotNil(t, failure)
			require.Equal(t, []string{test.want}, failure.Lines)
		})
	}
}

func TestThrowBackCountsRequestsThatItTakesFrom(t *testing.T) {
	two := localaws.Request{Body: []byte(`{"RequestItems": {"a": [{}], "b": [{}]}}`)}
	three := localaws.Request{Body: []byte(`{"RequestItems": {"a": {"Keys": [{}, {}]}, "b": {"Keys": [{}]}}}`)}
	back := &thrownBack{positions: []int{4, 2}, times: 2}
	require.False(t, back.from(two))
	require.False(t, back.from(localaws.Request{Body: []byte(`{"TableName": "a"}`)}))
	require.False(t, back.from(localaws.Request{Body: []byte(`{"RequestItems": {"a": 1}}`)}))
	require.False(t, back.from(localaws.Request{Body: []byte("{")}))
	require.Equal(t, 4, back.untaken())
	require.True(t, back.from(three))
	require.Equal(t, 4, back.untaken())
	require.True(t, back.from(localaws.Request{Body: []byte(`{"RequestItems": {"a": [{}, {}, {}, {}, {}]}}`)}))
	require.Equal(t, -1, back.untaken())
	require.False(t, back.from(three), "it happened as often as it was to")
}
