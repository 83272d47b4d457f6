package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestModifyReadsChangesAndUpdates(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[tallied](t, e)
		require.NoError(t, m.Create(t.Context(), &tallied{ID: "1", N: 1}))
		var modified *tallied
		var err error
		require.Equal(t, 2, e.sends(func() {
			modified, err = m.Modify(t.Context(), tallied{ID: "1"}, func(r *tallied) error { r.N *= 10; return nil })
		}))
		require.NoError(t, err)
		read, err := m.Get(t.Context(), tallied{ID: "1"}, theorydb.Consistent())
		require.NoError(t, err)
		require.Equal(t, tallied{ID: "1", N: 10, Version: 2}, *read)
		require.Empty(t, cmp.Diff(read, modified))
	})
}

func TestModifyStartsAgainWithAFreshRecord(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[tallied](t, e)
		require.NoError(t, m.Create(t.Context(), &tallied{ID: "1"}))
		calls := 0
		seen := map[*tallied]bool{}
		modified, err := m.Modify(t.Context(), tallied{ID: "1"}, func(r *tallied) error {
			calls++
			require.False(t, seen[r], "each call has a record of its own")
			seen[r] = true
			require.EqualValues(t, 100*(calls-1), r.N, "and it is fresh: what the last call did to another is not in it")
			require.Empty(t, r.Note)
			r.Note = "touched"
			r.N++
			if calls < 4 {
				_, err := m.Change(t.Context(), tallied{ID: "1"}, theorydb.Add("n", 100), theorydb.AnyVersion())
				require.NoError(t, err)
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 4, calls)
		require.Equal(t, tallied{ID: "1", N: 301, Note: "touched", Version: 5}, *modified)
	})
}

func TestModifyEndsAfterAttempts(t *testing.T) {
	for _, attempts := range []int{0, 1, 3} {
		e := embedded(t)
		m := model[tallied](t, e, func(c *theorydb.Config) { c.Attempts = attempts })
		require.NoError(t, m.Create(t.Context(), &tallied{ID: "1"}))
		calls := 0
		modified, err := m.Modify(t.Context(), tallied{ID: "1"}, func(r *tallied) error {
			calls++
			_, err := m.Change(t.Context(), tallied{ID: "1"}, theorydb.Add("n", 1), theorydb.AnyVersion())
			return err
		})
		require.Nil(t, modified)
		require.ErrorIs(t, err, theorydb.ErrVersionConflict)
		require.Equal(t, map[int]int{0: 8, 1: 1, 3: 3}[attempts], calls)
	}
}

func TestModifyReturnsTheErrorOfItsFunctionAsItIs(t *testing.T) {
	e := embedded(t)
	m := model[tallied](t, e)
	require.NoError(t, m.Create(t.Context(), &tallied{ID: "1"}))
	for _, own := range []error{errors.New("not today"), fmt.Errorf("wrapped: %w", theorydb.ErrVersionConflict)} {
		calls := 0
		var err error
		require.Equal(t, 1, e.sends(func() {
			_, err = m.Modify(t.Context(), tallied{ID: "1"}, func(*tallied) error { calls++; return own })
		}))
		require.Equal(t, own, err, "the very error, not one that wraps it")
		require.Equal(t, 1, calls)
	}
}

func TestModifyIsRefusedWhereItCanNotBeSafe(t *testing.T) {
	e := embedded(t)
	m := model[shelfmark](t, e)
	never := func(*shelfmark) error { require.Fail(t, "it was called"); return nil }
	var err error
	require.Zero(t, e.sends(func() { _, err = m.Modify(t.Context(), shelfmark{PK: "p", SK: "s"}, never) }))
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	require.ErrorContains(t, err, "no version")

	counted := model[tallied](t, embedded(t))
	_, err = counted.Modify(t.Context(), tallied{ID: "none"}, func(*tallied) error { require.Fail(t, "it was called"); return nil })
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	_, err = counted.Modify(t.Context(), tallied{}, func(*tallied) error { return nil })
	require.ErrorIs(t, err, theorydb.ErrKeyIncomplete)
}

func TestModifyStopsWaitingWithItsContext(t *testing.T) {
	e := embedded(t)
	ctx, cancel := context.WithCancel(t.Context())
	m := model[tallied](t, e, func(c *theorydb.Config) {
		c.Wait = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	})
	require.NoError(t, m.Create(t.Context(), &tallied{ID: "1"}))
	calls := 0
	_, err := m.Modify(ctx, tallied{ID: "1"}, func(*tallied) error {
		calls++
		_, err := m.Change(t.Context(), tallied{ID: "1"}, theorydb.Add("n", 1), theorydb.AnyVersion())
		return err
	})
	require.Equal(t, 1, calls)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, theorydb.ErrVersionConflict)
}

// Callers that modify one item at once: each that was told of success is in it once.
func TestModificationsAreNotLost(t *testing.T) {
	e := embedded(t)
	m := model[tallied](t, e, func(c *theorydb.Config) { c.Attempts = 1000 })
	require.NoError(t, m.Create(t.Context(), &tallied{ID: "1"}))
	var group sync.WaitGroup
	const callers, each = 8, 20
	for range callers {
		group.Go(func() {
			for range each {
				if _, err := m.Modify(t.Context(), tallied{ID: "1"}, func(r *tallied) error { r.N++; return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	read, err := m.Get(t.Context(), tallied{ID: "1"}, theorydb.Consistent())
	require.NoError(t, err)
	require.EqualValues(t, callers*each, read.N)
	require.EqualValues(t, callers*each+1, read.Version)
}
