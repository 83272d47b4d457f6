package theorydb_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// engine is a DynamoDB that tests run on, with a table of its own, faults in front of it and a count of what reaches
// those.
type engine struct {
	name   string
	aws    *localaws.AWS // nil for an endpoint
	client *dynamodb.Client
	faults *localaws.Faults
	clock  *localaws.Clock
	table  string

	requests atomic.Int64
}

// embedded is the engine inside the process.
func embedded(t testing.TB) *engine {
	aws := localaws.New()
	e := &engine{name: "localaws", aws: aws, clock: aws.Clock}
	e.connect(t, aws, aws.DynamoDB)
	return e
}

// eachEngine runs a test on the embedded engine, and on a DynamoDB endpoint when the environment names one. The clock
// of records is injected on both.
func eachEngine(t *testing.T, test func(t *testing.T, e *engine)) {
	t.Run("localaws", func(t *testing.T) { test(t, embedded(t)) })
	endpoint := os.Getenv("DYNAMODB_LOCAL_ENDPOINT")
	if endpoint == "" {
		return
	}
	t.Run("endpoint", func(t *testing.T) {
		e := &engine{name: "endpoint", clock: localaws.NewClock(time.Unix(1_700_000_000, 0))}
		e.connect(t, awshttp.NewBuildableClient(), func(options ...func(*dynamodb.Options)) *dynamodb.Client {
			return localaws.New().DynamoDB(append([]func(*dynamodb.Options){func(o *dynamodb.Options) {
				o.BaseEndpoint = &endpoint
			}}, options...)...)
		})
		test(t, e)
	})
}

func (e *engine) connect(t testing.TB, next localaws.HTTPClient, client func(...func(*dynamodb.Options)) *dynamodb.Client) {
	suffix := make([]byte, 8)
	_, _ = rand.Read(suffix)
	e.table = "theorydb-" + hex.EncodeToString(suffix)
	e.faults = &localaws.Faults{Next: next}
	e.client = client(func(o *dynamodb.Options) { o.HTTPClient = e })
	t.Cleanup(func() {
		_, _ = e.client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &e.table})
	})
}

// Do counts what is sent.
func (e *engine) Do(r *http.Request) (*http.Response, error) {
	e.requests.Add(1)
	return e.faults.Do(r)
}

// open gives a DB on the engine whose retries do not wait.
func (e *engine) open(t testing.TB, change ...func(*theorydb.Config)) *theorydb.DB {
	config := theorydb.Config{
		DynamoDB: e.client, Table: e.table, Clock: e.clock.Now,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, c := range change {
		c(&config)
	}
	db, err := theorydb.New(config)
	require.NoError(t, err)
	return db
}

// model registers T and makes the table for it.
func model[T any](t testing.TB, e *engine, change ...func(*theorydb.Config)) *theorydb.Model[T] {
	db := e.open(t, change...)
	m, err := theorydb.NewModel[T](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	return m
}

// sends returns how many requests a call sends.
func (e *engine) sends(call func()) int {
	before := e.requests.Load()
	call()
	return int(e.requests.Load() - before)
}

// put stores a raw item past the library, as another writer would.
func (e *engine) put(t testing.TB, item theorydb.Item) {
	_, err := e.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &e.table, Item: item})
	require.NoError(t, err)
}

// stored reads a raw item past the library; nil when there is none.
func (e *engine) stored(t testing.TB, pk, sk string) theorydb.Item {
	output, err := e.client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &e.table, Key: theorydb.Item{"PK": str(pk), "SK": str(sk)}, ConsistentRead: ptr(true),
	})
	require.NoError(t, err)
	return output.Item
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func num(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
func ptr[T any](v T) *T                 { return &v }
