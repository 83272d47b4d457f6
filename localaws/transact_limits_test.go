package localaws_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fourMegabytes puts 11 items of 4 MB together in one transaction, and gives
// what gets the first n of them.
func (e endpoint) fourMegabytes(t *testing.T) func(n int) []object {
	t.Helper()
	e.createTable(t, "limits")
	var puts, gets []object
	for i := range 11 {
		size := 400000
		if i == 10 {
			size = 4<<20 - 10*size
		}
		key := object{"p": object{"S": "a"}, "s": object{"N": strconv.Itoa(11 + i*8)}}
		gets = append(gets, object{"Get": object{"TableName": "limits", "Key": key}})
		puts = append(puts, object{"Put": object{"TableName": "limits", "Item": sized(key, size)}})
	}
	require.Equal(t, object{}, e.send(t, "TransactWriteItems", object{"TransactItems": puts}))
	puts[10] = object{"Put": object{"TableName": "limits", "Item": sized(object{"p": object{"S": "b"}, "s": object{"N": "11"}}, 4<<20-4000000+1)}}
	require.Equal(t, "ValidationException", e.send(t, "TransactWriteItems", object{"TransactItems": puts})["error"])
	return func(n int) []object { return gets[:n] }
}

// sized gives an item of that many bytes: p, s and v with their values are
// 1+1, 1+2 and 1 and the text.
func sized(key object, size int) object {
	return object{"p": key["p"], "s": key["s"], "v": object{"S": strings.Repeat("x", size-6)}}
}

func TestTransactionHolds4MBAndNoMore(t *testing.T) {
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		gets := e.fourMegabytes(t)
		require.NotContains(t, e.send(t, "TransactGetItems", object{"TransactItems": gets(10)}), "error")
		key := object{"p": object{"S": "b"}, "s": object{"N": "11"}}
		require.Empty(t, e.send(t, "PutItem", object{"TableName": "limits", "Item": sized(key, 400000)}))
		more := append(gets(10), object{"Get": object{"TableName": "limits", "Key": key}})
		require.Equal(t, "ValidationException", e.send(t, "TransactGetItems", object{"TransactItems": more})["error"])
	})
}

func TestTransactionCountsTheValuesOfUpdates(t *testing.T) {
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		e.createTable(t, "limits")
		updates := func(size int) object {
			var list []object
			for i := range 11 { // :v with its value, and the key: 2 + 5
				list = append(list, object{"Update": object{
					"TableName": "limits", "Key": object{"p": object{"S": "a"}, "s": object{"N": strconv.Itoa(11 + i*8)}},
					"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": object{":v": object{"S": strings.Repeat("x", size-7)}},
				}})
			}
			return object{"TransactItems": list}
		}
		require.Empty(t, e.send(t, "TransactWriteItems", updates((4<<20)/11-50)), "DynamoDB Local counts some bytes more")
		require.Equal(t, "ValidationException", e.send(t, "TransactWriteItems", updates((4<<20)/11+1))["error"])
	})
}

func TestTransactGetCountsWholeItems(t *testing.T) {
	e := newEngine()
	gets := e.fourMegabytes(t)
	require.NotContains(t, e.send(t, "TransactGetItems", object{"TransactItems": gets(11)}), "error", "4 MB to the byte")
	key := object{"p": object{"S": "b"}, "s": object{"N": "1"}}
	require.Empty(t, e.send(t, "PutItem", object{"TableName": "limits", "Item": key}))
	more := append(gets(11), object{"Get": object{"TableName": "limits", "Key": key, "ProjectionExpression": "nothing"}})
	require.Equal(t, "ValidationException", e.send(t, "TransactGetItems", object{"TransactItems": more})["error"])
}

func TestItemOfATransactionHolds409600BytesAndNoMore(t *testing.T) {
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		e.createTable(t, "limits")
		key := object{"p": object{"S": "a"}, "s": object{"N": "1"}}
		put := func(size int) object {
			return object{"TransactItems": []object{{"Put": object{"TableName": "limits", "Item": sized(key, size)}}}}
		}
		require.Empty(t, e.send(t, "TransactWriteItems", put(409600)))
		require.Equal(t, object{"error": "ValidationException"}, e.send(t, "TransactWriteItems", put(409601)))
		update := object{"TransactItems": []object{{"Update": object{
			"TableName": "limits", "Key": key, "UpdateExpression": "SET w = :w", "ExpressionAttributeValues": object{":w": object{"S": ""}},
		}}}}
		require.Equal(t, object{"error": "TransactionCanceledException", "reasons": []any{object{"Code": "ValidationError"}}}, e.send(t, "TransactWriteItems", update))
	})
}
