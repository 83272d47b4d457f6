// Package engine is the in-memory DynamoDB behind localaws. It takes an
// operation's name and its JSON body and gives the JSON answer; it knows
// neither HTTP nor the SDK.
package engine

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// Engine holds tables. One lock makes every operation atomic.
type Engine struct {
	now  func() time.Time
	seed int64
	lag  *lag // of global indexes; nil when they have none

	mu     sync.Mutex
	tables map[string]*table
	tokens tokens
	calls  []Call
}

// New gives an engine without tables. now is read for creation times, TTL, the
// lag and client request tokens; seed decides the order of partitions in a Scan
// and of the answers to a BatchGetItem. With an indexLag over 0 a change shows
// in global indexes when now has moved on by so much.
func New(now func() time.Time, seed int64, indexLag time.Duration) *Engine {
	e := &Engine{now: now, seed: seed, tables: map[string]*table{}}
	if indexLag > 0 {
		e.lag = &lag{delay: indexLag}
	}
	return e
}

// operation carries one request out. It fills in what it learns for the log.
type operation func(e *Engine, r *request, call *Call) (any, *apierror.Error)

var operations = map[string]operation{
	"CreateTable":        (*Engine).createTable,
	"DescribeTable":      (*Engine).describeTable,
	"ListTables":         (*Engine).listTables,
	"DeleteTable":        (*Engine).deleteTable,
	"UpdateTable":        (*Engine).updateTable,
	"UpdateTimeToLive":   (*Engine).updateTimeToLive,
	"DescribeTimeToLive": (*Engine).describeTimeToLive,
	"PutItem":            (*Engine).putItem,
	"GetItem":            (*Engine).getItem,
	"UpdateItem":         (*Engine).updateItem,
	"DeleteItem":         (*Engine).deleteItem,
	"Query":              (*Engine).query,
	"Scan":               (*Engine).scan,
	"BatchGetItem":       (*Engine).batchGetItem,
	"BatchWriteItem":     (*Engine).batchWriteItem,
	"TransactGetItems":   (*Engine).transactGetItems,
	"TransactWriteItems": (*Engine).transactWriteItems,
}

// Caller is what the transport says of a request.
type Caller struct {
	Attempt      int
	InvocationID string
}

// Handle carries one operation out and gives the HTTP status and body.
func (e *Engine) Handle(name string, body []byte, from Caller) (int, []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.applyDue()
	call := Call{Operation: name, Attempt: from.Attempt, InvocationID: from.InvocationID}
	answer, refusal := e.run(name, body, &call)
	if refusal != nil {
		call.ErrorCode = refusal.Code
	}
	e.calls = append(e.calls, call)
	if refusal != nil {
		return errorAnswer(refusal)
	}
	encoded, err := json.Marshal(answer)
	if err != nil {
		return errorAnswer(&apierror.Error{Status: 500, Type: "com.amazonaws.dynamodb.v20120810#InternalServerError", Message: "The answer could not be encoded"})
	}
	return 200, encoded
}

func (e *Engine) run(name string, body []byte, call *Call) (any, *apierror.Error) {
	run, known := operations[name]
	if !known {
		return nil, apierror.UnknownOperation()
	}
	r, err := parseRequest(body)
	if err != nil {
		return nil, err
	}
	return run(e, r, call)
}

func errorAnswer(e *apierror.Error) (int, []byte) {
	content := map[string]any{"__type": e.Type, "message": e.Message}
	switch {
	case e.Item != nil:
		content["Item"] = e.Item
	case e.Reasons != nil:
		content = map[string]any{"__type": e.Type, "Message": e.Message, "CancellationReasons": e.Reasons}
	}
	body, err := json.Marshal(content)
	if err != nil {
		body = []byte(`{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`)
	}
	return e.Status, body
}

// Call is one request that reached the engine.
type Call struct {
	Operation    string
	Table        string         // empty for an operation on several tables
	Key          attribute.Item // of the item, for operations on one item
	Targets      []Target       // the items, for batches and transactions
	Committed    bool           // a write took effect
	ErrorCode    string         // such as ConditionalCheckFailedException; empty on success
	Attempt      int
	InvocationID string
	Capacity     float64 // consumed units
}

// Target is one item that a batch or a transaction names.
type Target struct {
	Table string
	Key   attribute.Item
}

// aim notes an item of a batch or transaction. Table stays the name of the
// table as long as there is only one.
func (c *Call) aim(t *table, key attribute.Item) {
	if len(c.Targets) == 0 {
		c.Table = t.name
	}
	if c.Table != t.name {
		c.Table = ""
	}
	c.Targets = append(c.Targets, Target{Table: t.name, Key: key})
}

// Calls gives the requests so far, in order.
func (e *Engine) Calls() []Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Call(nil), e.calls...)
}

// ResetCalls empties the log.
func (e *Engine) ResetCalls() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = nil
}

// Version is one committed write of a key.
type Version struct {
	Operation string
	Deleted   bool
	Item      attribute.Item // after the write; nil when deleted
}

// History gives the committed writes of a key, in order; none when the table
// does not exist or the key is not one of its keys.
func (e *Engine) History(tableName string, key attribute.Item) []Version {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.tables[tableName]
	if t == nil {
		return nil
	}
	place, err := t.keyOf(key)
	if err != nil {
		return nil
	}
	return append([]Version(nil), t.history[place]...)
}

// Items gives the stored items of a table in the order of their keys, expired
// ones too.
func (e *Engine) Items(tableName string) []attribute.Item {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.tables[tableName]
	if t == nil {
		return nil
	}
	return t.items.inKeyOrder()
}
