package theorydb

import (
	"fmt"

	"github.com/theorydb/theorydb/internal/schema"
)

// CursorAfter returns the cursor that follows a record in a query, for QueryPage: what a list handed to somebody ends
// with, whether or not more exists yet. It sends no request. The record needs what the keys of the table and the index
// are made of; whether it is stored, and whether Filter holds on it, is not asked.
//
// A record outside of the query's partition or range is ErrInvalidQuery, one of another scope ErrScopeMismatch, and one
// without a component of a key ErrKeyIncomplete. record is left unchanged.
func (m *Model[T]) CursorAfter(query Query[T], record *T) (string, error) {
	run, err := m.core.startQuery("CursorAfter", query.request(), wholeRecords)
	if err != nil {
		return "", err
	}
	defer run.close()
	if record == nil {
		return "", run.fail(fmt.Errorf("%w: the record is nil", ErrInvalidValue))
	}
	aside := *record
	row, err := run.keyOf(&aside)
	if err != nil {
		return "", run.fail(err)
	}
	return run.cursorAfter(row)
}

// keyOf is the key that a record has in the query, the table's with it.
func (r *queryRun) keyOf(record any) (Item, error) {
	if err := r.model.accept(record); err != nil {
		return nil, err
	}
	row := Item{}
	for _, half := range r.halves(r.model) {
		value, err := half.Value(record)
		if err != nil {
			return nil, err
		}
		row[half.Name] = value
	}
	if !schema.Equal(row[r.pk.Name], r.partition) {
		return nil, fmt.Errorf("%w: the record is in another partition than the query", ErrInvalidQuery)
	}
	within, err := r.withinRange(row, record)
	if err == nil && !within {
		err = fmt.Errorf("%w: the record is outside the query's range", ErrInvalidQuery)
	}
	return row, err
}

func (r *queryRun) withinRange(row Item, record any) (bool, error) {
	if r.sk == nil {
		return true, nil
	}
	if !r.sortRange.contains(row[r.sk.Name]) || r.excepted(row) {
		return false, nil
	}
	unlike := r.sortRange.unlike
	if unlike.value == nil {
		return true, nil
	}
	value, err := r.model.plan.Attribute(unlike.name).Value(record)
	return err == nil && !schema.Equal(value, unlike.value), err
}
