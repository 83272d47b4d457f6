package contracttest

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/theorydb/theorydb/localaws"
)

// Start is the time at which every scenario begins: 2,000,000,000 seconds of the epoch, 2033-05-18T03:33:20Z. It lies
// ahead of the clocks of real services, so that none of them deletes by its own clock an item that is alive by the
// scenario's.
var Start = time.Unix(2_000_000_000, 0).UTC()

// Engine is where scenarios run. A factory makes a new one for every scenario.
type Engine struct {
	// Name is what reports call it.
	Name string
	// Client is an SDK client of the service. Scenarios make, use and delete their own tables with it.
	Client *dynamodb.Client
	// KMS has the keys that the library seals with. It is an embedded one beside every DynamoDB, so that scenarios can
	// disable keys and take the service away. Nil: one of its own.
	KMS *localaws.AWS
	// Clock is the scenario's time; the library reads it wherever the engine is.
	Clock *localaws.Clock
	// Lacks are the strengths that the engine does not have. A scenario that needs one of them is not applicable there. Nil:
	// none, which is right for every engine whose client the runner can stand in front of.
	Lacks []Strength
	// Sweep, if any, deletes expired items as the service does in its own time. It is called before every step, where
	// without it expired items stay: a scenario must pass either way.
	Sweep func()
}

var errNoEngine = errors.New("the factory made an Engine without a Client or a Clock")

// check refuses an engine on which nothing can run.
func (e *Engine) check() error {
	if e == nil || e.Client == nil || e.Clock == nil {
		return errNoEngine
	}
	return nil
}

// LocalAWS returns a new embedded engine, in which expired items stay.
func LocalAWS() *Engine {
	clock := localaws.NewClock(Start)
	engine := localaws.New(localaws.WithClock(clock))
	return &Engine{Name: "embedded", Client: engine.DynamoDB(), KMS: engine, Clock: clock}
}

// SweepingLocalAWS returns a new embedded engine that deletes expired items before every step.
func SweepingLocalAWS() *Engine {
	clock := localaws.NewClock(Start)
	engine := localaws.New(localaws.WithClock(clock))
	return &Engine{
		Name: "embedded, sweeping", Client: engine.DynamoDB(), KMS: engine, Clock: clock, Sweep: func() { engine.SweepTTL() },
	}
}

// Endpoint returns an engine at the URL of a DynamoDB endpoint that checks no signatures, such as DynamoDB Local, with an
// embedded KMS beside it. The credentials are dummies and the region is us-east-1.
func Endpoint(url string) *Engine {
	client := dynamodb.New(dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "CONTRACTTEST", SecretAccessKey: "contracttest"}, nil
		}),
	})
	clock := localaws.NewClock(Start)
	return &Engine{Name: url, Client: client, KMS: localaws.New(localaws.WithClock(clock)), Clock: clock}
}
