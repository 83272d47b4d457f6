package theorydb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// largestCopied is the most that one request of DynamoDB carries, a BatchWriteItem of 16 MB.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const largestCopied = 16 << 20

// oneWrite returns a client that sends through next, and hands it each request body as one piece of memory. For such a
// body net/http puts head and body into one write. For the body that the SDK makes it needs two, and it gives up the
// connection, with what is left of the answer, when the answer begins before net/http has seen the end of the body.
//
// It stands around the client that the SDK has finished, with AWS_CA_BUNDLE, the proxy, timeouts and redirects; all of it
// stays. The body is read and closed before anything is sent, into a copy of the request: the caller's stays as it was, and
// method, address, headers and bytes, and so the signature, are those of the SDK. A body whose length differs from
// ContentLength, or can't be read, or closed, is an error, and nothing is sent. A body of unknown length, or of more than
// 16 MiB, is passed on as it is. One write is what a request of up to the write buffer of next takes: 16 KiB for
// HTTPClient, 4 KiB for others. A TLS connection may need more for its first requests, since crypto/tls begins with small
// records.
//
// net/http never sends such a POST twice: the copy has no GetBody, and without it a POST is neither repeated when a
// connection breaks nor carried on to the target of a redirect.
func oneWrite(next aws.HTTPClient) aws.HTTPClient { return oneWriteClient{next: next} }

type oneWriteClient struct{ next aws.HTTPClient }

// Do sends the request through next, as oneWrite says.
func (c oneWriteClient) Do(request *http.Request) (*http.Response, error) {
	if request.Body == nil || request.Body == http.NoBody || request.ContentLength <= 0 || request.ContentLength > largestCopied {
		return c.next.Do(request)
	}
	body, err := readWhole(request.Body, request.ContentLength)
	if closeErr := request.Body.Close(); err != nil || closeErr != nil {
		return nil, fmt.Errorf("theorydb: the request was not sent: %w", errors.Join(err, closeErr))
	}
	whole := request.WithContext(request.Context())  // a shallow copy
	whole.Body = io.NopCloser(bytes.NewReader(body)) // net/http sees through these two types, and through no other
	whole.GetBody = nil                              // with it, net/http may send the request again
	return c.next.Do(whole)
}

// readWhole reads a body that must have the length it says.
func readWhole(body io.Reader, length int64) ([]byte, error) {
	content := make([]byte, length+1) // one more than is wanted, to see a body that is longer
	n, err := io.ReadFull(body, content)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if int64(n) != length {
		return nil, fmt.Errorf("its body has not the %d bytes that it announces", length)
	}
	return content[:n], nil
}
