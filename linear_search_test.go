package theorydb_test

import (
	"cmp"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

var linearSeed = flag.Uint64("linear.seed", 0, "make only the history of this seed, and print it")

// shareOf is how much of n is done: a tenth with -short, or with the race detector.
func shareOf(n int) int {
	if testing.Short() || underRace {
		return n / 10
	}
	return n
}

// illegalHistory is a history that no order of its calls explains, or of which that was not settled in time, or one with
// calls that are out of place in every order.
type illegalHistory struct {
	seed    uint64
	result  porcupine.CheckResult
	calls   string
	ordered bool // an order explains it, but for what is out of place
}

// judge says what is wrong with a history; its result is porcupine.Ok when nothing is.
func (h *linearHistory) judge() illegalHistory {
	calls := h.judgedCalls()
	illegal := illegalHistory{seed: h.seed}
	if illegal.result, illegal.calls = h.kind.judgeHistory(calls); illegal.result != porcupine.Ok {
		return illegal
	}
	for _, call := range outOfPlace(calls) {
		illegal.result, illegal.ordered = porcupine.Illegal, true
		illegal.calls += "out of place: " + call.String() + "\n"
	}
	return illegal
}

// searchHistories makes the histories of the seeds 1 to n and judges them, as many at a time as there are processors. It
// gives the illegal ones. Each history is shown to seen, one after the other.
func searchHistories(t *testing.T, n int, setup linearSetup, open func() *linearBench, seen func(*linearHistory)) []illegalHistory {
	first, last := uint64(1), uint64(n)
	if *linearSeed != 0 {
		first, last = *linearSeed, *linearSeed
	}
	var (
		next    atomic.Uint64
		mu      sync.Mutex
		found   []illegalHistory
		failed  error
		workers sync.WaitGroup
	)
	next.Store(first - 1)
	for range min(runtime.GOMAXPROCS(0), n) {
		bench := open()
		workers.Go(func() {
			for seed := next.Add(1); seed <= last; seed = next.Add(1) {
				h, err := bench.history(t.Context(), setup, seed)
				var illegal illegalHistory
				if err == nil {
					illegal = h.judge()
				}
				mu.Lock()
				if err != nil {
					failed = fmt.Errorf("seed %d: %w", seed, err)
				} else {
					seen(h)
				}
				if err == nil && illegal.result != porcupine.Ok {
					found = append(found, illegal)
				}
				if err == nil && *linearSeed != 0 {
					t.Log("\n" + h.String())
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	require.NoError(t, failed)
	slices.SortFunc(found, func(a, b illegalHistory) int { return cmp.Compare(a.seed, b.seed) })
	return found
}

func requireLegal(t *testing.T, found []illegalHistory) {
	t.Helper()
	var seeds []uint64
	for i, f := range found {
		if seeds = append(seeds, f.seed); i >= 3 {
			continue
		}
		t.Errorf("%s; make it again with -linear.seed=%d\n%s", f.result, f.seed, f.calls)
	}
	require.Empty(t, seeds, "illegal histories, by seed")
}
