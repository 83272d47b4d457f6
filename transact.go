package theorydb

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// DynamoDB's limits on one transaction.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
const (
	maxTransaction     = 100
	maxTransactionSize = 4 << 20
)

// tokenLife is how long a transaction is tried again. DynamoDB remembers its token for ten minutes; a resend after that
// could take effect a second time.
const tokenLife = 9 * time.Minute

// Transact runs operations of one or more models, all or none, under the conditions that each has as a verb of its own. No
// operations are success, and nothing is sent.
//
// It takes effect exactly once, whatever answers are lost and whatever rivals do: its client request token is made once a
// call and kept over every resend. It costs twice the write units of the single writes.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
//
// When an operation's condition fails the error is a *TransactionError, which matches ErrTransactionCanceled and the
// causes of the operations. More than 100 operations, 4 MB of them, or two on one item are refused before anything is
// sent. On success each record that was given holds what its verb leaves in it; otherwise none is touched.
func (db *DB) Transact(ctx context.Context, ops ...TransactOp) error {
	operations, models := operationsOf(ops)
	return db.runGroup(ctx, "Transact", models, func(g *group) error {
		if len(operations) == 0 {
			return nil
		}
		if len(operations) > maxTransaction {
			return g.fail(fmt.Errorf("%w: %d operations, and a transaction has at most %d", ErrInvalidQuery, len(operations), maxTransaction))
		}
		for i, o := range operations {
			if o.unchecked {
				return g.fail(at(i, fmt.Errorf("%w: Unchecked is for BatchWrite; a transaction checks everything", ErrInvalidQuery)))
			}
		}
		parts, err := g.prepare(ctx, operations)
		if err != nil {
			return g.fail(err)
		}
		if err := g.transact(ctx, parts); err != nil {
			return err
		}
		for _, part := range parts {
			if part.settle != nil {
				part.settle()
			}
			if part.kind != checksItem {
				g.items++
			}
		}
		return nil
	})
}

// maxRounds is how often the form of a Change with OrCreate is changed at most: to the write that makes a new item over an
// expired row, and back when another one was faster at that.
const maxRounds = 3

// transact sends the operations, again in another form where a Change with OrCreate needs one: a canceled transaction did
// nothing. After a lost answer there is no other round, since a late delivery of the first form could take effect beside
// the second.
func (g *group) transact(ctx context.Context, parts []*prepared) error {
	for round := 1; ; round++ {
		ambiguous, err := g.sendTransaction(ctx, parts)
		var canceled *TransactionError
		if !errors.As(err, &canceled) {
			return err
		}
		misformed, only := misformedOf(parts, canceled.Ops)
		switch {
		case len(misformed) == 0 || !only:
			return err
		case ambiguous:
			unknown := cleanError(canceled.Err)
			unknown.sentinel, unknown.ended = ErrOutcomeUnknown, ctx.Err()
			return g.fail(unknown)
		case round == maxRounds:
			for _, i := range misformed {
				canceled.Ops[i] = parts[i].call.fail(parts[i].named(ErrAlreadyExists)) // as every other create of what is in the way
			}
			return err
		}
		if err := swapForms(ctx, parts, misformed); err != nil {
			return g.fail(err)
		}
		if ended := g.db.config.Wait(ctx, g.db.jitter(window(round))); ended != nil {
			return g.fail(cleanError(&interruptedError{ended: ended}))
		}
	}
}

// misformedOf finds the operations that failed because of their form alone, and says whether nothing but what passes stood
// in the way of the others. Where something else did, the form is no cause: it would have been changed.
func misformedOf(parts []*prepared, causes []error) (misformed []int, only bool) {
	only = true
	for i, cause := range causes {
		creates := parts[i].kind == putsItem
		switch {
		case cause == nil, errors.Is(cause, ErrThrottled):
		case parts[i].change != nil && (errors.Is(cause, errExpiredInTheWay) || creates && errors.Is(cause, ErrAlreadyExists)):
			misformed = append(misformed, i)
		default:
			only = false
		}
	}
	if !only {
		for _, i := range misformed {
			causes[i] = nil
		}
	}
	return misformed, only
}

func swapForms(ctx context.Context, parts []*prepared, misformed []int) (err error) {
	for _, i := range misformed {
		change := parts[i].change
		if parts[i].kind == putsItem {
			parts[i].write = change.write(changeOptions{})
		} else if parts[i].write, _, err = change.creation(ctx); err != nil {
			return at(i, change.call.fail(err))
		}
	}
	return nil
}

// sendTransaction sends the operations as they are, under a token of their own. It also says whether an answer was lost.
func (g *group) sendTransaction(ctx context.Context, parts []*prepared) (ambiguous bool, err error) {
	id := g.db.newWriteID()
	input := &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: aws.String(hex.EncodeToString(id[:])), ReturnConsumedCapacity: g.db.meter(),
	}
	size := 0
	for i, part := range parts {
		t, err := part.text()
		if err != nil {
			return false, g.fail(at(i, part.call.fail(err)))
		}
		size += itemSize(part.item) + itemSize(t.b.Values())
		input.TransactItems = append(input.TransactItems, part.transactItem(t))
	}
	if size > maxTransactionSize {
		return false, g.fail(fmt.Errorf("%w: the operations have %d bytes, and DynamoDB's limit for a transaction is %d", ErrItemTooLarge, size, maxTransactionSize))
	}
	whileKnown, cancel := context.WithTimeout(ctx, tokenLife)
	defer cancel()
	output, seen, err := send(whileKnown, g.db, resendAlways, g.db.config.DynamoDB.TransactWriteItems, input)
	if err == nil {
		g.spent(seen, output.ConsumedCapacity)
		return seen.ambiguous, nil
	}
	g.spent(seen, nil)
	var interrupted *interruptedError
	if ctx.Err() == nil && errors.As(err, &interrupted) && interrupted.last != nil {
		err = interrupted.last // the token's time is up, and not the caller's
	}
	var canceled *types.TransactionCanceledException
	switch {
	// Had an earlier attempt taken effect, its token would have made this answer a success.
	case errors.As(err, &canceled) && (!seen.ambiguous || !mayPass(canceled)):
		return seen.ambiguous, g.canceled(canceled, callsOf(parts), parts, err)
	case seen.ambiguous:
		return true, g.refuse(ErrOutcomeUnknown, err)
	}
	return false, g.fail(cleanError(err))
}

func callsOf(parts []*prepared) []*call {
	calls := make([]*call, len(parts))
	for i, part := range parts {
		calls[i] = part.call
	}
	return calls
}

// transactItem is the write as DynamoDB takes it in a transaction.
func (w *write) transactItem(t writeText) types.TransactWriteItem {
	table, names, values := &w.call.model.table, t.b.Names(), t.b.Values()
	const wants = types.ReturnValuesOnConditionCheckFailureAllOld
	switch w.kind {
	case putsItem:
		return types.TransactWriteItem{Put: &types.Put{
			TableName: table, Item: w.item, ConditionExpression: &t.condition,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: wants,
		}}
	case updatesItem:
		return types.TransactWriteItem{Update: &types.Update{
			TableName: table, Key: w.key, UpdateExpression: &t.update, ConditionExpression: &t.condition,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: wants,
		}}
	case deletesItem:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: table, Key: w.key, ConditionExpression: &t.condition,
			ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: wants,
		}}
	case checksItem:
	}
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: table, Key: w.key, ConditionExpression: &t.condition,
		ExpressionAttributeNames: names, ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: wants,
	}}
}
