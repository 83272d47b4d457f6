package theorydb_test

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/theorydb/theorydb/localaws"
)

const (
	linearClients = 8
	rivalClient   = linearClients // the number of the client that acts between others' attempts
)

// linearStore does deeds. Its requests go through the client that it was made for.
type linearStore interface {
	// run does one deed, or several as one transaction.
	run(ctx context.Context, h *linearHistory, deeds []linearDeed) []linearVerdict
	createTable(ctx context.Context) error
}

// linearClient is one caller, with a store and a DynamoDB client of its own. It is used for one history after the other.
type linearClient struct {
	id    int
	store linearStore

	history    *linearHistory
	random     *rand.Rand
	faults     *localaws.Faults
	held       [linearKeys]linearRow // what it knows of each row
	current    *linearCall
	clock      int64 // what its clock showed last
	rivalIsDue bool
}

// Now is the clock of the client's calls: no two reads of a history are equal.
func (c *linearClient) Now() time.Time {
	c.clock = c.history.now.Add(1)
	return linearEpoch.Add(time.Duration(c.clock))
}

// start makes a client ready for a history.
func (c *linearClient) start(h *linearHistory) {
	c.history, c.current, c.rivalIsDue = h, nil, false
	c.random = rand.New(rand.NewPCG(h.seed, uint64(c.id)+1))
	c.held = [linearKeys]linearRow{}
	c.faults = c.newFaults()
}

// act does what a client does in a history.
func (c *linearClient) act(ctx context.Context) {
	for range 5 + c.random.IntN(4) {
		if c.history.transactions && c.random.IntN(100) < 20 {
			c.do(ctx, c.drawTransaction()...)
			continue
		}
		c.do(ctx, c.draw(c.drawVerb(), c.random.IntN(c.history.keys)))
	}
}

// verbWeights are how often of a hundred a verb is drawn.
var verbWeights = [linearVerbs]int{
	verbGet: 22, verbCreate: 16, verbPut: 14, verbUpdate: 18, verbChange: 8, verbAdd: 9, verbDelete: 8, verbDeleteAny: 5,
}

func (c *linearClient) drawVerb() linearVerb {
	n := c.random.IntN(100)
	for verb, weight := range verbWeights {
		if n -= weight; n < 0 {
			return linearVerb(verb)
		}
	}
	return verbGet
}

// draw gives a deed as the client would do it now, with what it knows of the row.
func (c *linearClient) draw(verb linearVerb, key int) linearDeed {
	value := c.history.values.Add(1)
	return linearDeed{verb: verb, key: key, held: c.held[key], value: value, count: c.held[key].count}
}

// do does deeds as one call and adds it to the history.
func (c *linearClient) do(ctx context.Context, deeds ...linearDeed) *linearCall {
	h := c.history
	call := &linearCall{client: c.id, deeds: deeds}
	if c.id != rivalClient {
		call.budget = c.random.IntN(6)
	}
	c.current = call
	call.started = h.stamp.Add(1)
	call.told = c.store.run(ctx, h, deeds)
	call.ended = h.stamp.Add(1)
	c.current = nil
	for i := range deeds {
		deeds[i].now = c.clock
	}
	h.settle(call)
	h.add(call)
	c.learn(call)
	return call
}

// learn keeps what the caller was left with. What it learned is gone it forgets only half of the time, so that some come
// back later with records of an earlier life of the key.
func (c *linearClient) learn(call *linearCall) {
	for i, deed := range call.deeds {
		told := call.told[i].told
		switch {
		case told == toldOK && deed.returns():
			c.held[deed.key] = call.told[i].row
		case told == toldNotFound || told == toldOK && deed.verb.deletes():
			if c.random.IntN(2) == 0 {
				c.held[deed.key] = linearRow{}
			}
		}
	}
}

// letRivalAct lets the rival act on a key of the call whose attempt has just met a fault. It sees no faults, and nobody
// comes between its own calls.
func (c *linearClient) letRivalAct() {
	if !c.rivalIsDue {
		return
	}
	c.rivalIsDue = false
	h := c.history
	rival := h.clients[rivalClient]
	about := c.current.deeds[c.random.IntN(len(c.current.deeds))]
	key := about.key
	if c.random.IntN(2) == 0 {
		rival.held[key] = about.held // a rival in the full sense: both hold one version
	}
	for _, verb := range rivalPlans[c.random.IntN(len(rivalPlans))] {
		deed := rival.draw(verb, key)
		if h.mustWait(&linearCall{deeds: []linearDeed{deed}}) {
			return
		}
		rival.do(h.ctx, deed)
	}
}

// rivalPlans are what the rival does; an update alone is the commonest. A read before a delete shows what else nobody would
// have seen.
var rivalPlans = [][]linearVerb{
	{verbGet, verbUpdate},
	{verbGet, verbUpdate},
	{verbGet, verbUpdate},
	{verbGet, verbPut},
	{verbPut},
	{verbAdd},
	{verbCreate},
	{verbDeleteAny},
	{verbGet, verbDelete},
	{verbGet, verbDeleteAny, verbCreate},
	{verbGet, verbDeleteAny, verbCreate, verbUpdate},
	{verbGet, verbDeleteAny, verbCreate, verbUpdate},
	{verbDeleteAny, verbPut},
}
