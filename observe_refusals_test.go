package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestARefusalBeforeAnythingIsSentIsObservedOnce(t *testing.T) {
	w := openWatched(t)
	empty := account{}
	for _, c := range []struct {
		op, class string
		call      func(context.Context) error
	}{
		{"Create", "ErrKeyIncomplete", func(ctx context.Context) error { return w.accounts.Create(ctx, &empty) }},
		{"Create", "ErrInvalidValue", func(ctx context.Context) error { return w.accounts.Create(ctx, nil) }},
		{"Put", "ErrInvalidQuery", func(ctx context.Context) error { return w.logs.Put(ctx, &transfer{ID: "1"}) }},
		{"Update", "ErrInvalidQuery", func(ctx context.Context) error {
			return w.accounts.Update(ctx, &account{ID: "1"}, theorydb.Fields("nothing"))
		}},
		{"Change", "ErrInvalidQuery", func(ctx context.Context) error {
			_, err := w.accounts.Change(ctx, account{ID: "1"}, theorydb.Add("balance", 1))
			return err
		}},
		{"Delete", "ErrKeyIncomplete", func(ctx context.Context) error { return w.accounts.Delete(ctx, &empty) }},
		{"Get", "ErrKeyIncomplete", func(ctx context.Context) error { _, err := w.accounts.Get(ctx, empty); return err }},
		{"Raw", "ErrKeyIncomplete", func(ctx context.Context) error { _, err := w.accounts.Raw(ctx, empty); return err }},
		{"Modify", "ErrInvalidQuery", func(ctx context.Context) error { _, err := w.accounts.Modify(ctx, account{ID: "1"}, nil); return err }},
		{"Query", "ErrKeyIncomplete", func(ctx context.Context) error {
			_, err := theorydb.Collect(w.accounts.Query(ctx, theorydb.Query[account]{}))
			return err
		}},
		{"QueryPage", "ErrInvalidCursor", func(ctx context.Context) error {
			_, err := w.accounts.QueryPage(ctx, theorydb.Query[account]{Key: account{ID: "1"}}, "?")
			return err
		}},
		{"Count", "ErrInvalidQuery", func(ctx context.Context) error {
			_, err := w.accounts.Count(ctx, theorydb.Query[account]{Key: account{ID: "1"}, Limit: -1})
			return err
		}},
		{"BatchGet", "ErrKeyIncomplete", func(ctx context.Context) error { _, err := w.accounts.BatchGet(ctx, []account{{}}); return err }},
		{"BatchGet", "ErrInvalidModel", func(ctx context.Context) error { return w.db.BatchGet(ctx, []theorydb.ReadOp{nil}) }},
		{"BatchWrite", "ErrInvalidQuery", func(ctx context.Context) error { return w.db.BatchWrite(ctx, w.accounts.PutOp(&account{ID: "1"})) }},
		{"Transact", "ErrInvalidQuery", func(ctx context.Context) error {
			return w.db.Transact(ctx, w.accounts.CheckOp(account{ID: "1"}), w.accounts.CheckOp(account{ID: "1"}))
		}},
		{"Transact", "ErrEncryptedFieldNotQueryable", func(ctx context.Context) error {
			return w.db.Transact(ctx, w.credentials.CheckOp(versionedCredential{ID: "1"}, theorydb.Equal("secret", "s")))
		}},
		{"TransactGet", "ErrInvalidModel", func(ctx context.Context) error {
			return w.db.TransactGet(ctx, (&theorydb.Model[account]{}).GetOp(empty))
		}},
	} {
		w.take()
		require.Zero(t, w.sends(func() { require.Error(t, c.call(t.Context())) }))
		told := w.take()
		require.Len(t, told, 1, c.op)
		require.Equal(t, c.op, told[0].Op)
		require.Equal(t, c.class, told[0].Error, c.op)
		require.Zero(t, told[0].Attempts)
		require.Zero(t, told[0].Items)
		require.Zero(t, told[0].Capacity)
	}
	_, err := w.accounts.Explain(theorydb.Query[account]{})
	require.Error(t, err)
	require.Empty(t, w.take(), "Explain sends nothing, and is not told of")
}

func TestTheEndOfAContextAndOtherAnswersHaveAClass(t *testing.T) {
	w := openWatched(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	for class, ctx := range map[string]context.Context{"Canceled": ended, "DeadlineExceeded": late} {
		for name, call := range map[string]func() error{
			"Get":         func() error { _, err := w.accounts.Get(ctx, account{ID: "1"}); return err },
			"Create":      func() error { return w.accounts.Create(ctx, &account{ID: "1"}) },
			"BatchGet":    func() error { _, err := w.accounts.BatchGet(ctx, accounts(3)); return err },
			"BatchWrite":  func() error { return w.db.BatchWrite(ctx, putAll(w.accounts, accounts(3))...) },
			"Transact":    func() error { return w.db.Transact(ctx, w.accounts.CreateOp(&account{ID: "1"})) },
			"TransactGet": func() error { return w.db.TransactGet(ctx, w.accounts.GetOp(account{ID: "1"})) },
		} {
			w.take()
			require.Zero(t, w.sends(func() { require.Error(t, call()) }))
			told := w.take()
			require.Len(t, told, 1)
			require.Equal(t, class, told[0].Error, name)
			require.Zero(t, told[0].Attempts, name)
		}
	}
	for code, class := range map[string]string{"AccessDeniedException": "AccessDeniedException", "ThrottlingException": "ErrThrottled", "ResourceNotFoundException": "ErrTableNotFound"} {
		for name, group := range groupVerbs {
			b := &bank{engine: w.engine, db: w.db, accounts: w.accounts}
			w.faults.On(group.operation).Times(8).Error(http.StatusBadRequest, code, "about row-1")
			w.take()
			require.Error(t, group.call(t.Context(), b, "row-1"))
			told := w.take()
			require.Equal(t, class, told[0].Error, name)
			w.meets("")
		}
	}
}

func TestAnIteratorIsObservedWhenItsLoopEnds(t *testing.T) {
	w := openWatched(t)
	for i := range 5 {
		require.NoError(t, w.many.Create(t.Context(), ptr(manySecretsAt(fmt.Sprint(i)))))
	}
	w.take()
	records := w.many.Query(t.Context(), theorydb.Query[manySecrets]{Key: manySecrets{PK: "M"}, PageSize: 2})
	require.Empty(t, w.take(), "it was not ranged over")
	for range 2 { // and each loop is a query
		seen := 0
		for _, err := range records {
			require.NoError(t, err)
			require.Empty(t, w.take(), "it goes on")
			if seen++; seen == 3 {
				break
			}
		}
		told := w.take()
		require.Len(t, told, 1)
		require.Equal(t, []any{"Query", 2, 3, ""}, []any{told[0].Op, told[0].Attempts, told[0].Items, told[0].Error})
	}
	require.PanicsWithValue(t, "the caller's", func() {
		for _, err := range records {
			require.NoError(t, err)
			panic("the caller's")
		}
	})
	require.Len(t, w.take(), 1)
	w.kmsFaults.On("Decrypt").Always().Error(400, "DisabledException", "")
	_, err := theorydb.Collect(records)
	require.ErrorIs(t, err, theorydb.ErrKMSKeyUnusable)
	told := w.take()
	require.Len(t, told, 1)
	require.Equal(t, "ErrKMSKeyUnusable", told[0].Error)
}

func TestModifyIsObservedAsItsGetsAndUpdates(t *testing.T) {
	w := openWatched(t)
	require.NoError(t, w.accounts.Create(t.Context(), &account{ID: "1"}))
	w.take()
	rival := true
	_, err := w.accounts.Modify(t.Context(), account{ID: "1"}, func(a *account) error {
		a.Balance++
		if rival {
			rival = false
			_, err := w.accounts.Change(t.Context(), account{ID: "1"}, theorydb.Add("balance", 5), theorydb.AnyVersion())
			return err
		}
		return nil
	})
	require.NoError(t, err)
	var ops []string
	for _, told := range w.take() {
		ops = append(ops, told.Op+" "+told.Error)
	}
	require.Equal(t, []string{"Get ", "Change ", "Update ErrVersionConflict", "Get ", "Update "}, ops)
}

// What is told holds no value of an item, a key or a condition.
func TestAnObservationHoldsNoValue(t *testing.T) {
	e, o := embedded(t), &observer{}
	db := e.open(t, o.configure)
	m := registered[note](t, db)
	require.NoError(t, db.CreateTable(t.Context()))
	ctx, key := t.Context(), note{ID: canary}
	n := canaryNote()
	condition := theorydb.Equal("text", canary+"!")
	calls := []error{m.Create(ctx, &n), m.Create(ctx, &n), m.Update(ctx, &n), m.Put(ctx, &n, theorydb.OnlyIf(condition))}
	calls = append(calls,
		db.Transact(ctx, m.CheckOp(key, condition)), db.Transact(ctx, m.CreateOp(&n)), db.Transact(ctx, m.PutOp(&n)),
		db.BatchWrite(ctx, m.PutOp(&n, theorydb.Unchecked())), db.BatchWrite(ctx, m.PutOp(&n)),
		db.BatchGet(ctx, []theorydb.ReadOp{m.GetOp(key)}), db.TransactGet(ctx, m.GetOp(key), m.GetOp(key)),
	)
	_, err := theorydb.Collect(m.Query(ctx, theorydb.Query[note]{Key: key, Filter: condition}))
	calls = append(calls, err)
	e.faults.On("").Always().Error(http.StatusBadRequest, "ValidationException", "about "+canary)
	_, err = m.Get(ctx, key)
	calls = append(calls, err, db.Transact(ctx, m.CreateOp(&n)), db.BatchWrite(ctx, m.PutOp(&n, theorydb.Unchecked())))
	told := o.take()
	require.Len(t, told, len(calls))
	for i, observation := range told {
		require.NotContains(t, fmt.Sprintf("%+v", observation), canary)
		require.Empty(t, search(reflect.ValueOf(observation), "observation", map[uintptr]bool{}))
		require.Equal(t, calls[i] == nil, observation.Error == "", "%+v: %v", observation, calls[i])
	}
}

func TestVerbsOfManyGoroutinesAreObservedEach(t *testing.T) {
	w := openWatched(t)
	require.NoError(t, w.db.BatchWrite(t.Context(), putAll(w.accounts, accounts(130))...))
	w.take()
	const goroutines = 16
	var group sync.WaitGroup
	failures := make([]error, goroutines)
	requests := w.sends(func() {
		for g := range goroutines {
			group.Go(func() {
				ctx, id := t.Context(), fmt.Sprint("own", g)
				_, read := w.accounts.BatchGet(ctx, accounts(130))
				many := make([]account, 60)
				for i := range many {
					many[i].ID = fmt.Sprint(id, "-", i)
				}
				failures[g] = errors.Join(read,
					w.db.BatchWrite(ctx, putAll(w.accounts, many)...),
					w.db.Transact(ctx, w.accounts.CreateOp(&account{ID: id}), w.credentials.CreateOp(&versionedCredential{ID: id, Secret: theorydb.NewSecret("s")})),
					w.db.TransactGet(ctx, w.credentials.GetOp(versionedCredential{ID: id}), w.accounts.GetOp(account{ID: id})),
				)
			})
		}
		group.Wait()
	})
	require.NoError(t, errors.Join(failures...))
	attempts, items := 0, map[string]int{}
	told := w.take()
	require.Len(t, told, 4*goroutines)
	for _, observation := range told {
		attempts += observation.Attempts
		items[observation.Op] += observation.Items
	}
	require.Equal(t, requests, attempts)
	require.Equal(t, map[string]int{"BatchGet": 130 * goroutines, "BatchWrite": 60 * goroutines, "Transact": 2 * goroutines, "TransactGet": 2 * goroutines}, items)
}
