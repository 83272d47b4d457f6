package localaws_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// indexByV is the definition of a global index on the attribute v.
func indexByV(kind string) object {
	return object{
		"AttributeDefinitions": []object{{"AttributeName": "v", "AttributeType": kind}},
		"GlobalSecondaryIndexUpdates": []object{{"Create": object{
			"IndexName": "byV", "Projection": object{"ProjectionType": "ALL"},
			"KeySchema": []object{{"AttributeName": "v", "KeyType": "HASH"}},
		}}},
	}
}

func (e endpoint) alter(t *testing.T, body object) object {
	t.Helper()
	body["TableName"] = "altered"
	return e.send(t, "UpdateTable", body)
}

func (e endpoint) byV(t *testing.T, value string) object {
	t.Helper()
	return e.send(t, "Query", object{
		"TableName": "altered", "IndexName": "byV", "KeyConditionExpression": "v = :v",
		"ExpressionAttributeValues": object{":v": object{"N": value}},
	})
}

func TestAddedIndexHoldsTheItemsOfItsTable(t *testing.T) {
	e := newEngine()
	e.seedTable(t, "altered")
	e.send(t, "PutItem", object{"TableName": "altered", "Item": object{"p": object{"S": "odd"}, "s": object{"N": "1"}, "v": object{"S": "no number"}}})
	require.Equal(t, "ValidationException", e.byV(t, "0")["error"])
	description, ok := e.alter(t, indexByV("N"))["TableDescription"].(object)
	require.True(t, ok)
	indexes, ok := description["GlobalSecondaryIndexes"].([]any)
	require.True(t, ok)
	require.Len(t, indexes, 2)
	require.Empty(t, cmp.Diff([]any{
		object{"AttributeName": "g", "AttributeType": "S"},
		object{"AttributeName": "h", "AttributeType": "N"},
		object{"AttributeName": "p", "AttributeType": "S"},
		object{"AttributeName": "s", "AttributeType": "N"},
		object{"AttributeName": "v", "AttributeType": "N"},
	}, description["AttributeDefinitions"]))
	require.EqualValues(t, 3, e.byV(t, "0")["Count"])
	require.EqualValues(t, 6, e.send(t, "Scan", object{"TableName": "altered", "IndexName": "byV"})["Count"], "items with another type of v are not in the index")

	e.send(t, "PutItem", object{"TableName": "altered", "Item": object{"p": object{"S": "new"}, "s": object{"N": "1"}, "v": object{"N": "0"}}})
	require.EqualValues(t, 4, e.byV(t, "0")["Count"], "later writes too")
	require.Equal(t, "ValidationException", e.send(t, "PutItem", object{"TableName": "altered", "Item": object{
		"p": object{"S": "new"}, "s": object{"N": "2"}, "v": object{"S": "no number"},
	}})["error"])

	require.NotContains(t, e.alter(t, object{"GlobalSecondaryIndexUpdates": []object{{"Delete": object{"IndexName": "byV"}}}}), "error")
	require.Equal(t, "ValidationException", e.byV(t, "0")["error"])
	require.Empty(t, e.send(t, "PutItem", object{"TableName": "altered", "Item": object{"p": object{"S": "new"}, "s": object{"N": "2"}, "v": object{"S": "text"}}}))
}

func TestUpdateTableRefusesWhatMakesNoSense(t *testing.T) {
	remove := func(name string) object { return object{"Delete": object{"IndexName": name}} }
	undefined := indexByV("N")
	delete(undefined, "AttributeDefinitions")
	contradicting := indexByV("N")
	contradicting["AttributeDefinitions"] = []object{{"AttributeName": "v", "AttributeType": "N"}, {"AttributeName": "s", "AttributeType": "S"}}
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		for _, c := range []struct {
			body object
			code string
		}{
			{object{}, "ValidationException"},
			{object{"GlobalSecondaryIndexUpdates": []object{}}, "ValidationException"},
			{object{"GlobalSecondaryIndexUpdates": []object{{}}}, "ValidationException"},
			{object{"GlobalSecondaryIndexUpdates": []object{remove("byG"), remove("byG")}}, "ValidationException"},
			{undefined, "ValidationException"},
			{contradicting, "ValidationException"},
			{object{"GlobalSecondaryIndexUpdates": []object{remove("byZ")}}, "ResourceNotFoundException"},
			{object{"GlobalSecondaryIndexUpdates": []object{remove("byH")}}, "ValidationException"},
			{object{"BillingMode": "PROVISIONED"}, "ValidationException"},
		} {
			e.seedTable(t, "altered")
			before := e.send(t, "DescribeTable", object{"TableName": "altered"})
			require.Equal(t, c.code, e.alter(t, c.body)["error"], "%v", c.body)
			require.Equal(t, before, e.send(t, "DescribeTable", object{"TableName": "altered"}), "%v", c.body)
		}
		require.Equal(t, "ResourceNotFoundException", e.send(t, "UpdateTable", object{"TableName": "absent", "BillingMode": "PAY_PER_REQUEST"})["error"])
	})
	e := newEngine() // of these DynamoDB Local allows the second one
	e.seedTable(t, "altered")
	two := indexByV("N")
	two["GlobalSecondaryIndexUpdates"] = []object{{"Create": object{"IndexName": "byV"}}, remove("byG")}
	require.Equal(t, "LimitExceededException", e.alter(t, two)["error"])
	require.Equal(t, "ValidationException", e.alter(t, object{"ProvisionedThroughput": object{"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}})["error"])
}

func TestUpdateTableChangesBillingAndProtection(t *testing.T) {
	e := newEngine()
	e.seedTable(t, "altered")
	provisioned, ok := e.alter(t, object{
		"BillingMode": "PROVISIONED", "ProvisionedThroughput": object{"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}, "DeletionProtectionEnabled": true,
	})["TableDescription"].(object)
	require.True(t, ok)
	require.NotContains(t, provisioned, "BillingModeSummary")
	require.Equal(t, object{"NumberOfDecreasesToday": 0.0, "ReadCapacityUnits": 3.0, "WriteCapacityUnits": 4.0}, provisioned["ProvisionedThroughput"])
	require.Equal(t, "ValidationException", e.send(t, "DeleteTable", object{"TableName": "altered"})["error"])
	require.NotContains(t, e.alter(t, object{"DeletionProtectionEnabled": false}), "error")
	require.NotContains(t, e.send(t, "DeleteTable", object{"TableName": "altered"}), "error")
}
