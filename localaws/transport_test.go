package localaws_test

import (
	"bytes"
	"context"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

func post(t *testing.T, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://localaws.invalid", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("X-Amz-Target", target)
	return r
}

func TestAnswersCarryLengthRequestIDAndChecksum(t *testing.T) {
	response, err := localaws.New().Do(post(t, "DynamoDB_20120810.ListTables", "{}"))
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.JSONEq(t, `{"TableNames": []}`, string(body))
	require.EqualValues(t, len(body), response.ContentLength)
	require.Equal(t, strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10), response.Header.Get("X-Amz-Crc32"))
	require.Len(t, response.Header.Get("X-Amzn-Requestid"), 52)
}

func TestBodiesThatAreNoJSONObjectAreSerializationErrors(t *testing.T) {
	for _, body := range []string{"", "null", "[]", "{", "{} {}", `{"TableName": "` + "\xff" + `"}`, `{"TableName": 1}`} {
		response, err := localaws.New().Do(post(t, "DynamoDB_20120810.DescribeTable", body))
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, response.StatusCode)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Contains(t, string(answer), `"com.amazon.coral.service#SerializationException"`, body)
	}
}

func TestKMSSpeaksItsOwnVersionOfTheProtocol(t *testing.T) {
	a := localaws.New()
	for authorization, region := range map[string]string{
		"": "us-east-1",
		"AWS4-HMAC-SHA256 Credential=A/20231114/eu-west-1/kms/aws4_request, SignedHeaders=host, Signature=0": "eu-west-1",
	} {
		r := post(t, "TrentService.CreateKey", "{}")
		r.Header.Set("Authorization", authorization)
		response, err := a.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Equal(t, "application/x-amz-json-1.1", response.Header.Get("Content-Type"))
		require.Contains(t, string(body), `"arn:aws:kms:`+region+`:000000000000:key/`)
	}
	for _, body := range []string{"", "null", "{} {}", `{"KeyId":1}`, `{"KeyId":"x","EncryptionContext":{"a":1},"Plaintext":"AA=="}`, `{"KeyId":"x","Plaintext":"A"}`} {
		response, err := a.Do(post(t, "TrentService.Encrypt", body))
		require.NoError(t, err)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusBadRequest, response.StatusCode)
		require.Contains(t, string(answer), `"SerializationException"`, body)
	}
}

func TestOtherServicesAreUnknownOperations(t *testing.T) {
	response, err := localaws.New().Do(post(t, "AmazonSQS.SendMessage", "{}"))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
}

// closeRecorder tells whether a body was read to its end and closed.
type closeRecorder struct {
	bytes.Buffer
	closed bool
}

func (c *closeRecorder) Close() error { c.closed = true; return nil }

func TestDoDrainsAndClosesTheBody(t *testing.T) {
	body := &closeRecorder{Buffer: *bytes.NewBufferString("{}")}
	r := post(t, "DynamoDB_20120810.ListTables", "")
	r.Body = body
	response, err := localaws.New().Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.True(t, body.closed)
	require.Zero(t, body.Len())
}

func TestDoneContextStopsARequestBeforeTheEngine(t *testing.T) {
	a := localaws.New()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := a.DynamoDB().ListTables(ctx, &dynamodb.ListTablesInput{})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, a.Calls())
}

func TestServerSpeaksToAnSDKClientOnLoopback(t *testing.T) {
	a := localaws.New()
	server, err := a.Listen(context.Background(), "127.0.0.1:0")
	require.NoError(t, err)
	client := a.DynamoDB(func(o *dynamodb.Options) {
		o.HTTPClient = http.DefaultClient
		o.BaseEndpoint = aws.String(server.URL)
	})
	createThings(t, client)
	require.NoError(t, addOne(client))
	require.Equal(t, number("1"), stored(t, a))
	require.NoError(t, server.Close())
	require.NoError(t, server.Close(), "a second Close does nothing")
	require.NoError(t, server.Wait())
}

func TestServerStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	server, err := localaws.New().Listen(ctx, "localhost:0")
	require.NoError(t, err)
	cancel()
	require.NoError(t, server.Wait())
}

func TestListenRefusesAddressesThatOthersCanReach(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0"} {
		_, err := localaws.New().Listen(context.Background(), addr)
		require.ErrorIs(t, err, localaws.ErrNotLoopback, addr)
	}
	_, err := localaws.New().Listen(context.Background(), "127.0.0.1")
	require.Error(t, err)
}

func TestClockReadsDifferByANanosecond(t *testing.T) {
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := localaws.NewClock(start)
	require.Equal(t, start, clock.Now())
	require.Equal(t, start.Add(1), clock.Now())
	clock.Advance(time.Hour)
	require.Equal(t, start.Add(time.Hour+2), clock.Now())
	clock.Set(start)
	require.Equal(t, start, clock.Now())
	require.Equal(t, time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC), localaws.New().Clock.Now())
	require.Same(t, clock, localaws.New(localaws.WithClock(clock)).Clock)
}

func TestSweepDeletesWhatTheServiceWould(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	now := a.Clock.Now()
	seconds := func(d time.Duration) types.AttributeValue {
		return number(strconv.FormatInt(now.Add(d).Unix(), 10))
	}
	put(t, client, item{"PK": text("live"), "SK": text("1"), "ttl": seconds(time.Hour)})
	put(t, client, item{"PK": text("expired"), "SK": text("1"), "ttl": seconds(-time.Hour)})
	put(t, client, item{"PK": text("ancient"), "SK": text("1"), "ttl": seconds(-6 * 365 * 24 * time.Hour)})
	put(t, client, item{"PK": text("text"), "SK": text("1"), "ttl": text("1")})
	put(t, client, item{"PK": text("without"), "SK": text("1")})
	require.Zero(t, a.SweepTTL(), "TTL is not enabled")

	_, err := client.UpdateTimeToLive(context.Background(), &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String("things"),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)},
	})
	require.NoError(t, err)
	described, err := client.DescribeTimeToLive(context.Background(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String("things")})
	require.NoError(t, err)
	require.Equal(t, types.TimeToLiveStatusEnabled, described.TimeToLiveDescription.TimeToLiveStatus)

	require.Len(t, a.Items("things"), 5, "expired items stay until they are swept")
	require.Equal(t, 1, a.SweepTTL())
	require.Equal(t, 0, a.SweepTTL())
	a.Clock.Advance(2 * time.Hour)
	require.Equal(t, 1, a.SweepTTL())
	history := a.History("things", item{"PK": text("expired"), "SK": text("1")})
	require.Len(t, history, 2)
	require.Equal(t, localaws.Version{Operation: "SweepTTL", Deleted: true}, history[1])
}

func TestHistoryKeepsEveryCommittedWriteOfAKey(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	key := item{"PK": text("a"), "SK": text("1")}
	first := item{"PK": text("a"), "SK": text("1"), "_w": &types.AttributeValueMemberB{Value: []byte{1, 2}}}
	put(t, client, first)
	require.NoError(t, addOne(client))
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{
		TableName: aws.String("things"), Item: first, ConditionExpression: aws.String("attribute_not_exists(PK)"),
	})
	require.Error(t, err)
	for range 2 { // the second one finds nothing to delete
		_, err := client.DeleteItem(context.Background(), &dynamodb.DeleteItemInput{TableName: aws.String("things"), Key: key})
		require.NoError(t, err)
	}
	history := a.History("things", key)
	second := item{"PK": text("a"), "SK": text("1"), "_w": first["_w"], "n": number("1")}
	require.Equal(t, []localaws.Version{
		{WriteID: []byte{1, 2}, Operation: "PutItem", Item: first},
		{WriteID: []byte{1, 2}, Operation: "UpdateItem", Item: second},
		{Deleted: true, Operation: "DeleteItem"},
	}, history)

	history[0].Item["PK"] = text("changed")
	require.Equal(t, first, a.History("things", key)[0].Item, "the caller has a copy")
	require.Nil(t, a.History("things", item{"PK": text("other"), "SK": text("1")}))
	require.Nil(t, a.History("nothing", key))

	committed := []bool{}
	for _, call := range a.Calls()[1:] {
		require.Equal(t, key, call.Key)
		committed = append(committed, call.Committed)
	}
	require.Equal(t, []bool{true, true, false, true, false}, committed)
}

func TestConcurrentWritersOfOneItemAreSerialised(t *testing.T) {
	a := localaws.New()
	client := a.DynamoDB()
	createThings(t, client)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 25 {
				if err := addOne(client); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	require.Equal(t, number("200"), stored(t, a))
}
