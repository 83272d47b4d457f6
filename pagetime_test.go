package theorydb_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// A reader can take long over a page. What expires meanwhile is not on the next one.

// pagedReads are the verbs that read page by page. Each gives the ids of what it read, or a mark for each where it gives
// none, and calls between once, after a record of the first page.
func pagedReads(e *engine, m *theorydb.Model[leaf]) map[string]func(ctx context.Context, db *theorydb.DB, between func()) (string, error) {
	key := leaf{Tree: "t"}
	query := theorydb.Query[leaf]{Key: key, PageSize: 1}
	type brief struct{ ID string }
	return map[string]func(context.Context, *theorydb.DB, func()) (string, error){
		"Query": func(ctx context.Context, _ *theorydb.DB, between func()) (string, error) {
			return readSlowly(m.Query(ctx, query), between, func(l *leaf) string { return l.ID })
		},
		"Select": func(ctx context.Context, _ *theorydb.DB, between func()) (string, error) {
			return readSlowly(theorydb.Select[brief](ctx, m, query), between, func(b *brief) string { return b.ID })
		},
		"Scan": func(ctx context.Context, _ *theorydb.DB, between func()) (string, error) {
			return readSlowly(m.Scan(ctx, theorydb.Scan{PageSize: 1}), between, func(l *leaf) string { return l.ID })
		},
		"Count": func(ctx context.Context, _ *theorydb.DB, between func()) (ids string, err error) {
			throttled(e.faults.On("Query")).Then(between) // while the first page is asked for
			n, err := m.Count(ctx, query)
			for range n {
				ids += "#"
			}
			return ids, err
		},
		"Collection": func(ctx context.Context, db *theorydb.DB, between func()) (ids string, err error) { // of 1 MB a page
			err = db.Collection(ctx, m.Partition(key), m.Each(func(l *leaf) error {
				if ids += l.ID; len(ids) == 1 {
					between()
				}
				return nil
			}))
			return ids, err
		},
	}
}

func readSlowly[T any](records iter.Seq2[*T, error], between func(), id func(*T) string) (ids string, err error) {
	for record, err := range records {
		if err != nil {
			return ids, err
		}
		if ids += id(record); len(ids) == 1 {
			between()
		}
	}
	return ids, nil
}

func TestNoPageHasWhatExpiredWhileTheOneBeforeWasLookedAt(t *testing.T) {
	requirePages(t, time.Hour, 2*time.Hour)
}

// Otherwise one read would take an item for expired on one page and for alive on the next.
func TestTimeDoesNotGoBackBetweenPages(t *testing.T) {
	requirePages(t, -time.Hour, -2*time.Hour)
}

// requirePages has six leaves, of which the fourth and the fifth expire at a time from now, and puts the clock on when the
// first has been seen. Those two must not be.
func requirePages(t *testing.T, expiry, passes time.Duration) {
	eachEngine(t, func(t *testing.T, e *engine) {
		db := e.open(t)
		m := registered[leaf](t, db)
		require.NoError(t, db.CreateTable(t.Context()))
		begun := e.clock.Now()
		notes := string(make([]byte, 380_000)) // three of them are a page of 1 MB
		for _, id := range []string{"1", "2", "3", "4", "5", "6"} {
			l := leaf{Tree: "t", ID: id, Kind: "green", Notes: notes}
			if id == "4" || id == "5" {
				l.Due = begun.Add(expiry)
			}
			require.NoError(t, m.Create(t.Context(), &l))
		}
		for name, read := range pagedReads(e, m) {
			t.Run(name, func(t *testing.T) {
				e.clock.Set(begun)
				ids, err := read(t.Context(), db, func() { e.clock.Advance(passes) })
				require.NoError(t, err)
				if name == "Count" {
					require.Len(t, ids, 4)
					return
				}
				require.Equal(t, "1236", ids)
			})
		}
	})
}
