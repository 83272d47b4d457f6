package theorydb

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
)

// writeText is what a write says in expressions, with the placeholders of them all.
type writeText struct {
	update, condition string // update is empty but for an update
	b                 *expr.Builder
}

// text compiles the expressions of a write.
func (w *write) text() (writeText, error) {
	t := writeText{b: &expr.Builder{}}
	if w.edit != nil {
		t.update = w.edit(t.b)
	}
	condition, err := w.guard.condition(t.b)
	if err != nil {
		return writeText{}, err
	}
	t.condition = condition.String()
	return t, checkExpression(t.update, t.condition)
}

// commit sends a write by itself and says what became of it.
func (c *call) commit(ctx context.Context, w *write) error {
	old, _, err := c.apply(ctx, w)
	if err != nil {
		return err
	}
	if err := c.giveOld(ctx, w, old); err != nil {
		return c.applied(err)
	}
	return nil
}

// apply sends a write. It returns what DynamoDB gave back of the item, and, when the answer was lost but the write is
// known to have taken effect, the item as it is now.
func (c *call) apply(ctx context.Context, w *write) (given, now Item, err error) {
	t, err := w.text()
	if err != nil {
		return nil, nil, c.fail(err)
	}
	given, seen, err := w.send(ctx, t)
	c.attempts += seen.count
	if err == nil {
		c.items++
		return given, nil, nil
	}
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		if c.id.wrote(failed.Item) {
			c.items++
			return nil, failed.Item, nil // an attempt of ours whose answer was lost
		}
		if seen.ambiguous {
			return nil, nil, c.refuse(w.guard.lostTo(failed.Item), err)
		}
		reason := w.guard.cause(failed.Item)
		if reason.callers && !c.model.sealed {
			_ = c.giveOld(ctx, w, failed.Item) // the refusal is the error of the call, whatever the item holds
		}
		return nil, nil, c.refuse(reason, err)
	}
	if !seen.ambiguous {
		return nil, nil, c.fail(cleanError(err))
	}
	if w.again == resendIfUnapplied {
		if now := c.tookEffect(ctx, w.key); now != nil {
			c.items++
			return nil, now, nil
		}
	}
	return nil, nil, c.refuse(refusal{reason: ErrOutcomeUnknown}, interruptedBy(ctx, err))
}

// send sends a write until there is an answer, and returns what DynamoDB gave back of the item.
func (w *write) send(ctx context.Context, t writeText) (Item, tries, error) {
	db, table := w.call.model.db, w.call.model.table
	var given Item
	var consumed *types.ConsumedCapacity
	var seen tries
	var err error
	switch w.kind {
	case putsItem:
		var output *dynamodb.PutItemOutput
		if output, seen, err = send(ctx, db, w.again, db.config.DynamoDB.PutItem, &dynamodb.PutItemInput{
			TableName: &table, Item: w.item,
			ConditionExpression:                 &t.condition,
			ExpressionAttributeNames:            t.b.Names(),
			ExpressionAttributeValues:           t.b.Values(),
			ReturnValues:                        w.wants,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			ReturnConsumedCapacity:              db.meter(),
		}); err == nil {
			given, consumed = output.Attributes, output.ConsumedCapacity
		}
	case updatesItem:
		var output *dynamodb.UpdateItemOutput
		if output, seen, err = send(ctx, db, w.again, db.config.DynamoDB.UpdateItem, &dynamodb.UpdateItemInput{
			TableName: &table, Key: w.key, UpdateExpression: &t.update,
			ConditionExpression:                 &t.condition,
			ExpressionAttributeNames:            t.b.Names(),
			ExpressionAttributeValues:           t.b.Values(),
			ReturnValues:                        w.wants,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			ReturnConsumedCapacity:              db.meter(),
		}); err == nil {
			given, consumed = output.Attributes, output.ConsumedCapacity
		}
	case deletesItem:
		var output *dynamodb.DeleteItemOutput
		if output, seen, err = send(ctx, db, w.again, db.config.DynamoDB.DeleteItem, &dynamodb.DeleteItemInput{
			TableName: &table, Key: w.key,
			ConditionExpression:                 &t.condition,
			ExpressionAttributeNames:            t.b.Names(),
			ExpressionAttributeValues:           t.b.Values(),
			ReturnValues:                        w.wants,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			ReturnConsumedCapacity:              db.meter(),
		}); err == nil {
			given, consumed = output.Attributes, output.ConsumedCapacity
		}
	case checksItem:
		err = errOnlyTransacted
	}
	w.call.consumed(consumed)
	return given, seen, err
}

var errOnlyTransacted = errors.New("theorydb: a check stands in a transaction only")

// refuse reports a refusal with the SDK's error behind it. The reason stands alone: what the last answer would mean by
// itself must not match too.
func (c *call) refuse(r refusal, err error) error {
	clean := cleanError(err)
	clean.sentinel = r.reason
	return &OpError{
		Op: c.op, Model: c.model.plan.Entity, Attempts: c.attempts, StoredVersion: r.storedVersion, Err: clean,
	}
}

// tookEffect settles a write that must not be sent twice, by one strong read: the item when the write is its last, nil
// when that can't be known.
func (c *call) tookEffect(ctx context.Context, key Item) Item {
	m := c.model
	output, seen, err := send(ctx, m.db, resendAlways, m.db.config.DynamoDB.GetItem, &dynamodb.GetItemInput{
		TableName: &m.table, Key: key, ConsistentRead: aws.Bool(true), ReturnConsumedCapacity: m.db.meter(),
	})
	c.attempts += seen.count
	if err != nil {
		return nil
	}
	c.consumed(output.ConsumedCapacity)
	if !c.id.wrote(output.Item) {
		return nil
	}
	return output.Item
}
