package contracttest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/theorydb/theorydb/localaws"
)

// Fault is what happens on the way to the service to the requests of the next step: one of its first two members. It
// happens in front of every engine alike.
type Fault struct {
	// ThrowBack are the positions in a batch's request that the service is to leave unprocessed.
	ThrowBack []int
	// LoseAnswer is the operation of DynamoDB that is carried out and whose answer never arrives.
	LoseAnswer string
	// Rival is what another writer does between the lost answer and the next attempt: a raw_set
	// of values that are written out. Nil: nothing.
	Rival *Step
	// Times is how many requests it happens to; 0 means 1. The scenario fails where it happens to fewer, and where one of
	// the positions was in none of them.
	Times int
}

func (f Fault) isOneThing() bool { return (f.ThrowBack != nil) != (f.LoseAnswer != "") }

func (f *Fault) readers(readers map[string]func(place) error) {
	var times *int
	readers["times"] = func(p place) error {
		if err := countInto(&times)(p); err != nil {
			return err
		}
		if f.Times = *times; f.Times == 0 {
			return p.errorf("a fault happens at least once")
		}
		return nil
	}
	readers["rival"] = func(p place) error {
		f.Rival = &Step{Op: "raw_set", Line: p.node.Line}
		err := p.each(map[string]func(place) error{"key": itemInto(&f.Rival.Key), "item": itemInto(&f.Rival.Item)})
		if err == nil && (f.Rival.Key == nil || f.Rival.Item == nil) {
			return p.errorf("a rival has a key and an item, as a raw_set has")
		}
		return err
	}
	readers["throw_back"] = func(p place) error {
		elements, err := p.elements()
		if err != nil {
			return err
		}
		if len(elements) == 0 {
			return p.errorf("a throw_back takes at least one position")
		}
		f.ThrowBack = make([]int, len(elements))
		for i, element := range elements {
			var position *int
			if err := countInto(&position)(element); err != nil {
				return err
			}
			f.ThrowBack[i] = *position
		}
		return nil
	}
	readers["lose_answer"] = func(p place) error {
		err := textInto(&f.LoseAnswer)(p)
		if err == nil && !slices.Contains(writingOperations, f.LoseAnswer) {
			return p.errorf("%q is none of %v", f.LoseAnswer, writingOperations)
		}
		return err
	}
}

// writingOperations are those of DynamoDB whose lost answer leaves a doubt.
var writingOperations = []string{"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}

// orderedFault is a fault that is still to happen.
type orderedFault struct {
	line    int
	through localaws.HTTPClient
	rule    *localaws.Rule
	times   int
	back    *thrownBack // nil for a lost answer
	lost    error       // why the rival could not write
}

// thrownBack says what a throw_back takes, and keeps how far that reached. It looks at the requests itself: a request that
// has none of the positions is none that the fault happened to.
type thrownBack struct {
	positions []int
	times     int

	mu       sync.Mutex
	requests int // it took a part of, times at most
	longest  int // how many positions the longest of them had
}

func (b *thrownBack) takes(i int) bool { return slices.Contains(b.positions, i) }

// from reports whether the fault takes something of a request.
func (b *thrownBack) from(request localaws.Request) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	length := batchLength(request.Body)
	if b.requests == b.times || !slices.ContainsFunc(b.positions, func(position int) bool { return position < length }) {
		return false
	}
	b.requests++
	b.longest = max(b.longest, length)
	return true
}

// untaken is the first position that no request had; -1 where each was taken.
func (b *thrownBack) untaken() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.positions, func(position int) bool { return position >= b.longest }); i >= 0 {
		return b.positions[i]
	}
	return -1
}

// batchLength is how many puts, deletes or keys a batch has, in all its tables; 0 of another request.
func batchLength(body []byte) int {
	var request struct{ RequestItems map[string]json.RawMessage }
	if json.Unmarshal(body, &request) != nil {
		return 0
	}
	length := 0
	for _, table := range request.RequestItems {
		var reads struct{ Keys []json.RawMessage }
		var writes []json.RawMessage
		if json.Unmarshal(table, &writes) != nil && json.Unmarshal(table, &reads) != nil {
			return 0
		}
		length += len(writes) + len(reads.Keys)
	}
	return length
}

// order puts a fault in the way of the next step. rival does what the fault says of another writer.
func (w *wire) order(line int, fault Fault, rival func() error) {
	faults := &localaws.Faults{Next: w.next}
	times := max(fault.Times, 1)
	ordered := &orderedFault{line: line, through: faults, times: times}
	if fault.LoseAnswer != "" {
		ordered.rule = faults.On(fault.LoseAnswer).Times(times).CommitThenDrop()
		if fault.Rival != nil {
			ordered.rule.Then(func() {
				if err := rival(); err != nil {
					w.mu.Lock()
					defer w.mu.Unlock()
					ordered.lost = fmt.Errorf("the rival of line %d: %w", fault.Rival.Line, err)
				}
			})
		}
	} else {
		ordered.back = &thrownBack{positions: fault.ThrowBack, times: times}
		ordered.rule = faults.On("").When(ordered.back.from).Times(times).ThrowBack(ordered.back.takes)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = ordered
}

// order puts the fault of a step in the way of the next one.
func (w *world) order(ctx context.Context, step *Step) error {
	if step.Fault.Rival == nil {
		w.wire.order(step.Line, step.Fault, nil)
		return nil
	}
	m, err := w.model(ctx, step)
	if err != nil {
		return err
	}
	set, err := w.rawItem(step.Fault.Rival)
	if err != nil {
		return err
	}
	w.wire.order(step.Line, step.Fault, func() error {
		_, err := w.setInRow(ctx, m, step.Fault.Rival, set)
		return err
	})
	return nil
}

// settle takes the fault out of the way again. One that did not happen as often as it was to showed nothing.
func (w *wire) settle() error {
	w.mu.Lock()
	ordered := w.fault
	w.fault = nil
	var lost error
	if ordered != nil {
		lost = ordered.lost
	}
	w.mu.Unlock()
	if ordered == nil || lost != nil {
		return lost
	}
	if happened := ordered.rule.Fired(); happened != ordered.times {
		return fmt.Errorf("the fault of line %d happened %d times, not %d", ordered.line, happened, ordered.times)
	}
	if ordered.back == nil {
		return nil
	}
	if position := ordered.back.untaken(); position >= 0 {
		return fmt.Errorf("the fault of line %d took nothing at position %d: no batch had one", ordered.line, position)
	}
	return nil
}

// isFaulty reports whether a fault stands in the way, so that waiting between attempts is of no use.
func (w *wire) isFaulty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fault != nil
}
