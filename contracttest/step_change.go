package contracttest

import (
	"context"
	"fmt"

	"github.com/theorydb/theorydb"
)

// prepareChange passes on what the step says and adds nothing: a model with a version needs if_version or any_version.
func (w *world) prepareChange(m *model, step *Step) write {
	key := m.record(step.Key)
	return func(ctx context.Context) *outcome {
		old := theorydb.Record{}
		record, err := m.Change(ctx, clone(key), m.changeParts(step, &old)...)
		o := &outcome{err: err}
		if err == nil && record != nil {
			o.record = *record
		}
		return o.with(step, old)
	}
}

func (m *model) changeParts(step *Step, old *theorydb.Record) []theorydb.ChangePart {
	var parts []theorydb.ChangePart
	edits := func(values map[string]any, part func(string, any) theorydb.ChangePart) {
		for _, name := range sortedNames(values) {
			parts = append(parts, part(name, m.attributes[name].value(values[name])))
		}
	}
	c := step.Change
	edits(c.Set, theorydb.Set)
	edits(c.SetIfAbsent, theorydb.SetIfAbsent)
	edits(c.Add, theorydb.Add)
	edits(c.Append, theorydb.Append)
	edits(c.Prepend, theorydb.Prepend)
	edits(c.DeleteFromSet, theorydb.DeleteFromSet)
	for _, name := range c.Remove {
		parts = append(parts, theorydb.Remove(name))
	}
	if c.OrCreate {
		parts = append(parts, theorydb.OrCreate())
	}
	if c.Blind {
		parts = append(parts, theorydb.Blind())
	}
	if step.AnyVersion {
		parts = append(parts, theorydb.AnyVersion())
	}
	for _, option := range m.writeOptions(step, old) {
		parts = append(parts, option)
	}
	return parts
}

// prepareModify reads, changes the record and writes it under its version, as often as it takes.
func (w *world) prepareModify(m *model, step *Step) write {
	key := m.record(step.Key)
	return func(ctx context.Context) *outcome {
		meanwhile := step.Meanwhile
		record, err := m.Modify(ctx, clone(key), func(record *theorydb.Record) error {
			if meanwhile != nil {
				rival := &Step{Change: *meanwhile, AnyVersion: true}
				meanwhile = nil
				if _, err := m.Change(ctx, clone(key), m.changeParts(rival, nil)...); err != nil {
					return fmt.Errorf("meanwhile: %w", err)
				}
			}
			return m.modified(*record, step.Change)
		})
		if err != nil {
			return &outcome{err: err}
		}
		return &outcome{record: *record}
	}
}

// modified makes a step's changes in a record.
func (m *model) modified(record theorydb.Record, c Change) error {
	for name, value := range c.Set {
		record[name] = m.attributes[name].value(value)
	}
	for name, amount := range c.Add {
		held, _ := record[name].(int64) // an absent one is 0
		added, ok := m.attributes[name].value(amount).(int64)
		if !ok {
			return fmt.Errorf("modify adds whole numbers to attributes of the format int, and %q is none", name)
		}
		record[name] = held + added
	}
	for _, name := range c.Remove {
		delete(record, name)
	}
	return nil
}
