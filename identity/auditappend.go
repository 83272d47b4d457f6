package identity

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/theorydb/theorydb"
)

// Bounds of the tries of one transaction. Whoever loses a race for the end of a stream lost it to somebody who appended, so
// that many losses only mean many writers.
const (
	maxLostRaces   = 500
	maxUnknown     = 3
	maxThrottled   = 4
	maxTransactOps = 100 // of DynamoDB in one transaction
)

// Append appends an event and returns it as it is stored. Event, guard and the new end of the stream are one transaction:
// two requests (a strong read, 1 RRU, and a transaction), and about 10 write units for an event of up to 1 KB with its two
// indexes. It needs KMS for an event with PII only, one data key a try, and then fails closed: with
// theorydb.ErrEncryption nothing is appended. PII takes another strong read, and 2 write units more where its subject is a
// user: one who is being erased, in that very transaction, is ErrUserInactive, and nothing is appended.
//
// CreatedAt is the DB's clock, and never before the event before; the month and the number follow from it. An event whose
// id was appended within Lifetimes.AuditGuard is not appended again, and the stored one is returned, whatever the one given
// says otherwise; under another type that id is theorydb.ErrAlreadyExists, and so it is after that time as long as PII of
// the first one is kept about the same subject. So an append that failed with theorydb.ErrOutcomeUnknown can be repeated
// with the same id.
//
// Other writers of the type make it try again at once, without a wait, since one of them has just succeeded; after 500 lost
// races it is theorydb.ErrThrottled and nothing was appended. Events of a busy type go through AppendBatch. ErrClockSkew
// says that the last event is from more than a minute in the future, and theorydb.ErrInvalidValue what is wrong with the
// event; nothing is written then. The event given is left unchanged.
func (a *Audit) Append(ctx context.Context, event Event) (AuditEvent, error) {
	stored, err := a.AppendBatch(ctx, event.Type, []Event{event})
	if err != nil {
		return AuditEvent{}, err
	}
	return stored[0], nil
}

// AppendBatch appends events of one type in their order, up to 49 in a transaction (24 of those with PII), and returns them
// as they are stored, in the order given. It costs per transaction a strong read and the write of the stream's end, and per
// event what Append says. Events of one id are one event.
//
// Every event is checked before the first is sent. On an error of a later transaction those of the earlier ones are
// appended, and returned with the error; the call can be repeated, provided that the events have ids.
func (a *Audit) AppendBatch(ctx context.Context, eventType EventType, events []Event) ([]AuditEvent, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	entries, err := a.entries(eventType, events)
	if err != nil {
		return nil, err
	}
	once := firstOfEach(entries)
	for start := 0; start < len(once) && err == nil; {
		end := fill(once, start)
		err = a.appendEntries(ctx, eventType, once[start:end])
		start = end
	}
	var stored []AuditEvent
	for _, e := range entries {
		if e.of().stored == nil {
			break
		}
		stored = append(stored, *e.of().stored)
	}
	return stored, err
}

// Op gives an append as operations to put into a transaction of the caller's, so that a change and its event take effect
// together:
//
//	ops, err := stores.Audit.Op(ctx, event)
//	err = db.Transact(ctx, append(change, ops...)...)
//
// It reads the end of the stream (1 RRU), and gives 3 operations, 4 with PII, and for PII about a user the check that it is
// not being erased, as the last; no other operation may be on that user then. Users and other stores take the event of
// their own changes by WithAudit. The first of the operations fails with
// theorydb.ErrConditionFailed (theorydb.ErrAlreadyExists in a stream without events) when somebody appended to the stream
// since: make the operations again, and repeat the transaction. The third fails with theorydb.ErrAlreadyExists when an
// event of the id exists. Use it for rare events, not for sign-ins: the change then waits for the stream. Errors are those
// of Append.
func (a *Audit) Op(ctx context.Context, event Event) ([]theorydb.TransactOp, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	entries, err := a.entries(event.Type, []Event{event})
	if err != nil {
		return nil, err
	}
	plan, err := a.plan(ctx, event.Type, entries)
	if err != nil {
		return nil, err
	}
	return plan.ops, nil
}

// entry is an event on its way into a stream.
type entry struct {
	Event
	nonce   []byte
	piiHash string
	same    *entry // the one of the same id before it in the batch
	stored  *AuditEvent
}

// of is the entry that stands for e.
func (e *entry) of() *entry {
	if e.same != nil {
		return e.same
	}
	return e
}

// ops is how many operations the entry takes at most.
func (e *entry) ops() int {
	if e.PII.IsSet() {
		return 4
	}
	return 2
}

// entries checks events and gives them what stays the same over all tries.
func (a *Audit) entries(eventType EventType, events []Event) ([]*entry, error) {
	if _, err := NewEventType(string(eventType)); err != nil {
		return nil, err
	}
	entries := make([]*entry, len(events))
	for i, event := range events {
		checked, err := event.check(eventType)
		if err != nil {
			return nil, err
		}
		entries[i] = &entry{Event: checked}
	}
	for _, e := range entries {
		var err error
		if e.ID == "" {
			if e.ID, err = a.options.NewID(); err != nil {
				return nil, err
			}
			if err := checkID("id", e.ID); err != nil {
				return nil, err
			}
		}
		if !e.PII.IsSet() {
			continue
		}
		if e.nonce, err = a.secret(piiNonceSize); err != nil {
			return nil, err
		}
		e.piiHash = a.piiHash(e.nonce, e.PII.Reveal())
	}
	return entries, nil
}

// firstOfEach are the entries without those whose id another one before them has.
func firstOfEach(entries []*entry) []*entry {
	byID := make(map[string]*entry, len(entries))
	var first []*entry
	for _, e := range entries {
		if e.same = byID[e.ID]; e.same == nil {
			byID[e.ID] = e
			first = append(first, e)
		}
	}
	return first
}

// fill is where the transaction ends that begins with an entry.
func fill(entries []*entry, start int) int {
	end := start
	for ops := 1; end < len(entries) && ops+entries[end].ops() <= maxTransactOps; end++ {
		ops += entries[end].ops()
	}
	return end
}

// appendEntries appends the entries of one transaction, and tries until they are appended or found to be.
func (a *Audit) appendEntries(ctx context.Context, eventType EventType, entries []*entry) error {
	races, unknown, throttled := 0, 0, 0
	for len(entries) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		plan, err := a.plan(ctx, eventType, entries)
		if err != nil {
			return err
		}
		err = a.db.Transact(ctx, plan.ops...)
		if err == nil {
			for i, e := range entries {
				e.stored = plan.events[i]
			}
			return nil
		}
		var canceled *theorydb.TransactionError
		switch {
		case errors.Is(err, theorydb.ErrOutcomeUnknown):
			// The guards tell whether it took effect: it and its repetition exclude each other.
			if unknown++; unknown > maxUnknown {
				return err
			}
			continue
		case !errors.As(err, &canceled):
			return err
		}
		left, found, failed := a.leaveOutStored(ctx, plan, canceled, entries)
		switch {
		case failed != nil:
			return failed
		case found:
			entries = left
		case plan.subjectRefused(canceled.Ops) != nil:
			return fmt.Errorf("%w: the subject of an event: %w", ErrUserInactive, err)
		case errors.Is(canceled.Ops[0], theorydb.ErrConditionFailed):
			if races++; races > maxLostRaces {
				return fmt.Errorf("identity: %d other appends to the stream were faster: %w: %w", races, theorydb.ErrThrottled, err)
			}
			runtime.Gosched() // and no wait: the stream's end has moved, so somebody got on
		case errors.Is(err, theorydb.ErrThrottled):
			if throttled++; throttled > maxThrottled { // each is a round of tries with waits of its own
				return err
			}
		case plan.inTheWay(canceled.Ops):
			return fmt.Errorf("%w: an event is stored behind the end of its stream: %w", ErrChainBroken, err)
		default:
			return err
		}
	}
	return nil
}

// leaveOutStored finds the stored events of the entries whose guards exist, and leaves those entries out.
func (a *Audit) leaveOutStored(ctx context.Context, plan *appendPlan, canceled *theorydb.TransactionError, entries []*entry) (left []*entry, found bool, err error) {
	for i, e := range entries {
		if !errors.Is(canceled.Ops[plan.guards[i]], theorydb.ErrAlreadyExists) {
			left = append(left, e)
			continue
		}
		found = true
		if e.stored, err = a.storedEvent(ctx, e); err != nil {
			return nil, false, err
		}
		if e.stored == nil {
			left = append(left, e)
		}
	}
	return left, found, nil
}

// storedEvent is the event whose guard stands in the way of an entry; nil when the guard's time is over by now.
func (a *Audit) storedEvent(ctx context.Context, e *entry) (*AuditEvent, error) {
	guard, err := a.guards.Get(ctx, AuditGuard{EventID: e.ID}, theorydb.Consistent())
	if errors.Is(err, theorydb.ErrItemNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if guard.EventType != string(e.Type) {
		return nil, fmt.Errorf("identity: an event of another type has the id: %w", theorydb.ErrAlreadyExists)
	}
	return a.events.Get(ctx, AuditEvent{
		EventType: guard.EventType, Month: monthOf(guard.At), CreatedAt: guard.At, Seq: guard.Seq,
	}, theorydb.Consistent())
}
