package identity

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"os"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// bench is a service on an engine, with faults in front of DynamoDB and of KMS and a clock to turn.
type bench struct {
	*Service
	db        *theorydb.DB
	aws       *localaws.AWS // KMS, and DynamoDB unless there is an endpoint
	client    *dynamodb.Client
	faults    *localaws.Faults
	kmsFaults *localaws.Faults
	clock     *localaws.Clock
	table     string
	scope     Scope
}

// eachBench runs a test on the embedded engine, and on a DynamoDB endpoint when the environment names one.
func eachBench(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Run("localaws", func(t *testing.T) { test(t, openBench(t)) })
	endpoint := os.Getenv("DYNAMODB_LOCAL_ENDPOINT")
	if endpoint == "" {
		return
	}
	t.Run("endpoint", func(t *testing.T) { test(t, benchOn(t, awshttp.NewBuildableClient(), &endpoint)) })
}

// openBench is a bench on the embedded engine.
func openBench(t testing.TB, change ...func(*Options)) *bench { return benchOn(t, nil, nil, change...) }

func benchOn(t testing.TB, wire localaws.HTTPClient, endpoint *string, change ...func(*Options)) *bench {
	aws := localaws.New()
	b := &bench{aws: aws, clock: localaws.NewClock(time.Unix(1_900_000_000, 0))} // ahead: an endpoint sweeps by the wall clock
	if wire == nil {
		wire = aws
	}
	b.faults = &localaws.Faults{Next: wire}
	b.client = aws.DynamoDB(func(o *dynamodb.Options) {
		o.HTTPClient, o.BaseEndpoint = through(func() *localaws.Faults { return b.faults }), endpoint
	})
	b.kmsFaults = &localaws.Faults{Next: aws}
	keys := aws.KMS(func(o *kms.Options) { o.HTTPClient = through(func() *localaws.Faults { return b.kmsFaults }) })
	suffix := make([]byte, 8)
	_, _ = rand.Read(suffix)
	b.table = "identity-" + hex.EncodeToString(suffix)
	var err error
	b.db, err = theorydb.New(theorydb.Config{
		DynamoDB: b.client, Table: b.table, LogicalTable: "identity", Clock: b.clock.Now, KMS: keys, KeyID: aws.KMSKey("alias/identity"),
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	require.NoError(t, err)
	options := Options{
		IndexKey: bytes.Repeat([]byte{1}, keySize), OTPKey: bytes.Repeat([]byte{2}, keySize),
		Argon2: Argon2{Memory: 64, Time: 1, Threads: 1, MaxConcurrent: 4}, // tests hash hundreds of codes
	}
	for _, c := range change {
		c(&options)
	}
	b.Service, err = New(b.db, options)
	require.NoError(t, err)
	require.NoError(t, b.db.CreateTable(t.Context()))
	t.Cleanup(func() {
		_, _ = b.client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &b.table})
	})
	b.scope, err = NewScope("acme", "prod")
	require.NoError(t, err)
	return b
}

// through sends to whatever faults there are at the time of the request.
type through func() *localaws.Faults

func (f through) Do(r *http.Request) (*http.Response, error) { return f().Do(r) }
