package identity

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/theorydb/theorydb"
)

// AuditQuery says which events to read: those of one type, those of one actor, or with neither all of the project. With
// both it is theorydb.ErrInvalidQuery.
type AuditQuery struct {
	Type  EventType
	Actor string
	// From is where the time of events begins, To where it ends and is not reached. Zero: no bound, but for what is said
	// at Query.
	From, To time.Time
	// After is the cursor of the event behind which to go on; see Cursor.
	After string
}

const (
	actorIndex = "gsi1"
	timeIndex  = "gsi2"
	// maxAhead is how far in the future events are looked for, which clocks that run ahead have written.
	maxAhead = 24 * time.Hour
)

// Query reads events in order of their time, month by month, and no request is sent until the iterator is ranged over.
// An error comes at most once, last, with a nil event.
//
// Events are shown while they are less than Lifetimes.Audit old, whether they are still stored or not: one that is
// exactly as old is not. A month of a type or an actor is one request a page; one of all events is 8, whose answers are
// merged.
//
// By type the reads are strongly consistent (twice the read units), and the order is that of the numbers: every event that
// was appended before is there. With After nothing is left out: a number that is missing is ErrChainBroken, and that is
// also the answer to who comes back after so long that events between are not shown any more. So a consumer of a stream
// keeps the cursor of the last event that it is done with, and misses none.
//
// By actor and of all types they come from an index that is a little behind, and cursors there are for paging, not for
// following. Events of one time come in the order of their ids.
func (a *Audit) Query(ctx context.Context, query AuditQuery) iter.Seq2[*AuditEvent, error] {
	return func(yield func(*AuditEvent, error) bool) {
		r, err := a.startAudit(query)
		if err != nil {
			yield(nil, err)
			return
		}
		r.run(ctx, yield)
	}
}

// auditRun is one use of Query.
type auditRun struct {
	*Audit
	query    AuditQuery
	from, to time.Time // both included
	last     place     // behind which the next event is; the zero one at the beginning
	shards   int
}

func (a *Audit) startAudit(query AuditQuery) (*auditRun, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	if err := query.check(); err != nil {
		return nil, err
	}
	r := &auditRun{Audit: a, query: query}
	now := a.db.Now()
	r.from, r.to = query.From, now.Add(maxAhead)
	if shown := a.shownSince(now); r.from.Before(shown) {
		r.from = shown
	}
	if !query.To.IsZero() && query.To.Before(r.to) {
		r.to = query.To.Add(-1)
	}
	var err error
	if query.After != "" {
		if r.last, err = a.parseAuditCursor(query, query.After); err != nil {
			return nil, err
		}
		if query.From.After(r.last.at) {
			return nil, fmt.Errorf("%w: it is of an event before From", theorydb.ErrInvalidCursor)
		}
		if r.from.Before(r.last.at) {
			r.from = r.last.at
		}
	}
	if query.Type == "" && query.Actor == "" {
		r.shards, err = a.events.Shards(timeIndex)
	}
	return r, err
}

// shownSince is the first time of which events are shown.
func (a *Audit) shownSince(now time.Time) time.Time {
	return now.Add(-a.options.Lifetimes.Audit).Add(1)
}

func (q AuditQuery) check() error {
	if q.Type != "" {
		if _, err := NewEventType(string(q.Type)); err != nil {
			return err
		}
		if q.Actor != "" {
			return fmt.Errorf("%w: the query gives a type and an actor; leave one out", theorydb.ErrInvalidQuery)
		}
	}
	if q.Actor != "" {
		return checkID("actor", q.Actor)
	}
	return nil
}

// run yields the events. Of one type the numbers must be consecutive: a month that was read to its end before another event
// was put into it, and the next month read after, look like a gap, so that the part behind the last event is read again,
// once. Where the gap remains, events were deleted: those of a purged month, or by somebody else.
func (r *auditRun) run(ctx context.Context, yield func(*AuditEvent, error) bool) {
	again := place{}
	for {
		gap := false
		for event, err := range r.months(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if gap = r.query.Type != "" && r.last.seq > 0 && event.Seq != r.last.seq+1; gap {
				if again != r.last {
					break
				}
				if r.query.After != "" {
					yield(nil, fmt.Errorf("%w: events behind the cursor are missing", ErrChainBroken))
					return
				}
				gap = false
			}
			r.last = r.placeOf(event)
			if !yield(event, nil) {
				return
			}
		}
		if !gap {
			return
		}
		again = r.last
		if r.from.Before(r.last.at) {
			r.from = r.last.at
		}
	}
}

// months are the events behind r.last, from month to month.
func (r *auditRun) months(ctx context.Context) iter.Seq2[*AuditEvent, error] {
	return func(yield func(*AuditEvent, error) bool) {
		if r.from.After(r.to) {
			return
		}
		end := monthOf(r.to)
		from := r.from.UTC()
		first := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC)
		for month := first; monthOf(month) <= end; month = month.AddDate(0, 1, 0) {
			for event, err := range merged(r.sources(ctx, monthOf(month)), r.before) {
				if err == nil && !r.last.before(r.placeOf(event)) {
					continue // up to the cursor: the events of its very time were read too
				}
				if !yield(event, err) || err != nil {
					return
				}
			}
		}
	}
}

// sources are the queries that hold the events of a month.
func (r *auditRun) sources(ctx context.Context, month string) []iter.Seq2[*AuditEvent, error] {
	query := theorydb.Query[AuditEvent]{Key: AuditEvent{Month: month}, Sort: theorydb.Between(r.from, r.to)}
	switch {
	case r.query.Type != "":
		query.Key.EventType, query.Consistent = string(r.query.Type), true
	case r.query.Actor != "":
		query.Key.Actor, query.Index = r.query.Actor, actorIndex
	default:
		query.Index = timeIndex
		sources := make([]iter.Seq2[*AuditEvent, error], r.shards)
		for i := range sources {
			query.Shard = theorydb.Shard(i)
			sources[i] = r.events.Query(ctx, query)
		}
		return sources
	}
	return []iter.Seq2[*AuditEvent, error]{r.events.Query(ctx, query)}
}

func (r *auditRun) before(x, y *AuditEvent) bool { return r.placeOf(x).before(r.placeOf(y)) }

// merged yields what several sources, each in order, yield in order. The first error ends it.
func merged(sources []iter.Seq2[*AuditEvent, error], before func(x, y *AuditEvent) bool) iter.Seq2[*AuditEvent, error] {
	if len(sources) == 1 {
		return sources[0]
	}
	return func(yield func(*AuditEvent, error) bool) {
		type source struct {
			event *AuditEvent
			next  func() (*AuditEvent, error, bool)
		}
		var open []*source
		for _, each := range sources {
			next, stop := iter.Pull2(each)
			defer stop()
			event, err, ok := next()
			if err != nil {
				yield(nil, err)
				return
			}
			if ok {
				open = append(open, &source{event, next})
			}
		}
		for len(open) > 0 {
			least := 0
			for i := range open {
				if before(open[i].event, open[least].event) {
					least = i
				}
			}
			if !yield(open[least].event, nil) {
				return
			}
			event, err, ok := open[least].next()
			if err != nil {
				yield(nil, err)
				return
			}
			if open[least].event = event; !ok {
				open = append(open[:least], open[least+1:]...)
			}
		}
	}
}
