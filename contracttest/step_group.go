package contracttest

import (
	"context"
	"errors"

	"github.com/theorydb/theorydb"
)

// Steps of several operations. What they give stands at the operations' positions: the records, and after a failure the
// error of each.

// prepareTransact is what a race of transactions repeats, too.
func (w *world) prepareTransact(ctx context.Context, m *model, step *Step) (write, error) {
	list, refused, err := w.operations(ctx, m, step)
	return func(ctx context.Context) *outcome {
		if refused != nil {
			return &outcome{err: refused}
		}
		ops, records := make([]theorydb.TransactOp, len(list)), make([]*theorydb.Record, len(list))
		for i, op := range list {
			ops[i], records[i] = op.use()
		}
		return positioned(modelsOf(list), records, m.table.db.Transact(ctx, ops...))
	}, err
}

func (w *world) batchWrite(ctx context.Context, m *model, step *Step) (*outcome, error) {
	list, refused, err := w.operations(ctx, m, step)
	if err != nil || refused != nil {
		return &outcome{err: refused}, err
	}
	ops, records := make([]theorydb.BatchOp, len(list)), make([]*theorydb.Record, len(list))
	for i, op := range list {
		var one theorydb.TransactOp
		one, records[i] = op.use()
		ops[i], _ = one.(theorydb.BatchOp) // the parser lets puts and deletes in only
	}
	return positioned(modelsOf(list), records, m.table.db.BatchWrite(ctx, ops...)), nil
}

// batchGet reads the keys of one model through the model, and those of several through the DB.
func (w *world) batchGet(ctx context.Context, m *model, step *Step) (*outcome, error) {
	var options []theorydb.ReadOption
	if step.Consistent {
		options = append(options, theorydb.Consistent())
	}
	if step.Keys != nil {
		keys := make([]theorydb.Record, len(step.Keys))
		for i, key := range step.Keys {
			keys[i] = m.record(key)
		}
		records, err := m.BatchGet(ctx, keys, options...)
		return positioned(nil, records, err), nil
	}
	return w.read(ctx, m, step, func(ops []theorydb.ReadOp) error { return m.table.db.BatchGet(ctx, ops, options...) })
}

func (w *world) transactGet(ctx context.Context, m *model, step *Step) (*outcome, error) {
	return w.read(ctx, m, step, func(ops []theorydb.ReadOp) error { return m.table.db.TransactGet(ctx, ops...) })
}

// read reads the keys of a step, or those of its operations.
func (w *world) read(ctx context.Context, m *model, step *Step, run func([]theorydb.ReadOp) error) (*outcome, error) {
	list, refused, err := w.operations(ctx, m, step)
	if err != nil || refused != nil {
		return &outcome{err: refused}, err
	}
	for _, key := range step.Keys {
		list = append(list, operation{model: m, step: &Step{Op: "get", Key: key}})
	}
	gets, ops := make([]*theorydb.GetOp[theorydb.Record], len(list)), make([]theorydb.ReadOp, len(list))
	for i, op := range list {
		gets[i] = op.model.GetOp(op.model.record(op.step.Key))
		ops[i] = gets[i]
	}
	if err := run(ops); err != nil {
		return positioned(nil, nil, err), nil
	}
	records := make([]*theorydb.Record, len(gets))
	for i, get := range gets {
		record, err := get.Item()
		if err != nil && !errors.Is(err, theorydb.ErrItemNotFound) {
			return nil, err
		}
		records[i] = record
	}
	return positioned(modelsOf(list), records, nil), nil
}

func modelsOf(list []operation) []*model {
	models := make([]*model, len(list))
	for i, op := range list {
		models[i] = op.model
	}
	return models
}

// positioned is the outcome of several operations. models has the model of each, nil where all are of the step's. Records
// that a caller gave are there after a failure, too, as it left them.
func positioned(models []*model, records []*theorydb.Record, err error) *outcome {
	o := &outcome{err: err, models: models, causes: causesOf(err)}
	if records == nil {
		return o
	}
	found := 0
	o.listed, o.count, o.records = true, &found, make([]theorydb.Record, len(records))
	for i, record := range records {
		if record != nil {
			o.records[i] = *record
			found++
		}
	}
	return o
}

// causesOf are the errors of the operations, nil where the error is not one of operations.
func causesOf(err error) []error {
	var canceled *theorydb.TransactionError
	if errors.As(err, &canceled) {
		return canceled.Ops
	}
	var failed *theorydb.BatchError
	if errors.As(err, &failed) {
		return failed.Ops
	}
	return nil
}
