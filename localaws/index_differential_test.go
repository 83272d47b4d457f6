package localaws_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// indexRequests are writes that bring items into the indexes byG and byH,
// move them within and take them out, and queries of these indexes.
var indexRequests = rapid.Custom(func(t *rapid.T) request {
	key := object{"p": object{"S": draw(t, "a", "b")}, "s": object{"N": draw(t, "1", "2", "3")}}
	body := object{"TableName": "generated", "ReturnConsumedCapacity": "INDEXES"}
	operation := draw(t, "PutItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Query")
	switch operation {
	case "PutItem":
		body["Item"] = drawAttributes(t, key)
	case "UpdateItem":
		body["Key"] = key
		switch name := draw(t, "g", "h", "v"); rapid.IntRange(0, 2).Draw(t, "update") {
		case 0:
			body["UpdateExpression"] = "REMOVE " + name
		default:
			body["UpdateExpression"] = "SET " + name + " = :v"
			body["ExpressionAttributeValues"] = object{":v": scalars.Draw(t, "value")}
		}
	case "DeleteItem":
		body["Key"] = key
	case "Query":
		drawIndexQuery(t, body)
	}
	return request{operation: operation, body: body}
})

// drawAttributes adds some of the indexes' key attributes and another one.
func drawAttributes(t *rapid.T, item object) object {
	if rapid.IntRange(0, 3).Draw(t, "has g") > 0 {
		item["g"] = object{"S": draw(t, "x", "y")}
	}
	if rapid.IntRange(0, 3).Draw(t, "has h") > 0 {
		item["h"] = object{"N": draw(t, "1", "2", "10")}
	}
	if rapid.Bool().Draw(t, "has v") {
		item["v"] = object{"S": draw(t, "1", "2")}
	}
	return item
}

func drawIndexQuery(t *rapid.T, body object) {
	values := object{":k": object{"S": draw(t, "x", "y")}}
	text := "g = :k"
	body["IndexName"] = draw(t, "byG", "byH")
	if body["IndexName"] == "byH" {
		values[":k"] = object{"S": draw(t, "a", "b")}
		text = "p = :k"
		body["ConsistentRead"] = rapid.Bool().Draw(t, "consistent")
		if rapid.Bool().Draw(t, "fetch") {
			body["Select"] = "ALL_ATTRIBUTES" // read from the table, at its price
		}
	}
	if operator := draw(t, "", "=", "<", ">="); operator != "" {
		text += " AND h " + operator + " :h"
		values[":h"] = object{"N": draw(t, "1", "2", "3")}
	}
	body["KeyConditionExpression"] = text
	body["ExpressionAttributeValues"] = values
	body["ScanIndexForward"] = rapid.Bool().Draw(t, "forward")
	if rapid.Bool().Draw(t, "limited") {
		body["Limit"] = rapid.IntRange(1, 3).Draw(t, "limit")
	}
}

// TestIndexesAnswerAsDynamoDBLocalDoes runs generated scripts as
// TestEngineAnswersScriptsAsDynamoDBLocalDoes does, on indexes and with what
// every write and query costs them.
func TestIndexesAnswerAsDynamoDBLocalDoes(t *testing.T) {
	other, _ := dynamoDBLocal()
	rapid.Check(t, func(t *rapid.T) {
		engine := newEngine()
		if other.url == "" {
			other = secondEngine()
		}
		engine.createTable(t, "generated")
		other.createTable(t, "generated")
		for _, r := range rapid.SliceOfN(indexRequests, 1, 12).Draw(t, "script") {
			before := engine.indexed(t, r)
			want, got := other.allPages(t, r), engine.allPages(t, r)
			if !before && !engine.indexed(t, r) {
				dropNeedlessCharge(t, want)
			}
			require.Empty(t, cmp.Diff(want, got), "answers to %s %v (-other +engine)", r.operation, r.body)
		}
	})
}

// indexed tells whether the index byG holds the item of a write.
func (e endpoint) indexed(t *rapid.T, r request) bool {
	key, ok := r.body["Key"].(object)
	if !ok {
		key, ok = r.body["Item"].(object)
	}
	items, list := e.send(t, "Scan", object{"TableName": "generated", "IndexName": "byG"})["Items"].([]any)
	require.True(t, list)
	return ok && slices.ContainsFunc(items, func(i any) bool {
		item, isObject := i.(object)
		return isObject && cmp.Equal(item["p"], key["p"]) && cmp.Equal(item["s"], key["s"])
	})
}

// dropNeedlessCharge takes the units of byG away that DynamoDB Local charges
// for some writes of items that are not in that index before or after. For
// these there is no charge, says AWS.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
func dropNeedlessCharge(t *rapid.T, answer object) {
	capacity, ok := answer["ConsumedCapacity"].(object)
	if !ok || capacity["GlobalSecondaryIndexes"] == nil {
		return
	}
	require.Equal(t, object{"byG": object{"CapacityUnits": 1.0}}, capacity["GlobalSecondaryIndexes"])
	delete(capacity, "GlobalSecondaryIndexes")
	total, ok := capacity["CapacityUnits"].(float64)
	require.True(t, ok)
	capacity["CapacityUnits"] = total - 1
}

// allPages gives the answer to a request. That to a query is of all its pages
// together: items of one index key come in no promised order, so that where a
// page ends between two of them is not the same everywhere.
func (e endpoint) allPages(t *rapid.T, r request) object {
	answer := e.send(t, r.operation, r.body)
	if r.operation != "Query" || answer["error"] != nil {
		return answer
	}
	var items []string
	next := object{}
	for name, value := range r.body {
		next[name] = value
	}
	for {
		list, ok := answer["Items"].([]any)
		require.True(t, ok)
		for _, item := range list {
			items = append(items, fmt.Sprint(item))
		}
		if answer["LastEvaluatedKey"] == nil {
			break
		}
		next["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
		answer = e.send(t, r.operation, next)
		require.NotContains(t, answer, "error")
	}
	slices.Sort(items)
	all := object{"items": items}
	if r.body["Limit"] == nil && len(items) > 0 { // for a query that finds nothing DynamoDB Local charges nothing
		all["capacity"] = answer["ConsumedCapacity"]
	}
	return all
}
