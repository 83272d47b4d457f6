package contracttest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/theorydb/theorydb/localaws"
)

// Fault is what happens on the way to the service to the requests of the next step: one of its first two members. It
// happens in front of every engine alike.
type Fault struct {
	// ThrowBack are the positions in a batch's request that the service is to leave unprocessed.
	ThrowBack []int
	// LoseAnswer is the operation of DynamoDB that is carried out and whose answer never arrives.
	LoseAnswer string
	// Times is how many requests it happens to; 0 means 1. The scenario fails where it happens to fewer.
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
	readers["throw_back"] = func(p place) error {
		elements, err := p.elements()
		if err != nil {
			return err
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
	rules   []*localaws.Rule
	times   int
}

// order puts a fault in the way of the next step.
func (w *wire) order(line int, fault Fault) {
	faults := &localaws.Faults{Next: w.next}
	times := max(fault.Times, 1)
	ordered := &orderedFault{line: line, through: faults, times: times}
	if fault.LoseAnswer != "" {
		ordered.rules = append(ordered.rules, faults.On(fault.LoseAnswer).Times(times).CommitThenDrop())
	} else {
		back := func(i int) bool { return slices.Contains(fault.ThrowBack, i) }
		for _, operation := range []string{"BatchGetItem", "BatchWriteItem"} {
			ordered.rules = append(ordered.rules, faults.On(operation).Times(times).ThrowBack(back))
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = ordered
}

// settle takes the fault out of the way again. One that did not happen as often as it was to showed nothing.
func (w *wire) settle() error {
	w.mu.Lock()
	ordered := w.fault
	w.fault = nil
	w.mu.Unlock()
	if ordered == nil {
		return nil
	}
	happened := 0
	for _, rule := range ordered.rules {
		happened += rule.Fired()
	}
	if happened != ordered.times {
		return fmt.Errorf("the fault of line %d happened %d times, not %d", ordered.line, happened, ordered.times)
	}
	return nil
}

// wait is how the library waits between attempts: not at all for a fault that a step ordered, and otherwise as long as it
// means to, since a service that is busy needs the time.
func (w *wire) wait(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	if w.fault != nil {
		d = 0
	}
	w.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
