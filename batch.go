package theorydb

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// batchesAtOnce is how many requests of one batch are under way at the same time.
const batchesAtOnce = 8

// errLeftOver is what becomes of an operation that DynamoDB never gets to.
var errLeftOver = errors.New("left the operation unprocessed each time")

// batch is many operations under way, in requests of a few. They succeed or fail each by itself.
type batch struct {
	*group
	calls  []*call
	ids    []string // of the items, none twice
	failed []error  // of each operation; nil when it succeeded
	// doubtful operations were in an attempt whose answer was lost.
	doubtful []bool
	most     int  // operations in one request
	whole    bool // one that failed makes the others pointless
	// request sends one request for some of the operations. It returns the ids of the items that DynamoDB left unprocessed.
	request func(ctx context.Context, positions []int) (unprocessed map[string]bool, seen tries, err error)
}

func newBatch(g *group, calls []*call, ids []string, most int) *batch {
	n := len(ids)
	return &batch{group: g, calls: calls, ids: ids, failed: make([]error, n), doubtful: make([]bool, n), most: most}
}

// run sends all operations, several requests at the same time, and what is left unprocessed of them again, until as many
// rounds as Config.Attempts have got nowhere. It returns when all requests have ended.
func (b *batch) run(ctx context.Context) {
	positions := make([]int, len(b.ids))
	for i := range positions {
		positions[i] = i
	}
	for stalled := 0; ; {
		left := b.round(ctx, positions)
		if len(left) == 0 || b.whole && len(wrapped(b.failed)) > 0 {
			return
		}
		stalled++
		if len(left) < len(positions) {
			stalled = 0
		}
		positions = left
		if stalled >= b.db.config.Attempts {
			b.fail(positions, &requestError{sentinel: ErrThrottled, cause: errLeftOver})
			return
		}
		if ended := b.db.config.Wait(ctx, b.db.jitter(window(stalled+1))); ended != nil {
			b.fail(positions, &requestError{sentinel: ErrThrottled, cause: errLeftOver, ended: ended})
			return
		}
	}
}

// round sends operations once, and returns those that were left unprocessed.
func (b *batch) round(ctx context.Context, positions []int) []int {
	chunks := slices.Collect(slices.Chunk(positions, b.most))
	left := make([][]int, len(chunks))
	atOnce(len(chunks), batchesAtOnce, func(n int) {
		unprocessed, seen, err := b.request(ctx, chunks[n])
		for _, i := range chunks[n] {
			b.doubtful[i] = b.doubtful[i] || seen.ambiguous
			if unprocessed[b.ids[i]] {
				left[n] = append(left[n], i)
			}
		}
		if err != nil {
			b.fail(chunks[n], cleanError(err))
		}
	})
	return slices.Concat(left...)
}

// asked finds the id of an item that an answer is about, among those of a request.
func (b *batch) asked(positions []int, m *model, item Item) (id string, ok bool) {
	if m == nil { // a table that was not asked
		return "", false
	}
	id, err := m.itemID(item)
	return id, err == nil && slices.ContainsFunc(positions, func(i int) bool { return b.ids[i] == id })
}

// fail gives operations their error. After a lost answer nobody can say that one did not take effect.
func (b *batch) fail(positions []int, why *requestError) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range positions {
		err := *why
		if b.doubtful[i] {
			err.sentinel = ErrOutcomeUnknown
		}
		b.failed[i] = &OpError{Op: b.calls[i].op, Model: b.calls[i].entity, Attempts: b.attempts, Err: &err}
	}
}

// errStrangeAnswer says that an answer names items that the request did not: what became of those it did is not known.
var errStrangeAnswer = &requestError{cause: errors.New("the answer is about other items than the request")}

// spent adds a request to the account.
func (g *group) spent(seen tries, consumed []types.ConsumedCapacity) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.attempts += seen.count
	for i := range consumed {
		g.consumed(&consumed[i])
	}
}
