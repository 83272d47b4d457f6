package localaws_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

func odd(i int) bool { return i%2 == 1 }
func all(int) bool   { return true }
func none(int) bool  { return false }

func TestThrownBackWritesAreUnprocessedAndHaveNoEffect(t *testing.T) {
	a, faults, client := faulty(t)
	faults.On("BatchWriteItem").Table("things").ThrowBack(odd)
	things := manyThings(4)
	written, err := batchWrite(client, batchPut(things[0]), batchPut(things[1]), types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: things[2]}}, batchPut(things[3]))
	require.NoError(t, err)
	require.Equal(t, map[string][]types.WriteRequest{"things": {batchPut(things[1]), batchPut(things[3])}}, written.UnprocessedItems)
	require.Equal(t, things[:1], a.Items("things"))

	written, err = client.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{RequestItems: written.UnprocessedItems})
	require.NoError(t, err)
	require.Empty(t, written.UnprocessedItems)
	require.Equal(t, []item{things[0], things[1], things[3]}, a.Items("things"))
}

func TestThrownBackKeysAreUnprocessedWithTheirProjection(t *testing.T) {
	a, faults, client := faulty(t)
	things := storeThings(t, a.DynamoDB(), 3)
	faults.On("BatchGetItem").ThrowBack(odd)
	got, err := client.BatchGetItem(context.Background(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"things": {
		Keys: things, ProjectionExpression: aws.String("#s"), ExpressionAttributeNames: map[string]string{"#s": "SK"}, ConsistentRead: aws.Bool(true),
	}}})
	require.NoError(t, err)
	require.ElementsMatch(t, []item{{"SK": text("00")}, {"SK": text("02")}}, got.Responses["things"])
	require.Equal(t, map[string]types.KeysAndAttributes{"things": {
		Keys: things[1:2], ProjectionExpression: aws.String("#s"), ExpressionAttributeNames: map[string]string{"#s": "SK"}, ConsistentRead: aws.Bool(true),
	}}, got.UnprocessedKeys)
}

func TestWholeBatchesCanBeThrownBack(t *testing.T) {
	a, faults, client := faulty(t)
	faults.On("").ThrowBack(all).Times(2)
	written, err := batchWrite(client, batchPut(thing("1")))
	require.NoError(t, err)
	require.Equal(t, map[string][]types.WriteRequest{"things": {batchPut(thing("1"))}}, written.UnprocessedItems)
	got, err := batchGet(client, thing("1"))
	require.NoError(t, err)
	require.Empty(t, got.Responses)
	require.Equal(t, []item{thing("1")}, got.UnprocessedKeys["things"].Keys)
	require.Empty(t, a.Calls(), "the endpoint was not asked")
}

func TestThrowBackLetsOtherRequestsPass(t *testing.T) {
	a, faults, client := faulty(t)
	nothing := faults.On("BatchWriteItem").ThrowBack(none)
	second := faults.On("").ThrowBack(odd)
	require.NoError(t, addOne(client))
	require.Zero(t, second.Fired(), "UpdateItem is no batch")
	written, err := batchWrite(client, batchPut(thing("2")))
	require.NoError(t, err)
	require.Empty(t, written.UnprocessedItems)
	require.Zero(t, second.Fired(), "there is no second")
	require.Len(t, a.Items("things"), 2)
	written, err = batchWrite(client, batchPut(thing("3")), batchPut(thing("4")))
	require.NoError(t, err)
	require.Len(t, written.UnprocessedItems["things"], 1)
	require.Equal(t, 1, second.Fired())
	require.Len(t, a.Items("things"), 3)
	require.Zero(t, nothing.Fired(), "what takes nothing does not count")
	require.Equal(t, []string{"BatchWriteItem, ThrowBack"}, faults.Unfired())
}

// TestThrowBackAddsToWhatTheEndpointLeavesOver stands in for an endpoint that
// leaves something over itself.
func TestThrowBackAddsToWhatTheEndpointLeavesOver(t *testing.T) {
	var sent string
	endpoint := clientFunc(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.EqualValues(t, len(body), r.ContentLength)
		sent = string(body)
		answer := `{"UnprocessedItems":{"a":[{"PutRequest":{"Item":{"PK":{"S":"0"}}}}]},"Extra":12345678901234567890.10}`
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"X-Amz-Crc32": {"1"}}, Body: io.NopCloser(bytes.NewBufferString(answer))}, nil
	})
	faults := &localaws.Faults{Next: endpoint}
	faults.On("BatchWriteItem").ThrowBack(func(i int) bool { return i == 1 || i == 2 })
	response, err := faults.Do(post(t, "DynamoDB_20120810.BatchWriteItem", `{"RequestItems":{"b":[{"DeleteRequest":2}],"a":[{"PutRequest":0},{"PutRequest":1}]},"ReturnConsumedCapacity":"TOTAL"}`))
	require.NoError(t, err)
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.JSONEq(t, `{"RequestItems":{"a":[{"PutRequest":0}]},"ReturnConsumedCapacity":"TOTAL"}`, sent)
	require.JSONEq(t, `{"Extra":12345678901234567890.10,"UnprocessedItems":{"a":[{"PutRequest":{"Item":{"PK":{"S":"0"}}}},{"PutRequest":1}],"b":[{"DeleteRequest":2}]}}`, string(answer))
	require.Contains(t, string(answer), "12345678901234567890.10", "numbers stay as they are written")
	require.EqualValues(t, len(answer), response.ContentLength)
	require.NotEqual(t, "1", response.Header.Get("X-Amz-Crc32"))
}

func TestThrowBackPassesRefusalsOn(t *testing.T) {
	_, faults, client := faulty(t)
	faults.On("BatchWriteItem").ThrowBack(odd)
	_, err := batchWrite(client, batchPut(item{"PK": text("")}), batchPut(thing("1")))
	require.ErrorContains(t, err, "ValidationException")
	faults.On("BatchWriteItem").ThrowBack(all)
	response, err := faults.Do(post(t, "DynamoDB_20120810.BatchWriteItem", `{"RequestItems":[1]}`))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusBadRequest, response.StatusCode, "what is no batch reaches the endpoint as it is")
}

func TestThenRunsAfterAThrowBack(t *testing.T) {
	a, faults, client := faulty(t)
	faults.On("BatchWriteItem").ThrowBack(odd).Then(func() { require.Len(t, a.Items("things"), 1) })
	_, err := batchWrite(client, batchPut(thing("1")), batchPut(thing("2")))
	require.NoError(t, err)
	require.Empty(t, faults.Unfired())
}

// TestFaultsForSeveralItemsStandInFrontOfEveryEndpoint shows that they act on
// the wire and need nothing of the engine.
func TestFaultsForSeveralItemsStandInFrontOfEveryEndpoint(t *testing.T) {
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		e.createTable(t, "limits")
		faults := &localaws.Faults{Next: e.client}
		flaky := endpoint{client: faults, url: e.url}
		faults.On("").ThrowBack(odd).Times(2)
		first, second := object{"p": object{"S": "a"}, "s": object{"N": "1"}}, object{"p": object{"S": "a"}, "s": object{"N": "2"}}
		puts := []any{object{"PutRequest": object{"Item": first}}, object{"PutRequest": object{"Item": second}}}
		require.Equal(t, object{"UnprocessedItems": object{"limits": puts[1:]}}, flaky.send(t, "BatchWriteItem", object{"RequestItems": object{"limits": puts}}))
		require.Equal(t, []any{first}, e.stored(t, "limits"))
		require.Equal(t, object{
			"Responses": object{"limits": []any{first}}, "UnprocessedKeys": object{"limits": object{"Keys": []any{second}}},
		}, flaky.send(t, "BatchGetItem", object{"RequestItems": object{"limits": object{"Keys": []any{first, second}}}}))

		faults.On("").CancelTransaction(0, "TransactionConflict")
		actions := object{"TransactItems": []object{{"Put": object{"TableName": "limits", "Item": second}}}}
		require.Equal(t, object{"error": "TransactionCanceledException", "reasons": []any{object{"Code": "TransactionConflict"}}}, flaky.send(t, "TransactWriteItems", actions))
		require.Equal(t, []any{first}, e.stored(t, "limits"))
		require.NotContains(t, flaky.send(t, "TransactWriteItems", actions), "error")
		require.Empty(t, faults.Unfired())
	})
}
