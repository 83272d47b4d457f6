package localaws

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/engine"
	"github.com/theorydb/theorydb/localaws/internal/keystore"
)

// HTTPClient sends requests. *http.Client, AWS and Faults are such clients,
// and an SDK client takes one as its Options.HTTPClient.
type HTTPClient interface {
	// Do sends a request and gives its answer, whose body the caller closes.
	Do(*http.Request) (*http.Response, error)
}

const (
	dynamoDBTarget = "DynamoDB_20120810."
	dynamoDBType   = "application/x-amz-json-1.0"
	kmsTarget      = "TrentService."
	kmsType        = "application/x-amz-json-1.1"

	// maxBody is the most that the service takes in a request:
	// 16 MB, the size of a BatchWriteItem.
	maxBody = 16 << 20
)

// ServeHTTP answers one request to DynamoDB in the protocol awsjson 1.0, or to
// KMS in awsjson 1.1: the service and operation in the header X-Amz-Target,
// parameters and answer as JSON. Signatures are not checked, but a request to
// KMS goes to the region that its signature names.
func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	status, kind, body := http.StatusRequestEntityTooLarge, dynamoDBType, []byte(`{"__type":"com.amazon.coral.service#SerializationException","message":"The request body can not be read"}`)
	if err == nil {
		status, kind, body = a.dispatch(r, content)
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("X-Amzn-Requestid", fmt.Sprintf("LOCALAWS%044X", a.requests.Add(1)))
	header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that hung up wants no answer
}

// dispatch gives the status, content type and body with which the request's
// service answers.
func (a *AWS) dispatch(r *http.Request, content []byte) (int, string, []byte) {
	if r.Method == http.MethodPost {
		target := r.Header.Get("X-Amz-Target")
		attempt, invocation := attemptOf(r.Header), r.Header.Get("Amz-Sdk-Invocation-Id")
		if operation, ok := strings.CutPrefix(target, dynamoDBTarget); ok {
			status, body := a.dynamoDB.Handle(operation, content, engine.Caller{Attempt: attempt, InvocationID: invocation})
			return status, dynamoDBType, body
		}
		if operation, ok := strings.CutPrefix(target, kmsTarget); ok {
			from := keystore.Caller{Region: regionOf(r.Header), Attempt: attempt, InvocationID: invocation}
			status, body := a.kms.Handle(operation, content, from)
			return status, kmsType, body
		}
	}
	return http.StatusBadRequest, dynamoDBType, []byte(`{"__type":"com.amazon.coral.service#UnknownOperationException"}`)
}

// attemptOf reads the header by which the SDK numbers its attempts, such as
// "Amz-Sdk-Request: attempt=2; max=3".
func attemptOf(header http.Header) int {
	for _, part := range strings.Split(header.Get("Amz-Sdk-Request"), ";") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(part), "attempt="); ok {
			if n, err := strconv.Atoi(text); err == nil {
				return n
			}
		}
	}
	return 1
}

// credentialScope finds the region in a signature's credential scope.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
var credentialScope = regexp.MustCompile(`Credential=[^/ ,]+/[0-9]{8}/([a-z0-9-]{1,64})/`)

// regionOf gives the region for which the request was signed, the default one
// when it was not.
func regionOf(header http.Header) string {
	if found := credentialScope.FindStringSubmatch(header.Get("Authorization")); found != nil {
		return found[1]
	}
	return defaultRegion
}

// Do answers a request without a socket, so that AWS itself is an HTTPClient.
// It returns the context's error when the request's context is done, and
// always closes the request's body.
func (a *AWS) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer r.Body.Close() //nolint:errcheck // the body was read; there is nothing left to lose
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer := &recorder{header: http.Header{}}
	a.ServeHTTP(answer, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return newResponse(r, answer.status, answer.header, answer.body.Bytes()), nil
}

func newResponse(r *http.Request, status int, header http.Header, body []byte) *http.Response {
	return &http.Response{
		Status:        strconv.Itoa(status) + " " + http.StatusText(status),
		StatusCode:    status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       r,
	}
}

// recorder keeps an answer in memory.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorder) WriteHeader(status int)      { r.status = status }
