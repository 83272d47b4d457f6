package localaws_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

// onEveryEndpoint checks the engine, and DynamoDB Local when there is one.
func onEveryEndpoint(t *testing.T, check func(t *testing.T, e endpoint)) {
	t.Run("engine", func(t *testing.T) { check(t, newEngine()) })
	if local, ok := dynamoDBLocal(); ok {
		t.Run("DynamoDB Local", func(t *testing.T) { check(t, local) })
	}
}

func TestItemOf409600BytesFitsAndNoMore(t *testing.T) {
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		e.createTable(t, "limits")
		item := func(size int) object { // p, s and v with their values: 1+1 + 1+2 + 1
			return object{"p": object{"S": "a"}, "s": object{"N": "1"}, "v": object{"S": strings.Repeat("x", size-6)}}
		}
		require.Empty(t, e.send(t, "PutItem", object{"TableName": "limits", "Item": item(409600)}))
		require.Equal(t, "ValidationException", e.send(t, "PutItem", object{"TableName": "limits", "Item": item(409601)})["error"])
		update := object{
			"TableName": "limits", "Key": object{"p": object{"S": "a"}, "s": object{"N": "1"}},
			"UpdateExpression": "SET w = :w", "ExpressionAttributeValues": object{":w": object{"S": ""}},
		}
		require.Equal(t, "ValidationException", e.send(t, "UpdateItem", update)["error"])
	})
}

func TestKeysHaveTheirOwnLimits(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	for _, c := range []struct {
		pk, sk int
		fits   bool
	}{{2048, 1024, true}, {2049, 1, false}, {1, 1025, false}} {
		_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{
			TableName: aws.String("things"),
			Item:      item{"PK": text(strings.Repeat("x", c.pk)), "SK": text(strings.Repeat("x", c.sk))},
		})
		if c.fits {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, "ValidationException")
			require.NotContains(t, err.Error(), "xxx", "an error names keys, not their values")
		}
	}
}

func nested(depth int) object {
	v := object{"S": "end"}
	for range depth {
		v = object{"L": []any{v}}
	}
	return v
}

func TestNestingEndsAt32Levels(t *testing.T) {
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		e.createTable(t, "limits")
		put := func(depth int) object {
			return e.send(t, "PutItem", object{"TableName": "limits", "Item": object{"p": object{"S": "a"}, "s": object{"N": "1"}, "v": nested(depth)}})
		}
		require.Equal(t, "ValidationException", put(32)["error"])
		require.Empty(t, put(31), "the text at the end is on level 32")
		deeper := object{
			"TableName": "limits", "Key": object{"p": object{"S": "a"}, "s": object{"N": "1"}},
			"UpdateExpression": "SET v[0] = :v", "ExpressionAttributeValues": object{":v": nested(31)},
		}
		require.Equal(t, "ValidationException", e.send(t, "UpdateItem", deeper)["error"])
	})
}

func TestPageEndsBehindTheItemThatCrossesOneMegabyte(t *testing.T) {
	onEveryEndpoint(t, func(t *testing.T, e endpoint) {
		e.createTable(t, "limits")
		for _, s := range []string{"1", "2", "3", "4", "5"} {
			require.Empty(t, e.send(t, "PutItem", object{"TableName": "limits", "Item": object{
				"p": object{"S": "a"}, "s": object{"N": s}, "v": object{"S": strings.Repeat("x", 300000)},
			}}))
		}
		answer := e.send(t, "Query", object{
			"TableName": "limits", "KeyConditionExpression": "p = :p", "Select": "COUNT",
			"ExpressionAttributeValues": object{":p": object{"S": "a"}}, "ReturnConsumedCapacity": "TOTAL",
		})
		require.EqualValues(t, 4, answer["Count"])
		require.Equal(t, object{"p": object{"S": "a"}, "s": object{"N": "4"}}, answer["LastEvaluatedKey"])
	})
}

func TestScanMeetsEveryItemOnceInSegmentsAndPages(t *testing.T) {
	client := localaws.New(localaws.WithSeed(3)).DynamoDB()
	createThings(t, client)
	for c := 'a'; c <= 'z'; c++ {
		put(t, client, item{"PK": text(string(c)), "SK": text("1")})
	}
	seen := map[string]int{}
	for segment := range int32(3) {
		pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{
			TableName: aws.String("things"), Segment: aws.Int32(segment), TotalSegments: aws.Int32(3), Limit: aws.Int32(2),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(context.Background())
			require.NoError(t, err)
			for _, i := range page.Items {
				pk, ok := i["PK"].(*types.AttributeValueMemberS)
				require.True(t, ok)
				seen[pk.Value]++
			}
		}
	}
	require.Len(t, seen, 26)
	for pk, n := range seen {
		require.Equal(t, 1, n, pk)
	}
}

func TestTablesAreDescribedListedAndDeleted(t *testing.T) {
	client := localaws.New().DynamoDB()
	ctx := context.Background()
	createThings(t, client)
	put(t, client, item{"PK": text("a"), "SK": text("1")})
	described, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("things")})
	require.NoError(t, err)
	require.Equal(t, types.TableStatusActive, described.Table.TableStatus)
	require.EqualValues(t, 1, aws.ToInt64(described.Table.ItemCount))
	require.Equal(t, types.BillingModePayPerRequest, described.Table.BillingModeSummary.BillingMode)
	require.Len(t, described.Table.KeySchema, 2)
	byARN, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: described.Table.TableArn})
	require.NoError(t, err)
	require.Equal(t, described.Table, byARN.Table)

	_, err = client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("things"),
		KeySchema:            described.Table.KeySchema,
		AttributeDefinitions: described.Table.AttributeDefinitions,
		BillingMode:          types.BillingModePayPerRequest,
	})
	var inUse *types.ResourceInUseException
	require.ErrorAs(t, err, &inUse)

	list, err := client.ListTables(ctx, &dynamodb.ListTablesInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"things"}, list.TableNames)
	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("things")})
	require.NoError(t, err)
	list, err = client.ListTables(ctx, &dynamodb.ListTablesInput{})
	require.NoError(t, err)
	require.Empty(t, list.TableNames)
}
