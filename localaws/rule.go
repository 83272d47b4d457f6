package localaws

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Rule says when a fault happens and which. Without limits a rule matches
// every call of its operation; it fires once unless Times or Always says
// otherwise. Set a rule up before the requests it is meant for.
type Rule struct {
	faults    *Faults
	operation string
	table     string
	attempt   int
	nth       int
	when      func(Request) bool
	times     int
	name      string               // of the effect
	effectOn  func(Request) effect // nil for a request that it can't happen to; nil itself until an effect is set
	then      []func()

	matched int
	fired   int
}

func (r *Rule) set(change func()) *Rule {
	r.faults.mu.Lock()
	defer r.faults.mu.Unlock()
	change()
	return r
}

// Table limits the rule to requests for that table. A batch or a transaction
// is for every table that it names.
func (r *Rule) Table(name string) *Rule { return r.set(func() { r.table = name }) }

// Attempt limits the rule to the nth time that a request is sent, 1 being the
// first: a request with the same operation and parameters, or the same
// invocation id, is the same request.
func (r *Rule) Attempt(n int) *Rule { return r.set(func() { r.attempt = n }) }

// Nth lets the rule fire from the nth matching call on, 1 being the first.
// Calls for which another rule fires count too.
func (r *Rule) Nth(n int) *Rule { return r.set(func() { r.nth = n }) }

// When limits the rule to requests for which match gives true. match is
// called with a lock held and may not send requests.
func (r *Rule) When(match func(Request) bool) *Rule { return r.set(func() { r.when = match }) }

// Times lets the rule fire at most n times; the default is 1.
func (r *Rule) Times(n int) *Rule { return r.set(func() { r.times = n }) }

// Always lets the rule fire as often as it matches.
func (r *Rule) Always() *Rule { return r.Times(math.MaxInt) }

// Then has call run after the fault did or did not take effect at the
// endpoint and before the caller learns of it: the place for a rival's write
// between a lost answer and its resend. No lock is held, so call may send
// requests.
func (r *Rule) Then(call func()) *Rule {
	return r.set(func() { r.then = append(r.then, call) })
}

// Fired is how often the rule fired.
func (r *Rule) Fired() int {
	r.faults.mu.Lock()
	defer r.faults.mu.Unlock()
	return r.fired
}

// wants counts a request that the rule matches and gives what the rule would
// do to it; nil when it would not fire.
func (r *Rule) wants(request Request) effect {
	matches := (r.operation == "" || r.operation == request.Operation) &&
		(r.table == "" || slices.Contains(request.Tables, r.table)) &&
		(r.attempt == 0 || r.attempt == request.Attempt) &&
		(r.when == nil || r.when(request))
	if !matches || r.effectOn == nil {
		return nil
	}
	happens := r.effectOn(request)
	if happens == nil {
		return nil
	}
	r.matched++
	if r.matched < r.nth || r.fired >= r.times {
		return nil
	}
	return happens
}

func (r *Rule) describe() string {
	words := []string{r.operation}
	if r.operation == "" {
		words[0] = "every operation"
	}
	if r.table != "" {
		words = append(words, "table "+r.table)
	}
	if r.attempt != 0 {
		words = append(words, fmt.Sprintf("attempt %d", r.attempt))
	}
	if r.nth != 0 {
		words = append(words, fmt.Sprintf("call %d", r.nth))
	}
	if r.when != nil {
		words = append(words, "when")
	}
	if r.effectOn == nil {
		return strings.Join(append(words, "no effect set"), ", ")
	}
	return strings.Join(append(words, r.name), ", ")
}
