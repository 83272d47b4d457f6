// Package godriver is theorydb behind the driver protocol: it does what a request says and tells what the library said.
package godriver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// Driver answers requests by theorydb. It is safe for concurrent use.
type Driver struct {
	connect Connect

	mu     sync.Mutex
	tables map[string]*table
}

// Connect gives the SDK clients of a table that is being opened.
type Connect func(*protocol.Open) (*dynamodb.Client, *kms.Client)

// New gives a driver without tables.
func New(connect Connect) *Driver { return &Driver{connect: connect, tables: map[string]*table{}} }

// errProblem is wrapped by what is wrong with a request itself, so that nothing was asked of the library.
var errProblem = errors.New("the request can't be carried out")

func problem(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProblem, fmt.Sprintf(format, args...))
}

// verbs are the operations on an opened table.
var verbs = map[string]func(context.Context, use) (*protocol.Answer, error){
	"create": create, "put": put, "update": update, "change": change, "modify": modify, "delete": remove,
	"get": get, "raw": raw, "query": query, "count": count, "explain": explain, "scan": scan,
	"batch_get": batchGet, "batch_write": batchWrite, "transact": transact, "transact_get": transactGet,
	"collection": collection, "clear": clearRows,
}

// Do answers a request.
func (d *Driver) Do(ctx context.Context, request *protocol.Request) *protocol.Answer {
	answer, err := d.do(ctx, request)
	if answer == nil {
		answer = &protocol.Answer{}
	}
	switch {
	case errors.Is(err, errProblem):
		return &protocol.Answer{Problem: err.Error()}
	case err != nil:
		answer.Error, answer.Causes = told(err), causes(err)
	}
	return answer
}

func (d *Driver) do(ctx context.Context, request *protocol.Request) (*protocol.Answer, error) {
	switch request.Op {
	case protocol.OpHello:
		return &protocol.Answer{Hello: &protocol.Hello{
			Protocol: protocol.Version, Driver: "theorydb for Go", Strengths: protocol.Strengths,
			Ops: slices.Sorted(maps.Keys(verbs)),
		}}, nil
	case protocol.OpOpen:
		return nil, d.open(request)
	case protocol.OpClose:
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.tables, request.Table)
		return nil, nil
	}
	d.mu.Lock()
	t := d.tables[request.Table]
	d.mu.Unlock()
	if t == nil {
		return nil, problem("table %q is not open", request.Table)
	}
	t.clock.tell(request.Now)
	if request.Op == protocol.OpCreateTable {
		return nil, t.db.CreateTable(ctx)
	}
	verb := verbs[request.Op]
	if verb == nil {
		return nil, problem("unknown op %q", request.Op)
	}
	if request.NoWait {
		ctx = context.WithValue(ctx, noWait{}, true)
	}
	one, err := t.use(&request.Use)
	if err != nil {
		return nil, err
	}
	return verb(ctx, one)
}

// noWait marks the context of a request whose attempts need no time between them.
type noWait struct{}

// wait is how the library waits between attempts.
func wait(ctx context.Context, d time.Duration) error {
	if ctx.Value(noWait{}) != nil {
		d = 0
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// clock is a table's time: what the last request for it said, and a nanosecond more at each look, so that no two are equal.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) tell(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.After(c.now) {
		c.now = now
	}
}

// Now gives the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Nanosecond)
	return c.now
}
