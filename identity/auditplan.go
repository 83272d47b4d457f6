package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/theorydb/theorydb"
)

// appendPlan is one transaction that appends events: the operation on the stream's end, behind it for each event those
// that create the event, its guard and, if it has any, its PII, and at the end the checks of the users that PII is about.
type appendPlan struct {
	ops      []theorydb.TransactOp
	events   []*AuditEvent
	guards   []int // where the guard of each event is among the operations
	sealed   []int // where the PII is
	subjects []int // where the checks are that the subjects of PII are not being erased
}

// plan reads the end of a stream and makes the transaction that appends the entries to it. Every try is a plan of its own,
// with a clock read of its own. held are users who are not to be checked, since the transaction does so anyhow.
func (a *Audit) plan(ctx context.Context, eventType EventType, entries []*entry, held ...string) (*appendPlan, error) {
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
	return plan, plan.checkSubjects(ctx, a, entries, held)
}

// checkSubjects adds, for each user that PII is about, the condition that it is not being erased: an erasure that has
// begun could otherwise be over before the PII is stored, which then nothing deletes. A subject who is no user has none.
func (p *appendPlan) checkSubjects(ctx context.Context, a *Audit, entries []*entry, held []string) error {
	var reads []theorydb.ReadOp
	var found []*theorydb.GetOp[User]
	seen := slices.Clone(held)
	for _, e := range entries {
		if !e.PII.IsSet() || slices.Contains(seen, e.Subject) {
			continue
		}
		seen = append(seen, e.Subject)
		read := a.users.GetOp(User{ID: e.Subject})
		reads, found = append(reads, read), append(found, read)
	}
	if len(reads) == 0 {
		return nil
	}
	if err := a.db.BatchGet(ctx, reads, theorydb.Consistent()); err != nil {
		return err
	}
	for _, read := range found {
		user, err := read.Item()
		if errors.Is(err, theorydb.ErrItemNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		p.subjects = append(p.subjects, len(p.ops))
		p.ops = append(p.ops, a.users.CheckOp(User{ID: user.ID}, theorydb.NotEqual("status", UserDeleting)))
	}
	return nil
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
		p.sealed = append(p.sealed, len(p.ops))
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

// inTheWay says of the errors of the operations whether the key of an event was taken although the stream had not reached
// it.
func (p *appendPlan) inTheWay(causes []error) bool {
	return slices.ContainsFunc(p.guards, func(guard int) bool { return errors.Is(causes[guard-1], theorydb.ErrConditionFailed) })
}

// exists says of the errors of the operations whether there is an event of one of the ids, or PII of one.
func (p *appendPlan) exists(causes []error) bool {
	return slices.ContainsFunc(slices.Concat(p.guards, p.sealed), func(i int) bool { return errors.Is(causes[i], theorydb.ErrAlreadyExists) })
}

// subjectRefused is the error of the first operation that found the subject of PII being erased, or gone since it was read.
func (p *appendPlan) subjectRefused(causes []error) error {
	for _, i := range p.subjects {
		if errors.Is(causes[i], theorydb.ErrConditionFailed) {
			return causes[i]
		}
	}
	return nil
}
