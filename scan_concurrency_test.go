package theorydb_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// slowWire lets every request take a second, and counts how many are under way. In a bubble of synctest that second costs
// none, and a goroutine that is left over fails the test.
type slowWire struct {
	next    localaws.HTTPClient
	begin   func(n int64) // is told the number of each request
	sent    atomic.Int64
	busy    atomic.Int64
	busiest atomic.Int64
}

func (w *slowWire) Do(r *http.Request) (*http.Response, error) {
	busy := w.busy.Add(1)
	defer w.busy.Add(-1)
	for most := w.busiest.Load(); busy > most && !w.busiest.CompareAndSwap(most, busy); most = w.busiest.Load() {
	}
	if n := w.sent.Add(1); w.begin != nil {
		w.begin(n)
	}
	select {
	case <-time.After(time.Second):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return w.next.Do(r)
}

// slowly gives a model of leaves whose requests go through a slowWire.
func slowly(t *testing.T) (*theorydb.Model[leaf], *slowWire, []string) {
	e := embedded(t)
	m, names := leaves(t, e)
	wire := &slowWire{next: e.faults.Next}
	e.faults.Next = wire
	return m, wire, names
}

func TestScanHasAtMostSixteenRequestsUnderWay(t *testing.T) {
	for _, segments := range []int{1, 2, 16, 17, 100} {
		synctest.Test(t, func(t *testing.T) {
			m, wire, names := slowly(t)
			begun := time.Now()
			found, err := seenLeaves(t.Context(), m, theorydb.Scan{Segments: segments})
			require.NoError(t, err)
			require.Equal(t, names, found)
			require.EqualValues(t, min(segments, 16), wire.busiest.Load())
			require.Equal(t, time.Duration((segments+15)/16)*time.Second, time.Since(begun), "groups of sixteen at the same time")

			page, err := m.ScanPage(t.Context(), theorydb.Scan{Segments: segments}, "")
			require.NoError(t, err)
			require.Len(t, page.Items, len(names))
			require.EqualValues(t, min(segments, 16), wire.busiest.Load())
		})
	}
}

func TestScanThatIsCancelledEndsWithItsRequests(t *testing.T) {
	for k := range int64(12) {
		for name, read := range map[string]func(context.Context, *theorydb.Model[leaf]) error{
			"Scan": func(ctx context.Context, m *theorydb.Model[leaf]) error {
				_, err := seenLeaves(ctx, m, theorydb.Scan{Segments: 5, PageSize: 3})
				return err
			},
			"ScanPage": func(ctx context.Context, m *theorydb.Model[leaf]) error {
				_, err := m.ScanPage(ctx, theorydb.Scan{Segments: 20, PageSize: 1, Limit: leafCount}, "")
				return err
			},
		} {
			t.Run(fmt.Sprint(name, " at request ", k+1), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m, wire, _ := slowly(t)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					wire.begin = func(n int64) {
						if n == k+1 {
							cancel()
						}
					}
					err := read(ctx, m)
					require.ErrorIs(t, err, context.Canceled)
					require.Zero(t, wire.busy.Load(), "a request outlives the call")
					sent := wire.sent.Load()
					synctest.Wait() // until whatever is left over has come as far as it can
					require.Equal(t, sent, wire.sent.Load())
				})
			})
		}
	}
}

func TestScanLeavesNoRequestBehindALoopThatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, wire, _ := slowly(t)
		for _, err := range m.Scan(t.Context(), theorydb.Scan{Segments: 40}) {
			require.NoError(t, err)
			require.Zero(t, wire.busy.Load(), "none is under way while a record is consumed")
			break
		}
		sent := wire.sent.Load()
		require.EqualValues(t, 16, sent)
		synctest.Wait() // until whatever is left over has come as far as it can
		require.Equal(t, sent, wire.sent.Load())
	})
}

// The request that fails is what a scan reports, and not the end of those that it ended.
func TestScanEndsTheOtherRequestsWhenOneFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, wire, _ := slowly(t)
		answers := wire.next
		wire.next = onlyThird{}
		_, err := seenLeaves(t.Context(), m, theorydb.Scan{Segments: 8})
		require.ErrorIs(t, err, theorydb.ErrTableNotFound)
		require.NotErrorIs(t, err, context.Canceled)
		require.Zero(t, wire.busy.Load())
		wire.next = answers
	})
}

// onlyThird refuses the requests of the third segment, and lets the others wait for their context.
type onlyThird struct{}

func (onlyThird) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(body, []byte(`"Segment":2`)) {
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		faults := &localaws.Faults{}
		faults.On("Scan").Error(http.StatusBadRequest, "ResourceNotFoundException", "gone")
		return faults.Do(again)
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}
