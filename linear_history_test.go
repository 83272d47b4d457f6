package theorydb_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/theorydb/theorydb/localaws"
)

// linearSetup is what histories have in common.
type linearSetup struct {
	kind         linearKind
	strict       bool // nothing happens that the documentation excepts
	transactions bool
	free         bool // real concurrency, and no faults
}

// linearHistory is one history while it is made. Everything random in it comes from its seed.
type linearHistory struct {
	linearSetup
	seed      uint64
	ctx       context.Context
	endpoint  localaws.HTTPClient
	clients   []*linearClient
	turns     *linearTurns // nil: free
	keys      int
	faultRate int // of a hundred attempts

	stamp, now, values atomic.Int64

	mu    sync.Mutex
	calls []*linearCall

	// What the harness knows of the table; only kept where clients take turns.
	commits []linearCommit
	stored  linearRows

	allowed []string // what the documentation excepts and was met
}

func (h *linearHistory) add(call *linearCall) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, call)
}

// linearBench makes histories, one after the other, with the same clients.
type linearBench struct {
	clients  []*linearClient
	endpoint localaws.HTTPClient                           // nil: an engine of its own for every history
	before   func(localaws.HTTPClient) localaws.HTTPClient // what stands in front of it; nil for nothing
}

func newLinearBench(open func(*linearClient) linearStore) *linearBench {
	b := &linearBench{}
	for id := range linearClients + 1 {
		client := &linearClient{id: id}
		client.store = open(client)
		b.clients = append(b.clients, client)
	}
	return b
}

// history makes the history of a seed.
func (b *linearBench) history(ctx context.Context, setup linearSetup, seed uint64) (*linearHistory, error) {
	random := rand.New(rand.NewPCG(seed, 0))
	h := &linearHistory{
		linearSetup: setup, seed: seed, ctx: ctx, clients: b.clients, endpoint: b.endpoint,
		keys: 2 + random.IntN(linearKeys-1), faultRate: 5 + 5*random.IntN(7),
	}
	h.transactions = setup.transactions && seed%2 == 0 // the others are judged key by key
	if h.endpoint == nil {
		h.endpoint = localaws.New()
	}
	if b.before != nil {
		h.endpoint = b.before(h.endpoint)
	}
	for _, client := range b.clients {
		client.start(h)
	}
	if b.endpoint == nil {
		if err := b.clients[0].store.createTable(ctx); err != nil {
			return nil, err
		}
	}
	if h.free {
		h.faultRate = 0
		var group sync.WaitGroup
		for _, client := range b.clients[:linearClients] {
			group.Go(func() { client.act(ctx) })
		}
		group.Wait()
	} else {
		h.turns = newLinearTurns(random, linearClients)
		h.turns.run(func(id int) { b.clients[id].act(ctx) })
	}
	rival := b.clients[rivalClient]
	for key := range h.keys { // what the table holds in the end must be explained too
		rival.do(ctx, rival.draw(verbGet, key))
	}
	slices.SortFunc(h.calls, func(a, b *linearCall) int { return cmp.Compare(a.started, b.started) })
	return h, nil
}

func (h *linearHistory) String() string {
	var lines []string
	for _, call := range h.calls {
		lines = append(lines, call.String())
	}
	return strings.Join(lines, "\n")
}
