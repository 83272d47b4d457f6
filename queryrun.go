package theorydb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
}

func (q Query[T]) request() queryRequest {
	return queryRequest{&q.Key, q.Index, q.Sort, q.Filter, q.Descending, q.Limit, q.PageSize, q.Consistent}
}

// queryRun is a query under way: compiled once, then sent page by page.
type queryRun struct {
	*call
	queryRequest
	secondary *schema.Index   // nil for the table
	pk, sk    *schema.KeyPart // of the table or the index; sk is nil without a sort key
	partition types.AttributeValue
	sortRange sortRange
	wants     wanted
	request   *dynamodb.QueryInput // of every page; see next

	last  Item // where the last page ended; nil at the beginning and after the last page
	pages int
	found int
}

// wanted says what a query reads of its rows.
type wanted int

const (
	wholeRecords wanted = iota
	keysOnly
)

// startQuery compiles a query. It sends nothing. Whoever calls it calls end, after an error too, but for one that sends
// nothing at all.
func (m *model) startQuery(op string, q queryRequest, wants wanted) (*queryRun, error) {
	c, err := m.begin(op)
	if c == nil {
		return nil, err
	}
	run := &queryRun{call: c, queryRequest: q, pk: m.plan.PK, sk: m.plan.SK, wants: wants}
	run.account.index = q.index
	if err == nil {
		if err = run.compile(); err != nil {
			err = c.fail(err)
		}
	}
	return run, err
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
	if err := r.chooseIndex(); err != nil {
		return err
	}
	if err := m.accept(r.key); err != nil {
		return err
	}
	if r.partition, err = r.pk.Value(r.key); err != nil {
		return err
	}
	if r.sortRange, err = m.sortRange(r.sk, r.key, r.sort); err != nil {
		return err
	}
	if err := r.checkFilter(r.filter); err != nil {
		return err
	}
	r.request, err = r.input() // what can't be asked is refused now, and not at the first page
	return err
}

// chooseIndex takes the index that the query names. None is ever guessed.
func (r *queryRun) chooseIndex() error {
	if r.index == "" {
		return nil
	}
	m := r.model
	var names []string
	for _, index := range m.plan.Indexes {
		names = append(names, index.Name)
		if index.Name == r.index {
			r.secondary, r.pk, r.sk = index, index.PK, index.SK
		}
	}
	switch {
	case r.secondary == nil:
		return fmt.Errorf("%w: %s has no index %q; it has %q", ErrInvalidQuery, m.plan.Entity, r.index, names)
	case r.consistent && !r.secondary.Local:
		return fmt.Errorf("%w: %q is a global index, which can't be read consistently", ErrInvalidQuery, r.index)
	case r.wants == wholeRecords && !m.projectsWhole(r.secondary):
		return fmt.Errorf("%w: index %q does not project every attribute of %s; Count works on it", ErrInvalidQuery, r.index, m.plan.Entity)
	}
	return nil
}

// halves are the key attributes that a page ends with: those of the index, and the table's.
func (r *queryRun) halves() []*schema.KeyPart {
	halves := r.model.halves()
	for _, half := range []*schema.KeyPart{r.pk, r.sk} {
		if half != nil && !slices.ContainsFunc(halves, func(h *schema.KeyPart) bool { return h.Name == half.Name }) {
			halves = append(halves, half)
		}
	}
	return halves
}

// checkFilter refuses what DynamoDB would: a filter on the key, which is what the key condition is for.
func (r *queryRun) checkFilter(filter Condition) error {
	for _, operand := range filter.operands {
		if err := r.checkFilter(operand); err != nil {
			return err
		}
	}
	if r.secondary != nil && filter.attribute != "" && !r.model.projects(r.secondary, filter.attribute) {
		return fmt.Errorf("%w: Filter names %q, which index %q does not project", ErrInvalidQuery, filter.attribute, r.index)
	}
	for _, half := range []*schema.KeyPart{r.pk, r.sk} {
		if half != nil && filter.attribute == half.Name {
			return fmt.Errorf("%w: Filter names the key attribute %q; use Key and Sort", ErrInvalidQuery, half.Name)
		}
	}
	return nil
}

// expect tells the opener what the query will read of a page, so that its data keys are asked for together.
func (r *queryRun) expect(ctx context.Context, rows []Item) {
	if r.opener == nil {
		return
	}
	var read []Item
	for _, row := range rows {
		if r.limit > 0 && len(read) >= r.limit-r.found {
			break
		}
		if !r.excepted(row) && r.model.lifetime.isLive(row, r.now) && r.model.owns(row) {
			read = append(read, row)
		}
	}
	r.opener.expect(ctx, read)
}

// more reports whether another page is wanted and there may be one.
func (r *queryRun) more() bool { return (r.pages == 0 || r.last != nil) && !r.full() }

// full reports whether Limit is reached.
func (r *queryRun) full() bool { return r.limit > 0 && r.found >= r.limit }

// page sends the next request and returns its rows.
func (r *queryRun) page(ctx context.Context) ([]Item, error) {
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
	filter = expr.And(r.live(b), m.ours(b), r.sortRange.filter(b), filter)
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
	if r.wants == keysOnly {
		input.ProjectionExpression = aws.String(r.keyProjection(b))
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
	for _, half := range []*schema.KeyPart{r.pk, r.sk} {
		if half != nil && half.Name == r.model.lifetime.attribute {
			return expr.Expr{}
		}
	}
	return r.model.lifetime.live(b, r.now)
}

// maxPageSize is more items than fit in the 1 MB of a page.
const maxPageSize = 1 << 20

// keyProjection is what counting needs: the key and what tells a record of the model from other rows.
func (r *queryRun) keyProjection(b *expr.Builder) string {
	var names []string
	for _, half := range r.halves() {
		names = append(names, b.Name(half.Name))
	}
	for _, name := range []string{entityAttribute, r.model.lifetime.attribute} {
		if placeholder := b.Name(name); !slices.Contains(names, placeholder) {
			names = append(names, placeholder)
		}
	}
	return strings.Join(names, ",")
}

// read reads a row into record, and says whether it is one of the query's.
func (r *queryRun) read(ctx context.Context, row Item, record any) (bool, error) {
	if r.excepted(row) {
		return false, nil
	}
	err := r.fromItem(ctx, row, record)
	if errors.Is(err, errNotOurs) {
		return false, nil
	}
	if err != nil {
		return false, r.fail(err)
	}
	r.found++
	return true, nil
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
