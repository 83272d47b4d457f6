package godriver

import (
	"context"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// wrote is the answer of a verb: the record as it left it, none when it failed, and the item of before where the caller
// asked for it and there was one.
func (u use) wrote(record *theorydb.Record, old theorydb.Record, err error) (*protocol.Answer, error) {
	answer := &protocol.Answer{}
	if u.Returning && len(old) > 0 {
		var failed error
		if answer.Old, failed = item(&old); failed != nil {
			return nil, failed
		}
	}
	if err == nil {
		answer.Item, err = item(record)
	}
	return answer, err
}

func create(ctx context.Context, u use) (*protocol.Answer, error) {
	record := u.record(u.Item)
	err := u.Create(ctx, &record)
	return u.wrote(&record, nil, err)
}

func put(ctx context.Context, u use) (*protocol.Answer, error) {
	record, old := u.record(u.Item), theorydb.Record{}
	err := u.Put(ctx, &record, u.putOptions(&old)...)
	return u.wrote(&record, old, err)
}

func update(ctx context.Context, u use) (*protocol.Answer, error) {
	record, old := u.record(u.Item), theorydb.Record{}
	err := u.Update(ctx, &record, u.updateOptions(&old)...)
	return u.wrote(&record, old, err)
}

func remove(ctx context.Context, u use) (*protocol.Answer, error) {
	record, old := u.record(u.Key), theorydb.Record{}
	err := u.Delete(ctx, &record, u.deleteOptions(&old)...)
	return u.wrote(nil, old, err)
}

// options are those that every write takes. old is given the item as it was before.
func (u use) options(old *theorydb.Record) []theorydb.WriteOption {
	var options []theorydb.WriteOption
	if u.OnlyIf != nil {
		options = append(options, theorydb.OnlyIf(u.conditions(u.OnlyIf)))
	}
	if u.IfVersion != nil {
		options = append(options, theorydb.IfVersion(*u.IfVersion))
	}
	if u.Returning {
		options = append(options, theorydb.Returning(old))
	}
	return options
}

func (u use) putOptions(old *theorydb.Record) []theorydb.PutOption {
	var options []theorydb.PutOption
	for _, option := range u.options(old) {
		options = append(options, option)
	}
	return options
}

func (u use) updateOptions(old *theorydb.Record) []theorydb.UpdateOption {
	var options []theorydb.UpdateOption
	if u.Fields != nil {
		options = append(options, theorydb.Fields(u.Fields...))
	}
	for _, option := range u.options(old) {
		options = append(options, option)
	}
	return options
}

func (u use) deleteOptions(old *theorydb.Record) []theorydb.DeleteOption {
	var options []theorydb.DeleteOption
	if u.AnyVersion {
		options = append(options, theorydb.AnyVersion())
	}
	for _, option := range u.options(old) {
		options = append(options, option)
	}
	return options
}
