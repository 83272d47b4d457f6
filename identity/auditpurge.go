package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/theorydb/theorydb"
)

// PurgeMonth deletes the events of a month, such as "2026-01", of all types, a page of up to 100 a call. It begins with an
// empty cursor, and the month is purged when next is empty. It is the only verb that deletes events, goes through
// theorydb's Retention, and Config.Observe is told of it with the reason; a blank reason is theorydb.ErrInvalidQuery.
//
// A month of which an event may still be shown is theorydb.ErrInvalidValue: shorten Lifetimes.Audit first. So nobody can
// use it to hide what just happened. Numbers and chains go on as if nothing was deleted, and what is left verifies. Other
// projects are not touched. Events are found by the index of all types, at a request a page and one a 25 events.
//
// On an error some of the page may be deleted, and next is the cursor that was given: the call can be made again. A cursor
// is bound to the project and the month; any other is theorydb.ErrInvalidCursor.
func (a *Audit) PurgeMonth(ctx context.Context, month, reason, cursor string) (next string, err error) {
	if err := a.ready(); err != nil {
		return cursor, err
	}
	first, err := time.Parse(auditMonthForm, month)
	if err != nil || monthOf(first) != month {
		return cursor, fmt.Errorf("%w: month is no month such as 2026-01", theorydb.ErrInvalidValue)
	}
	if first.AddDate(0, 1, 0).After(a.shownSince(a.db.Now())) {
		return cursor, fmt.Errorf("%w: month has events that are still shown", theorydb.ErrInvalidValue)
	}
	at, err := a.waypointFrom("Audit.PurgeMonth", month, cursor)
	if err != nil {
		return cursor, err
	}
	shards, err := a.events.Shards(timeIndex)
	if err != nil {
		return cursor, err
	}
	at.inner, err = a.events.Retention(reason).Clear(ctx, theorydb.Query[AuditEvent]{
		Key: AuditEvent{Month: month}, Index: timeIndex, Shard: theorydb.Shard(at.number),
	}, at.inner)
	if err != nil {
		return cursor, err
	}
	if at.inner == "" {
		at.number++
	}
	if at.number == shards {
		return "", nil
	}
	return a.waypointText("Audit.PurgeMonth", month, at), nil
}
