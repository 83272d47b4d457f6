package theorydb_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The strict histories leave out what the package documentation says can't be guaranteed. These have it, and allow what is
// written there and nothing else: only for a call that took effect by an attempt whose answer was lost, and only where
// somebody deleted the item after that (or, for a Delete, created one) and before a later attempt.

// judgedCalls are the calls as they are judged. One to which an exception applies is split: each effect too many is a call
// of its own, that took effect while that attempt was under way. What the caller was told stays as it is, and must still be
// true of some instant after that.
func (h *linearHistory) judgedCalls() []*linearCall {
	if h.strict {
		return h.calls
	}
	var calls []*linearCall
	for _, call := range h.calls {
		effects, exception := h.excepted(call)
		if len(effects) > 0 {
			h.allowed = append(h.allowed, exception)
			last := *call
			last.started, last.landings = effects[len(effects)-1].ended, call.landings[len(effects):]
			call = &last
		}
		for _, effect := range effects {
			calls = append(calls, call.effectOf(effect))
		}
		calls = append(calls, call)
	}
	return calls
}

// excepted are the effects of a call that the documentation allows besides the one that the caller was told of.
func (h *linearHistory) excepted(call *linearCall) (effects []linearLanding, name string) {
	verb, told, landings := call.deeds[0].verb, call.outcome(), call.landings
	if len(call.deeds) > 1 || len(landings) == 0 {
		return nil, ""
	}
	holds := h.kind.versioned && (verb == verbPut || verb == verbUpdate || verb == verbChange) // a version
	uncreated := holds && (!h.kind.born || verb == verbChange)                                 // and no created_at
	tooMany := landings[:len(landings)-1]
	switch {
	case verb == verbCreate && told == toldExists:
		effects, name = landings, "Create took effect and is told ErrAlreadyExists"
	case uncreated && told == toldConflict:
		effects, name = landings, fmt.Sprintf("%s without a created_at took effect and is told ErrVersionConflict", verb)
	case verb == verbCreate, verb == verbPut && holds, verb.deletes():
		effects, name = tooMany, verb.String()+" takes effect a second time"
	case uncreated: // takes the rival's item for the one that it held
		effects, name = tooMany, verb.String()+" without a created_at takes effect a second time"
	}
	for i := range effects {
		if !h.interfered(call, i) {
			return nil, ""
		}
	}
	return effects, name
}

// interfered reports whether, between an attempt of the call that took effect unseen and the next one or the last,
// somebody else deleted the item; of a call that deletes, whether somebody created one.
func (h *linearHistory) interfered(call *linearCall, landing int) bool {
	from := call.landings[landing].at
	until := max(from, call.answered) // the last attempt may be the one that took effect
	if landing+1 < len(call.landings) {
		until = call.landings[landing+1].at
	}
	return call.landings[landing].lost && slices.ContainsFunc(h.commits[from:until], func(c linearCommit) bool {
		deletes := call.deeds[0].verb.deletes()
		return c.call != call && c.key == call.deeds[0].key && (deletes && c.created || !deletes && c.deleted)
	})
}

// effectOf is an effect of the call that nobody was told of, as a call of its own.
func (c *linearCall) effectOf(effect linearLanding) *linearCall {
	made := linearVerdict{told: toldOK, row: effect.row}
	return &linearCall{
		client: c.client, deeds: c.deeds, told: []linearVerdict{made}, started: effect.sent, ended: effect.ended,
	}
}

func TestHistoriesWithRivalDeletesShowOnlyTheDocumentedExceptions(t *testing.T) {
	for _, c := range []struct {
		kind      linearKind
		histories int
	}{{linearLedgers, 400}, {linearCounters, 200}, {linearPlains, 100}} {
		t.Run(c.kind.name, func(t *testing.T) {
			allowed := map[string]int{}
			found := searchHistories(t, shareOf(c.histories), linearSetup{kind: c.kind, transactions: true}, func() *linearBench {
				return embeddedBench(t, c.kind)
			}, func(h *linearHistory) {
				for _, exception := range h.allowed {
					allowed[exception]++
				}
			})
			for what, times := range allowed {
				t.Logf("%d times: %s", times, what)
			}
			requireLegal(t, found)
			if *linearSeed == 0 {
				require.NotEmpty(t, allowed, "what the documentation excepts happened")
			}
		})
	}
}
