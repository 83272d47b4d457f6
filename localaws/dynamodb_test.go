package localaws_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func number(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }

// createThings makes the table "things" with the keys PK and SK, both S.
func createThings(t testing.TB, client *dynamodb.Client) {
	t.Helper()
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String("things"),
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("SK"), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("SK"), AttributeType: types.ScalarAttributeTypeS},
		},
		BillingMode: types.BillingModePayPerRequest,
	})
	require.NoError(t, err)
}

func put(t testing.TB, client *dynamodb.Client, i item) {
	t.Helper()
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("things"), Item: i})
	require.NoError(t, err)
}

func addOne(client *dynamodb.Client) error {
	_, err := client.UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
		TableName:                 aws.String("things"),
		Key:                       item{"PK": text("a"), "SK": text("1")},
		UpdateExpression:          aws.String("ADD n :one"),
		ExpressionAttributeValues: item{":one": number("1")},
	})
	return err
}

func TestSDKClientWritesAndReadsEveryType(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	stored := item{
		"PK": text("a"), "SK": text("1"), "n": number("3.5"),
		"b":  &types.AttributeValueMemberB{Value: []byte{0, 255}},
		"t":  &types.AttributeValueMemberBOOL{Value: true},
		"z":  &types.AttributeValueMemberNULL{Value: true},
		"l":  &types.AttributeValueMemberL{Value: []types.AttributeValue{text(""), number("0")}},
		"m":  &types.AttributeValueMemberM{Value: item{"x": text("y")}},
		"ss": &types.AttributeValueMemberSS{Value: []string{"a", "b"}},
		"ns": &types.AttributeValueMemberNS{Value: []string{"-2", "1"}},
		"bs": &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}},
	}
	put(t, client, stored)
	got, err := client.GetItem(context.Background(), &dynamodb.GetItemInput{
		TableName: aws.String("things"), Key: item{"PK": text("a"), "SK": text("1")}, ConsistentRead: aws.Bool(true),
	})
	require.NoError(t, err)
	require.Equal(t, stored, got.Item)
	require.Equal(t, []map[string]types.AttributeValue{stored}, a.Items("things"))
}

func TestFailedConditionCarriesTheOldItem(t *testing.T) {
	client := localaws.New().DynamoDB()
	createThings(t, client)
	old := item{"PK": text("a"), "SK": text("1"), "v": number("1")}
	put(t, client, old)
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{
		TableName:                           aws.String("things"),
		Item:                                item{"PK": text("a"), "SK": text("1")},
		ConditionExpression:                 aws.String("attribute_not_exists(PK)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var failed *types.ConditionalCheckFailedException
	require.ErrorAs(t, err, &failed)
	require.Equal(t, old, failed.Item)
}

func TestQueryPagesWithLimitAndFilter(t *testing.T) {
	client := localaws.New().DynamoDB()
	createThings(t, client)
	for _, sk := range []string{"1", "2", "3", "4", "5"} {
		put(t, client, item{"PK": text("a"), "SK": text(sk), "odd": &types.AttributeValueMemberBOOL{Value: sk[0]%2 == 1}})
	}
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName:                 aws.String("things"),
		KeyConditionExpression:    aws.String("PK = :pk"),
		FilterExpression:          aws.String("odd = :yes"),
		ExpressionAttributeValues: item{":pk": text("a"), ":yes": &types.AttributeValueMemberBOOL{Value: true}},
		Limit:                     aws.Int32(2),
	})
	var counts [][2]int32
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		require.NoError(t, err)
		counts = append(counts, [2]int32{page.Count, page.ScannedCount})
	}
	require.Equal(t, [][2]int32{{1, 2}, {1, 2}, {1, 1}}, counts)
}

func TestUnknownTableAndOperationAreTypedErrors(t *testing.T) {
	client := localaws.New().DynamoDB()
	var notFound *types.ResourceNotFoundException
	require.ErrorAs(t, addOne(client), &notFound)
	_, err := client.ListBackups(context.Background(), &dynamodb.ListBackupsInput{})
	require.ErrorContains(t, err, "UnknownOperationException")
}
