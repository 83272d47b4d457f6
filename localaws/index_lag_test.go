package localaws_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb/localaws"
)

// lagging gives an engine whose global indexes are a minute behind, with the
// table "lag" of the keys p and s, the global index byG and the local one byH.
func lagging(t testing.TB) (*localaws.AWS, endpoint) {
	t.Helper()
	a := localaws.New(localaws.WithIndexLag(time.Minute))
	e := endpoint{client: a, url: "http://localaws.invalid"}
	e.createTable(t, "lag")
	return a, e
}

func (e endpoint) putLagged(t require.TestingT, s, g, h string) {
	require.Empty(t, e.send(t, "PutItem", object{"TableName": "lag", "Item": object{
		"p": object{"S": "a"}, "s": object{"N": s}, "g": object{"S": g}, "h": object{"N": h},
	}}))
}

// sortKeysOf gives the attribute s of what a query for g or p finds.
func (e endpoint) sortKeysOf(t require.TestingT, index, name, value string) []string {
	query := object{
		"TableName": "lag", "KeyConditionExpression": "#k = :k",
		"ExpressionAttributeNames": object{"#k": name}, "ExpressionAttributeValues": object{":k": object{"S": value}},
	}
	if index != "" {
		query["IndexName"] = index
	}
	return sortKeysIn(t, e.send(t, "Query", query))
}

func sortKeysIn(t require.TestingT, answer object) []string {
	items, ok := answer["Items"].([]any)
	require.True(t, ok, "%v", answer)
	keys := []string{}
	for _, i := range items {
		item, ok := i.(object)
		require.True(t, ok)
		s, ok := item["s"].(object)
		require.True(t, ok)
		n, ok := s["N"].(string)
		require.True(t, ok)
		keys = append(keys, n)
	}
	return keys
}

func TestGlobalIndexShowsAWriteWhenItsLagIsOver(t *testing.T) {
	a, e := lagging(t)
	e.putLagged(t, "1", "x", "1")
	require.Empty(t, e.sortKeysOf(t, "byG", "g", "x"))
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "byH", "p", "a"), "a local index is always current")
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "", "p", "a"), "and so is the table")
	require.Empty(t, sortKeysIn(t, e.send(t, "Scan", object{"TableName": "lag", "IndexName": "byG"})))

	a.Clock.Advance(time.Minute - time.Second)
	e.putLagged(t, "2", "x", "2")
	require.Empty(t, e.sortKeysOf(t, "byG", "g", "x"))
	a.Clock.Advance(time.Second)
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "byG", "g", "x"), "the later write has its own lag")
	a.Clock.Advance(time.Minute)
	require.Equal(t, []string{"1", "2"}, e.sortKeysOf(t, "byG", "g", "x"))
}

func TestLaggingIndexShowsTheImageBeforeAChange(t *testing.T) {
	a, e := lagging(t)
	e.putLagged(t, "1", "x", "1")
	e.putLagged(t, "2", "x", "2")
	a.SyncIndexes()
	e.putLagged(t, "1", "y", "1")
	require.NotContains(t, e.send(t, "DeleteItem", object{"TableName": "lag", "Key": object{"p": object{"S": "a"}, "s": object{"N": "2"}}}), "error")
	require.Equal(t, []string{"1", "2"}, e.sortKeysOf(t, "byG", "g", "x"))
	require.Empty(t, e.sortKeysOf(t, "byG", "g", "y"))
	a.SyncIndexes()
	require.Empty(t, e.sortKeysOf(t, "byG", "g", "x"))
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "byG", "g", "y"))
	a.Clock.Advance(time.Hour)
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "byG", "g", "y"), "nothing is carried out twice")
}

func TestIndexesAreCurrentWithoutALag(t *testing.T) {
	a := localaws.New(localaws.WithIndexLag(0))
	e := endpoint{client: a, url: "http://localaws.invalid"}
	e.createTable(t, "lag")
	e.putLagged(t, "1", "x", "1")
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "byG", "g", "x"))
	a.SyncIndexes()
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "byG", "g", "x"))
}

func TestSweptItemsLeaveALaggingIndexLater(t *testing.T) {
	a, e := lagging(t)
	e.send(t, "UpdateTimeToLive", object{"TableName": "lag", "TimeToLiveSpecification": object{"AttributeName": "h", "Enabled": true}})
	e.putLagged(t, "1", "x", "1700000000") // shortly before the clock's start
	a.SyncIndexes()
	require.Equal(t, 1, a.SweepTTL())
	require.Equal(t, []string{"1"}, e.sortKeysOf(t, "byG", "g", "x"))
	a.Clock.Advance(time.Minute)
	require.Empty(t, e.sortKeysOf(t, "byG", "g", "x"))
}

func TestConsistentReadOfAGlobalIndexIsRefused(t *testing.T) {
	for _, e := range []endpoint{newEngine(), newEngine(localaws.WithIndexLag(time.Minute))} {
		e.seedTable(t, "exchange")
		for operation, body := range map[string]object{
			"Scan":  {},
			"Query": {"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": object{":g": object{"S": "x"}}},
		} {
			body["TableName"], body["IndexName"], body["ConsistentRead"] = "exchange", "byG", true
			status, answer := e.sendRaw(t, operation, body)
			require.Equal(t, 400, status)
			require.Equal(t, "com.amazon.coral.validate#ValidationException", answer["__type"])
			require.Equal(t, "Consistent reads are not supported on global secondary indexes", answer["message"])
		}
	}
}

// TestSyncedIndexEqualsOneWithoutLag runs the same writes with and without a
// lag: what each write costs, and what the indexes hold once they are synced
// or their lag is over, is the same.
func TestSyncedIndexEqualsOneWithoutLag(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := localaws.New(localaws.WithIndexLag(time.Minute))
		behind, current := endpoint{client: a, url: "http://localaws.invalid"}, newEngine()
		behind.createTable(t, "lag")
		current.createTable(t, "lag")
		for range rapid.IntRange(1, 12).Draw(t, "writes") {
			key := object{"p": object{"S": "a"}, "s": object{"N": draw(t, "1", "2", "3")}}
			operation, body := "DeleteItem", object{"TableName": "lag", "Key": key, "ReturnConsumedCapacity": "INDEXES"}
			if rapid.Bool().Draw(t, "put") {
				operation = "PutItem"
				delete(body, "Key")
				body["Item"] = drawAttributes(t, key)
			}
			require.Equal(t, current.send(t, operation, body), behind.send(t, operation, body))
			a.Clock.Advance(time.Duration(rapid.IntRange(-30, 50).Draw(t, "seconds")) * time.Second)
			if rapid.IntRange(0, 5).Draw(t, "sync") == 0 {
				a.SyncIndexes()
			}
		}
		a.Clock.Advance(time.Hour)
		scan := object{"TableName": "lag", "IndexName": "byG"}
		require.Equal(t, current.send(t, "Scan", scan), behind.send(t, "Scan", scan))
	})
}
