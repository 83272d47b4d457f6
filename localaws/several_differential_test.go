package localaws_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// severalTables are those that generated batches and transactions go over.
var severalTables = []string{"generated", "generated2"}

// freshToken gives a client request token that no endpoint has seen.
func freshToken() string { return rand.Text() }

func drawKey(t *rapid.T) object {
	return object{"p": object{"S": draw(t, "a", "b")}, "s": object{"N": draw(t, "1", "2", "10")}}
}

// drawItem gives an item with some attributes that conditions look at and some
// of the indexes' keys, which may have the wrong type.
func drawItem(t *rapid.T) object {
	item := drawAttributes(t, drawKey(t))
	delete(item, "v")
	for _, name := range []string{"u", "v", "w"} {
		if rapid.Bool().Draw(t, "has") {
			item[name] = values.Draw(t, "attribute")
		}
	}
	if rapid.IntRange(0, 15).Draw(t, "wrong") == 0 {
		item["g"] = object{"N": "1"}
	}
	return item
}

// drawAction gives one action of a TransactWriteItems.
func drawAction(t *rapid.T) object {
	kind := draw(t, "Put", "Put", "Update", "Update", "Delete", "ConditionCheck")
	w := &writer{values: object{}}
	parameters := object{"TableName": rapid.SampledFrom(severalTables).Draw(t, "table")}
	switch kind {
	case "Put":
		parameters["Item"] = drawItem(t)
	case "Update":
		parameters["UpdateExpression"] = w.update(t)
		parameters["Key"] = drawKey(t)
	default:
		parameters["Key"] = drawKey(t)
	}
	if kind == "ConditionCheck" || rapid.IntRange(0, 3).Draw(t, "conditional") == 0 {
		parameters["ConditionExpression"] = w.condition(t, 1)
		parameters["ReturnValuesOnConditionCheckFailure"] = draw(t, "NONE", "ALL_OLD")
	}
	if len(w.values) > 0 {
		parameters["ExpressionAttributeValues"] = w.values
	}
	return object{kind: parameters}
}

// targetOf names the item of an action. Actions of generated transactions have
// different ones: whether the refusal of duplicates or a failed condition comes
// first is not documented.
func targetOf(action object) string {
	for _, parameters := range action {
		parameters := parameters.(object) //nolint:forcetypeassert // made by drawAction
		key, ok := parameters["Key"].(object)
		if !ok {
			key = parameters["Item"].(object) //nolint:forcetypeassert // made by drawAction
		}
		return fmt.Sprint(parameters["TableName"], key["p"], key["s"])
	}
	return ""
}

// severalRequests are transactions and batches over two tables.
var severalRequests = rapid.Custom(func(t *rapid.T) request {
	operation := draw(t, "TransactWriteItems", "TransactWriteItems", "TransactWriteItems", "TransactGetItems", "BatchWriteItem", "BatchGetItem")
	body := object{}
	switch operation {
	case "TransactWriteItems":
		body["TransactItems"] = rapid.SliceOfNDistinct(rapid.Custom(drawAction), 1, 3, targetOf).Draw(t, "actions")
	case "TransactGetItems":
		body["TransactItems"] = rapid.SliceOfN(rapid.Custom(drawGet), 1, 3).Draw(t, "gets")
	default:
		content := object{}
		for _, table := range rapid.SliceOfNDistinct(rapid.SampledFrom(severalTables), 1, 2, rapid.ID[string]).Draw(t, "tables") {
			content[table] = drawBatch(t, operation)
		}
		body["RequestItems"] = content
	}
	return request{operation: operation, body: body}
})

func drawGet(t *rapid.T) object {
	get := object{"TableName": rapid.SampledFrom(severalTables).Draw(t, "table"), "Key": drawKey(t)}
	if rapid.Bool().Draw(t, "projected") {
		get["ProjectionExpression"] = paths.Draw(t, "path") + ", s"
	}
	return object{"Get": get}
}

// drawBatch gives what a batch has for one table.
func drawBatch(t *rapid.T, operation string) any {
	if operation == "BatchGetItem" {
		wanted := object{"Keys": rapid.SliceOfN(rapid.Custom(drawKey), 1, 3).Draw(t, "keys"), "ConsistentRead": rapid.Bool().Draw(t, "consistent")}
		if rapid.Bool().Draw(t, "projected") {
			wanted["ProjectionExpression"] = paths.Draw(t, "path") + ", s"
		}
		return wanted
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) object {
		if rapid.Bool().Draw(t, "put") {
			return object{"PutRequest": object{"Item": drawItem(t)}}
		}
		return object{"DeleteRequest": object{"Key": drawKey(t)}}
	}), 1, 3).Draw(t, "writes")
}

// TestSeveralItemsAnswerAsDynamoDBLocalDoes runs generated transactions and
// batches as TestEngineAnswersScriptsAsDynamoDBLocalDoes runs requests for one
// item, some of them twice with one client request token, and compares the
// answers and the items that are stored in the end. Capacity is compared in the
// recorded exchanges: DynamoDB Local adds it up for some transactions only.
func TestSeveralItemsAnswerAsDynamoDBLocalDoes(t *testing.T) {
	other, _ := dynamoDBLocal()
	rapid.Check(t, func(t *rapid.T) {
		engine := newEngine()
		if other.url == "" {
			other = secondEngine()
		}
		for _, table := range severalTables {
			engine.createTable(t, table)
			other.createTable(t, table)
		}
		for _, r := range rapid.SliceOfN(severalRequests, 1, 8).Draw(t, "script") {
			times := 1
			if r.operation == "TransactWriteItems" && rapid.Bool().Draw(t, "token") {
				r.body["ClientRequestToken"] = freshToken()
				times = 2
			}
			for range times {
				want, got := other.send(t, r.operation, r.body), engine.send(t, r.operation, r.body)
				if !refusedForAnItem(want, got) {
					require.Empty(t, cmp.Diff(want, got), "answer to %s %v (-other +engine)", r.operation, r.body)
				}
			}
		}
		for _, table := range severalTables {
			require.Empty(t, cmp.Diff(other.stored(t, table), engine.stored(t, table)), "items (-other +engine)")
		}
	})
}

// refusedForAnItem tells whether both refused a transaction that the stored
// items do not allow. The engine gives the reason ValidationError, as AWS says;
// DynamoDB Local gives some of these as a ValidationException.
func refusedForAnItem(want, got object) bool {
	reasons, ok := got["reasons"].([]any)
	flawed := ok && slices.ContainsFunc(reasons, func(reason any) bool { return cmp.Equal(reason, any(object{"Code": "ValidationError"})) })
	return flawed && slices.Contains([]any{"ValidationException", "TransactionCanceledException"}, want["error"])
}

// stored gives the items of a table, in an order of its own.
func (e endpoint) stored(t require.TestingT, table string) []any {
	items, ok := e.send(t, "Scan", object{"TableName": table})["Items"].([]any)
	require.True(t, ok)
	sortTexts(items)
	return items
}

// TestTransactionIsItsActionsOneByOne holds a transaction that was carried out
// against the same writes one after the other on a second engine: the items are
// the same, and the price is double. A cancelled one changes nothing.
func TestTransactionIsItsActionsOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		together, alone := newEngine(), newEngine()
		for _, e := range []endpoint{together, alone} {
			for _, table := range severalTables {
				e.createTable(t, table)
			}
		}
		for range rapid.IntRange(1, 8).Draw(t, "transactions") {
			actions := rapid.SliceOfNDistinct(rapid.Custom(drawAction), 1, 4, targetOf).Draw(t, "actions")
			answer := together.send(t, "TransactWriteItems", object{"TransactItems": actions, "ReturnConsumedCapacity": "TOTAL"})
			if _, refused := answer["error"]; !refused {
				require.InDelta(t, 2*alone.oneByOne(t, actions), unitsIn(t, answer["ConsumedCapacity"]), 0, "%v", actions)
			}
			for _, table := range severalTables {
				require.Equal(t, alone.stored(t, table), together.stored(t, table))
			}
		}
	})
}

// oneByOne sends the actions as requests of their own and gives what they cost.
// A check costs what a write of the unchanged item costs.
func (e endpoint) oneByOne(t *rapid.T, actions []object) float64 {
	units := 0.0
	for _, action := range actions {
		for kind, parameters := range action {
			if kind == "ConditionCheck" {
				units++ // every generated item has less than 1 KB
				continue
			}
			body := object{"ReturnConsumedCapacity": "TOTAL"}
			for name, value := range parameters.(object) { //nolint:forcetypeassert // made by drawAction
				body[name] = value
			}
			answer := e.send(t, kind+"Item", body)
			require.NotContains(t, answer, "error", fmt.Sprint(body))
			units += unitsIn(t, []any{answer["ConsumedCapacity"]})
		}
	}
	return units
}

func unitsIn(t require.TestingT, capacities any) float64 {
	list, ok := capacities.([]any)
	require.True(t, ok)
	sum := 0.0
	for _, capacity := range list {
		object, ok := capacity.(object)
		require.True(t, ok)
		units, ok := object["CapacityUnits"].(float64)
		require.True(t, ok)
		sum += units
	}
	return sum
}
