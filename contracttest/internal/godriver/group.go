package godriver

import (
	"context"
	"errors"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// Verbs of several operations. What they give stands at the operations' positions: the records, and after a failure the
// error of each.

func transact(ctx context.Context, u use) (*protocol.Answer, error) {
	list, err := u.operations()
	if err != nil {
		return nil, err
	}
	ops, records := make([]theorydb.TransactOp, len(list)), make([]*theorydb.Record, len(list))
	for i, one := range list {
		if ops[i], records[i], err = one.operation(); err != nil {
			return nil, err
		}
	}
	return positioned(records, u.table.db.Transact(ctx, ops...))
}

func batchWrite(ctx context.Context, u use) (*protocol.Answer, error) {
	list, err := u.operations()
	if err != nil {
		return nil, err
	}
	ops, records := make([]theorydb.BatchOp, len(list)), make([]*theorydb.Record, len(list))
	for i, one := range list {
		op, record, err := one.operation()
		if err != nil {
			return nil, err
		}
		batched, ok := op.(theorydb.BatchOp)
		if !ok {
			return nil, problem("a batch has no op %q", one.Op)
		}
		ops[i], records[i] = batched, record
	}
	return positioned(records, u.table.db.BatchWrite(ctx, ops...))
}

// operation gives the library's operation and the caller's record; nil where an operation has a key and no record.
func (u use) operation() (theorydb.TransactOp, *theorydb.Record, error) {
	held, old := u.record(u.Item), &theorydb.Record{}
	switch u.Op {
	case "create":
		return u.CreateOp(&held), &held, nil
	case "put":
		return u.PutOp(&held, u.putOpOptions(old)...), &held, nil
	case "update":
		return u.UpdateOp(&held, u.updateOptions(old)...), &held, nil
	case "delete":
		held = u.record(u.Key)
		return u.DeleteOp(&held, u.deleteOpOptions(old)...), &held, nil
	case "change":
		return u.ChangeOp(u.record(u.Key), u.parts(u.Change, old)...), nil, nil
	case "check":
		return u.CheckOp(u.record(u.Key), u.conditionList(u.OnlyIf)...), nil, nil
	}
	return nil, nil, problem("unknown operation %q", u.Op)
}

func (u use) putOpOptions(old *theorydb.Record) []theorydb.PutOpOption {
	var options []theorydb.PutOpOption
	if u.Unchecked {
		options = append(options, theorydb.Unchecked())
	}
	for _, option := range u.putOptions(old) {
		options = append(options, option)
	}
	return options
}

func (u use) deleteOpOptions(old *theorydb.Record) []theorydb.DeleteOpOption {
	var options []theorydb.DeleteOpOption
	if u.Unchecked {
		options = append(options, theorydb.Unchecked())
	}
	for _, option := range u.deleteOptions(old) {
		options = append(options, option)
	}
	return options
}

// batchGet reads the keys of one model through the model, and those of several through the DB.
func batchGet(ctx context.Context, u use) (*protocol.Answer, error) {
	if u.Keys == nil {
		return u.read(func(ops []theorydb.ReadOp) error { return u.table.db.BatchGet(ctx, ops, u.readOptions()...) })
	}
	keys := make([]theorydb.Record, len(u.Keys))
	for i, key := range u.Keys {
		keys[i] = u.record(key)
	}
	records, err := u.BatchGet(ctx, keys, u.readOptions()...)
	return positioned(records, err)
}

func transactGet(ctx context.Context, u use) (*protocol.Answer, error) {
	return u.read(func(ops []theorydb.ReadOp) error { return u.table.db.TransactGet(ctx, ops...) })
}

// read reads the keys of a use, or those of its operations.
func (u use) read(run func([]theorydb.ReadOp) error) (*protocol.Answer, error) {
	list, err := u.operations()
	if err != nil {
		return nil, err
	}
	for _, key := range u.Keys {
		list = append(list, use{u.model, &protocol.Use{Op: "get", Key: key}, u.table})
	}
	gets, ops := make([]*theorydb.GetOp[theorydb.Record], len(list)), make([]theorydb.ReadOp, len(list))
	for i, one := range list {
		gets[i] = one.GetOp(one.record(one.Key))
		ops[i] = gets[i]
	}
	if err := run(ops); err != nil {
		return positioned(nil, err)
	}
	records := make([]*theorydb.Record, len(gets))
	for i, get := range gets {
		record, err := get.Item()
		if err != nil && !errors.Is(err, theorydb.ErrItemNotFound) {
			return nil, err
		}
		records[i] = record
	}
	return positioned(records, nil)
}

// positioned is the answer of several operations. Records that a caller gave are there after a failure, too, as it left
// them.
func positioned(records []*theorydb.Record, err error) (*protocol.Answer, error) {
	if records == nil {
		return nil, err
	}
	answer, failed := listed(records, nil)
	if failed != nil {
		return nil, failed
	}
	return answer, err
}
