package godriver

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

func change(ctx context.Context, u use) (*protocol.Answer, error) {
	old := theorydb.Record{}
	record, err := u.model.Change(ctx, u.record(u.Key), u.parts(u.Change, &old)...)
	return u.wrote(record, old, err)
}

// parts are all that a change says.
func (u use) parts(c protocol.Change, old *theorydb.Record) []theorydb.ChangePart {
	parts := u.edits(c)
	if u.AnyVersion {
		parts = append(parts, theorydb.AnyVersion())
	}
	for _, option := range u.options(old) {
		parts = append(parts, option)
	}
	return parts
}

// edits are what a change does to attributes.
func (u use) edits(c protocol.Change) []theorydb.ChangePart {
	var parts []theorydb.ChangePart
	each := func(values protocol.Item, part func(string, any) theorydb.ChangePart) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			parts = append(parts, part(name, u.attributes[name].value(values[name])))
		}
	}
	each(c.Set, theorydb.Set)
	each(c.SetIfAbsent, theorydb.SetIfAbsent)
	each(c.Add, theorydb.Add)
	each(c.Append, theorydb.Append)
	each(c.Prepend, theorydb.Prepend)
	each(c.DeleteFromSet, theorydb.DeleteFromSet)
	for _, name := range c.Remove {
		parts = append(parts, theorydb.Remove(name))
	}
	if c.OrCreate {
		parts = append(parts, theorydb.OrCreate())
	}
	if c.Blind {
		parts = append(parts, theorydb.Blind())
	}
	return parts
}

// modify reads, changes the record and writes it under its version, as often as it takes.
func modify(ctx context.Context, u use) (*protocol.Answer, error) {
	meanwhile := u.Meanwhile
	record, err := u.Modify(ctx, u.record(u.Key), func(record *theorydb.Record) error {
		if meanwhile != nil {
			rival := append(u.edits(*meanwhile), theorydb.AnyVersion())
			meanwhile = nil
			if _, err := u.model.Change(ctx, u.record(u.Key), rival...); err != nil {
				return fmt.Errorf("%w: meanwhile: %w", errProblem, err)
			}
		}
		return u.changed(*record)
	})
	return u.wrote(record, nil, err)
}

// changed makes the changes of a modify in a record.
func (u use) changed(record theorydb.Record) error {
	for name, value := range u.Set {
		record[name] = u.attributes[name].value(value)
	}
	for name, amount := range u.Add {
		held, _ := record[name].(int64) // an absent one is 0
		added, ok := u.attributes[name].value(amount).(int64)
		if !ok {
			return problem("modify adds whole numbers to attributes of the format int, and %q is none", name)
		}
		record[name] = held + added
	}
	for _, name := range u.Remove {
		delete(record, name)
	}
	return nil
}
