package identity

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/theorydb/theorydb"
)

// pendingEvent is the event of a change, to be stored in the transaction of the change.
type pendingEvent struct {
	*Audit
	given Event
	entry *entry // given, checked and complete
}

// pend checks an event and completes it by what the verb knows.
func (p *project) pend(given Event, defaults auditDefaults) (*pendingEvent, error) {
	a := &Audit{p}
	complete := defaults.of(given)
	entries, err := a.entries(complete.Type, []Event{complete})
	if err != nil {
		return nil, err
	}
	return &pendingEvent{Audit: a, given: given, entry: entries[0]}, nil
}

// redefine completes the event anew, for a verb that learns by reading what it is about to do.
func (e *pendingEvent) redefine(defaults auditDefaults) error {
	if e == nil {
		return nil
	}
	complete := defaults.of(e.given)
	checked, err := complete.check(complete.Type)
	if err != nil {
		return err
	}
	checked.ID = e.entry.ID
	e.entry.Event = checked
	return nil
}

// seals reports whether the event has PII about a user.
func (e *pendingEvent) seals(userID string) bool {
	return e != nil && e.entry.PII.IsSet() && e.entry.Subject == userID
}

// commit runs the operations of a change, and those of its event behind them, in one transaction. held are the users whose
// items the change has operations on, under conditions that exclude one who is being erased: a transaction can't have
// another operation on these.
func (p *project) commit(ctx context.Context, event *pendingEvent, change []theorydb.TransactOp, held ...string) error {
	if event == nil {
		return p.db.Transact(ctx, change...)
	}
	return event.commit(ctx, change, held)
}

func (e *pendingEvent) commit(ctx context.Context, change []theorydb.TransactOp, held []string) error {
	for races, throttled := 0, 0; ; {
		plan, err := e.plan(ctx, e.entry.Type, []*entry{e.entry}, held...)
		if err != nil {
			return err
		}
		err = e.db.Transact(ctx, slices.Concat(change, plan.ops)...)
		var canceled *theorydb.TransactionError
		if !errors.As(err, &canceled) { // it took effect, or failed as a whole
			return err
		}
		own := canceled.Ops[len(change):]
		canceled.Ops = canceled.Ops[:len(change)] // whoever called knows the positions of the change
		switch {
		case plan.exists(own): // before what refuses the change, which may be that it took effect, with this event
			return ErrEventExists
		case slices.ContainsFunc(canceled.Ops, isRefusal):
			return err
		case plan.subjectRefused(own) != nil:
			return fmt.Errorf("%w: the subject of the event: %w", ErrUserInactive, plan.subjectRefused(own))
		case errors.Is(own[0], theorydb.ErrConditionFailed):
			if races++; races > maxLostRaces {
				return fmt.Errorf("identity: %d other appends to the stream were faster: %w", races, theorydb.ErrThrottled)
			}
			runtime.Gosched() // and no wait: the stream's end has moved, so somebody got on
		case plan.inTheWay(own):
			return fmt.Errorf("%w: an event is stored behind the end of its stream", ErrChainBroken)
		case slices.ContainsFunc(slices.Concat(canceled.Ops, own), isRefusal):
			return fmt.Errorf("identity: the event: %w", errors.Join(own...))
		default: // each is a round of tries with waits of its own
			if throttled++; throttled > maxThrottled {
				// No TransactionError, after which callers would try again.
				return errors.Join(slices.Concat([]error{theorydb.ErrThrottled, canceled.Err}, canceled.Ops, own)...)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// isRefusal reports whether an operation failed for a reason that does not pass by itself.
func isRefusal(cause error) bool { return cause != nil && !errors.Is(cause, theorydb.ErrThrottled) }

// discard deletes a record by its id, of whatever version, in a transaction with an event when there is one. A record that is
// not there is success, and then there is no event.
func discard[T any](ctx context.Context, p *project, model *theorydb.Model[T], record *T, event *pendingEvent) error {
	if event == nil {
		return model.Delete(ctx, record, theorydb.AnyVersion())
	}
	return foundNothing(p.commit(ctx, event, []theorydb.TransactOp{
		model.DeleteOp(record, theorydb.AnyVersion(), theorydb.OnlyIf(theorydb.Exists("id"))),
	}))
}

// foundNothing is the success of a deletion whose one operation found nothing to delete: then there is no event either.
func foundNothing(err error) error {
	if errors.Is(causeAt(err, 0), theorydb.ErrItemNotFound) {
		return nil
	}
	return err
}

// create is Model.Create, in a transaction with an event when there is one.
func create[T any](ctx context.Context, p *project, model *theorydb.Model[T], record *T, event *pendingEvent) error {
	if event == nil {
		return model.Create(ctx, record)
	}
	return p.commit(ctx, event, []theorydb.TransactOp{model.CreateOp(record)})
}

// modifyTries is how often a change that is stored with an event is made anew when somebody else was faster, in all: as
// often as theorydb's Modify does where Config.Attempts says nothing else.
const modifyTries = 8

// modify is Model.Modify, in a transaction with an event when there is one; held is that of commit.
func modify[T any](
	ctx context.Context, p *project, model *theorydb.Model[T], key T, event *pendingEvent, change func(*T) error, held ...string,
) (*T, error) {
	if event == nil {
		return model.Modify(ctx, key, change)
	}
	for try := 1; ; try++ {
		record, err := model.Get(ctx, key, theorydb.Consistent())
		if err != nil {
			return nil, err
		}
		if err := change(record); err != nil {
			return nil, err
		}
		err = p.commit(ctx, event, []theorydb.TransactOp{model.UpdateOp(record)}, held...)
		if err == nil {
			return record, nil
		}
		if try == modifyTries || !overtaken(err) {
			return nil, err
		}
	}
}
