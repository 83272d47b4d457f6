package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/theorydb/theorydb"
)

// The models of histories: one for each kind.

type LinearLedger struct {
	_ theorydb.Key `theorydb:"pk" key:"LEDGER#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID        string
	Value     int64
	Count     int64
	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
}

type LinearCounter struct {
	_ theorydb.Key `theorydb:"pk" key:"COUNTER#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID      string
	Value   int64
	Count   int64
	Version int64 `theorydb:"version"`
}

type LinearPlain struct {
	_ theorydb.Key `theorydb:"pk" key:"PLAIN#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID    string
	Value int64
	Count int64
}

// recordStore does deeds with a model of this library.
type recordStore[T comparable] struct {
	kind   linearKind
	db     *theorydb.DB
	model  *theorydb.Model[T]
	record func(id string, row linearRow) T
	row    func(T) linearRow
}

func ledgerStore(db *theorydb.DB) (*recordStore[LinearLedger], error) {
	m, err := theorydb.NewModel[LinearLedger](db)
	return &recordStore[LinearLedger]{
		kind: linearLedgers, db: db, model: m,
		record: func(id string, row linearRow) LinearLedger {
			l := LinearLedger{ID: id, Value: row.value, Count: row.count, Version: row.version}
			if row.born != 0 {
				l.CreatedAt = linearEpoch.Add(time.Duration(row.born))
			}
			return l
		},
		row: func(l LinearLedger) linearRow {
			return linearRow{
				exists: true, version: l.Version, born: int64(l.CreatedAt.Sub(linearEpoch)), value: l.Value, count: l.Count,
			}
		},
	}, err
}

func counterStore(db *theorydb.DB) (*recordStore[LinearCounter], error) {
	m, err := theorydb.NewModel[LinearCounter](db)
	return &recordStore[LinearCounter]{
		kind: linearCounters, db: db, model: m,
		record: func(id string, row linearRow) LinearCounter {
			return LinearCounter{ID: id, Value: row.value, Count: row.count, Version: row.version}
		},
		row: func(c LinearCounter) linearRow {
			return linearRow{exists: true, version: c.Version, value: c.Value, count: c.Count}
		},
	}, err
}

func plainStore(db *theorydb.DB) (*recordStore[LinearPlain], error) {
	m, err := theorydb.NewModel[LinearPlain](db)
	return &recordStore[LinearPlain]{
		kind: linearPlains, db: db, model: m,
		record: func(id string, row linearRow) LinearPlain {
			return LinearPlain{ID: id, Value: row.value, Count: row.count}
		},
		row: func(p LinearPlain) linearRow { return linearRow{exists: true, value: p.Value, count: p.Count} },
	}, err
}

func (s *recordStore[T]) createTable(ctx context.Context) error { return s.db.CreateTable(ctx) }

// id is the key of a row in a history: histories that share a table share no key.
func (d linearDeed) id(h *linearHistory) string { return fmt.Sprintf("%d-%d", h.seed, d.key) }

// given is the record that the caller of a deed has in hand.
func (s *recordStore[T]) given(h *linearHistory, d linearDeed) T {
	row := d.held
	row.value, row.count = d.value, d.count
	return s.record(d.id(h), row)
}

func (s *recordStore[T]) run(ctx context.Context, h *linearHistory, deeds []linearDeed) []linearVerdict {
	if len(deeds) > 1 {
		return s.transact(ctx, h, deeds)
	}
	return []linearVerdict{s.single(ctx, h, deeds[0])}
}

func (s *recordStore[T]) single(ctx context.Context, h *linearHistory, d linearDeed) linearVerdict {
	record := s.given(h, d)
	before := record
	var err error
	switch d.verb {
	case verbCreate:
		err = s.model.Create(ctx, &record)
	case verbPut:
		err = s.model.Put(ctx, &record)
	case verbUpdate:
		err = s.model.Update(ctx, &record)
	case verbDelete:
		err = s.model.Delete(ctx, &record)
	case verbDeleteAny:
		err = s.model.Delete(ctx, &record, s.anyVersion()...)
	case verbGet:
		return s.left(d)(s.model.Get(ctx, record, theorydb.Consistent()))
	case verbChange, verbAdd:
		return s.left(d)(s.model.Change(ctx, record, s.parts(d)...))
	case verbCheck, verbTransact:
		err = fmt.Errorf("%s is no verb of a store", d.verb)
	}
	if err != nil && record != before {
		err = fmt.Errorf("the record was touched by a write that failed: %w", err)
		return linearVerdict{told: toldWrongly, err: err}
	}
	return s.verdict(d, &record, err)
}

// anyVersion is AnyVersion where the model has something that it lifts.
func (s *recordStore[T]) anyVersion() []theorydb.DeleteOption {
	if !s.kind.versioned {
		return nil
	}
	return []theorydb.DeleteOption{theorydb.AnyVersion()}
}

// parts are what a Change is made of.
func (s *recordStore[T]) parts(d linearDeed) []theorydb.ChangePart {
	parts := []theorydb.ChangePart{theorydb.Add("count", 1)}
	switch {
	case d.verb == verbChange:
		parts = append(parts, theorydb.Set("value", d.value))
		if s.kind.versioned {
			parts = append(parts, theorydb.IfVersion(d.held.version))
		}
	case s.kind.versioned:
		parts = append(parts, theorydb.AnyVersion())
	}
	return parts
}

func (s *recordStore[T]) left(d linearDeed) func(*T, error) linearVerdict {
	return func(record *T, err error) linearVerdict { return s.verdict(d, record, err) }
}

// verdict is what the caller was told.
func (s *recordStore[T]) verdict(d linearDeed, record *T, err error) linearVerdict {
	told := linearVerdict{told: toldBy(err), err: err}
	var where *theorydb.OpError
	if errors.As(err, &where) {
		told.stored = where.StoredVersion
	}
	if told.told == toldOK && d.returns() {
		told.row = s.row(*record)
	}
	if told.told == toldWrongly && d.verb == verbGet && len(sentinelsOf(err)) == 0 {
		told.told = toldNothing
	}
	return told
}

// meanings are what the sentinels that an error matches say together.
var meanings = []struct {
	told      linearTold
	sentinels []error
}{
	{toldOK, nil},
	{toldNotFound, []error{theorydb.ErrItemNotFound}}, // of a read
	{toldNotFound, []error{theorydb.ErrItemNotFound, theorydb.ErrConditionFailed}},
	{toldExists, []error{theorydb.ErrConditionFailed, theorydb.ErrAlreadyExists}},
	{toldConflict, []error{theorydb.ErrConditionFailed, theorydb.ErrVersionConflict}},
	{toldUnknown, []error{theorydb.ErrOutcomeUnknown}},
	{toldRefused, []error{theorydb.ErrThrottled}},
}

// toldBy reads an error as a caller would. One that could be read in two ways says nothing true.
func toldBy(err error) linearTold {
	sentinels := sentinelsOf(err)
	if err == nil || len(sentinels) > 0 {
		for _, meaning := range meanings {
			if slices.Equal(sentinels, meaning.sentinels) {
				return meaning.told
			}
		}
	}
	return toldWrongly
}

// sentinelsOf are those that an error matches.
func sentinelsOf(err error) []error {
	return slices.DeleteFunc(slices.Clone(everySentinel), func(s error) bool { return !errors.Is(err, s) })
}
