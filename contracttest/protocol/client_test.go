package protocol

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

type handler func(context.Context, *Request) *Answer

func (h handler) Do(ctx context.Context, request *Request) *Answer {
	if request.Op == OpHello {
		return &Answer{Hello: &Hello{Protocol: Version, Driver: "test", Strengths: Strengths, Ops: []string{"get"}}}
	}
	return h(ctx, request)
}

func TestAnswersComeInAnyOrder(t *testing.T) {
	release := map[string]chan struct{}{"a": make(chan struct{}), "b": make(chan struct{})}
	client, err := InProcess(t.Context(), handler(func(_ context.Context, request *Request) *Answer {
		<-release[request.Table]
		return &Answer{Next: &request.Table}
	}))
	require.NoError(t, err)
	require.Equal(t, "test", client.Hello().Driver)
	var asking sync.WaitGroup
	for table := range release {
		asking.Go(func() {
			request := &Request{Table: table, Use: Use{Op: "get"}}
			answer, err := client.Do(t.Context(), request)
			if err == nil && *answer.Next == table && request.ID == 0 {
				return
			}
			t.Errorf("asked %s: %v, %v", table, answer, err)
		})
	}
	close(release["b"])
	close(release["a"])
	asking.Wait()
	require.NoError(t, client.Close())
	_, err = client.Do(t.Context(), &Request{Use: Use{Op: "get"}})
	require.Error(t, err)
	require.NoError(t, client.Close(), "again")
}

func TestAProblemIsAnErrorAndALibraryErrorIsNone(t *testing.T) {
	client, err := InProcess(t.Context(), handler(func(_ context.Context, request *Request) *Answer {
		if request.Op == "get" {
			return &Answer{Error: &Error{Names: []string{"ErrItemNotFound"}, Text: "not found"}}
		}
		return &Answer{Problem: "unknown op"}
	}))
	require.NoError(t, err)
	answer, err := client.Do(t.Context(), &Request{Use: Use{Op: "get"}})
	require.NoError(t, err)
	require.True(t, answer.Error.Is("ErrItemNotFound"))
	require.False(t, answer.Error.Is("ErrThrottled"))
	require.Equal(t, "not found (ErrItemNotFound)", answer.Error.String())
	_, err = client.Do(t.Context(), &Request{Use: Use{Op: "put"}})
	require.EqualError(t, err, "the driver: unknown op")
	require.NoError(t, client.Close())
}

func TestAnAnswerThatCanNotBeWrittenIsAProblem(t *testing.T) {
	client, err := InProcess(t.Context(), handler(func(context.Context, *Request) *Answer { return &Answer{Item: Item{"a": 1}} }))
	require.NoError(t, err)
	_, err = client.Do(t.Context(), &Request{Use: Use{Op: "get"}})
	require.ErrorContains(t, err, "the answer can't be written")
	require.NoError(t, client.Close())
}

// scripted is a driver that answers hello and then each request with a line of the script.
func scripted(t *testing.T, hello string, script ...string) (*Client, error) {
	t.Helper()
	requests, to := io.Pipe()
	from, answers := io.Pipe()
	go func() {
		lines := bufio.NewScanner(requests)
		for _, line := range append([]string{hello}, script...) {
			if !lines.Scan() || line == "" {
				break
			}
			_, _ = io.WriteString(answers, line+"\n")
		}
		_ = answers.Close()
		_, _ = io.Copy(io.Discard, requests)
	}()
	return Connect(t.Context(), to, from, nil)
}

const goodHello = `{"id": 1, "hello": {"protocol": 1, "driver": "d", "strengths": ["basic"], "ops": []}}`

func TestADriverThatBreaksTheProtocolIsGivenUp(t *testing.T) {
	for name, test := range map[string]struct{ line, want string }{
		"no JSON":             {"hello", "a line that is no answer"},
		"an unknown member":   {`{"id": 2, "itme": {}}`, `unknown field "itme"`},
		"a wrong value":       {`{"id": 2, "item": {"a": 1}}`, "is no value of the protocol"},
		"more than one value": {`{"id": 2} {"id": 3}`, "more on the line than one JSON value"},
		"an unasked answer":   {`{"id": 7}`, "answered 7, which is no open request"},
		"an answer again":     {`{"id": 1}`, "answered 1, which is no open request"},
		"the end":             {"", "ended before it answered"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := scripted(t, goodHello, test.line)
			require.NoError(t, err)
			_, err = client.Do(t.Context(), &Request{Use: Use{Op: "get"}})
			require.ErrorContains(t, err, test.want)
			_, err = client.Do(t.Context(), &Request{Use: Use{Op: "get"}})
			require.ErrorContains(t, err, test.want, "it stays given up")
			if test.line == "" {
				require.NoError(t, client.Close())
				return
			}
			require.ErrorContains(t, client.Close(), test.want)
		})
	}
}

func TestALineThatNobodyWaitsForIsToldAtTheEnd(t *testing.T) {
	requests, to := io.Pipe()
	from, answers := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = bufio.NewReader(requests).ReadString('\n')
		_, _ = io.WriteString(answers, goodHello+"\n")
		_, _ = io.Copy(io.Discard, requests)
		_, _ = io.WriteString(answers, "goodbye\n")
		_, _ = io.WriteString(answers, "which is read when the line before it has been looked at\n")
		_ = answers.Close()
	}()
	client, err := Connect(t.Context(), to, from, func() error {
		<-ended
		return nil
	})
	require.NoError(t, err)
	require.ErrorContains(t, client.Close(), "a line that is no answer")
}

func TestADriverThatDoesNotReadHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, to := io.Pipe()
		from, _ := io.Pipe()
		_, err := Connect(t.Context(), to, from, nil)
		require.EqualError(t, err, "the driver did not answer hello within 2m0s")
		_ = from.Close()
	})
}

func TestARequestThatCanNotBeWrittenIsNotTheDriversFault(t *testing.T) {
	client, err := InProcess(t.Context(), handler(func(context.Context, *Request) *Answer { return &Answer{} }))
	require.NoError(t, err)
	_, err = client.Do(t.Context(), &Request{Now: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), Use: Use{Op: "get"}})
	require.ErrorContains(t, err, "a request that can't be written")
	_, err = client.Do(t.Context(), &Request{Use: Use{Op: "get"}})
	require.NoError(t, err)
	require.NoError(t, client.Close())
}

func TestADriverHasToSayHello(t *testing.T) {
	for hello, want := range map[string]string{
		`{"id": 1}`: "has no hello",
		`{"id": 1, "hello": {"protocol": 2, "driver": "d", "strengths": [], "ops": []}}`: "speaks version 2 of the protocol; this is 1",
		`{"id": 1, "problem": "no"}`: "the driver: no",
		"":                           "ended before it answered",
	} {
		_, err := scripted(t, hello)
		require.ErrorContains(t, err, want)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	client, err := InProcess(t.Context(), handler(func(context.Context, *Request) *Answer {
		asked <- struct{}{}
		<-release
		return &Answer{}
	}))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err = client.Do(ctx, &Request{Use: Use{Op: "get"}})
	require.ErrorIs(t, err, context.Canceled)
	_, err = client.Do(ctx, &Request{Use: Use{Op: "get"}})
	require.ErrorIs(t, err, context.Canceled, "nothing is asked")
	close(release)
	require.NoError(t, client.Close())
}

func TestADriverThatDoesNotAnswerInTimeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in whose bubble the hour passes at once
		release := make(chan struct{})
		client, err := InProcess(t.Context(), handler(func(context.Context, *Request) *Answer {
			<-release
			return &Answer{}
		}))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err = client.Do(ctx, &Request{Use: Use{Op: "get"}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = client.Do(t.Context(), &Request{Use: Use{Op: "put"}})
		require.EqualError(t, err, "the driver was given up: it did not answer a get in time")
		close(release)
		require.ErrorContains(t, client.Close(), "which is no open request", "the answer that came too late is nobody's")
	})
}

func TestServeAnswersWhatIsNoRequestByAProblem(t *testing.T) {
	for line, want := range map[string]string{
		`{"id": 1, "opp": "get"}`:       `unknown field "opp"`,
		`{"id": 1, "item": {"a": {}}}`:  "is no value of the protocol",
		`{"id": 1, "now": "yesterday"}`: "the line is no request",
	} {
		var out bytes.Buffer
		require.NoError(t, Serve(t.Context(), strings.NewReader(line+"\n"), &out, handler(nil)), line)
		var answer Answer
		require.NoError(t, json.Unmarshal(out.Bytes(), &answer))
		require.Equal(t, int64(1), answer.ID)
		require.Contains(t, answer.Problem, want)
	}
}

func TestServeEndsAtALineThatNobodyCanBeAnswered(t *testing.T) {
	for line, want := range map[string]string{
		"{":                          "a line is no request",
		`{"opp": "get"}`:             `unknown field "opp"`,
		`{"id": 1, "op": "get"}{}`:   "more on the line than one JSON value",
		`{"id": "1", "op": "get"}`:   "a line is no request",
		`{"id": null, "nope": true}`: "a line is no request",
	} {
		var out bytes.Buffer
		err := Serve(t.Context(), strings.NewReader(line+"\n"), &out, handler(func(context.Context, *Request) *Answer { return &Answer{} }))
		require.ErrorContains(t, err, want, line)
		require.Empty(t, out.String())
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, _ := io.Pipe() // on which nothing ever comes
	time.AfterFunc(0, cancel)
	require.ErrorIs(t, Serve(ctx, in, io.Discard, handler(nil)), context.Canceled)
	require.NoError(t, in.Close())
}

func TestServeAnswersALastLineWithoutAnEnd(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Serve(t.Context(), strings.NewReader(`{"id": 3, "op": "hello"}`), &out, handler(nil)))
	var answer Answer
	require.NoError(t, json.Unmarshal(out.Bytes(), &answer))
	require.Equal(t, int64(3), answer.ID)
	require.True(t, strings.HasSuffix(out.String(), "}\n"))
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestServeTellsThatNobodyReadsItsAnswers(t *testing.T) {
	require.ErrorIs(t, Serve(t.Context(), strings.NewReader(`{"id": 3, "op": "hello"}`), brokenWriter{}, handler(nil)), io.ErrClosedPipe)
}

func TestARequestSurvivesItsLine(t *testing.T) {
	limit, version, cursor := 3, int64(7), "c"
	request := &Request{
		ID: 5, Now: time.Date(2033, 5, 18, 3, 33, 20, 7, time.UTC), NoWait: true, Table: "t",
		Open: &Open{Endpoint: "http://127.0.0.1:1", Region: "r", LogicalTable: "l", TTLAttribute: "ttl", ScopeKeys: map[string]string{"a/b": "arn"}, Models: []json.RawMessage{[]byte(`{"n":1}`)}},
		Use: Use{
			Op: "transact", Model: "M", Scope: []string{}, Key: Item{"k": "v"}, IfVersion: &version, Shard: &limit, Cursor: &cursor,
			Operations: []Use{{Op: "change", Change: Change{Set: Item{"a": nil}, Remove: []string{"b"}}}},
			Sort:       &Sort{Operator: "is", Values: Values{Number("1")}},
			Filter:     []Condition{{Operator: "not", Operands: []Condition{{Operator: "equal", Attribute: "a", Values: Values{[]byte{1}}}}}},
		},
	}
	line, err := json.Marshal(request)
	require.NoError(t, err)
	read := &Request{}
	require.NoError(t, unmarshalLine(line, read))
	require.Equal(t, request, read)
}
