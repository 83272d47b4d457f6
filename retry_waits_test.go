package theorydb_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// waits records how long a DB would have waited.
type waits struct {
	mu   sync.Mutex
	done []time.Duration
}

func (w *waits) configure(c *theorydb.Config) {
	c.Wait = func(ctx context.Context, d time.Duration) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.done = append(w.done, d)
		return ctx.Err()
	}
}

func (w *waits) take() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := w.done
	w.done = nil
	return done
}

// A wait is drawn from its whole window, so that clients that failed together do not come back together.
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
func TestWaitsFillWindowsThatDoubleUpToFiveSeconds(t *testing.T) {
	const attempts, calls = 12, 60
	for verb, c := range map[string]struct {
		fate  attempt
		first time.Duration // the first window
	}{
		"BatchWrite": {throttled, 25 * time.Millisecond}, "BatchGet": {throttled, 25 * time.Millisecond},
		"Transact": {conflict, 25 * time.Millisecond}, "TransactGet": {conflict, 25 * time.Millisecond},
	} {
		t.Run(verb, func(t *testing.T) {
			group, w := groupVerbs[verb], &waits{}
			e := embedded(t)
			b := openBank(t, e, w.configure, func(c *theorydb.Config) { c.Attempts = attempts })
			c.fate(e.faults.On(group.operation).Always())
			longest, shortest := make([]time.Duration, attempts-1), make([]time.Duration, attempts-1)
			for range calls {
				require.Equal(t, attempts, e.sends(func() {
					require.ErrorIs(t, group.call(t.Context(), b, "1"), theorydb.ErrThrottled)
				}))
				done := w.take()
				require.Len(t, done, attempts-1, "one between two attempts")
				for i, d := range done {
					longest[i] = max(longest[i], d)
					if shortest[i] == 0 || d < shortest[i] {
						shortest[i] = d
					}
				}
			}
			for i, window := 0, c.first; i < attempts-1; i, window = i+1, min(2*window, 5*time.Second) {
				require.LessOrEqual(t, longest[i], window, "wait %d", i)
				require.Greater(t, longest[i], window/2, "wait %d", i)
				require.Less(t, shortest[i], window/2, "wait %d", i)
			}
		})
	}
}

func TestABatchThatIsThrownBackWaitsLongerWhileItGetsNowhere(t *testing.T) {
	const attempts = 6
	for verb, group := range map[string]groupVerb{"BatchWrite": groupVerbs["BatchWrite"], "BatchGet": groupVerbs["BatchGet"]} {
		t.Run(verb, func(t *testing.T) {
			w := &waits{}
			e := embedded(t)
			b := openBank(t, e, w.configure, func(c *theorydb.Config) { c.Attempts = attempts })
			thrownBack(e.faults.On(group.operation).Always())
			longest := make([]time.Duration, attempts-1)
			for range 60 {
				require.Equal(t, attempts, e.sends(func() {
					require.ErrorIs(t, group.call(t.Context(), b, "1"), theorydb.ErrThrottled)
				}))
				done := w.take()
				require.Len(t, done, attempts-1)
				for i, d := range done {
					longest[i] = max(longest[i], d)
				}
			}
			for i, window := 0, 50*time.Millisecond; i < attempts-1; i, window = i+1, 2*window {
				require.LessOrEqual(t, longest[i], window, "wait %d", i)
				require.Greater(t, longest[i], window/2, "wait %d", i)
			}
		})
	}
}

func TestABatchThatGetsSomewhereIsSentAsOftenAsItTakes(t *testing.T) {
	w := &waits{}
	e := embedded(t)
	b := openBank(t, e, w.configure, func(c *theorydb.Config) { c.Attempts = 2 })
	e.faults.On("BatchWriteItem").Always().ThrowBack(func(i int) bool { return i > 0 }) // all but one each time
	require.Equal(t, 20, e.sends(func() {
		require.NoError(t, b.db.BatchWrite(t.Context(), putAll(b.accounts, accounts(20))...))
	}))
	done := w.take()
	require.Len(t, done, 19)
	for _, d := range done {
		require.LessOrEqual(t, d, 25*time.Millisecond, "the first window: it got somewhere")
	}
}

// Requests of a batch fail and wait each by itself.
func TestARequestOfABatchThatFailsDoesNotHoldUpTheOthers(t *testing.T) {
	w := &waits{}
	e := embedded(t)
	b := openBank(t, e, w.configure, func(c *theorydb.Config) { c.Attempts = 3 })
	all := accounts(100)
	e.faults.On("BatchWriteItem").Always().When(func(r localaws.Request) bool {
		return bytes.Contains(r.Body, []byte("ACCOUNT#99"))
	}).Error(400, "ThrottlingException", "")
	err := b.db.BatchWrite(t.Context(), putAll(b.accounts, all)...)
	require.ErrorIs(t, err, theorydb.ErrThrottled)
	var failed *theorydb.BatchError
	require.ErrorAs(t, err, &failed)
	for i, cause := range failed.Ops {
		require.Equal(t, i >= 75, cause != nil, "operation %d", i)
	}
	require.Len(t, e.aws.Items(e.table), 75)
	require.Len(t, w.take(), 2)
}
