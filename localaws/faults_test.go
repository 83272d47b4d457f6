package localaws_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

// faulty gives an engine with the table "things" behind faults, and the client
// that meets them.
func faulty(t testing.TB) (*localaws.AWS, *localaws.Faults, *dynamodb.Client) {
	t.Helper()
	a := localaws.New()
	createThings(t, a.DynamoDB())
	a.ResetCalls()
	faults := &localaws.Faults{Next: a}
	return a, faults, a.DynamoDB(func(o *dynamodb.Options) { o.HTTPClient = faults })
}

// stored gives the attribute n that addOne counts in; nil when there is no
// item yet.
func stored(t testing.TB, a *localaws.AWS) any {
	t.Helper()
	items := a.Items("things")
	require.LessOrEqual(t, len(items), 1)
	if len(items) == 0 {
		return nil
	}
	return items[0]["n"]
}

func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

func TestCommittedAndDroppedAddIsAppliedTwiceByTheSDK(t *testing.T) {
	a, faults, client := faulty(t)
	faults.On("UpdateItem").Attempt(1).CommitThenDrop()
	require.NoError(t, addOne(client))
	require.Equal(t, number("2"), stored(t, a))
	require.Equal(t, 1, faults.Fired())
	require.Empty(t, faults.Unfired())

	calls := a.Calls()
	require.Len(t, calls, 2)
	require.Equal(t, calls[0].InvocationID, calls[1].InvocationID)
	require.Equal(t, []int{1, 2}, []int{calls[0].Attempt, calls[1].Attempt})
	require.True(t, calls[0].Committed && calls[1].Committed)
}

func TestDropBeforeHasNoEffectAndIsAConnectionError(t *testing.T) {
	a, faults, client := faulty(t)
	faults.On("UpdateItem").DropBefore().Always()
	err := addOne(client)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Nil(t, stored(t, a))
	require.Equal(t, 3, faults.Fired(), "the SDK takes it for a lost connection and tries three times")
}

func TestCutBodyCommitsAndIsNotRetried(t *testing.T) {
	a, faults, client := faulty(t)
	faults.On("UpdateItem").CutBody()
	err := addOne(client)
	var broken *smithy.DeserializationError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, number("1"), stored(t, a))
	require.Len(t, a.Calls(), 1)
}

func TestErrorFaultIsTypedAndRetriedByTheSDK(t *testing.T) {
	a, faults, client := faulty(t)
	faults.On("").Error(http.StatusBadRequest, "ThrottlingException", "slow down").Times(2)
	require.NoError(t, addOne(client))
	require.Equal(t, number("1"), stored(t, a))

	faults.On("").Error(http.StatusBadRequest, "AccessDeniedException", "no")
	var refused smithy.APIError
	require.ErrorAs(t, addOne(client), &refused)
	require.Equal(t, "AccessDeniedException", refused.ErrorCode())
}

func TestThenRunsBetweenTheLostAnswerAndItsResend(t *testing.T) {
	a, faults, client := faulty(t)
	rival := a.DynamoDB()
	faults.On("UpdateItem").Attempt(1).CommitThenDrop().Then(func() {
		require.Equal(t, number("1"), stored(t, a), "the fault's own write took effect first")
		require.NoError(t, addOne(rival))
	})
	require.NoError(t, addOne(client))
	require.Equal(t, number("3"), stored(t, a))
}

func TestThenMaySendRequestsThroughTheSameFaults(t *testing.T) {
	a, faults, client := faulty(t)
	faults.On("UpdateItem").DropBefore().Then(func() { require.NoError(t, addOne(client)) })
	require.NoError(t, addOne(client))
	require.Equal(t, number("2"), stored(t, a))
}

func TestAttemptDoesNotDependOnTheOrderOfMembers(t *testing.T) {
	_, faults, _ := faulty(t)
	var attempts []int
	faults.On("GetItem").When(func(r localaws.Request) bool {
		attempts = append(attempts, r.Attempt)
		return false
	}).DropBefore()
	for _, body := range []string{`{"TableName":"things","Key":{"PK":{"S":"a"},"SK":{"S":"1"}}}`, `{"Key":{"SK":{"S":"1"},"PK":{"S":"a"}},"TableName":"things"}`, `{"TableName":"things","Key":{"PK":{"S":"b"},"SK":{"S":"1"}}}`} {
		response, err := faults.Do(post(t, "DynamoDB_20120810.GetItem", body))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	require.Equal(t, []int{1, 2, 1}, attempts)
}

func TestAttemptCountsTheSameBodyOverSeparateCalls(t *testing.T) {
	a, faults, client := faulty(t)
	second := faults.On("UpdateItem").Attempt(2).DropBefore()
	require.NoError(t, addOne(client))
	require.Error(t, addOnce(client), "the same body in a new invocation is the second attempt")
	require.NoError(t, addOnce(client))
	require.Equal(t, 1, second.Fired())
	require.Equal(t, number("2"), stored(t, a))
}

// addOnce is addOne without retries.
func addOnce(client *dynamodb.Client) error {
	_, err := client.UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
		TableName:                 aws.String("things"),
		Key:                       item{"PK": text("a"), "SK": text("1")},
		UpdateExpression:          aws.String("ADD n :one"),
		ExpressionAttributeValues: item{":one": number("1")},
	}, once)
	return err
}

func TestRulesMatchTableNthAndWhen(t *testing.T) {
	_, faults, client := faulty(t)
	elsewhere := faults.On("UpdateItem").Table("elsewhere").DropBefore()
	third := faults.On("UpdateItem").Table("things").Nth(3).DropBefore()
	reads := faults.On("").When(func(r localaws.Request) bool { return r.Operation == "GetItem" }).DropBefore()
	var failed []int
	for i := 1; i <= 5; i++ {
		if addOnce(client) != nil {
			failed = append(failed, i)
		}
	}
	require.Equal(t, []int{3}, failed)
	require.Equal(t, []int{0, 1, 0}, []int{elsewhere.Fired(), third.Fired(), reads.Fired()})
	require.Equal(t, []string{"UpdateItem, table elsewhere, DropBefore", "every operation, when, DropBefore"}, faults.Unfired())
}

func TestOnlyTheFirstOfSeveralRulesFires(t *testing.T) {
	_, faults, client := faulty(t)
	first := faults.On("UpdateItem").Error(http.StatusBadRequest, "AccessDeniedException", "")
	second := faults.On("UpdateItem").DropBefore()
	require.ErrorContains(t, addOnce(client), "AccessDeniedException")
	require.Equal(t, []int{1, 0}, []int{first.Fired(), second.Fired()})
	require.ErrorIs(t, addOnce(client), io.ErrUnexpectedEOF)
}

func TestRuleWithoutEffectLetsRequestsPass(t *testing.T) {
	_, faults, client := faulty(t)
	faults.On("UpdateItem")
	require.NoError(t, addOne(client))
	require.Equal(t, []string{"UpdateItem, no effect set"}, faults.Unfired())
}

func TestEffectsOnRequestsAreTheSameForTransactionsAndBatches(t *testing.T) {
	a, faults, client := faulty(t)
	add := func() error { _, err := transact(client, "", addAction(thing("1"))); return err }

	lost := faults.On("TransactWriteItems").Attempt(1).CommitThenDrop()
	require.NoError(t, add())
	require.Equal(t, number("1"), a.Items("things")[0]["n"], "the SDK keeps the token, so the resend is a replay")
	require.Equal(t, 1, lost.Fired())

	faults.On("TransactWriteItems").DropBefore().Then(func() { require.Len(t, a.History("things", thing("1")), 1) })
	require.NoError(t, add())
	require.Equal(t, number("2"), a.Items("things")[0]["n"])

	faults.On("TransactWriteItems").CutBody()
	require.Error(t, add(), "committed, and reported as an error")
	require.Equal(t, number("3"), a.Items("things")[0]["n"])

	faults.On("BatchWriteItem").Error(http.StatusBadRequest, "ThrottlingException", "slow down")
	faults.On("BatchWriteItem").Attempt(2).CommitThenDrop()
	_, err := batchWrite(client, batchPut(thing("2")))
	require.NoError(t, err)
	require.Len(t, a.History("things", thing("2")), 2, "committed at the second attempt and the third")
	require.Empty(t, faults.Unfired())
}

func TestRulesSeeTheTablesOfBatchesAndTransactions(t *testing.T) {
	faults := &localaws.Faults{Next: localaws.New()}
	var seen []localaws.Request
	faults.On("").When(func(r localaws.Request) bool {
		seen = append(seen, localaws.Request{Table: r.Table, Tables: r.Tables})
		return false
	}).DropBefore()
	second := faults.On("").Table("second").DropBefore().Always()
	send := func(operation, body string) {
		response, err := faults.Do(post(t, "DynamoDB_20120810."+operation, body))
		if err == nil {
			require.NoError(t, response.Body.Close())
		}
	}
	send("BatchGetItem", `{"RequestItems":{"second":{},"first":{}}}`)
	send("BatchWriteItem", `{"RequestItems":{"first":[]}}`)
	send("TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"second"}},{"Delete":{"TableName":"first"}},{"Put":{"TableName":"second"}}]}`)
	send("TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"second"}}]}`)
	send("PutItem", `{"TableName":"first"}`)
	send("ListTables", `{}`)
	require.Equal(t, []localaws.Request{
		{Tables: []string{"first", "second"}},
		{Table: "first", Tables: []string{"first"}},
		{Tables: []string{"second", "first"}},
		{Table: "second", Tables: []string{"second"}},
		{Table: "first", Tables: []string{"first"}},
		{},
	}, seen)
	require.Equal(t, 3, second.Fired())
}

func TestFaultsPassOnTheErrorsOfTheirTransport(t *testing.T) {
	broken := errors.New("broken transport")
	faults := &localaws.Faults{Next: clientFunc(func(*http.Request) (*http.Response, error) { return nil, broken })}
	client := localaws.New().DynamoDB(once, func(o *dynamodb.Options) { o.HTTPClient = faults })
	require.ErrorIs(t, addOne(client), broken)
	faults.On("").CommitThenDrop()
	require.ErrorIs(t, addOne(client), broken)
	faults.On("").CutBody()
	require.ErrorIs(t, addOne(client), broken)
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }
