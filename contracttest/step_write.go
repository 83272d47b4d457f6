package contracttest

import (
	"context"
	"errors"
	"fmt"

	"github.com/theorydb/theorydb"
)

// A step's item is what a caller changes; the record that a caller of the library holds is whole. So the writes below
// first complete the step's item with what is stored, in a request that is not counted as the step's.

// write is one prepared use of a verb, which a race repeats.
type write func(ctx context.Context) *outcome

// prepare reads what a write needs to know beforehand.
func (w *world) prepare(ctx context.Context, m *model, step *Step) (write, error) {
	switch step.Op {
	case "create":
		return w.prepareCreate(m, step), nil
	case "put":
		return w.preparePut(ctx, m, step)
	case "update":
		return w.prepareUpdate(ctx, m, step)
	case "change":
		return w.prepareChange(m, step), nil
	case "modify":
		return w.prepareModify(m, step), nil
	case "delete":
		return w.prepareDelete(ctx, m, step)
	case "transact":
		return w.prepareTransact(ctx, m, step)
	}
	return nil, fmt.Errorf("op %s is no write", step.Op)
}

func (w *world) write(ctx context.Context, m *model, step *Step) (*outcome, error) {
	run, err := w.prepare(ctx, m, step)
	if err != nil {
		return nil, err
	}
	return run(ctx), nil
}

func (w *world) create(ctx context.Context, m *model, step *Step) (*outcome, error) {
	o := w.prepareCreate(m, step)(ctx)
	if o.err == nil || step.IfNotExists || !errors.Is(o.err, theorydb.ErrAlreadyExists) {
		return o, nil
	}
	// A create that inserts or replaces. It begins with Create all the same, because a first version of 0 is what
	// Create stores: Put takes a version of 0 for one that it holds, and stores the next. Here the item exists, so it is
	// replaced as one whose version the caller knows.
	put := m.record(step.Item)
	if stored := w.stored(ctx, m, put); stored != nil {
		for _, role := range []string{"version", "created_at"} {
			if name := m.role(role); name != "" && stored[name] != nil {
				put[name] = stored[name]
			}
		}
	}
	err := m.Put(ctx, &put)
	return written(put, err), nil
}

func (w *world) prepareCreate(m *model, step *Step) write {
	record := m.record(step.Item)
	return func(ctx context.Context) *outcome {
		mine := clone(record)
		return written(mine, m.Create(ctx, &mine))
	}
}

func (w *world) preparePut(ctx context.Context, m *model, step *Step) (write, error) {
	record, err := w.putRecord(ctx, m, step)
	return func(ctx context.Context) *outcome {
		mine, old := clone(record), theorydb.Record{}
		return written(mine, m.Put(ctx, &mine, m.putOptions(step, &old)...)).with(step, old)
	}, err
}

// putRecord: a put says all of the item itself but created_at, which tells one life of a key from the next and which
// nobody writes down.
func (w *world) putRecord(ctx context.Context, m *model, step *Step) (theorydb.Record, error) {
	record, err := w.given(m, step.Item, step.Held)
	if created := m.role("created_at"); err == nil && created != "" && record[created] == nil {
		if stored := w.stored(ctx, m, record); stored[created] != nil {
			record[created] = stored[created]
		}
	}
	return record, err
}

func (m *model) putOptions(step *Step, old *theorydb.Record) []theorydb.PutOption {
	var options []theorydb.PutOption
	for _, option := range m.writeOptions(step, old) {
		options = append(options, option)
	}
	return options
}

func (w *world) prepareUpdate(ctx context.Context, m *model, step *Step) (write, error) {
	record, err := w.updateRecord(ctx, m, step)
	return func(ctx context.Context) *outcome {
		mine, old := clone(record), theorydb.Record{}
		return written(mine, m.Update(ctx, &mine, m.updateOptions(step, &old)...)).with(step, old)
	}, err
}

// updateRecord: a field that is named and not given is removed.
func (w *world) updateRecord(ctx context.Context, m *model, step *Step) (theorydb.Record, error) {
	record, err := w.whole(ctx, m, step.Item, step.Held)
	for _, name := range step.Fields {
		if step.Item[name] == nil && step.Held[name] == "" {
			delete(record, name)
		}
	}
	return record, err
}

func (m *model) updateOptions(step *Step, old *theorydb.Record) []theorydb.UpdateOption {
	var options []theorydb.UpdateOption
	if step.Fields != nil {
		options = append(options, theorydb.Fields(step.Fields...))
	}
	for _, option := range m.writeOptions(step, old) {
		options = append(options, option)
	}
	return options
}

func (w *world) prepareDelete(ctx context.Context, m *model, step *Step) (write, error) {
	record, err := w.deleteRecord(ctx, m, step)
	return func(ctx context.Context) *outcome {
		mine, old := clone(record), theorydb.Record{}
		return (&outcome{err: m.Delete(ctx, &mine, m.deleteOptions(step, &old)...)}).with(step, old)
	}, err
}

func (w *world) deleteRecord(ctx context.Context, m *model, step *Step) (theorydb.Record, error) {
	if m.deletesAnyVersion(step) {
		return w.given(m, step.Key, step.Held)
	}
	return w.whole(ctx, m, step.Key, step.Held)
}

// deletesAnyVersion: a key without a version asks for the item whatever its version.
func (m *model) deletesAnyVersion(step *Step) bool {
	version := m.role("version")
	return version != "" && step.Key[version] == nil && step.Held[version] == "" && step.IfVersion == nil
}

func (m *model) deleteOptions(step *Step, old *theorydb.Record) []theorydb.DeleteOption {
	var options []theorydb.DeleteOption
	if step.AnyVersion || m.deletesAnyVersion(step) {
		options = append(options, theorydb.AnyVersion())
	}
	for _, option := range m.writeOptions(step, old) {
		options = append(options, option)
	}
	return options
}

// writeOptions are the options that every write takes. old is given the item as it was before.
func (m *model) writeOptions(step *Step, old *theorydb.Record) []theorydb.WriteOption {
	var options []theorydb.WriteOption
	if step.OnlyIf != nil {
		options = append(options, theorydb.OnlyIf(m.conditions(step.OnlyIf)))
	}
	if step.IfVersion != nil {
		options = append(options, theorydb.IfVersion(*step.IfVersion))
	}
	if step.Returning {
		options = append(options, theorydb.Returning(old))
	}
	return options
}

// whole is the stored record with the given values over it, or what is given where nothing can be read: then the verb
// itself gets to say so. A null removes an attribute.
func (w *world) whole(ctx context.Context, m *model, values map[string]any, held map[string]string) (theorydb.Record, error) {
	given, err := w.given(m, values, held)
	if err != nil {
		return nil, err
	}
	record := w.stored(ctx, m, given)
	if record == nil {
		return given, nil
	}
	for name, value := range given {
		record[name] = value
	}
	for _, name := range sortedNames(values) {
		if values[name] == nil && held[name] == "" {
			delete(record, name)
		}
	}
	return record, nil
}

// stored reads the record under a key, nil when that fails. Its request is not one of the step's.
func (w *world) stored(ctx context.Context, m *model, key theorydb.Record) theorydb.Record {
	seen, dataKeys := w.wire.seen(), w.keys.seen()
	defer func() {
		w.wire.restore(seen)
		w.keys.reset(dataKeys)
	}()
	record, err := m.Get(ctx, key, theorydb.Consistent())
	if err != nil {
		return nil
	}
	return *record
}

func clone(record theorydb.Record) theorydb.Record {
	copied := make(theorydb.Record, len(record))
	for name, value := range record {
		copied[name] = value
	}
	return copied
}

// written is the outcome of a verb: the record as it left it, none when it failed.
func written(record theorydb.Record, err error) *outcome {
	if err != nil {
		return &outcome{err: err}
	}
	return &outcome{record: record}
}

// with adds the item as it was before to an outcome, where the step asked for it and there was one.
func (o *outcome) with(step *Step, old theorydb.Record) *outcome {
	o.asked = step.Returning
	if step.Returning && len(old) > 0 {
		o.old = old
	}
	return o
}

// loserErrors are what those who lose a race may be told.
func loserErrors(write *Step) []error {
	var told []error
	switch write.Op {
	case "create":
		return []error{theorydb.ErrAlreadyExists}
	case "transact":
		for i := range write.Operations {
			told = append(told, loserErrors(&write.Operations[i])...)
		}
		return told
	case "check":
		return []error{theorydb.ErrConditionFailed}
	}
	told = append(told, theorydb.ErrVersionConflict)
	if write.OnlyIf != nil {
		told = append(told, theorydb.ErrConditionFailed)
	}
	if write.Op == "delete" {
		told = append(told, theorydb.ErrItemNotFound)
	}
	return told
}
