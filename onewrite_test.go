package theorydb_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func putItem(ctx context.Context, client *dynamodb.Client, size int) error {
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("identity"), Item: map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: "USER#1"}, "text": &types.AttributeValueMemberS{Value: strings.Repeat("x", size)},
	}})
	return err
}

// writesOf counts the socket writes of a call that makes one request, without those of a handshake, and gives the error
// with which net/http gave the writing up, if it did.
func (w *wire) writesOf(t *testing.T, call func(context.Context) error) (int64, error) {
	var before atomic.Int64
	wrote := make(chan error, 1)
	require.NoError(t, call(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { before.Store(w.writes.Load()) },
		WroteRequest: func(info httptrace.WroteRequestInfo) { wrote <- info.Err },
	})))
	writes := w.writes.Load() - before.Load() // all of them: the server answers what it has read to the end
	return writes, <-wrote                    // it may come after the answer
}

func unwrapped(client aws.HTTPClient) aws.HTTPClient { return client }

// What the SDK does is tested too: when it comes to make one write of its own, OneWrite has had its time.
func TestOneWriteMakesOneSocketWriteOfARequestWhereTheSDKMakesTwo(t *testing.T) {
	put := func(ctx context.Context, client *dynamodb.Client) error { return putItem(ctx, client, 12<<10) }
	for _, scheme := range []struct {
		name  string
		start func(http.Handler) *httptest.Server
	}{{"plain", httptest.NewServer}, {"TLS", startQuietTLS}} {
		for _, c := range []struct {
			name  string
			call  func(context.Context, *dynamodb.Client) error
			small bool // for the SDK's own write buffer too
		}{{"GetItem", getItem, true}, {"PutItem of 12 KiB", put, false}} {
			t.Run(scheme.name+"/"+c.name, func(t *testing.T) {
				server := scheme.start(http.HandlerFunc(found))
				defer server.Close()
				writes := func(wrap func(aws.HTTPClient) aws.HTTPClient, pool *awshttp.BuildableClient) (usual int64, broken int) {
					below := &wire{}
					client := sdkClient(server.URL, wrap(below.under(trusting(pool, server))))
					var each []int64
					for range 60 {
						n, err := below.writesOf(t, func(ctx context.Context) error { return c.call(ctx, client) })
						if each = append(each, n); err != nil {
							broken++
						}
					}
					each = each[40:] // over TLS the records have grown by now
					slices.Sort(each)
					return each[len(each)/2], broken
				}
				usual, broken := writes(theorydb.OneWrite, theorydb.HTTPClient())
				require.EqualValues(t, 1, usual)
				require.Zero(t, broken)
				usual, broken = writes(unwrapped, awshttp.NewBuildableClient())
				require.GreaterOrEqual(t, usual, int64(2))
				t.Log("the SDK alone:", usual, "writes a request; connections broken by 60 requests:", broken)
				if c.small {
					usual, broken = writes(theorydb.OneWrite, awshttp.NewBuildableClient())
					require.EqualValues(t, 1, usual)
					require.Zero(t, broken)
				}
			})
		}
	}
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

// opaque is a body as the SDK makes it: net/http can't see that it is in memory.
type opaque struct {
	io.Reader
	closed int
	err    error
}

func (o *opaque) Close() error { o.closed++; return o.err }

func post(ctx context.Context, t *testing.T, address, body string) (*http.Request, *opaque) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	require.NoError(t, err)
	from := &opaque{Reader: strings.NewReader(body)}
	request.Body, request.ContentLength = from, int64(len(body))
	return request, from
}

func TestOneWriteSendsTheBytesThatTheSDKSigned(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(found))
	defer server.Close()
	var signed *http.Request
	require.NoError(t, getItem(t.Context(), sdkClient(server.URL, clientFunc(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		signed = r.Clone(r.Context())
		signed.Body = io.NopCloser(bytes.NewReader(body))
		signed.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body = io.NopCloser(bytes.NewReader(body))
		return http.DefaultClient.Do(r)
	}))))
	sent := func(wrap func(aws.HTTPClient) aws.HTTPClient) string {
		var written bytes.Buffer
		below := &wire{sent: &written}
		request := signed.Clone(t.Context())
		body, err := signed.GetBody()
		require.NoError(t, err)
		request.Body, request.GetBody = &opaque{Reader: body}, nil
		response, err := wrap(below.under(theorydb.HTTPClient())).Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return written.String()
	}
	plain := sent(unwrapped)
	require.Contains(t, plain, "Authorization: AWS4-HMAC-SHA256")
	require.Contains(t, plain, `"SESSION#7"`)
	require.Empty(t, cmp.Diff(plain, sent(theorydb.OneWrite)))
}

type requestKey struct{}

func TestOneWriteLeavesTheRequestAsItWas(t *testing.T) {
	ctx := context.WithValue(t.Context(), requestKey{}, "kept")
	request, body := post(ctx, t, "http://localhost", "body")
	request.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("not to be called") }
	before := *request
	_, err := theorydb.OneWrite(clientFunc(func(r *http.Request) (*http.Response, error) {
		require.Equal(t, 1, body.closed)
		require.Nil(t, r.GetBody)
		require.Equal(t, "kept", r.Context().Value(requestKey{}))
		content, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, "body", string(content))
		return &http.Response{}, nil
	})).Do(request) //nolint:bodyclose // there is none
	require.NoError(t, err)
	require.Equal(t, 1, body.closed)
	require.Same(t, body, request.Body)
	require.NotNil(t, request.GetBody)
	require.Equal(t, before.ContentLength, request.ContentLength)
}

func TestOneWritePassesOnWhatItCannotHold(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"unknown length":  func(r *http.Request) { r.ContentLength = -1 },
		"0 means unknown": func(r *http.Request) { r.ContentLength = 0 },
		"over 16 MiB":     func(r *http.Request) { r.ContentLength = 16<<20 + 1 },
		"no body":         func(r *http.Request) { r.Body, r.ContentLength = nil, 0 },
		"an empty body":   func(r *http.Request) { r.Body = http.NoBody },
	} {
		t.Run(name, func(t *testing.T) {
			request, body := post(t.Context(), t, "http://localhost", "body")
			change(request)
			var passed *http.Request
			_, err := theorydb.OneWrite(clientFunc(func(r *http.Request) (*http.Response, error) {
				passed = r
				return &http.Response{}, nil
			})).Do(request) //nolint:bodyclose // there is none
			require.NoError(t, err)
			require.Same(t, request, passed)
			require.Zero(t, body.closed)
		})
	}
}

func TestOneWriteSendsNothingOfABodyThatIsNotWhatItSays(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		change func(*http.Request, *opaque)
		want   error
	}{
		"shorter":          {func(r *http.Request, _ *opaque) { r.ContentLength++ }, nil},
		"longer":           {func(r *http.Request, _ *opaque) { r.ContentLength-- }, nil},
		"empty":            {func(_ *http.Request, o *opaque) { o.Reader = strings.NewReader("") }, nil},
		"not to be read":   {func(_ *http.Request, o *opaque) { o.Reader = io.MultiReader(o.Reader, iotest.ErrReader(broken)) }, broken},
		"not to be closed": {func(_ *http.Request, o *opaque) { o.err = broken }, broken},
	} {
		t.Run(name, func(t *testing.T) {
			request, body := post(t.Context(), t, "http://localhost", "secret")
			c.change(request, body)
			_, err := theorydb.OneWrite(clientFunc(func(*http.Request) (*http.Response, error) {
				t.Error("sent")
				return nil, nil
			})).Do(request) //nolint:bodyclose // there is none
			require.Error(t, err)
			require.NotContains(t, err.Error(), "secret")
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.Equal(t, 1, body.closed)
		})
	}
}

func TestOneWriteEndsWithTheContextOfTheCaller(t *testing.T) {
	entered := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(entered)
		<-r.Context().Done() // the client hung up
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	require.ErrorIs(t, getItem(ctx, sdkClient(server.URL, theorydb.OneWrite(theorydb.HTTPClient()))), context.Canceled)
}

// dropping answers so many requests of each connection. It reads the next one to its end, and closes the connection.
func dropping(t *testing.T, answered int64) (endpoint string, arrived *atomic.Int64) {
	arrived = &atomic.Int64{}
	type ofConn struct{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		if r.Context().Value(ofConn{}).(*atomic.Int64).Add(1) <= answered {
			found(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler) // net/http's way to close the connection, without a word
	}))
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, ofConn{}, &atomic.Int64{})
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, arrived
}

// sendUntil sends until it fails or a number of requests is sent.
func sendUntil(most int64, send func() error) (sent int64, err error) {
	for err == nil && sent < most {
		sent++
		err = send()
	}
	return sent, err
}

func TestOneWriteIsNotRepeatedWhenTheConnectionBreaks(t *testing.T) {
	for name, answered := range map[string]int64{"fresh connection": 0, "reused connection": 3} {
		t.Run(name, func(t *testing.T) {
			endpoint, arrived := dropping(t, answered)
			client := sdkClient(endpoint, theorydb.OneWrite(theorydb.HTTPClient()))
			sent, err := sendUntil(100, func() error { return putItem(t.Context(), client, 10) })
			require.Error(t, err)
			require.Greater(t, sent, answered)
			require.Equal(t, sent, arrived.Load())
		})
	}
}

// A header that net/http takes for a leave to repeat is none without GetBody. With it, it is: so it is the client, and
// not the server's manner, that keeps the request from being sent twice.
func TestOneWriteIsNotRepeatedForAnIdempotencyKey(t *testing.T) {
	for _, c := range []struct {
		name     string
		client   aws.HTTPClient
		repeated bool
	}{
		{"with GetBody", theorydb.HTTPClient(), true},
		{"OneWrite", theorydb.OneWrite(theorydb.HTTPClient()), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			endpoint, arrived := dropping(t, 1)
			sent, err := sendUntil(100, func() error {
				request, _ := post(t.Context(), t, endpoint, "body")
				request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("body")), nil }
				request.Header.Set("Idempotency-Key", "1")
				response, err := c.client.Do(request)
				if err != nil {
					return err
				}
				_, _ = io.Copy(io.Discard, response.Body)
				return response.Body.Close()
			})
			if c.repeated {
				require.NoError(t, err)
				require.Greater(t, arrived.Load(), sent)
				return
			}
			require.Error(t, err)
			require.Equal(t, sent, arrived.Load())
		})
	}
}

func TestOneWriteCarriesNoBodyToTheTargetOfARedirect(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			var reached atomic.Int64
			target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				reached.Add(1)
				found(w, r)
			}))
			defer target.Close()
			server := httptest.NewServer(http.RedirectHandler(target.URL, status))
			defer server.Close()
			for _, client := range []aws.HTTPClient{awshttp.NewBuildableClient(), theorydb.OneWrite(theorydb.HTTPClient())} {
				err := putItem(t.Context(), sdkClient(server.URL, client), 10)
				var answer *awshttp.ResponseError
				require.ErrorAs(t, err, &answer)
				require.Equal(t, status, answer.HTTPStatusCode())
			}
			require.Zero(t, reached.Load())
		})
	}
}

// The SDK closes a body as soon as the answer begins. A body that net/http is still sending must outlive that, or the
// connection is closed and the rest of the answer lost.
func TestOneWriteReadsTheAnswerThatBeganBeforeTheRequestEnded(t *testing.T) {
	const size = 15 << 20 // more than the sockets hold
	put := func(next aws.HTTPClient) error {
		reading := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(w)
			_ = control.EnableFullDuplex()
			w.WriteHeader(http.StatusOK)
			_ = control.Flush()
			<-reading // the SDK has closed the body
			if n, err := io.Copy(io.Discard, r.Body); err == nil && n == r.ContentLength {
				_, _ = io.WriteString(w, "{}")
			}
		}))
		defer server.Close()
		return putItem(t.Context(), sdkClient(server.URL, clientFunc(func(r *http.Request) (*http.Response, error) {
			response, err := next.Do(r)
			if err == nil {
				response.Body = &announced{ReadCloser: response.Body, reading: reading}
			}
			return response, err
		})), size)
	}
	require.NoError(t, put(theorydb.OneWrite(theorydb.HTTPClient())))
	require.Error(t, put(awshttp.NewBuildableClient()))
}

// announced is an answer whose first read is told.
type announced struct {
	io.ReadCloser
	reading chan<- struct{}
}

func (a *announced) Read(p []byte) (int, error) {
	if a.reading != nil {
		close(a.reading)
		a.reading = nil
	}
	return a.ReadCloser.Read(p)
}

func TestEveryRequestOfTheLibraryIsOneSocketWrite(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(found))
	defer server.Close()
	below := &wire{}
	client := below.under(trusting(awshttp.NewBuildableClient(), server))
	keys := kms.New(kms.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, Retryer: aws.NopRetryer{}, Credentials: sdkClient(server.URL, nil).Options().Credentials,
	}, func(o *kms.Options) { o.HTTPClient = client })
	db, err := theorydb.New(theorydb.Config{DynamoDB: sdkClient(server.URL, client), Table: "t", KMS: keys, KeyID: "alias/a", Attempts: 1})
	require.NoError(t, err)
	m, err := theorydb.NewModel[wiredNote](db)
	require.NoError(t, err)
	for name, call := range map[string]func(context.Context) error{
		"DynamoDB": func(ctx context.Context) error {
			_, err := m.Get(ctx, wiredNote{ID: "1"})
			require.ErrorIs(t, err, theorydb.ErrItemNotFound) // a row of another writer
			return nil
		},
		"KMS": func(ctx context.Context) error {
			require.ErrorIs(t, db.VerifyKeys(ctx), theorydb.ErrKMSUnavailable) // it has no answer for KMS
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			writes, err := below.writesOf(t, call)
			require.NoError(t, err)
			require.EqualValues(t, 1, writes)
		})
	}
}

type wiredNote struct {
	_  theorydb.Key `theorydb:"pk" key:"NOTE#{id}"`
	_  theorydb.Key `theorydb:"sk" key:"NOTE"`
	ID string
}
