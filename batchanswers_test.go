package theorydb_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// elsewhere is a key that nobody asked for.
func elsewhere() theorydb.Item { return theorydb.Item{"PK": str("ACCOUNT#2"), "SK": str("ACCOUNT")} }

func TestABatchGetWhoseAnswerIsAboutSomethingElseFails(t *testing.T) {
	b, m := meddle(t)
	require.NoError(t, b.accounts.Create(t.Context(), &account{ID: "1"}))
	table := b.table
	for name, answer := range map[string]func(*dynamodb.BatchGetItemOutput){
		"another table": func(o *dynamodb.BatchGetItemOutput) {
			o.Responses = map[string][]map[string]types.AttributeValue{"another": o.Responses[table]}
		},
		"another item": func(o *dynamodb.BatchGetItemOutput) {
			o.Responses[table] = append(o.Responses[table], elsewhere())
		},
		"an item without a key": func(o *dynamodb.BatchGetItemOutput) {
			o.Responses[table] = append(o.Responses[table], theorydb.Item{"PK": str("ACCOUNT#1")})
		},
		"unprocessed keys of another table": func(o *dynamodb.BatchGetItemOutput) {
			o.UnprocessedKeys = map[string]types.KeysAndAttributes{"another": {Keys: []map[string]types.AttributeValue{elsewhere()}}}
		},
		"another unprocessed key": func(o *dynamodb.BatchGetItemOutput) {
			o.UnprocessedKeys = map[string]types.KeysAndAttributes{table: {Keys: []map[string]types.AttributeValue{elsewhere()}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m.read = answer
			require.Equal(t, 1, b.sends(func() {
				got, err := b.accounts.BatchGet(t.Context(), []account{{ID: "1"}})
				require.ErrorContains(t, err, "other items than the request")
				require.NotErrorIs(t, err, theorydb.ErrOutcomeUnknown, "a read has none")
				require.NotErrorIs(t, err, theorydb.ErrThrottled)
				require.Nil(t, got)
			}))
		})
	}
}

func TestABatchWriteWhoseAnswerIsAboutSomethingElseIsInDoubt(t *testing.T) {
	b, m := meddle(t)
	table := b.table
	for name, left := range map[string]map[string][]types.WriteRequest{
		"another table":         {"another": {{DeleteRequest: &types.DeleteRequest{Key: elsewhere()}}}},
		"another item":          {table: {{PutRequest: &types.PutRequest{Item: elsewhere()}}}},
		"another key":           {table: {{DeleteRequest: &types.DeleteRequest{Key: elsewhere()}}}},
		"an item without a key": {table: {{PutRequest: &types.PutRequest{Item: theorydb.Item{"PK": str("ACCOUNT#1")}}}}},
		"neither put nor key":   {table: {{}}},
	} {
		t.Run(name, func(t *testing.T) {
			m.wrote = func(o *dynamodb.BatchWriteItemOutput) { o.UnprocessedItems = left }
			a := account{ID: "1"}
			require.Equal(t, 1, b.sends(func() {
				err := b.db.BatchWrite(t.Context(), b.accounts.PutOp(&a, theorydb.Unchecked()))
				require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
				require.ErrorContains(t, err, "other items than the request")
			}))
			require.Equal(t, account{ID: "1"}, a)
		})
	}
}

// A read of which one part is lost for good gives nothing, and so the rest need not be asked for again.
func TestBatchGetStopsAtAFailureThatIsFinal(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	denied(e.faults.On("BatchGetItem"))
	e.faults.On("BatchGetItem").Always().ThrowBack(func(i int) bool { return i > 0 })
	keys := make([]account, 150)
	for i := range keys {
		keys[i].ID = fmt.Sprint(i)
	}
	sent := e.sends(func() {
		_, err := b.accounts.BatchGet(t.Context(), keys)
		require.ErrorContains(t, err, "AccessDeniedException")
	})
	require.Equal(t, 2, sent, "one for each hundred keys")
}

func TestAnInterruptedGroupIsObservedAsCanceled(t *testing.T) {
	for name, group := range groupVerbs {
		t.Run(name, func(t *testing.T) {
			e := embedded(t)
			ctx, cancel := context.WithCancel(t.Context())
			var told theorydb.Observation
			b := openBank(t, e, func(c *theorydb.Config) {
				c.Observe = func(_ context.Context, o theorydb.Observation) { told = o }
				c.Wait = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
			})
			fault := e.faults.On(group.operation).Always()
			if strings.HasPrefix(name, "Batch") {
				thrownBack(fault)
			} else {
				conflict(fault)
			}
			err := group.call(ctx, b, "1")
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, theorydb.ErrThrottled, "which is why it waited")
			require.Equal(t, "Canceled", told.Error)
		})
	}
}

func TestAnErrorKeepsWhatWentWrongBeforeItsContextEnded(t *testing.T) {
	for operation, call := range map[string]func(context.Context, *bank) error{
		"PutItem": func(ctx context.Context, b *bank) error { return b.accounts.Create(ctx, &account{ID: "1"}) },
		"GetItem": func(ctx context.Context, b *bank) error {
			_, err := b.accounts.Get(ctx, account{ID: "1"})
			return err
		},
		"TransactWriteItems": func(ctx context.Context, b *bank) error {
			return b.db.Transact(ctx, b.accounts.CreateOp(&account{ID: "1"}))
		},
	} {
		t.Run(operation, func(t *testing.T) {
			e := embedded(t)
			ctx, cancel := context.WithCancel(t.Context())
			b := openBank(t, e, func(c *theorydb.Config) { // a wait that is over just when the context ends
				c.Wait = func(context.Context, time.Duration) error { cancel(); return nil }
			})
			throttled(e.faults.On(operation).Always())
			err := call(ctx, b)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, theorydb.ErrThrottled)
			require.NotContains(t, err.Error(), "was not asked")
		})
	}
}
