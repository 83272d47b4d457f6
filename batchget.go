package theorydb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxBatchGet is DynamoDB's limit on one request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const maxBatchGet = 100

// BatchGet reads the items under some keys, any number of them, in requests of 100, and returns the records in the order of
// the keys: nil where there is no live item. No keys give no records, and nothing is sent. One key twice is refused.
//
// It fails whole: when an item can't be read as a record, or DynamoDB leaves some unprocessed however often they are asked
// for, which is a *BatchError that names them.
func (m *Model[T]) BatchGet(ctx context.Context, keys []T, options ...ReadOption) ([]*T, error) {
	if m.core == nil {
		return nil, &OpError{Op: "BatchGet", Model: "?", Err: errZeroModel}
	}
	ops, reads := make([]*GetOp[T], len(keys)), make([]ReadOp, len(keys))
	for i, key := range keys {
		ops[i] = m.GetOp(key)
		reads[i] = ops[i]
	}
	if err := m.core.db.batchGet(ctx, reads, options, m.core); err != nil {
		return nil, err
	}
	records := make([]*T, len(keys))
	for i, op := range ops {
		records[i] = op.item
	}
	return records, nil
}

// BatchGet reads items of one or more models, as Model.BatchGet does of one. Each operation has its record afterwards;
// when the call fails, all are as they were.
func (db *DB) BatchGet(ctx context.Context, ops []ReadOp, options ...ReadOption) error {
	return db.batchGet(ctx, ops, options)
}

// batchGet also begins for the models that have no operation: a call that reads nothing must still be one that may.
func (db *DB) batchGet(ctx context.Context, ops []ReadOp, options []ReadOption, also ...*model) error {
	readings, models := readingsOf(ops)
	return db.runGroup(ctx, "BatchGet", append(models, also...), func(g *group) error {
		for _, m := range also {
			if _, err := m.beginAt(g.op, g.now); err != nil {
				return err
			}
		}
		r, err := g.startReads(readings)
		if err != nil {
			return g.fail(err)
		}
		defer r.close()
		rows, failed := r.batch(ctx, readOptionsOf(options))
		if len(wrapped(failed)) > 0 {
			return g.fail(&BatchError{Ops: failed})
		}
		if err := r.give(ctx, rows); err != nil {
			return g.fail(err)
		}
		return nil
	})
}

// batch reads the rows of all keys. A reading that failed has an error; an absent row is nil.
func (r *reads) batch(ctx context.Context, o readOptions) (rows []Item, failed []error) {
	rows = make([]Item, len(r.keys))
	position := map[string]int{}
	models := map[string]*model{} // by table; those of one have the same key
	for i, id := range r.ids {
		position[id], models[r.readings[i].model.table] = i, r.readings[i].model
	}
	b := newBatch(r.group, r.calls, r.ids, maxBatchGet)
	b.whole = true
	b.request = func(ctx context.Context, positions []int) (map[string]bool, tries, error) {
		input := &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{}, ReturnConsumedCapacity: r.db.meter()}
		for _, i := range positions {
			table := r.readings[i].model.table
			asked := input.RequestItems[table]
			asked.ConsistentRead, asked.Keys = aws.Bool(o.consistent), append(asked.Keys, r.keys[i])
			input.RequestItems[table] = asked
		}
		output, seen, err := send(ctx, r.db, resendAlways, r.db.config.DynamoDB.BatchGetItem, input)
		if err != nil {
			r.spent(seen, nil)
			seen.ambiguous = false // a read has no outcome
			return nil, seen, err
		}
		r.spent(seen, output.ConsumedCapacity)
		seen.ambiguous = false
		for table, items := range output.Responses {
			for _, item := range items {
				id, ok := b.asked(positions, models[table], item)
				if !ok {
					return nil, seen, errStrangeAnswer
				}
				rows[position[id]] = item
			}
		}
		unprocessed := map[string]bool{}
		for table, left := range output.UnprocessedKeys {
			for _, key := range left.Keys {
				id, ok := b.asked(positions, models[table], key)
				if !ok {
					return nil, seen, errStrangeAnswer
				}
				unprocessed[id] = true
			}
		}
		return unprocessed, seen, nil
	}
	b.run(ctx)
	return rows, b.failed
}
