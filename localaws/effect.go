package localaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// effect is what happens to a request for which a rule fires.
type effect func(next HTTPClient, r *http.Request, body []byte) (*http.Response, error)

// Error has the request refused, without reaching the endpoint, by an answer
// with that HTTP status, error code (such as ThrottlingException) and message.
func (r *Rule) Error(status int, code, message string) *Rule {
	return r.does(fmt.Sprintf("Error %d %s", status, code), func(_ HTTPClient, request *http.Request, _ []byte) (*http.Response, error) {
		kind, prefix := dynamoDBType, "com.amazonaws.dynamodb.v20120810#"
		if strings.HasPrefix(request.Header.Get("X-Amz-Target"), kmsTarget) {
			kind, prefix = kmsType, ""
		}
		return jsonResponse(request, status, faultHeader(kind), map[string]string{"__type": prefix + code, "message": message})
	})
}

// faultHeader is that of an answer that comes from no endpoint.
func faultHeader(kind string) http.Header {
	header := http.Header{}
	header.Set("Content-Type", kind)
	header.Set("X-Amzn-Requestid", "LOCALAWSFAULT")
	return header
}

// jsonResponse is an answer with that content, whose checksum it adds to the
// header.
func jsonResponse(request *http.Request, status int, header http.Header, content any) (*http.Response, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("localaws: encode an answer: %w", err)
	}
	header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return newResponse(request, status, header, body), nil
}

// DropBefore loses the connection before the request reaches the endpoint: it
// has no effect, and the caller can't know.
func (r *Rule) DropBefore() *Rule {
	return r.does("DropBefore", func(HTTPClient, *http.Request, []byte) (*http.Response, error) {
		return nil, lost()
	})
}

// CommitThenDrop has the request carried out and loses the answer. When the
// endpoint refuses the request the refusal is what is lost.
func (r *Rule) CommitThenDrop() *Rule {
	return r.does("CommitThenDrop", func(next HTTPClient, request *http.Request, body []byte) (*http.Response, error) {
		if _, _, err := forward(next, request, body); err != nil {
			return nil, err
		}
		return nil, lost()
	})
}

// CutBody has the request carried out and answers status 200 with the first
// half of the answer's body only, as when a connection breaks in mid-answer.
func (r *Rule) CutBody() *Rule {
	return r.does("CutBody", func(next HTTPClient, request *http.Request, body []byte) (*http.Response, error) {
		response, answer, err := forward(next, request, body)
		if err != nil {
			return nil, err
		}
		response.StatusCode, response.Status = http.StatusOK, "200 OK"
		response.Body = io.NopCloser(&cutReader{rest: answer[:len(answer)/2]})
		return response, nil
	})
}

func (r *Rule) does(name string, e effect) *Rule {
	return r.doesTo(name, func(Request) effect { return e })
}

// doesTo is does for an effect that is another one for each request, or nil
// for those that it can't happen to: the rule matches none of these.
func (r *Rule) doesTo(name string, effectOn func(Request) effect) *Rule {
	return r.set(func() { r.name, r.effectOn = name, effectOn })
}

// forward sends the request on and reads the whole answer.
func forward(next HTTPClient, r *http.Request, body []byte) (*http.Response, []byte, error) {
	response, err := next.Do(withBody(r, body))
	if err != nil {
		return nil, nil, err
	}
	answer, err := io.ReadAll(response.Body)
	return response, answer, errors.Join(err, response.Body.Close())
}

// lost is the error of a connection that broke before an answer came.
func lost() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}
}

// cutReader gives some bytes and then breaks off.
type cutReader struct{ rest []byte }

func (c *cutReader) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
