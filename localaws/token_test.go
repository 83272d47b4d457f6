package localaws_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

func TestTokenIsRememberedForTenMinutes(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	put(t, client, thing("2"))
	add := func(token string) (*dynamodb.TransactWriteItemsOutput, error) {
		return transact(client, token, addAction(thing("1")), checkAction(thing("2")))
	}
	first, err := add("one")
	require.NoError(t, err)
	require.Equal(t, []types.ConsumedCapacity{{TableName: aws.String("things"), CapacityUnits: aws.Float64(4), WriteCapacityUnits: aws.Float64(4)}}, first.ConsumedCapacity)

	a.Clock.Advance(10*time.Minute - time.Second)
	again, err := add("one")
	require.NoError(t, err)
	require.Equal(t, []types.ConsumedCapacity{{TableName: aws.String("things"), CapacityUnits: aws.Float64(4), ReadCapacityUnits: aws.Float64(4)}}, again.ConsumedCapacity)
	require.Equal(t, number("1"), a.Items("things")[0]["n"], "the replay has no effect")
	calls := a.Calls()
	require.False(t, calls[len(calls)-1].Committed)
	require.Len(t, a.History("things", thing("1")), 1)

	_, err = transact(client, "one", addAction(thing("1")))
	var mismatch *types.IdempotentParameterMismatchException
	require.ErrorAs(t, err, &mismatch)
	_, err = add("two")
	require.NoError(t, err)
	require.Equal(t, number("2"), a.Items("things")[0]["n"], "another token is another transaction")

	a.Clock.Advance(time.Second)
	_, err = add("one")
	require.NoError(t, err)
	require.Equal(t, number("3"), a.Items("things")[0]["n"], "the token is forgotten")
}

func TestTokenOfARefusedTransactionIsNotRemembered(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	_, err := transact(client, "one", checkAction(thing("1")))
	require.Error(t, err)
	_, err = transact(client, "one", putAction(thing("1")))
	require.NoError(t, err)
	require.Len(t, a.Items("things"), 1)
}

// TestTokenStandsForTheActionsAlone needs tokens that no run before it used: an
// endpoint remembers them.
func TestTokenStandsForTheActionsAlone(t *testing.T) {
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		e.createTable(t, "limits")
		token := freshToken()
		body := func(change func(request, put object)) object {
			put := object{"TableName": "limits", "Item": object{"p": object{"S": "a"}, "s": object{"N": "1"}, "v": object{"SS": []string{"a", "b"}}}}
			request := object{"ClientRequestToken": token, "TransactItems": []object{{"Put": put}}}
			change(request, put)
			return request
		}
		same := map[string]func(request, put object){
			"as it was":                        func(object, object) {},
			"with another capacity":            func(request, _ object) { request["ReturnConsumedCapacity"] = "TOTAL" },
			"with metrics":                     func(request, _ object) { request["ReturnItemCollectionMetrics"] = "SIZE" },
			"with a member that nobody knows":  func(_, put object) { put["Unknown"] = "x" },
			"with a parameter that is not set": func(_, put object) { put["ConditionExpression"] = nil },
		}
		other := map[string]func(request, put object){
			"with a condition":                     func(_, put object) { put["ConditionExpression"] = "attribute_exists(p)" },
			"with the old item":                    func(_, put object) { put["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD" },
			"with a number that is written longer": func(_, put object) { put["Item"].(object)["s"] = object{"N": "1.0"} }, //nolint:forcetypeassert // made above
			"with a set in another order": func(_, put object) {
				put["Item"].(object)["v"] = object{"SS": []string{"b", "a"}} //nolint:forcetypeassert // made above
			},
			"with another action": func(request, put object) {
				request["TransactItems"] = []object{{"Put": put}, {"Delete": object{"TableName": "limits", "Key": object{"p": object{"S": "b"}, "s": object{"N": "1"}}}}}
			},
		}
		require.Empty(t, e.send(t, "TransactWriteItems", body(same["as it was"])))
		for name, change := range same {
			require.NotContains(t, e.send(t, "TransactWriteItems", body(change)), "error", name)
		}
		for name, change := range other {
			require.Equal(t, object{"error": "IdempotentParameterMismatchException"}, e.send(t, "TransactWriteItems", body(change)), name)
		}
	})
}
