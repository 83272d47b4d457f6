package contracttest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/theorydb/theorydb"
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
		return &outcome{}, w.restart()
	case "fault":
		w.wire.order(step.Line, step.Fault)
		return &outcome{}, nil
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

// use uses the verb of a step.
func (w *world) use(ctx context.Context, m *model, step *Step) (*outcome, error) {
	if m.refused != nil {
		return &outcome{err: m.refused}, nil
	}
	run := map[string]func(context.Context, *model, *Step) (*outcome, error){
		"create": w.create, "put": w.write, "update": w.write, "change": w.write, "modify": w.write, "delete": w.write,
		"get": w.get, "raw": w.raw, "query": w.query, "count": w.count, "explain": w.explain, "race": w.race,
		"batch_get": w.batchGet, "batch_write": w.batchWrite, "transact": w.write, "transact_get": w.transactGet,
		"scan": w.scan, "collection": w.collection, "clear": w.clear, "declare": w.declare, "table": w.table,
		"raw_put": w.rawPut, "raw_set": w.rawSet, "raw_get": w.rawGet,
	}[step.Op]
	if run == nil {
		return nil, fmt.Errorf("unknown op %q", step.Op)
	}
	return run(ctx, m, step)
}

// given is the record that a step's caller holds: the step's item or key, and what it holds from earlier steps.
func (w *world) given(m *model, values map[string]any, held map[string]string) (theorydb.Record, error) {
	record := m.record(values)
	for attribute, name := range held {
		value, err := w.variable(name)
		if err != nil {
			return nil, err
		}
		record[attribute] = value
	}
	return record, nil
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
			return fmt.Errorf("save: the step failed: %w", o.err)
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
