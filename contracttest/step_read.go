package contracttest

import (
	"context"
	"fmt"

	"github.com/theorydb/theorydb"
)

func (w *world) get(ctx context.Context, m *model, step *Step) (*outcome, error) {
	var options []theorydb.ReadOption
	if step.Consistent {
		options = append(options, theorydb.Consistent())
	}
	record, err := m.Get(ctx, m.record(step.Key), options...)
	if err != nil {
		return &outcome{err: err}, nil
	}
	return &outcome{record: *record}, nil
}

// raw is the library's own look at a stored item.
func (w *world) raw(ctx context.Context, m *model, step *Step) (*outcome, error) {
	var options []theorydb.ReadOption
	if step.Consistent {
		options = append(options, theorydb.Consistent())
	}
	stored, err := m.Raw(ctx, m.record(step.Key), options...)
	return &outcome{stored: stored, isRaw: true, err: err}, nil
}

// query ranges over the iterator, or reads one page when the step has a cursor.
func (w *world) query(ctx context.Context, m *model, step *Step) (*outcome, error) {
	query, err := m.queryOf(step)
	if err != nil {
		return nil, err
	}
	if step.Cursor != nil {
		return w.queryPage(ctx, m, step, query)
	}
	found, err := theorydb.Collect(m.Query(ctx, query))
	return listed(found, err), nil
}

// cursor is the one of a step of pages, "" for the first.
func (w *world) cursor(step *Step) (string, error) {
	if *step.Cursor == "" {
		return "", nil
	}
	value, err := w.variable(*step.Cursor)
	if err != nil {
		return "", err
	}
	cursor, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("variable %q is no cursor", *step.Cursor)
	}
	return cursor, nil
}

func (w *world) queryPage(ctx context.Context, m *model, step *Step, query theorydb.Query[theorydb.Record]) (*outcome, error) {
	cursor, err := w.cursor(step)
	if err != nil {
		return nil, err
	}
	page, err := m.QueryPage(ctx, query, cursor)
	return paged(page, err), nil
}

// paged is the outcome of one page.
func paged(page *theorydb.Page[theorydb.Record], err error) *outcome {
	if err != nil {
		return &outcome{err: err}
	}
	o := listed(page.Items, nil)
	o.next, o.paged = page.Next, true
	return o
}

func (w *world) count(ctx context.Context, m *model, step *Step) (*outcome, error) {
	query, err := m.queryOf(step)
	if err != nil {
		return nil, err
	}
	n, err := m.Count(ctx, query)
	if err != nil {
		return &outcome{err: err}, nil
	}
	return &outcome{count: &n}, nil
}

// explain compiles a query and sends nothing; what it gives is for people.
func (w *world) explain(_ context.Context, m *model, step *Step) (*outcome, error) {
	query, err := m.queryOf(step)
	if err != nil {
		return nil, err
	}
	_, err = m.Explain(query)
	return &outcome{err: err}, nil
}

func listed(found []*theorydb.Record, err error) *outcome {
	if err != nil {
		return &outcome{err: err}
	}
	records := make([]theorydb.Record, len(found))
	for i, record := range found {
		records[i] = *record
	}
	count := len(records)
	return &outcome{records: records, listed: true, count: &count}
}

func (m *model) queryOf(step *Step) (theorydb.Query[theorydb.Record], error) {
	query := theorydb.Query[theorydb.Record]{
		Key: m.record(step.Key), Index: step.Index, Descending: step.Descending, Consistent: step.Consistent,
		Limit: valueOr(step.Limit, 0), PageSize: valueOr(step.PageSize, 0),
	}
	if step.Shard != nil {
		query.Shard = theorydb.Shard(*step.Shard)
	}
	if step.Filter != nil {
		query.Filter = m.conditions(step.Filter)
	}
	var err error
	if step.Sort != nil {
		query.Sort, err = m.sortCondition(step.Sort)
	}
	return query, err
}

// sortCondition passes values as they are but numbers, which Go has types for.
func (m *model) sortCondition(s *Sort) (theorydb.SortCondition, error) {
	values := make([]any, len(s.Values))
	for i, value := range s.Values {
		values[i] = declaration{Type: "N", Format: "int"}.integer(value)
	}
	switch s.Operator {
	case "is":
		return theorydb.Is(values[0]), nil
	case "between":
		return theorydb.Between(values[0], values[1]), nil
	case "at_least":
		return theorydb.AtLeast(values[0]), nil
	case "after":
		return theorydb.After(values[0]), nil
	case "at_most":
		return theorydb.AtMost(values[0]), nil
	case "before":
		return theorydb.Before(values[0]), nil
	case "has_prefix":
		prefix, ok := values[0].(string)
		if !ok {
			return theorydb.SortCondition{}, fmt.Errorf("has_prefix takes a text")
		}
		return theorydb.HasPrefix(prefix), nil
	}
	return theorydb.SortCondition{}, fmt.Errorf("unknown sort operator %q", s.Operator)
}

// integer turns a Number without a fraction into an int64 and leaves everything else.
func (d declaration) integer(value any) any {
	if n, ok := value.(Number); ok {
		return d.number(n)
	}
	return value
}

func valueOr(pointer *int, otherwise int) int {
	if pointer == nil {
		return otherwise
	}
	return *pointer
}
