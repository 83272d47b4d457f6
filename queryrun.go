package theorydb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// queryRequest is a Query without its type.
type queryRequest struct {
	key             any
	index           string
	sort            SortCondition
	filter          Condition
	descending      bool
	limit, pageSize int
	consistent      bool
	shard           ShardNumber
}

func (q Query[T]) request() queryRequest {
	return queryRequest{&q.Key, q.Index, q.Sort, q.Filter, q.Descending, q.Limit, q.PageSize, q.Consistent, q.Shard}
}

// queryRun is a query under way: compiled once, then sent page by page.
type queryRun struct {
	*call
	queryRequest
	source
	partition types.AttributeValue
	sortRange sortRange
	wants     wanted
	request   *dynamodb.QueryInput // of every page; see next

	last  Item // where the last page ended; nil at the beginning and after the last page
	pages int
	found int
}

// startQuery compiles a query. It sends nothing. Whoever calls it calls end, after an error too, but for one that sends
// nothing at all.
func (m *model) startQuery(op string, q queryRequest, wants wanted) (*queryRun, error) {
	c, err := m.begin(op)
	if c == nil {
		return nil, err
	}
	return c.query(q, wants, err)
}

// query compiles a query of a call that has begun, or could not for the error that begun is.
func (c *call) query(q queryRequest, wants wanted, begun error) (*queryRun, error) {
	run := &queryRun{call: c, queryRequest: q, wants: wants}
	run.account.index = q.index
	if begun != nil {
		return run, begun
	}
	if err := run.compile(); err != nil {
		return run, c.fail(err)
	}
	return run, nil
}

// end ends the run; see call.end.
func (r *queryRun) end(ctx context.Context, err error) {
	if r != nil {
		r.items = r.found
		r.call.end(ctx, err)
	}
}

func (r *queryRun) compile() (err error) {
	m := r.model
	if r.limit < 0 || r.pageSize < 0 {
		return fmt.Errorf("%w: Limit and PageSize can't be negative", ErrInvalidQuery)
	}
	if r.source, err = r.call.source(r.index, r.wants, r.consistent); err != nil {
		return err
	}
	if err := m.accept(r.key); err != nil {
		return err
	}
	if r.partition, err = r.shard.partition(r.pk, r.key); err != nil {
		return err
	}
	if r.sortRange, err = m.sortRange(r.sk, r.key, r.sort); err != nil {
		return err
	}
	if err := errors.Join(r.covers(m, r.filter), r.checkFilter(r.filter)); err != nil {
		return err
	}
	r.request, err = r.input() // what can't be asked is refused now, and not at the first page
	return err
}

// checkFilter refuses what DynamoDB would: a filter on the key, which is what the key condition is for.
func (r *queryRun) checkFilter(filter Condition) error {
	for _, operand := range filter.operands {
		if err := r.checkFilter(operand); err != nil {
			return err
		}
	}
	if filter.attribute != "" && r.isKey(filter.attribute) {
		return fmt.Errorf("%w: Filter names the key attribute %q; use Key and Sort", ErrInvalidQuery, filter.attribute)
	}
	return nil
}

// expect tells the opener what the query will read of a page, so that its data keys are asked for together.
func (r *queryRun) expect(ctx context.Context, rows []Item) {
	if r.opener == nil {
		return
	}
	r.expectRows(ctx, slices.DeleteFunc(slices.Clone(rows), r.excepted), r.limit, r.found)
}

// more reports whether another page is wanted and there may be one.
func (r *queryRun) more() bool { return (r.pages == 0 || r.last != nil) && !r.full() }

// full reports whether Limit is reached.
func (r *queryRun) full() bool { return r.limit > 0 && r.found >= r.limit }

// page sends the next request and returns its rows.
func (r *queryRun) page(ctx context.Context) ([]Item, error) {
	if r.pages > 0 {
		if err := r.turnPage(); err != nil {
			return nil, r.fail(err)
		}
	}
	output, seen, err := send(ctx, r.model.db, resendAlways, r.model.db.config.DynamoDB.Query, r.next())
	r.attempts += seen.count
	if err != nil {
		return nil, r.fail(cleanError(err))
	}
	r.consumed(output.ConsumedCapacity)
	r.last = nil
	r.pages++
	if len(output.LastEvaluatedKey) > 0 {
		r.last = output.LastEvaluatedKey
	}
	return output.Items, nil
}

// turnPage makes the request one of now: the caller may have taken long over the page before.
func (r *queryRun) turnPage() error {
	r.turn(r.model.db)
	request, err := r.input()
	if err == nil {
		request.ReturnConsumedCapacity = r.request.ReturnConsumedCapacity
		r.request = request
	}
	return err
}

// input is the request of every page, but for where the page begins and how much it looks at.
func (r *queryRun) input() (*dynamodb.QueryInput, error) {
	m, b := r.model, &expr.Builder{}
	condition := b.Compare(r.pk.Name, "=", r.partition)
	if r.sk != nil {
		condition = expr.And(condition, r.sortRange.condition(b, r.sk.Name))
	}
	filter, err := m.compile(b, r.filter)
	if err != nil {
		return nil, err
	}
	live := expr.Expr{}
	if r.wants != keysToDelete {
		live = r.live(b)
	}
	filter = expr.And(live, m.ours(b), r.sortRange.filter(b), filter)
	if err := checkExpression(filter.String()); err != nil {
		return nil, err
	}
	input := &dynamodb.QueryInput{
		TableName:              aws.String(m.table), // a copy: Explain gives the request away
		KeyConditionExpression: aws.String(condition.String()),
		FilterExpression:       aws.String(filter.String()),
		ScanIndexForward:       aws.Bool(!r.descending),
		ConsistentRead:         aws.Bool(r.consistent),
		ReturnConsumedCapacity: m.db.meter(),
	}
	if r.secondary != nil {
		input.IndexName = aws.String(r.secondary.Name)
	}
	if names := r.projection(); names != nil {
		projection := b.Projection(names)
		if err := checkExpression(projection); err != nil {
			return nil, err
		}
		input.ProjectionExpression = aws.String(projection)
	}
	input.ExpressionAttributeNames, input.ExpressionAttributeValues = b.Names(), b.Values()
	return input, nil
}

// nextPageSize grows from Limit, so that a few records behind many rows that do not count are not paid for one by one in
// requests.
func (r *queryRun) nextPageSize() int {
	if r.pageSize > 0 {
		return r.pageSize
	}
	return r.limit << min(r.pages, 20)
}

// next is the request for the page after last.
func (r *queryRun) next() *dynamodb.QueryInput {
	request := *r.request
	request.ExclusiveStartKey = r.last
	if size := r.nextPageSize(); size > 0 {
		request.Limit = aws.Int32(int32(min(size, maxPageSize)))
	}
	return &request
}

// live is the filter on expired items. Where the ttl is itself a key of the index DynamoDB refuses it in a filter, and
// only reading the row decides.
func (r *queryRun) live(b *expr.Builder) expr.Expr {
	if r.isKey(r.model.lifetime.attribute) {
		return expr.Expr{}
	}
	return r.model.lifetime.live(b, r.now)
}

// maxPageSize is more items than fit in the 1 MB of a page.
const maxPageSize = 1 << 20

// projection is what is read of a row; nil for all of it. Counting needs the key and what tells a record of the model
// from other rows.
func (r *queryRun) projection() []string {
	switch r.wants {
	case keysOnly, keysToDelete:
		return r.rowNames(&r.source)
	case partOfRecords:
		return r.partNames(&r.source)
	case wholeRecords:
	}
	return nil
}

// read reads a row into record, and says whether it is one of the query's.
func (r *queryRun) read(ctx context.Context, row Item, record any) (bool, error) {
	if r.excepted(row) {
		return false, nil
	}
	ours, err := r.readRow(ctx, row, record)
	if ours {
		r.found++
	}
	return ours, err
}

// counts says whether a row is one of the query's, by its key alone.
func (r *queryRun) counts(row Item) (bool, error) {
	if r.excepted(row) {
		return false, nil
	}
	_, err := r.admit(row)
	if errors.Is(err, errNotOurs) {
		return false, nil
	}
	if err == nil && !r.model.keyInScope(row) {
		err = ErrScopeMismatch
	}
	if err != nil {
		return false, r.fail(err)
	}
	return true, nil
}

func (r *queryRun) excepted(row Item) bool {
	return r.sortRange.except != nil && schema.Equal(row[r.sk.Name], r.sortRange.except)
}
