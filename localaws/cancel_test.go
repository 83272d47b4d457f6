package localaws_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

func TestCancelTransactionGivesACodeToOneAction(t *testing.T) {
	a, faults, client := faulty(t)
	faults.On("TransactWriteItems").CancelTransaction(1, "TransactionConflict")
	_, err := transact(client, "", putAction(thing("1")), putAction(thing("2")), checkAction(thing("3")))
	var cancelled *types.TransactionCanceledException
	require.ErrorAs(t, err, &cancelled)
	require.Equal(t, []types.CancellationReason{
		{Code: aws.String("None")},
		{Code: aws.String("TransactionConflict"), Message: aws.String("Transaction is ongoing for the item")},
		{Code: aws.String("None")},
	}, cancelled.CancellationReasons)
	require.Contains(t, cancelled.ErrorMessage(), "[None, TransactionConflict, None]")
	require.Empty(t, a.Calls(), "the SDK does not send it again, and the endpoint never saw it")

	faults.On("").CancelTransaction(0, "ThrottlingError")
	_, err = client.TransactGetItems(context.Background(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: aws.String("things"), Key: thing("1")}},
	}})
	require.ErrorAs(t, err, &cancelled)
	require.Equal(t, "ThrottlingError", aws.ToString(cancelled.CancellationReasons[0].Code))
}

func TestCancelTransactionNeedsAnActionAtItsPosition(t *testing.T) {
	_, faults, client := faulty(t)
	faults.On("").CancelTransaction(1, "TransactionConflict").Always()
	faults.On("").CancelTransaction(-1, "TransactionConflict").Always()
	_, err := transact(client, "", putAction(thing("1")))
	require.NoError(t, err)
	require.NoError(t, addOne(client))
	require.Equal(t, []string{"every operation, CancelTransaction 1 TransactionConflict", "every operation, CancelTransaction -1 TransactionConflict"}, faults.Unfired())
}
