package localaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Faults is an HTTPClient in front of another one that makes requests fail by
// rule: refused, lost before they take effect, carried out and their answer
// lost, or thrown back in part. It works before the engine and before any
// endpoint.
//
// The zero Faults with Next set lets everything pass. It is safe for
// concurrent use; what it does depends on the requests and their order only.
//
//	faults := &localaws.Faults{Next: aws}
//	faults.On("UpdateItem").Attempt(1).CommitThenDrop()
//	client := aws.DynamoDB(func(o *dynamodb.Options) { o.HTTPClient = faults })
type Faults struct {
	Next HTTPClient // where requests go; not to be changed while in use

	mu       sync.Mutex
	rules    []*Rule
	byBody   map[string]int // operation and body -> times sent
	byCaller map[string]int // invocation id -> times sent
}

// Request is what rules match on.
type Request struct {
	Operation    string   // such as PutItem or Decrypt
	Table        string   // empty when the request is for no table or for several
	Tables       []string // of a transaction in the order of its actions, of a batch in the order of their names
	Body         []byte   // not to be changed
	Attempt      int      // how often this request was sent so far, this time included
	InvocationID string   // the SDK's, the same for all its attempts of one call
	Header       http.Header
}

// On adds a rule for an operation, or for every one when operation is "". The
// rule does nothing until one of its effects (Error, DropBefore,
// CommitThenDrop, CutBody, ThrowBack, CancelTransaction) is set, of which the
// last one counts. Of the rules that could fire for a request the one that was
// added first does.
func (f *Faults) On(operation string) *Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := &Rule{faults: f, operation: operation, times: 1}
	f.rules = append(f.rules, r)
	return r
}

// Do sends the request on, unless a rule fires for it.
func (f *Faults) Do(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	rule, effect, then := f.match(describe(r, body))
	if rule == nil {
		return f.Next.Do(withBody(r, body))
	}
	response, err := effect(f.Next, r, body)
	for _, call := range then {
		call()
	}
	return response, err
}

// match counts the request and gives the rule that fires for it, if any, with
// its effect and its Then functions.
func (f *Faults) match(request Request) (*Rule, effect, []func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	request.Attempt = f.countAttempt(request)
	var fires *Rule
	var happens effect
	for _, rule := range f.rules {
		if e := rule.wants(request); e != nil && fires == nil {
			fires, happens = rule, e
		}
	}
	if fires == nil {
		return nil, nil, nil
	}
	fires.fired++
	return fires, happens, append([]func(){}, fires.then...)
}

// countAttempt counts how often the request was sent: the same operation with
// the same body, whatever the order of its members, or with the same
// invocation id, which a client keeps when it signs or encodes anew.
func (f *Faults) countAttempt(request Request) int {
	if f.byBody == nil {
		f.byBody, f.byCaller = map[string]int{}, map[string]int{}
	}
	key := request.Operation + "\n" + sorted(request.Body)
	f.byBody[key]++
	n := f.byBody[key]
	if request.InvocationID != "" {
		f.byCaller[request.InvocationID]++
		n = max(n, f.byCaller[request.InvocationID])
	}
	return n
}

// sorted gives a body with the members of its objects in order: the SDK writes
// the same map in another order each time.
func sorted(body []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return string(body)
	}
	again, err := json.Marshal(value)
	if err != nil {
		return string(body)
	}
	return string(again)
}

// Fired is how many faults there were.
func (f *Faults) Fired() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, rule := range f.rules {
		n += rule.fired
	}
	return n
}

// Unfired describes the rules that never fired, in the order in which they
// were added. A test that ends with some did not test what it meant to.
func (f *Faults) Unfired() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, rule := range f.rules {
		if rule.fired == 0 {
			list = append(list, rule.describe())
		}
	}
	return list
}

// readBody takes the body out of the request and closes it.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if closed := r.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("localaws: read the request body: %w", err)
	}
	return body, nil
}

// withBody gives a copy of the request that can be sent, and sent again.
func withBody(r *http.Request, body []byte) *http.Request {
	clone := r.Clone(r.Context())
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	clone.Body, _ = open()
	clone.GetBody = open
	clone.ContentLength = int64(len(body))
	return clone
}

func describe(r *http.Request, body []byte) Request {
	request := Request{
		Operation:    operationOf(r),
		Tables:       tablesIn(body),
		Body:         body,
		InvocationID: r.Header.Get("Amz-Sdk-Invocation-Id"),
		Header:       r.Header,
	}
	if len(request.Tables) == 1 {
		request.Table = request.Tables[0]
	}
	return request
}

// operationOf gives the operation's name without its service.
func operationOf(r *http.Request) string {
	target := r.Header.Get("X-Amz-Target")
	return target[strings.LastIndex(target, ".")+1:]
}

// tablesIn gives the tables that a request names, each once.
func tablesIn(body []byte) []string {
	var names struct {
		TableName     string
		RequestItems  map[string]json.RawMessage
		TransactItems []map[string]struct{ TableName string }
	}
	_ = json.Unmarshal(body, &names) // a body without a table name matches no rule that wants one
	tables := slices.Sorted(maps.Keys(names.RequestItems))
	add := func(table string) {
		if table != "" && !slices.Contains(tables, table) {
			tables = append(tables, table)
		}
	}
	add(names.TableName)
	for _, action := range names.TransactItems {
		for _, parameters := range action {
			add(parameters.TableName)
		}
	}
	return tables
}
