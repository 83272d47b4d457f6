package theorydb

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TransactGet reads up to 100 items of one or more models as they are at one moment, at twice the read capacity of strongly
// consistent reads. Each operation has its record afterwards; when the call fails, all are as they were. No operations are
// success, and nothing is sent; one item twice is refused.
//
// A write that is under way on one of the items makes DynamoDB refuse the read, which is then tried again; the error in
// the end is a *TransactionError, and ErrThrottled.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html
func (db *DB) TransactGet(ctx context.Context, ops ...ReadOp) error {
	readings, models := readingsOf(ops)
	return db.runGroup(ctx, "TransactGet", models, func(g *group) error {
		if len(readings) == 0 {
			return nil
		}
		if len(readings) > maxTransaction {
			return g.fail(fmt.Errorf("%w: %d operations, and a transaction has at most %d", ErrInvalidQuery, len(readings), maxTransaction))
		}
		r, err := g.startReads(readings)
		if err != nil {
			return g.fail(err)
		}
		defer r.close()
		rows, err := r.transact(ctx)
		if err != nil {
			return err
		}
		if err := r.give(ctx, rows); err != nil {
			return g.fail(err)
		}
		return nil
	})
}

func (r *reads) transact(ctx context.Context) ([]Item, error) {
	input := &dynamodb.TransactGetItemsInput{ReturnConsumedCapacity: r.db.meter()}
	for i, key := range r.keys {
		input.TransactItems = append(input.TransactItems, types.TransactGetItem{
			Get: &types.Get{TableName: &r.readings[i].model.table, Key: key},
		})
	}
	output, seen, err := send(ctx, r.db, resendAlways, r.db.config.DynamoDB.TransactGetItems, input)
	if err != nil {
		r.spent(seen, nil)
		var canceled *types.TransactionCanceledException
		if errors.As(err, &canceled) {
			return nil, r.canceled(canceled, r.calls, nil, err)
		}
		return nil, r.fail(cleanError(err))
	}
	r.spent(seen, output.ConsumedCapacity)
	if len(output.Responses) != len(r.keys) {
		return nil, r.fail(errShortAnswer)
	}
	rows := make([]Item, len(r.keys))
	for i, response := range output.Responses {
		rows[i] = response.Item
	}
	return rows, nil
}

var errShortAnswer = errors.New("theorydb: DynamoDB answered with another number of items than it was asked for")
