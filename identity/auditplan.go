package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/theorydb/theorydb"
)

// appendPlan is one transaction that appends events: the operation on the stream's end, and behind it for each event
// those that create the event, its guard and, if it has any, its PII.
type appendPlan struct {
	ops    []theorydb.TransactOp
	events []*AuditEvent
	guards []int // where the guard of each event is among the operations
}

// plan reads the end of a stream and makes the transaction that appends the entries to it. Every try is a plan of its own,
// with a clock read of its own.
func (a *Audit) plan(ctx context.Context, eventType EventType, entries []*entry) (*appendPlan, error) {
	now := a.db.Now()
	head, err := a.heads.Get(ctx, AuditHead{EventType: string(eventType)}, theorydb.Consistent())
	first := errors.Is(err, theorydb.ErrItemNotFound)
	switch {
	case first:
		head = &AuditHead{EventType: string(eventType), LastHash: firstPrevHash, Buckets: 1}
	case err != nil:
		return nil, err
	case head.Buckets != 1:
		return nil, fmt.Errorf("%w: the stream has several buckets, which this version does not write", theorydb.ErrInvalidValue)
	}
	if head.LastAt.After(now.Add(maxFutureSkew)) {
		return nil, fmt.Errorf("%w: the last event of the stream is from more than a minute in the future", ErrClockSkew)
	}
	at := now
	if head.LastAt.After(now) {
		at = head.LastAt
	}

	end := *head
	plan := &appendPlan{ops: make([]theorydb.TransactOp, 1, 1+3*len(entries))}
	for _, e := range entries {
		event := a.event(e, at)
		event.Seq, event.PrevHash = end.Seq+1, end.LastHash
		if event.Hash, err = chainHash(event); err != nil {
			return nil, err
		}
		end.Seq, end.LastHash, end.LastAt = event.Seq, event.Hash, at
		plan.add(a, e, event, now)
	}
	plan.ops[0] = a.moveEnd(first, head, &end)
	return plan, nil
}

// event is what is stored of an entry, but for its place in the chain.
func (a *Audit) event(e *entry, at time.Time) *AuditEvent {
	return &AuditEvent{
		TenantID: a.scope.tenant, ProjectID: a.scope.project, EventType: string(e.Type), Month: monthOf(at), CreatedAt: at,
		ID: e.ID, Actor: e.Actor, Subject: e.Subject, IP: e.IP, UserAgent: e.UserAgent, Data: e.Data, PIIHash: e.piiHash,
	}
}

func (p *appendPlan) add(a *Audit, e *entry, event *AuditEvent, now time.Time) {
	p.events = append(p.events, event)
	p.guards = append(p.guards, len(p.ops)+1)
	p.ops = append(p.ops, a.events.CreateOp(event), a.guards.CreateOp(&AuditGuard{
		EventID: e.ID, EventType: event.EventType, Seq: event.Seq, At: event.CreatedAt, TTL: now.Add(a.options.Lifetimes.AuditGuard),
	}))
	if e.PII.IsSet() {
		p.ops = append(p.ops, a.subjectPII.CreateOp(&SubjectPII{
			UserID: e.Subject, EventID: e.ID, Nonce: e.nonce, Data: e.PII, TTL: event.CreatedAt.Add(a.options.Lifetimes.Audit),
		}))
	}
}

// moveEnd is the operation that moves the end of a stream, under the condition that it is where it was read.
func (a *Audit) moveEnd(first bool, from, to *AuditHead) theorydb.TransactOp {
	if first {
		return a.heads.CreateOp(to)
	}
	return a.heads.ChangeOp(AuditHead{EventType: from.EventType},
		theorydb.Set("seq", to.Seq), theorydb.Set("lastHash", to.LastHash), theorydb.Set("lastAt", to.LastAt),
		theorydb.OnlyIf(theorydb.And(theorydb.Equal("seq", from.Seq), theorydb.Equal("lastHash", from.LastHash))))
}

// eventInTheWay says whether the key of an event was taken although the stream had not reached it.
func (p *appendPlan) eventInTheWay(canceled *theorydb.TransactionError) bool {
	for _, guard := range p.guards {
		if errors.Is(canceled.Ops[guard-1], theorydb.ErrConditionFailed) {
			return true
		}
	}
	return false
}
