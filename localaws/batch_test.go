package localaws_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

func batchPut(i item) types.WriteRequest {
	return types.WriteRequest{PutRequest: &types.PutRequest{Item: i}}
}

func batchWrite(client *dynamodb.Client, requests ...types.WriteRequest) (*dynamodb.BatchWriteItemOutput, error) {
	return client.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{"things": requests},
	})
}

func batchGet(client *dynamodb.Client, keys ...item) (*dynamodb.BatchGetItemOutput, error) {
	return client.BatchGetItem(context.Background(), &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{"things": {Keys: keys, ConsistentRead: aws.Bool(true)}},
	})
}

// manyThings are n different keys of the table "things".
func manyThings(n int) []item {
	keys := make([]item, n)
	for i := range keys {
		keys[i] = thing(fmt.Sprintf("%02d", i))
	}
	return keys
}

// storeThings puts n items and gives them.
func storeThings(t testing.TB, client *dynamodb.Client, n int) []item {
	t.Helper()
	things := manyThings(n)
	var requests []types.WriteRequest
	for _, i := range things {
		requests = append(requests, batchPut(i))
	}
	written, err := batchWrite(client, requests...)
	require.NoError(t, err)
	require.Empty(t, written.UnprocessedItems)
	return things
}

func TestBatchWritePutsAndDeletes(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	put(t, client, thing("old"))
	a.ResetCalls()
	_, err := batchWrite(client, batchPut(thing("1")), types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: thing("old")}})
	require.NoError(t, err)
	require.Equal(t, []item{thing("1")}, a.Items("things"))
	require.Equal(t, []localaws.Version{{Operation: "BatchWriteItem", Item: thing("1")}}, a.History("things", thing("1")))
	require.Equal(t, localaws.Version{Operation: "BatchWriteItem", Deleted: true}, a.History("things", thing("old"))[1])
	_, err = batchWrite(client, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: thing("old")}})
	require.NoError(t, err)

	calls := a.Calls()
	require.Len(t, calls, 2)
	require.False(t, calls[1].Committed, "there was nothing to delete")
	require.True(t, calls[0].Committed)
	require.Equal(t, "things", calls[0].Table)
	require.Equal(t, []localaws.Target{{Table: "things", Key: thing("1")}, {Table: "things", Key: thing("old")}}, calls[0].Targets)
	require.InDelta(t, 2, calls[0].ConsumedCapacity, 0)
}

func TestBatchGetAnswersInAnOrderThatTheSeedDecides(t *testing.T) {
	order := func(seed int64) []item {
		client := localaws.New(localaws.WithSeed(seed)).DynamoDB()
		createThings(t, client)
		things := storeThings(t, client, 20)
		got, err := batchGet(client, things...)
		require.NoError(t, err)
		require.Empty(t, got.UnprocessedKeys)
		require.ElementsMatch(t, things, got.Responses["things"])
		require.NotEqual(t, things, got.Responses["things"])
		return got.Responses["things"]
	}
	one, again := order(1), order(1)
	require.Equal(t, one, again)
	require.NotEqual(t, one, order(2))
}

func TestBatchGetLeavesKeysOverAfter16MB(t *testing.T) {
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		e.createTable(t, "limits")
		var keys []object
		for i := 11; i < 56; i++ { // p, s and v with their values: 1+1 + 1+2 + 1
			key := object{"p": object{"S": "a"}, "s": object{"N": strconv.Itoa(i)}}
			keys = append(keys, key)
			require.Empty(t, e.send(t, "PutItem", object{"TableName": "limits", "Item": object{
				"p": key["p"], "s": key["s"], "v": object{"S": strings.Repeat("x", 400000-6)},
			}}))
		}
		rest := object{"limits": object{"Keys": keys, "ProjectionExpression": "#s", "ExpressionAttributeNames": object{"#s": "s"}, "ConsistentRead": true}}
		var found []string
		var pages []int
		for len(rest) > 0 {
			answer := e.send(t, "BatchGetItem", object{"RequestItems": rest})
			responses, ok := answer["Responses"].(object)
			require.True(t, ok, "%v", answer)
			page := sortKeysIn(t, object{"Items": responses["limits"]})
			pages, found = append(pages, len(page)), append(found, page...)
			rest, ok = answer["UnprocessedKeys"].(object)
			require.True(t, ok)
		}
		require.Equal(t, []int{41, 4}, pages, "16 MB are 41 items")
		slices.Sort(found)
		require.Len(t, slices.Compact(found), 45)
	})
}

func TestBatchesGoOverSeveralTables(t *testing.T) {
	a := localaws.New()
	e := endpoint{client: a, url: "http://localaws.invalid"}
	e.createTable(t, "first")
	e.createTable(t, "second")
	stored := object{"p": object{"S": "a"}, "s": object{"N": "1"}}
	puts := []object{{"PutRequest": object{"Item": stored}}}
	require.Equal(t, object{"UnprocessedItems": object{}}, e.send(t, "BatchWriteItem", object{"RequestItems": object{"first": puts, "second": puts}}))
	answer := e.send(t, "BatchGetItem", object{"ReturnConsumedCapacity": "TOTAL", "RequestItems": object{
		"first": object{"Keys": []object{stored}, "ConsistentRead": true}, "second": object{"Keys": []object{stored}},
	}})
	require.Equal(t, object{
		"Responses": object{"first": []any{stored}, "second": []any{stored}}, "UnprocessedKeys": object{},
		"ConsumedCapacity": []any{object{"TableName": "second", "CapacityUnits": 0.5}, object{"TableName": "first", "CapacityUnits": 1.0}},
	}, answer)
	calls := a.Calls()
	require.Empty(t, calls[len(calls)-1].Table)
	require.Len(t, calls[len(calls)-1].Targets, 2)
	require.False(t, calls[len(calls)-1].Committed)
	require.True(t, calls[len(calls)-2].Committed)
}

func TestBatchNamesTablesByARNToo(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	described, err := client.DescribeTable(context.Background(), &dynamodb.DescribeTableInput{TableName: aws.String("things")})
	require.NoError(t, err)
	arn := aws.ToString(described.Table.TableArn)
	_, err = client.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{arn: {batchPut(thing("1"))}},
	})
	require.NoError(t, err)
	wanted := types.KeysAndAttributes{Keys: []item{thing("1")}}
	got, err := client.BatchGetItem(context.Background(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{arn: wanted}})
	require.NoError(t, err)
	require.Equal(t, []item{thing("1")}, got.Responses[arn])
	_, err = client.BatchGetItem(context.Background(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{arn: wanted, "things": wanted}})
	require.ErrorContains(t, err, "Provided list of item keys contains duplicates")
}

func TestRequestOver16MBIsRefused(t *testing.T) {
	a := localaws.New()
	response, err := a.Do(post(t, "DynamoDB_20120810.BatchWriteItem", `{"RequestItems":{"`+strings.Repeat("x", 16<<20)+`":[]}}`))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 413, response.StatusCode)
	require.Empty(t, a.Calls())
}
