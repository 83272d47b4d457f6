package theorydb

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Query says what to read from one partition. It is a value: it can be printed, kept and used again. The zero value of
// every field but Key asks for nothing special.
//
// A query never becomes a scan and never chooses an index. It returns live records of T only: expired items, items of
// other entities and rows of other writers whose keys T's templates can't produce are left out. Any other row whose
// attributes give another key than it is stored under fails the query with ErrTypeMismatch. What has expired is judged when
// a page is read.
type Query[T any] struct {
	// Key gives the partition by example, every component of it, and as much of the sort key as is known: components
	// up to the first that is zero. A component given behind a zero one is ErrInvalidQuery. In the partition the number 0
	// is a value; for a sort component that is 0 use Sort: Is(0).
	Key T
	// Index names the index to read, empty for the table. An index may be a little behind the table, and so may its
	// notion of what has expired. Query needs an index that projects every attribute of T; Count does not.
	Index string
	// Sort narrows the query on the next component of the sort key.
	Sort SortCondition
	// Filter leaves out records on which it does not hold, after they were read and paid for. It can't name the key.
	Filter Condition
	// Descending reads from the end of the partition.
	Descending bool
	// Limit is how many records are returned at most, after filtering. 0: no limit.
	Limit int
	// PageSize is how many items DynamoDB looks at in one request, before filtering. 0: as many as fit in 1 MB, or with a
	// Limit that many, and twice as many in each request that follows.
	PageSize int
	// Consistent makes the read strongly consistent, at twice the read capacity. A global index can't be read so.
	Consistent bool
	// Shard asks for one shard of a partition key whose template has the modifier shard:N. Key then leaves the component
	// with that modifier zero. Model.Shards tells how many there are.
	Shard ShardNumber
}

// Page is one page of a query or a scan.
type Page[T any] struct {
	// Items are the records. There may be none although more follow.
	Items []*T
	// Next is the cursor of the next page, empty after the last one. It shows key values, unless Config.CursorKey is set;
	// do not hand it to somebody who must not see them. On an index that several models share it may be the key of a row
	// that is none of Items.
	Next string
	// Capacity is how many read capacity units the page consumed, as DynamoDB reports it; the pages of a query add up.
	Capacity float64
}

// Query reads the records of a query, page by page as they are consumed. No request is sent until the iterator is
// ranged over; leaving the loop stops the paging. An error comes at most once, last, with a nil record.
func (m *Model[T]) Query(ctx context.Context, query Query[T]) iter.Seq2[*T, error] {
	return eachRecord[T](ctx, func() (*queryRun, error) { return m.core.startQuery("Query", query.request(), wholeRecords) })
}

// eachRecord yields what a query finds, as an R.
func eachRecord[R any](ctx context.Context, start func() (*queryRun, error)) iter.Seq2[*R, error] {
	return func(yield func(*R, error) bool) {
		run, err := start()
		defer func() { run.end(ctx, err) }()
		if err != nil {
			yield(nil, err)
			return
		}
		var rows []Item
		for run.more() {
			if rows, err = run.page(ctx); err != nil {
				yield(nil, err)
				return
			}
			run.expect(ctx, rows)
			for _, row := range rows {
				record := new(R)
				var ours bool
				if ours, err = run.read(ctx, row, record); err != nil {
					yield(nil, err)
					return
				}
				if ours && (!yield(record, nil) || run.full()) {
					return
				}
			}
		}
	}
}

// QueryPage reads one page of a query, from its beginning with an empty cursor and otherwise from where the page that
// gave the cursor ended. With a Limit it sends requests until that many records are found or none are left; without one
// it sends a single request. A page fails whole. A cursor that is damaged or of another query is ErrInvalidCursor.
func (m *Model[T]) QueryPage(ctx context.Context, query Query[T], cursor string) (page *Page[T], err error) {
	run, err := m.core.startQuery("QueryPage", query.request(), wholeRecords)
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
		rows, err := run.page(ctx)
		if err != nil {
			return nil, err
		}
		page.Capacity = run.capacity
		run.expect(ctx, rows)
		for i, row := range rows {
			record := new(T)
			ours, err := run.read(ctx, row, record)
			if err != nil {
				return nil, err
			}
			if ours {
				page.Items = append(page.Items, record)
			}
			if run.full() && (i+1 < len(rows) || run.last != nil) {
				page.Next, err = run.cursorAfter(row)
				return page, err
			}
		}
		if query.Limit == 0 && run.last != nil {
			page.Next, err = run.cursorAfter(run.last)
			return page, err
		}
	}
	return page, nil
}

// Count counts the records of a query, up to its Limit if it has one. It pages the keys, which costs the read capacity
// of the query itself, and does not read the records: it counts one that Query could not decode.
func (m *Model[T]) Count(ctx context.Context, query Query[T]) (n int, err error) {
	run, err := m.core.startQuery("Count", query.request(), keysOnly)
	defer func() { run.end(ctx, err) }()
	if err != nil {
		return 0, err
	}
	for run.more() {
		rows, err := run.page(ctx)
		if err != nil {
			return 0, err
		}
		for _, row := range rows {
			ours, err := run.counts(row)
			if err != nil {
				return 0, err
			}
			if ours && !run.full() {
				run.found++
			}
		}
	}
	return run.found, nil
}

// Explain returns the first request that a query would send, and sends nothing. It shows key values and what the filter
// compares; encrypted attributes can't be among them.
func (m *Model[T]) Explain(query Query[T]) (*dynamodb.QueryInput, error) {
	run, err := m.core.startQuery("Explain", query.request(), wholeRecords)
	if err != nil {
		return nil, err
	}
	return run.next(), nil
}

// Collect gathers what an iterator yields, until its error if there is one.
func Collect[T any](records iter.Seq2[*T, error]) ([]*T, error) {
	var all []*T
	for record, err := range records {
		if err != nil {
			return nil, err
		}
		all = append(all, record)
	}
	return all, nil
}
