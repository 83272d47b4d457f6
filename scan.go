package theorydb

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Scan says how to read a whole table or index. It is a value: it can be printed, kept and used again. The zero Scan
// reads the table in one piece.
//
// A scan reads, and pays for, every item there is, those of other entities too; it is for migrations, exports and
// repairs. It gives live records of T only, in no order, by the rules of Query. Nothing turns a query into a scan, and
// nothing a scan into queries. A model of a scope can't be scanned: its rows are among those of all scopes.
type Scan struct {
	// Index names the index to read, empty for the table. It must project every attribute of T.
	Index string
	// Filter leaves out records on which it does not hold, after they were read and paid for.
	Filter Condition
	// Segments is into how many parts the table is divided, which are read at the same time: at most 16 requests are under
	// way at once, however many segments there are. 0 is 1, and DynamoDB's limit 1,000,000. The cursor of a page has an
	// entry for each.
	Segments int
	// Limit is how many records are returned at most, after filtering. 0: no limit.
	Limit int
	// PageSize is how many items DynamoDB looks at in one request, before filtering. 0: as many as fit in 1 MB, or with a
	// Limit a segment's share of it, and twice as many in each round of requests that follows.
	PageSize int
	// Consistent makes the read strongly consistent, at twice the read capacity. A global index can't be read so.
	Consistent bool
}

// Scan reads the records of a scan, as they are consumed: it reads a page of up to 16 segments, yields what they hold,
// and goes on with the next. No request is sent until the iterator is ranged over, and none is under way while a record
// is consumed; leaving the loop stops the reading. An error comes at most once, last, with a nil record. To go on where
// a scan ended use ScanPage.
func (m *Model[T]) Scan(ctx context.Context, scan Scan) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		run, err := m.core.startScan("Scan", scan)
		defer func() { run.end(ctx, err) }()
		if err != nil {
			yield(nil, err)
			return
		}
		left := false
		for run.more() && !left {
			err = scanRound(ctx, run, func(record *T) bool {
				left = !yield(record, nil)
				return !left
			})
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// ScanPage reads one page of a scan: one page of every segment that is not finished, several at the same time. It begins
// at the beginning with an empty cursor and otherwise from where the page that gave the cursor ended. With a Limit it goes
// on until that many records are found or none are left; what it read of other segments meanwhile the next page reads
// again. A page fails whole. A cursor that is damaged, or of another scan or number of segments, is ErrInvalidCursor.
func (m *Model[T]) ScanPage(ctx context.Context, scan Scan, cursor string) (page *Page[T], err error) {
	run, err := m.core.startScan("ScanPage", scan)
	defer func() { run.end(ctx, err) }()
	if err != nil {
		return nil, err
	}
	if err := run.resume(cursor); err != nil {
		return nil, err
	}
	run.request.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal // for Page.Capacity
	page = &Page[T]{}
	for run.more() {
		err := scanRound(ctx, run, func(record *T) bool {
			page.Items = append(page.Items, record)
			return true
		})
		if err != nil {
			return nil, err
		}
		if scan.Limit == 0 {
			break
		}
	}
	if page.Next, err = run.cursor(); err != nil {
		return nil, err
	}
	page.Capacity = run.capacity
	return page, nil
}

// scanRound reads one page of every segment that is not finished, and yields its records until it is told to stop or
// Limit is reached. Every segment is left behind the last of its rows that was looked at.
func scanRound[T any](ctx context.Context, run *scanRun, yield func(*T) bool) error {
	for group := range run.round() {
		pages, err := run.pages(ctx, group)
		if err != nil {
			return err
		}
		run.expect(ctx, pages)
		for _, page := range pages {
			for i, row := range page.rows {
				record := new(T)
				ours, err := run.read(ctx, row, record)
				if err != nil {
					return err
				}
				if ours && (!yield(record) || run.full()) {
					run.stop(page, i)
					return nil
				}
			}
			page.segment.advance(page.last)
		}
	}
	return nil
}
