package contracttest

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/theorydb/theorydb/contracttest/internal/godriver"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// Driver is the implementation that is judged: it does what a request says and answers what its library said. It is the
// driver protocol of PROTOCOL.md; package protocol has a client of it, for a program in any language (protocol.Start) and
// for a handler in this process (protocol.InProcess).
type Driver interface {
	// Hello tells what the driver is and what it can do.
	Hello() protocol.Hello
	// Do carries a request out. What the library refuses stands in the answer; an error says that the driver failed. Several
	// requests are made at a time where the driver has the strength concurrent.
	Do(ctx context.Context, request *protocol.Request) (*protocol.Answer, error)
}

// GoDriver answers the protocol with theorydb, and reaches DynamoDB and KMS at the endpoint that each request to open says:
//
//	err := protocol.Serve(ctx, os.Stdin, os.Stdout, contracttest.GoDriver())
//
// is a driver program. It is what Runner uses in its own process, where the endpoint is the engine's client.
func GoDriver() protocol.Handler { return godriver.New(godriver.ByEndpoint) }

// meet gives the scenario its driver: theorydb in this process, or the one given, which reaches the engine by a socket.
func (w *world) meet(ctx context.Context, given Driver) error {
	if given != nil {
		endpoint, err := listen(ctx, w)
		if err != nil {
			return err
		}
		w.driver, w.endpoint, w.leave = given, endpoint.url, endpoint.close
		return nil
	}
	client, err := protocol.InProcess(ctx, godriver.New(func(*protocol.Open) (*dynamodb.Client, *kms.Client) {
		keys := w.keys.aws.KMS(func(o *kms.Options) { o.HTTPClient = w.keys })
		return dynamodb.New(w.engine.Client.Options(), func(o *dynamodb.Options) { o.HTTPClient = w.wire }), keys
	}))
	if err != nil {
		return err
	}
	w.driver, w.leave = client, client.Close
	return nil
}

// Do is what stands before the services: DynamoDB behind the wire, and KMS behind the scenario's.
func (w *world) Do(request *http.Request) (*http.Response, error) {
	if service, _, _ := strings.Cut(request.Header.Get("X-Amz-Target"), "."); service == "TrentService" {
		return w.keys.Do(request)
	}
	return w.wire.Do(request)
}
