package theorydb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"

	"github.com/theorydb/theorydb/internal/expr"
)

const (
	// maxSegments is DynamoDB's limit.
	// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html#DDB-Scan-request-TotalSegments
	maxSegments = 1_000_000
	// segmentsAtOnce is how many requests of a scan are under way at the same time.
	segmentsAtOnce = 16
)

// scanRun is a scan under way: compiled once, then sent in rounds of a page of every segment.
type scanRun struct {
	*call
	source
	Scan
	request  *dynamodb.ScanInput // of every page, but for its segment, beginning and size
	segments []scanSegment

	size   int // DynamoDB's Limit in this round; 0 for as much as fits
	rounds int
	found  int
	begun  bool // a request was sent
}

// scanSegment is a part of the table, and how far it was read.
type scanSegment struct {
	number   int
	after    Item // where its next page begins; nil at the beginning
	finished bool
	given    bool // after is from the caller's cursor
}

// advance moves the segment to behind a page.
func (s *scanSegment) advance(last Item) {
	s.after, s.finished, s.given = last, last == nil, false
}

// segmentPage is a page of one segment.
type segmentPage struct {
	segment *scanSegment
	rows    []Item
	last    Item // nil after the last page
}

// startScan compiles a scan. It sends nothing. Whoever calls it calls end.
func (m *model) startScan(op string, scan Scan) (*scanRun, error) {
	c, err := m.begin(op)
	if c == nil {
		return nil, err
	}
	run := &scanRun{call: c, Scan: scan}
	run.index = scan.Index
	if err != nil {
		return run, err
	}
	if err := run.compile(); err != nil {
		return run, c.fail(err)
	}
	return run, nil
}

// end ends the run; see call.end.
func (r *scanRun) end(ctx context.Context, err error) {
	if r != nil {
		r.items = r.found
		r.call.end(ctx, err)
	}
}

func (r *scanRun) compile() (err error) {
	m := r.model
	switch {
	case len(m.plan.Scope) > 0:
		return fmt.Errorf("%w: %s has a scope, and a scan reads the rows of all of them; use Query", ErrInvalidQuery, m.plan.Entity)
	case r.Limit < 0 || r.PageSize < 0:
		return fmt.Errorf("%w: Limit and PageSize can't be negative", ErrInvalidQuery)
	case r.Segments < 0 || r.Segments > maxSegments:
		return fmt.Errorf("%w: Segments is from 0 to %d", ErrInvalidQuery, maxSegments)
	}
	if r.source, err = r.call.source(r.Index, wholeRecords, r.Consistent); err != nil {
		return err
	}
	if err := r.covers(m, r.Filter); err != nil {
		return err
	}
	r.segments = make([]scanSegment, max(1, r.Segments))
	for i := range r.segments {
		r.segments[i].number = i
	}
	r.request, err = r.input()
	return err
}

func (r *scanRun) input() (*dynamodb.ScanInput, error) {
	m, b := r.model, &expr.Builder{}
	filter, err := m.compile(b, r.Filter)
	if err != nil {
		return nil, err
	}
	filter = expr.And(m.lifetime.live(b, r.now), m.ours(b), filter)
	if err := checkExpression(filter.String()); err != nil {
		return nil, err
	}
	input := &dynamodb.ScanInput{
		TableName:                 &m.table,
		FilterExpression:          aws.String(filter.String()),
		ExpressionAttributeNames:  b.Names(),
		ExpressionAttributeValues: b.Values(),
		ConsistentRead:            aws.Bool(r.Consistent),
		TotalSegments:             aws.Int32(int32(len(r.segments))), //nolint:gosec // at most maxSegments
		ReturnConsumedCapacity:    m.db.meter(),
	}
	if r.secondary != nil {
		input.IndexName = &r.secondary.Name
	}
	return input, nil
}

// unfinished are the segments that have something left.
func (r *scanRun) unfinished() []*scanSegment {
	var open []*scanSegment
	for i := range r.segments {
		if !r.segments[i].finished {
			open = append(open, &r.segments[i])
		}
	}
	return open
}

// more reports whether another round is wanted and there may be one.
func (r *scanRun) more() bool {
	return !r.full() && slices.ContainsFunc(r.segments, func(s scanSegment) bool { return !s.finished })
}

// full reports whether Limit is reached.
func (r *scanRun) full() bool { return r.Limit > 0 && r.found >= r.Limit }

// round begins another round and gives its segments, in groups that are read at the same time. Only one group's pages are
// held at once, so that a scan of many segments takes no more memory than one of sixteen.
func (r *scanRun) round() iter.Seq[[]*scanSegment] {
	open := r.unfinished()
	r.size = r.PageSize
	if r.size == 0 && r.Limit > 0 { // it grows as that of a query does
		r.size = (r.Limit + len(open) - 1) / len(open) << min(r.rounds, 20)
	}
	r.size = min(r.size, maxPageSize)
	r.rounds++
	return slices.Chunk(open, segmentsAtOnce)
}

// pages reads the next page of each segment of a group. All requests have ended when it returns: the first that fails
// ends the others.
func (r *scanRun) pages(ctx context.Context, group []*scanSegment) ([]segmentPage, error) {
	if err := r.turnPages(); err != nil {
		return nil, r.fail(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var failed error
	pages := make([]segmentPage, len(group))
	atOnce(len(group), segmentsAtOnce, func(i int) {
		output, seen, err := send(ctx, r.model.db, resendAlways, r.model.db.config.DynamoDB.Scan, r.next(group[i]))
		mu.Lock()
		defer mu.Unlock()
		r.attempts += seen.count
		switch {
		case err == nil:
			r.consumed(output.ConsumedCapacity)
			pages[i] = pageOf(group[i], output)
		case failed == nil:
			failed = group[i].failure(err)
			cancel()
		}
	})
	if failed != nil {
		return nil, r.fail(failed)
	}
	return pages, nil
}

// turnPages makes the request one of now, but for the first: the caller may have taken long over the pages before.
func (r *scanRun) turnPages() error {
	if !r.begun {
		r.begun = true
		return nil
	}
	r.turn(r.model.db)
	request, err := r.input()
	if err == nil {
		request.ReturnConsumedCapacity = r.request.ReturnConsumedCapacity
		r.request = request
	}
	return err
}

func pageOf(segment *scanSegment, output *dynamodb.ScanOutput) segmentPage {
	page := segmentPage{segment: segment, rows: output.Items}
	if len(output.LastEvaluatedKey) > 0 {
		page.last = output.LastEvaluatedKey
	}
	return page
}

// failure says what an error of a request means. DynamoDB alone knows which keys are in a segment, and what it refuses
// to begin from a cursor at is a cursor that was forged.
func (s *scanSegment) failure(err error) error {
	clean := cleanError(err)
	var api smithy.APIError
	if s.given && clean.code == codeValidation && errors.As(err, &api) && aboutStartKey.MatchString(api.ErrorMessage()) {
		return fmt.Errorf("%w: DynamoDB can't begin there: %w", ErrInvalidCursor, clean)
	}
	return clean
}

// aboutStartKey recognises the messages with which DynamoDB refuses a key to begin at; they have no code of their own.
var aboutStartKey = regexp.MustCompile(`(?i)start(ing)? ?key`)

// next is the request for a segment's next page.
func (r *scanRun) next(segment *scanSegment) *dynamodb.ScanInput {
	request := *r.request
	request.Segment = aws.Int32(int32(segment.number)) //nolint:gosec // below maxSegments
	request.ExclusiveStartKey = segment.after
	if r.size > 0 {
		request.Limit = aws.Int32(int32(r.size)) //nolint:gosec // at most maxPageSize
	}
	return &request
}

// expect tells the opener what will be read of some pages, so that their data keys are asked for together.
func (r *scanRun) expect(ctx context.Context, pages []segmentPage) {
	if r.opener == nil {
		return
	}
	var rows []Item
	for _, page := range pages {
		rows = append(rows, page.rows...)
	}
	r.expectRows(ctx, rows, r.Limit, r.found)
}

// read reads a row into record, and says whether it is one of the scan's.
func (r *scanRun) read(ctx context.Context, row Item, record any) (bool, error) {
	ours, err := r.readRow(ctx, row, record)
	if ours {
		r.found++
	}
	return ours, err
}

// stop leaves a segment behind one of the rows of its page. Pages of other segments that were not come to are read again
// by whoever goes on.
func (r *scanRun) stop(page segmentPage, at int) {
	if at+1 == len(page.rows) {
		page.segment.advance(page.last)
		return
	}
	key := Item{}
	for _, half := range r.halves(r.model) {
		key[half.Name] = page.rows[at][half.Name]
	}
	page.segment.advance(key)
}
