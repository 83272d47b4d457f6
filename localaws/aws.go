package localaws

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/theorydb/theorydb/localaws/internal/engine"
	"github.com/theorydb/theorydb/localaws/internal/keystore"
)

// defaultStart is the time that the default clock shows first.
var defaultStart = time.Date(2023, time.November, 14, 22, 13, 20, 0, time.UTC)

// defaultRegion is the region of the clients that name none.
const defaultRegion = "us-east-1"

// baseEndpoint is what clients believe to speak to; no request leaves the
// process.
const baseEndpoint = "http://localaws.invalid"

// AWS is an in-memory DynamoDB and KMS. It is an http.Handler and an
// HTTPClient, and safe for concurrent use. Make it with New.
type AWS struct {
	Clock *Clock // the engine's time; not to be replaced after New

	dynamoDB *engine.Engine
	kms      *keystore.Service
	requests atomic.Uint64 // numbers the request ids
}

// Option changes what New makes.
type Option func(*settings)

type settings struct {
	seed  int64
	lag   time.Duration
	clock *Clock
}

// WithSeed decides the order in which a Scan meets partitions and a
// BatchGetItem answers, and the ids and the material of KMS keys: what one AWS encrypted another one with the same
// seed and the same keys decrypts.
func WithSeed(seed int64) Option { return func(s *settings) { s.seed = seed } }

// WithClock gives the engine its clock. The default one starts at
// 2023-11-14T22:13:20Z.
func WithClock(clock *Clock) Option { return func(s *settings) { s.clock = clock } }

// WithIndexLag lets global secondary indexes lag as those of the service may:
// a write shows in them when the clock has moved on by d since, or at
// SyncIndexes. Tables and local indexes are always current. Without this
// option, or with d of 0, so are global ones.
func WithIndexLag(d time.Duration) Option { return func(s *settings) { s.lag = d } }

// New gives an engine without tables and keys. It starts no goroutine and needs no
// closing.
func New(options ...Option) *AWS {
	s := settings{clock: NewClock(defaultStart)}
	for _, option := range options {
		option(&s)
	}
	return &AWS{
		Clock:    s.clock,
		dynamoDB: engine.New(s.clock.Now, s.seed, s.lag),
		kms:      keystore.New(s.clock.Now, rand.Reader, s.seed),
	}
}

// DynamoDB gives an SDK client that speaks to the engine without a socket. It
// makes up to three attempts like the SDK's default client, but does not
// sleep between them. optFns come last and may replace anything, such as
// HTTPClient by a Faults.
func (a *AWS) DynamoDB(optFns ...func(*dynamodb.Options)) *dynamodb.Client {
	options := dynamodb.Options{
		Region:       defaultRegion,
		BaseEndpoint: aws.String(baseEndpoint),
		HTTPClient:   a,
		Credentials:  aws.CredentialsProviderFunc(dummyCredentials),
		Retryer:      promptRetryer(),
	}
	return dynamodb.New(options, optFns...)
}

// dummyCredentials sign requests to an engine that checks no signature. The
// secret is as long as a real one: in FIPS 140-only mode a short one panics.
func dummyCredentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "LOCALAWS", SecretAccessKey: "localaws-localaws-localaws-localaws-loca"}, nil
}

// promptRetryer is the SDK's standard retryer without delays, and without the
// quota by which many failing tests would starve each other of retries.
func promptRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

// SweepTTL deletes expired items of tables with TTL enabled, as the service
// does in its own time, and gives how many. Like the service it leaves items
// whose TTL attribute is not a number or lies more than five years back.
func (a *AWS) SweepTTL() int { return a.dynamoDB.SweepTTL() }

// SyncIndexes brings all global secondary indexes up to date at once; see
// WithIndexLag.
func (a *AWS) SyncIndexes() { a.dynamoDB.SyncIndexes() }
