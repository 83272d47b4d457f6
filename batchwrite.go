package theorydb

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxBatchWrite is DynamoDB's limit on one request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const maxBatchWrite = 25

// BatchWrite puts and deletes items of one or more models, any number of them, in requests of 25. No operations are
// success, and nothing is sent.
//
// DynamoDB's batches have no conditions: there is no lock, no type guard, and an immutable attribute is written over. So
// every operation needs Unchecked, and models that are append_only are refused, as are two operations on one item. A put
// stores the version after the one that its record holds. Use Transact for what must not be overwritten.
//
// Every record is encoded and sealed before the first request. What DynamoDB leaves unprocessed is sent again, unchanged,
// as long as that gets anywhere. Then the error is a *BatchError that names every operation that did not take effect, or
// of which that is not known (ErrOutcomeUnknown); all others did. A record that was put holds what a read would give; the
// others are not touched.
func (db *DB) BatchWrite(ctx context.Context, ops ...BatchOp) error {
	operations, models := operationsOf(ops)
	return db.runGroup(ctx, "BatchWrite", models, func(g *group) error {
		for i, o := range operations {
			switch {
			case !o.unchecked:
				return g.fail(at(i, fmt.Errorf("%w: a batch checks nothing; say so with Unchecked, or use Transact", ErrInvalidQuery)))
			case o.model.plan.AppendOnly:
				return g.fail(at(i, errAppendOnly))
			}
		}
		parts, err := g.prepare(ctx, operations)
		if err != nil {
			return g.fail(err)
		}
		writes := make([]*write, len(parts))
		for i, part := range parts {
			writes[i] = part.write
		}
		failed := g.writeBatch(ctx, writes)
		for i, part := range parts {
			if failed[i] != nil {
				continue
			}
			g.items++
			if part.settle != nil {
				part.settle()
			}
		}
		if len(wrapped(failed)) > 0 {
			return g.fail(&BatchError{Ops: failed})
		}
		return nil
	})
}

// writeBatch sends writes without their conditions, and says what became of each.
func (g *group) writeBatch(ctx context.Context, writes []*write) []error {
	calls, ids := make([]*call, len(writes)), make([]string, len(writes))
	models := map[string]*model{} // by table; those of one have the same key
	for i, w := range writes {
		calls[i], models[w.call.model.table] = w.call, w.call.model
		ids[i], _ = w.call.model.itemID(w.key) // a key of our own
	}
	b := newBatch(g, calls, ids, maxBatchWrite)
	b.request = func(ctx context.Context, positions []int) (map[string]bool, tries, error) {
		input := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{}, ReturnConsumedCapacity: g.db.meter()}
		for _, i := range positions {
			table := writes[i].call.model.table
			input.RequestItems[table] = append(input.RequestItems[table], writes[i].batchRequest())
		}
		output, seen, err := send(ctx, g.db, resendAlways, g.db.config.DynamoDB.BatchWriteItem, input)
		if err != nil {
			g.spent(seen, nil)
			return nil, seen, err
		}
		g.spent(seen, output.ConsumedCapacity)
		unprocessed := map[string]bool{}
		for table, requests := range output.UnprocessedItems {
			for _, request := range requests {
				id, ok := b.asked(positions, models[table], keyOfRequest(request))
				if !ok {
					seen.ambiguous = true
					return nil, seen, errStrangeAnswer
				}
				unprocessed[id] = true
			}
		}
		return unprocessed, seen, nil
	}
	b.run(ctx)
	return b.failed
}

// batchRequest is the write as DynamoDB takes it in a batch.
func (w *write) batchRequest() types.WriteRequest {
	if w.kind == deletesItem {
		return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: w.key}}
	}
	return types.WriteRequest{PutRequest: &types.PutRequest{Item: w.item}}
}

func keyOfRequest(request types.WriteRequest) Item {
	if request.DeleteRequest != nil {
		return request.DeleteRequest.Key
	}
	if request.PutRequest != nil {
		return request.PutRequest.Item
	}
	return nil
}
