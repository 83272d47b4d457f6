package theorydb_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestHTTPClientKeepsTheConnectionsOfManyCallers(t *testing.T) {
	const callers, rounds = 64, 3
	dials := func(pool *awshttp.BuildableClient) int {
		var inside atomic.Int64
		open := make(chan struct{}, callers*rounds)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if inside.Add(1)%callers == 0 { // all of a round are in: each has a connection
				for range callers {
					open <- struct{}{}
				}
			}
			<-open
			found(w, r)
		}))
		defer server.Close()
		below := &wire{}
		client := sdkClient(server.URL, theorydb.OneWrite(below.under(pool)))
		for range rounds {
			var all sync.WaitGroup
			for range callers {
				all.Go(func() { assert.NoError(t, getItem(t.Context(), client)) })
			}
			all.Wait()
		}
		return int(below.dials.Load())
	}
	// On a busy machine net/http drops a connection now and then.
	require.Less(t, dials(theorydb.HTTPClient()), callers+10)
	require.GreaterOrEqual(t, dials(awshttp.NewBuildableClient()), callers+(rounds-1)*(callers-10))
}

// loadedClient is a client as a program makes it, from the environment.
func loadedClient(t *testing.T, endpoint string) (*dynamodb.Client, *http.Transport) {
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "",
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S",
	} {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithHTTPClient(theorydb.HTTPClient()))
	require.NoError(t, err)
	var transport *http.Transport
	client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.BaseEndpoint, o.Retryer = &endpoint, aws.NopRetryer{}
		transport = o.HTTPClient.(*awshttp.BuildableClient).GetTransport()
		o.HTTPClient = theorydb.OneWrite(o.HTTPClient)
	})
	return client, transport
}

func writeBundle(t *testing.T, server *httptest.Server) string {
	file := filepath.Join(t.TempDir(), "bundle.pem")
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, content, 0o600))
	return file
}

func TestHTTPClientTrustsTheBundleOfTheEnvironmentAndKeepsItsSettings(t *testing.T) {
	server := startQuietTLS(http.HandlerFunc(found))
	defer server.Close()

	t.Setenv("AWS_CA_BUNDLE", "")
	client, _ := loadedClient(t, server.URL)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, getItem(t.Context(), client), &unknown)

	t.Setenv("AWS_CA_BUNDLE", writeBundle(t, server))
	client, transport := loadedClient(t, server.URL)
	require.NoError(t, getItem(t.Context(), client))

	require.Equal(t, 256, transport.MaxIdleConnsPerHost)
	require.Equal(t, 512, transport.MaxIdleConns)
	require.Equal(t, 16<<10, transport.WriteBufferSize)
	standard := awshttp.NewBuildableClient().GetTransport()
	require.EqualValues(t, tls.VersionTLS12, transport.TLSClientConfig.MinVersion)
	require.Equal(t, standard.MaxConnsPerHost, transport.MaxConnsPerHost)
	require.Equal(t, standard.IdleConnTimeout, transport.IdleConnTimeout)
	require.Equal(t, standard.TLSHandshakeTimeout, transport.TLSHandshakeTimeout)
	require.Equal(t, standard.ExpectContinueTimeout, transport.ExpectContinueTimeout)
}

// tunnel connects the client of a proxy with an address.
func tunnel(ctx context.Context, w http.ResponseWriter, address string) {
	far, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = far.Close() }()
	w.WriteHeader(http.StatusOK)
	near, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	go func() { _, _ = io.Copy(far, buffered) }()
	_, _ = io.Copy(near, far)
	_ = near.Close()
}

// inProxiedProcess marks a process of this test's own. net/http reads the proxies of the environment once a process,
// and never proxies a loopback address.
const inProxiedProcess = "THEORYDB_TEST_PROXIED_ENDPOINT"

func TestHTTPClientGoesThroughTheProxiesOfTheEnvironment(t *testing.T) {
	if endpoint := os.Getenv(inProxiedProcess); endpoint != "" {
		client, _ := loadedClient(t, endpoint)
		require.NoError(t, getItem(t.Context(), client))
		return
	}
	server := httptest.NewTLSServer(http.HandlerFunc(found)) // its certificate is for example.com
	defer server.Close()
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.URL.Host)
		if r.Method != http.MethodConnect {
			found(w, r)
			return
		}
		tunnel(r.Context(), w, address.Host)
	}))
	defer proxy.Close()
	for endpoint, want := range map[string]string{
		"http://example.com":  "POST example.com",
		"https://example.com": "CONNECT example.com:443",
	} {
		t.Run(want, func(t *testing.T) {
			executable, err := os.Executable()
			require.NoError(t, err)
			child := exec.CommandContext(t.Context(), executable, "-test.run=^TestHTTPClientGoesThroughTheProxiesOfTheEnvironment$")
			child.Env = append(os.Environ(), inProxiedProcess+"="+endpoint, "HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL,
				"http_proxy=", "https_proxy=", "NO_PROXY=", "no_proxy=", "AWS_CA_BUNDLE="+writeBundle(t, server))
			output, err := child.CombinedOutput()
			require.NoError(t, err, string(output))
			require.Equal(t, want, asked.Swap(""))
		})
	}
}
