package theorydb

import (
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const (
	// idlePerHost is more connections than one process keeps busy: at 5 ms an answer they carry 50,000 requests a second.
	idlePerHost = 256
	// idleInAll lets each client keep idlePerHost for two hosts, since a change of endpoint must not empty the pool.
	idleInAll = 2 * idlePerHost
	// writeBuffer is what TLS puts into one record at most (RFC 8446, section 5.1); more can't leave in one write.
	writeBuffer = 16 << 10
)

// HTTPClient returns the SDK's own HTTP client with a pool for a busy service:
//
//	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(theorydb.HTTPClient()))
//
// It keeps up to 256 idle connections a host, and 512 in all. The SDK keeps 10 and 100: what a burst of callers needs
// above that is closed when they are served, and made anew for the next burst. Its write buffer is 16 KiB instead of
// 4 KiB, so that a request of that size leaves in one write; each connection holds one. All else is as
// [awshttp.NewBuildableClient] has it: TLS 1.2 at least, the proxies of the environment, the timeouts, and redirects.
//
// The result is an *awshttp.BuildableClient because config.LoadDefaultConfig accepts no other type when AWS_CA_BUNDLE is
// set, and because the SDK sets the timeouts of its defaults mode on no other. It does so for the client of the
// configuration; one that an option function puts into dynamodb.Options.HTTPClient gets neither. Every SDK client made
// from a configuration has a pool of its own.
//
// Every request of this library leaves with head and body together, whatever client it goes through: the SDK alone makes
// two writes of it.
//
// Leave it out where connections are dear and callers few: in a function that serves one request at a time, or behind a
// proxy that allows few connections.
func HTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns = idleInAll
		t.MaxIdleConnsPerHost = idlePerHost
		t.WriteBufferSize = writeBuffer
	})
}
