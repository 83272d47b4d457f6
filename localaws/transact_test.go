package localaws_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

// thing is a key of the table "things".
func thing(sk string) item { return item{"PK": text("a"), "SK": text(sk)} }

func putAction(i item) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{TableName: aws.String("things"), Item: i}}
}

func createAction(i item) types.TransactWriteItem {
	action := putAction(i)
	action.Put.ConditionExpression = aws.String("attribute_not_exists(PK)")
	action.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	return action
}

func addAction(key item) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: aws.String("things"), Key: key, UpdateExpression: aws.String("ADD n :one"),
		ExpressionAttributeValues: item{":one": number("1")},
	}}
}

func deleteAction(key item) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String("things"), Key: key}}
}

func checkAction(key item) types.TransactWriteItem {
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: aws.String("things"), Key: key, ConditionExpression: aws.String("attribute_exists(PK)"),
	}}
}

func transact(client *dynamodb.Client, token string, actions ...types.TransactWriteItem) (*dynamodb.TransactWriteItemsOutput, error) {
	input := &dynamodb.TransactWriteItemsInput{TransactItems: actions, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
	if token != "" {
		input.ClientRequestToken = aws.String(token)
	}
	return client.TransactWriteItems(context.Background(), input)
}

func TestTransactionIsCarriedOutAsAWhole(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	put(t, client, thing("old"))
	_, err := transact(client, "", createAction(thing("1")), addAction(thing("2")), deleteAction(thing("old")))
	require.NoError(t, err)
	require.Equal(t, []item{thing("1"), {"PK": text("a"), "SK": text("2"), "n": number("1")}}, a.Items("things"))
}

func TestCancelledTransactionSaysWhyAndChangesNothing(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	old := item{"PK": text("a"), "SK": text("1"), "n": text("no number")}
	put(t, client, old)
	_, err := transact(client, "", putAction(thing("new")), createAction(thing("1")), checkAction(thing("absent")), addAction(thing("2")))
	var cancelled *types.TransactionCanceledException
	require.ErrorAs(t, err, &cancelled)
	require.Equal(t, "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ConditionalCheckFailed, None]", cancelled.ErrorMessage())
	require.Equal(t, []types.CancellationReason{
		{Code: aws.String("None")},
		{Code: aws.String("ConditionalCheckFailed"), Message: aws.String("The conditional request failed"), Item: old},
		{Code: aws.String("ConditionalCheckFailed"), Message: aws.String("The conditional request failed")},
		{Code: aws.String("None")},
	}, cancelled.CancellationReasons)
	require.Equal(t, []item{old}, a.Items("things"))

	_, err = transact(client, "", addAction(thing("1")), putAction(thing("new")))
	require.ErrorAs(t, err, &cancelled)
	require.Equal(t, "ValidationError", aws.ToString(cancelled.CancellationReasons[0].Code))
	require.Equal(t, []item{old}, a.Items("things"))
}

func TestOneItemTwiceInATransactionIsRefused(t *testing.T) {
	client := localaws.New().DynamoDB()
	createThings(t, client)
	_, err := transact(client, "", putAction(thing("1")), checkAction(thing("1")))
	require.ErrorContains(t, err, "ValidationException: Transaction request cannot include multiple operations on one item")
}

func TestTransactionsAreInHistoryAndCalls(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	first := item{"PK": text("a"), "SK": text("1"), "_w": &types.AttributeValueMemberB{Value: []byte{7}}}
	a.ResetCalls()
	_, err := transact(client, "", putAction(first), checkAction(thing("absent")))
	require.Error(t, err)
	require.Empty(t, a.History("things", thing("1")))
	_, err = transact(client, "", putAction(first), deleteAction(thing("absent")))
	require.NoError(t, err)
	_, err = transact(client, "", deleteAction(thing("1")))
	require.NoError(t, err)
	require.Equal(t, []localaws.Version{
		{WriteID: []byte{7}, Operation: "TransactWriteItems", Item: first},
		{Deleted: true, Operation: "TransactWriteItems"},
	}, a.History("things", thing("1")))
	require.Empty(t, a.History("things", thing("absent")))
	_, err = transact(client, "", deleteAction(thing("absent")), deleteAction(thing("1")))
	require.NoError(t, err)

	calls := a.Calls()
	require.Len(t, calls, 4)
	require.False(t, calls[3].Committed, "there was nothing to delete")
	require.Equal(t, "TransactionCanceledException", calls[0].ErrorCode)
	require.Equal(t, []bool{false, true, true}, []bool{calls[0].Committed, calls[1].Committed, calls[2].Committed})
	require.Equal(t, []float64{4, 4, 2}, []float64{calls[0].ConsumedCapacity, calls[1].ConsumedCapacity, calls[2].ConsumedCapacity})
	require.Equal(t, "things", calls[1].Table)
	require.Nil(t, calls[1].Key)
	require.Equal(t, []localaws.Target{{Table: "things", Key: thing("1")}, {Table: "things", Key: thing("absent")}}, calls[1].Targets)
}

func TestTransactionShowsInAGlobalIndexAfterItsLag(t *testing.T) {
	a, e := lagging(t)
	stored := object{"p": object{"S": "a"}, "s": object{"N": "1"}, "g": object{"S": "x"}, "h": object{"N": "1"}}
	require.Empty(t, e.send(t, "TransactWriteItems", object{"TransactItems": []object{{"Put": object{"TableName": "lag", "Item": stored}}}}))
	require.Empty(t, e.sortKeysOf(t, "byG", "g", "x"))
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "byH", "p", "a"))
	a.Clock.Advance(time.Minute)
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "byG", "g", "x"))
}

func TestCapacityOfATransactionIsListedInTheOrderOfItsTables(t *testing.T) {
	a := localaws.New()
	e := endpoint{client: a, url: "http://localaws.invalid"}
	e.createTable(t, "first")
	e.createTable(t, "second")
	key := object{"p": object{"S": "a"}, "s": object{"N": "1"}}
	_, answer := e.sendRaw(t, "TransactWriteItems", object{"ReturnConsumedCapacity": "TOTAL", "TransactItems": []object{
		{"Delete": object{"TableName": "second", "Key": key}}, {"Put": object{"TableName": "first", "Item": key}},
	}})
	require.Equal(t, []any{
		object{"TableName": "second", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0},
		object{"TableName": "first", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0},
	}, answer["ConsumedCapacity"])
	calls := a.Calls()
	require.Empty(t, calls[len(calls)-1].Table, "there are two")
}

func TestConcurrentTransactionsAreSerialised(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 25 {
				if _, err := transact(client, "", addAction(thing("1")), addAction(thing("2"))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 25 {
		got, err := client.TransactGetItems(context.Background(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: aws.String("things"), Key: thing("1")}},
			{Get: &types.Get{TableName: aws.String("things"), Key: thing("2")}},
		}})
		require.NoError(t, err)
		require.Equal(t, got.Responses[0].Item["n"], got.Responses[1].Item["n"], "nobody sees one half")
	}
	writers.Wait()
	require.Equal(t, number("100"), a.Items("things")[1]["n"])
}

func TestTransactGetGivesItemsInOrder(t *testing.T) {
	client := localaws.New().DynamoDB()
	createThings(t, client)
	put(t, client, thing("1"))
	put(t, client, thing("2"))
	get := func(sk string) types.TransactGetItem {
		return types.TransactGetItem{Get: &types.Get{TableName: aws.String("things"), Key: thing(sk)}}
	}
	got, err := client.TransactGetItems(context.Background(), &dynamodb.TransactGetItemsInput{
		TransactItems: []types.TransactGetItem{get("2"), get("absent"), get("1")},
	})
	require.NoError(t, err)
	require.Equal(t, []types.ItemResponse{{Item: thing("2")}, {}, {Item: thing("1")}}, got.Responses)
}
