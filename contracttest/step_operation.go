package contracttest

import (
	"context"
	"fmt"

	"github.com/theorydb/theorydb"
)

// operation is an operation of a batch or a transaction, of which a race uses several at once.
type operation struct {
	model *model
	step  *Step
	// record is what the caller holds, complete; nil where an operation has a key and no record.
	record theorydb.Record
}

// operations prepares the operations of a step. Each is of its own model and scope, of the step's or of the scenario's.
// refused is the library's refusal of a scope.
func (w *world) operations(ctx context.Context, m *model, step *Step) (list []operation, refused, err error) {
	for i := range step.Operations {
		one := &step.Operations[i]
		op := operation{step: one}
		if op.model, err = w.modelWithin(ctx, step, one); err != nil {
			return nil, nil, err
		}
		switch {
		case op.model.table != m.table:
			return nil, nil, fmt.Errorf("operation %d: model %s is of another table than the step's model", i, op.model.Name)
		case op.model.refused != nil:
			return nil, op.model.refused, nil
		}
		if op.record, err = w.recordOf(ctx, op.model, one); err != nil {
			return nil, nil, err
		}
		list = append(list, op)
	}
	return list, nil, nil
}

// recordOf completes what an operation's caller holds, as for the verb of the same name. Without checks nothing has to be
// held.
func (w *world) recordOf(ctx context.Context, m *model, step *Step) (theorydb.Record, error) {
	switch {
	case step.Unchecked && step.Op == "put":
		return w.given(m, step.Item, step.Held)
	case step.Unchecked:
		return w.given(m, step.Key, step.Held)
	}
	switch step.Op {
	case "create":
		return m.record(step.Item), nil
	case "put":
		return w.putRecord(ctx, m, step)
	case "update":
		return w.updateRecord(ctx, m, step)
	case "delete":
		return w.deleteRecord(ctx, m, step)
	}
	return nil, nil
}

// use gives the library's operation, with a record of its own.
func (op operation) use() (theorydb.TransactOp, *theorydb.Record) {
	m, mine := op.model, clone(op.record)
	switch op.step.Op {
	case "create":
		return m.CreateOp(&mine), &mine
	case "put":
		return m.PutOp(&mine, op.putOptions()...), &mine
	case "update":
		return m.UpdateOp(&mine, m.updateOptions(op.step, &theorydb.Record{})...), &mine
	case "delete":
		return m.DeleteOp(&mine, op.deleteOptions()...), &mine
	case "change":
		return m.ChangeOp(m.record(op.step.Key), m.changeParts(op.step, &theorydb.Record{})...), nil
	}
	return m.CheckOp(m.record(op.step.Key), m.conditionList(op.step.OnlyIf)...), nil
}

func (op operation) putOptions() []theorydb.PutOpOption {
	var options []theorydb.PutOpOption
	if op.step.Unchecked {
		options = append(options, theorydb.Unchecked())
	}
	for _, option := range op.model.putOptions(op.step, &theorydb.Record{}) {
		options = append(options, option)
	}
	return options
}

func (op operation) deleteOptions() []theorydb.DeleteOpOption {
	if op.step.Unchecked {
		options := []theorydb.DeleteOpOption{theorydb.Unchecked()}
		for _, option := range op.model.writeOptions(op.step, &theorydb.Record{}) {
			options = append(options, option)
		}
		return options
	}
	var options []theorydb.DeleteOpOption
	for _, option := range op.model.deleteOptions(op.step, &theorydb.Record{}) {
		options = append(options, option)
	}
	return options
}
