package localaws_test

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// textTable has a partition key and a sort key that is text or bytes.
func (e endpoint) textTable(t require.TestingT, kind string) {
	e.send(t, "DeleteTable", object{"TableName": "ordered"})
	require.NotContains(t, e.send(t, "CreateTable", object{
		"TableName": "ordered", "BillingMode": "PAY_PER_REQUEST",
		"KeySchema":            []object{{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}},
		"AttributeDefinitions": []object{{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": kind}},
	}), "error")
}

var sortKeys = rapid.SampledFrom([]string{"a", "a#", "a$", "ab", "a#b", "aa", "A", "b", "z", "é", "\u00ff", "\U0001F600", "a\x00", "~"})

// TestQueryRangesMatchAPlainFilter holds the range of a query, in both
// directions and page by page, against comparing every key as bytes.
func TestQueryRangesMatchAPlainFilter(t *testing.T) {
	local, hasLocal := dynamoDBLocal()
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"S", "B"}).Draw(t, "kind")
		keys := rapid.SliceOfNDistinct(sortKeys, 0, 8, rapid.ID[string]).Draw(t, "keys")
		operator := rapid.SampledFrom([]string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"}).Draw(t, "operator")
		low, high := sortKeys.Draw(t, "low"), sortKeys.Draw(t, "high")
		if low > high {
			low, high = high, low
		}
		forward := rapid.Bool().Draw(t, "forward")
		limit := rapid.IntRange(1, 4).Draw(t, "limit")

		want := slices.DeleteFunc(append([]string{}, keys...), func(key string) bool { return !inRange(key, operator, low, high) })
		slices.SortFunc(want, func(a, b string) int {
			if forward {
				return cmp.Compare(a, b)
			}
			return cmp.Compare(b, a)
		})
		require.Equal(t, want, newEngine().rangeOf(t, kind, keys, operator, low, high, forward, limit))
		if hasLocal {
			require.Equal(t, want, local.rangeOf(t, kind, keys, operator, low, high, forward, limit))
		}
	})
}

func inRange(key, operator, low, high string) bool {
	switch operator {
	case "=":
		return key == low
	case "<":
		return key < low
	case "<=":
		return key <= low
	case ">":
		return key > low
	case ">=":
		return key >= low
	case "BETWEEN":
		return low <= key && key <= high
	}
	return strings.HasPrefix(key, low)
}

// rangeOf stores the keys and gives what all pages of a query return.
func (e endpoint) rangeOf(t *rapid.T, kind string, keys []string, operator, low, high string, forward bool, limit int) []string {
	encode := func(key string) object {
		if kind == "B" {
			key = base64.StdEncoding.EncodeToString([]byte(key))
		}
		return object{kind: key}
	}
	e.textTable(t, kind)
	for _, key := range keys {
		require.Empty(t, e.send(t, "PutItem", object{"TableName": "ordered", "Item": object{"p": object{"S": "x"}, "s": encode(key)}}))
	}
	values := object{":p": object{"S": "x"}, ":low": encode(low)}
	condition := "s " + operator + " :low"
	switch operator {
	case "BETWEEN":
		condition += " AND :high"
		values[":high"] = encode(high)
	case "begins_with":
		condition = "begins_with(s, :low)"
	}
	query := object{
		"TableName": "ordered", "KeyConditionExpression": "p = :p AND " + condition, "ExpressionAttributeValues": values,
		"ScanIndexForward": forward, "Limit": limit,
	}
	found := []string{}
	for {
		answer := e.send(t, "Query", query)
		require.NotContains(t, answer, "error")
		items, ok := answer["Items"].([]any)
		require.True(t, ok)
		for _, i := range items {
			item, ok := i.(object)["s"].(object)
			require.True(t, ok)
			key, ok := item[kind].(string)
			require.True(t, ok)
			if kind == "B" {
				raw, err := base64.StdEncoding.DecodeString(key)
				require.NoError(t, err)
				key = string(raw)
			}
			found = append(found, key)
		}
		if answer["LastEvaluatedKey"] == nil {
			return found
		}
		query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
	}
}
