package contracttest

import (
	"context"

	"github.com/theorydb/theorydb"
)

// scan reads a whole table or index in no order, or one page of it when the step has a cursor.
func (w *world) scan(ctx context.Context, m *model, step *Step) (*outcome, error) {
	scan := theorydb.Scan{
		Index: step.Index, Segments: valueOr(step.Segments, 0), Limit: valueOr(step.Limit, 0),
		PageSize: valueOr(step.PageSize, 0), Consistent: step.Consistent,
	}
	if step.Filter != nil {
		scan.Filter = m.conditions(step.Filter)
	}
	if step.Cursor == nil {
		found, err := theorydb.Collect(m.Scan(ctx, scan))
		return listed(found, err), nil
	}
	cursor, err := w.cursor(step)
	if err != nil {
		return nil, err
	}
	page, err := m.ScanPage(ctx, scan, cursor)
	return paged(page, err), nil
}
