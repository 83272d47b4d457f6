package engine

import (
	"time"

	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// lag holds back the changes of global indexes, which the service carries out
// some time after the write:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Writes
type lag struct {
	delay time.Duration
	now   time.Time // of the operation under way
	queue []change  // in the order of the writes
}

// change is a change of one entry of an index.
type change struct {
	index *index
	at    position
	item  attribute.Item // nil removes the entry
	due   time.Time
}

// apply carries the change out, or holds it back when the index lags.
func (x *index) apply(c change) {
	if x.lag == nil {
		c.carryOut()
		return
	}
	c.due = x.lag.now.Add(x.lag.delay)
	x.lag.queue = append(x.lag.queue, c)
}

func (c change) carryOut() {
	if c.item == nil {
		c.index.items.remove(c.at)
		return
	}
	c.index.items.put(c.at, c.item)
}

// applyDue begins an operation: it reads the clock, and carries out what was
// held back long enough. Changes keep their order even when the clock was set
// back between two writes.
func (e *Engine) applyDue() {
	if e.lag == nil {
		return
	}
	e.lag.now = e.now()
	n := 0
	for n < len(e.lag.queue) && !e.lag.queue[n].due.After(e.lag.now) {
		e.lag.queue[n].carryOut()
		n++
	}
	e.lag.drop(n)
}

// SyncIndexes carries out everything that is held back.
func (e *Engine) SyncIndexes() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lag == nil {
		return
	}
	for _, c := range e.lag.queue {
		c.carryOut()
	}
	e.lag.drop(len(e.lag.queue))
}

// drop forgets the first n changes, and the items that they held.
func (l *lag) drop(n int) {
	clear(l.queue[:n])
	l.queue = l.queue[n:]
}
