package contracttest

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// do carries out a step. The outcome holds what the library answered, an error of its own among it; the error is the
// runner's: it could not carry the step out, so that nothing was shown.
func (w *world) do(ctx context.Context, step *Step) (*outcome, error) {
	if w.engine.Sweep != nil {
		w.engine.Sweep()
	}
	switch step.Op {
	case "sleep", "advance_clock":
		w.engine.Clock.Advance(time.Duration(step.Milliseconds) * time.Millisecond)
		return &outcome{}, nil
	case "kms":
		return &outcome{}, w.keys.apply(step.KMS)
	case "restart":
		return &outcome{}, w.restart(ctx)
	case "fault":
		return &outcome{}, w.order(ctx, step)
	}
	m, err := w.model(ctx, step)
	if err != nil {
		return nil, err
	}
	w.wire.reset()
	w.keys.reset(0)
	o, err := w.use(ctx, m, step)
	if err == nil {
		err = w.wire.settle()
	}
	if err != nil {
		return nil, err
	}
	o.model = m
	if !slices.Contains(pastTheLibrary, step.Op) {
		seen, dataKeys := w.wire.seen(), w.keys.seen()
		o.requests, o.last, o.sent, o.dataKeys = &seen.requests, seen.last, seen.bodies, &dataKeys
		o.operations = append([]string{}, seen.operations...)
	}
	return o, w.save(step, o)
}

// pastTheLibrary are the operations of another writer, and the look at the table.
var pastTheLibrary = []string{"raw_put", "raw_set", "raw_get", "table"}

// use carries out a step on its model: by a verb of the library, or past it.
func (w *world) use(ctx context.Context, m *model, step *Step) (*outcome, error) {
	switch step.Op {
	case "create":
		return w.create(ctx, m, step)
	case "race":
		return w.race(ctx, m, step)
	case "declare":
		return w.declare(ctx, step)
	case "table":
		return w.table(ctx, m)
	case "raw_put":
		return w.rawPut(ctx, m, step)
	case "raw_set":
		return w.rawSet(ctx, m, step)
	case "raw_get":
		return w.rawGet(ctx, m, step)
	}
	return w.verb(ctx, m, step)
}

// save keeps attributes of the step's record for later steps.
func (w *world) save(step *Step, o *outcome) error {
	for _, name := range sortedNames(step.Save) {
		attribute := step.Save[name]
		switch {
		case attribute == "$next" && o.paged:
			w.saved[name] = o.next
		case attribute == "$next":
			return fmt.Errorf("save: %s gives no cursor; give the step a cursor", step.Op)
		case o.err != nil:
			return fmt.Errorf("save: the step failed: %v", o.err)
		case o.isRaw && o.stored[attribute] != nil:
			w.saved[name] = o.stored[attribute]
		case o.record == nil || o.record[attribute] == nil:
			return fmt.Errorf("save: the record has no %q", attribute)
		default:
			w.saved[name] = o.record[attribute]
		}
	}
	return nil
}
