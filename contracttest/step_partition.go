package contracttest

import (
	"context"

	"github.com/theorydb/theorydb"
)

// Steps on a whole partition: collection reads it, clear deletes it.

// collection reads the partition that the key names, for the models that the step names, in the order of the rows.
func (w *world) collection(ctx context.Context, m *model, step *Step) (*outcome, error) {
	var options []theorydb.ReadOption
	if step.Consistent {
		options = append(options, theorydb.Consistent())
	}
	o := &outcome{listed: true}
	var into []theorydb.Destination
	for _, name := range step.Models {
		other, err := w.modelWithin(ctx, step, &Step{Model: name})
		if err != nil {
			return nil, err
		}
		if other.refused != nil {
			return &outcome{err: other.refused}, nil
		}
		into = append(into, other.Each(func(record *theorydb.Record) error {
			o.records, o.models = append(o.records, *record), append(o.models, other)
			return nil
		}))
	}
	if err := m.table.db.Collection(ctx, m.Partition(m.record(step.Key), options...), into...); err != nil {
		return &outcome{err: err}, nil
	}
	count := len(o.records)
	o.count = &count
	return o, nil
}

// clear deletes the rows of a partition, or with a retention what a query finds: all of it, or one page with a cursor.
func (w *world) clear(ctx context.Context, m *model, step *Step) (*outcome, error) {
	page := func(cursor string) (string, error) {
		return m.table.db.ClearPartition(ctx, m.Partition(m.record(step.Key)), cursor, step.Keep...)
	}
	if step.Retention != nil {
		query, err := m.queryOf(step)
		if err != nil {
			return nil, err
		}
		page = func(cursor string) (string, error) { return m.Retention(*step.Retention).Clear(ctx, query, cursor) }
	}
	if step.Cursor != nil {
		cursor, err := w.cursor(step)
		if err != nil {
			return nil, err
		}
		next, err := page(cursor)
		return &outcome{next: next, paged: true, err: err}, nil
	}
	for cursor := ""; ; {
		next, err := page(cursor)
		if err != nil || next == "" {
			return &outcome{err: err}, nil
		}
		cursor = next
	}
}
