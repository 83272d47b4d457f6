package theorydb_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/logging"

	"github.com/theorydb/theorydb"
)

// wire counts what the connections of a client do.
type wire struct {
	dials, writes atomic.Int64
	sent          io.Writer // gets what they send, one connection at a time
}

type wiredConn struct {
	net.Conn
	wire *wire
}

func (c wiredConn) Write(p []byte) (int, error) {
	c.wire.writes.Add(1)
	if c.wire.sent != nil {
		_, _ = c.wire.sent.Write(p)
	}
	return c.Conn.Write(p)
}

// under puts the wire below the connections of a client, TLS included.
func (w *wire) under(client *awshttp.BuildableClient) *awshttp.BuildableClient {
	return client.WithTransportOptions(func(t *http.Transport) {
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			w.dials.Add(1)
			conn, err := dial(ctx, network, address)
			return wiredConn{conn, w}, err
		}
	})
}

// found is a table that has every item asked for.
func found(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	answer := []byte(`{"Item":{"PK":{"S":"USER#1"},"SK":{"S":"SESSION#7"},"uses":{"N":"1"}}}`)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(answer)), 10))
	_, _ = w.Write(answer)
}

// foundAfter answers when a service would that has work to do.
func foundAfter(wait time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait > 0 {
			<-time.After(wait)
		}
		found(w, r)
	})
}

func trusting(client *awshttp.BuildableClient, server *httptest.Server) *awshttp.BuildableClient {
	if server.Certificate() == nil {
		return client
	}
	return client.WithTransportOptions(func(t *http.Transport) {
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		t.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	})
}

// sdkClient is a client of the SDK that makes one attempt a call.
func sdkClient(endpoint string, client aws.HTTPClient) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, Retryer: aws.NopRetryer{}, HTTPClient: client,
		Logger: logging.Nop{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"}, nil
		}),
	}, func(o *dynamodb.Options) { o.HTTPClient = client }) // as it is: New would put its own dialer into it
}

func getItem(ctx context.Context, client *dynamodb.Client) error {
	_, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("identity"), Key: map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: "USER#1"}, "SK": &types.AttributeValueMemberS{Value: "SESSION#7"},
	}})
	return err
}

// startQuietTLS starts a server that does not tell of connections that are given up in the handshake, as net/http does
// with those that it has no more use for.
func startQuietTLS(handler http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	return server
}

// BenchmarkGetItem measures what the HTTP client is worth, over the loopback: the SDK's, ours with the pool alone, and
// ours. Besides time and memory it reports socket writes and new connections a request; a handshake's writes count.
func BenchmarkGetItem(b *testing.B) {
	for _, scheme := range []struct {
		name  string
		start func(http.Handler) *httptest.Server
	}{{"plain", httptest.NewServer}, {"TLS", startQuietTLS}} {
		for _, load := range []struct {
			callers int
			wait    time.Duration
		}{{1, 0}, {16, 0}, {64, 5 * time.Millisecond}} {
			for _, client := range []struct {
				name string
				pool *awshttp.BuildableClient
				wrap func(aws.HTTPClient) aws.HTTPClient
			}{
				{"SDK", awshttp.NewBuildableClient(), unwrapped},
				{"HTTPClient", theorydb.HTTPClient(), unwrapped},
				{"OneWrite", theorydb.HTTPClient(), theorydb.OneWrite},
			} {
				b.Run(fmt.Sprintf("%s/callers=%d,answer=%s/%s", scheme.name, load.callers, load.wait, client.name), func(b *testing.B) {
					server := scheme.start(foundAfter(load.wait))
					defer server.Close()
					below := &wire{}
					httpClient := client.wrap(below.under(trusting(client.pool, server)))
					benchmarkGetItem(b, server.URL, httpClient, below, load.callers)
				})
			}
		}
	}
}

func benchmarkGetItem(b *testing.B, endpoint string, httpClient aws.HTTPClient, below *wire, callers int) {
	client := sdkClient(endpoint, httpClient)
	b.ReportAllocs()
	b.ResetTimer()
	var begun atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for begun.Add(1) <= int64(b.N) {
				if err := getItem(b.Context(), client); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(below.writes.Load())/float64(b.N), "writes/op")
	b.ReportMetric(float64(below.dials.Load())/float64(b.N), "dials/op")
}
