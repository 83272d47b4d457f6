package contracttest_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest"
)

type holding struct {
	_      theorydb.Key `theorydb:"pk" key:"H#{id}"`
	ID     string
	Secret theorydb.Secret[string]
	hidden theorydb.Secret[[]byte]
	At     time.Time
	Next   *holding
	List   []theorydb.Secret[int]
	Map    map[string]theorydb.Secret[string]
	Any    any
}

func held() *holding {
	return &holding{
		ID: "1", Secret: theorydb.NewSecret("s"), hidden: theorydb.NewSecret([]byte("h")), At: time.Unix(1, 0),
		Next: &holding{Secret: theorydb.NewSecret("next")}, List: []theorydb.Secret[int]{theorydb.NewSecret(1), {}},
		Map: map[string]theorydb.Secret[string]{"k": theorydb.NewSecret("m")}, Any: theorydb.NewSecret("any"),
	}
}

func TestRecordsThatHoldTheSameSecretsAreEqual(t *testing.T) {
	require.True(t, contracttest.Equal(held(), held()))
	require.True(t, contracttest.Equal(*held(), *held()))
	require.False(t, reflect.DeepEqual(held(), held()), "why there is Equal")
	there := held()
	there.At = there.At.In(time.FixedZone("there", 3600))
	require.True(t, contracttest.Equal(held(), there))
	require.True(t, contracttest.Equal(nil, nil))
	require.True(t, contracttest.Equal(theorydb.NewSecret("a"), theorydb.NewSecret("a")))
	require.True(t, contracttest.Equal([]*holding{held(), nil}, []*holding{held(), nil}))
}

func TestRecordsThatDifferAnywhereAreNotEqual(t *testing.T) {
	for name, change := range map[string]func(*holding){
		"field":              func(h *holding) { h.ID = "2" },
		"secret":             func(h *holding) { h.Secret = theorydb.NewSecret("t") },
		"unset secret":       func(h *holding) { h.Secret = theorydb.Secret[string]{} },
		"empty secret":       func(h *holding) { h.Secret = theorydb.NewSecret("") },
		"unexported secret":  func(h *holding) { h.hidden = theorydb.NewSecret([]byte("i")) },
		"time":               func(h *holding) { h.At = h.At.Add(1) },
		"behind a pointer":   func(h *holding) { h.Next.Secret = theorydb.NewSecret("t") },
		"nil pointer":        func(h *holding) { h.Next = nil },
		"in a slice":         func(h *holding) { h.List[0] = theorydb.NewSecret(2) },
		"length of a slice":  func(h *holding) { h.List = h.List[:1] },
		"in a map":           func(h *holding) { h.Map["k"] = theorydb.NewSecret("n") },
		"empty and nil map":  func(h *holding) { h.Next.Map = map[string]theorydb.Secret[string]{} },
		"in an interface":    func(h *holding) { h.Any = theorydb.NewSecret("other") },
		"type":               func(h *holding) { h.Any = theorydb.NewSecret(1) },
		"a number for a nil": func(h *holding) { h.Next.Any = 0 },
	} {
		other := held()
		change(other)
		require.False(t, contracttest.Equal(held(), other), name)
		require.False(t, contracttest.Equal(other, held()), name)
		require.True(t, contracttest.Equal(other, other), name)
	}
	require.False(t, contracttest.Equal(held(), *held()))
	require.False(t, contracttest.Equal(held(), nil))
	require.False(t, contracttest.Equal(math.NaN(), math.NaN()))
	require.False(t, contracttest.Equal(1, int64(1)))
}
