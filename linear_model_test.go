package theorydb_test

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// linearCall is one call of a history: what was asked, when, and what was told. The times are those of one counter for all
// callers, not of a clock.
type linearCall struct {
	client  int
	deeds   []linearDeed // several only in a transaction
	told    []linearVerdict
	started int64
	ended   int64

	linearAttempts // what the harness did to it: never looked at by the model
}

func (c *linearCall) String() string {
	var text []string
	for i, deed := range c.deeds {
		text = append(text, fmt.Sprintf("%s -> %s", deed, c.told[i]))
	}
	return fmt.Sprintf("%4d..%-4d client %d: %s%s", c.started, c.ended, c.client, strings.Join(text, " AND "), c.describe())
}

// outcome is what the caller was told of the whole call. An error out of place counts wherever it stands.
func (c *linearCall) outcome() linearTold {
	told := toldOK
	for _, verdict := range c.told {
		switch {
		case verdict.told == toldWrongly:
			return toldWrongly
		case told == toldOK && verdict.told != toldNoCause:
			told = verdict.told
		}
	}
	return told
}

// reads reports whether the call is a Get: no outcome of it can be unknown, and no other call may fail and say nothing.
func (c *linearCall) reads() bool { return len(c.deeds) == 1 && c.deeds[0].verb == verbGet }

// outOfPlace are the calls of which the harness knows that the caller was told wrongly, whatever order the calls had:
// those that took effect and were said not to have, and those that failed in a way that their verb can't.
func outOfPlace(calls []*linearCall) []*linearCall {
	return slices.DeleteFunc(slices.Clone(calls), func(c *linearCall) bool {
		switch c.outcome() {
		case toldOK:
			return true
		case toldUnknown:
			return !c.reads()
		case toldNothing:
			return c.reads()
		case toldWrongly:
			return false
		case toldExists, toldConflict, toldNotFound, toldRefused, toldNoCause:
		}
		return len(c.landings) == 0
	})
}

// checkTimeout is far above what a history takes; one that takes longer counts as a failure.
const checkTimeout = 10 * time.Second

// linearRows is the state of a history.
type linearRows [linearKeys]linearRow

// porcupineModel judges histories of a kind of model. A history of calls with one key each is judged key by key.
func (k linearKind) porcupineModel() porcupine.Model {
	seed := maphash.MakeSeed()
	return porcupine.Model{
		Partition: partitionByKey,
		Init:      func() any { return linearRows{} },
		Step:      k.step,
		Hash:      func(state any) uint64 { return maphash.Comparable(seed, state.(linearRows)) },
	}
}

func partitionByKey(history []porcupine.Operation) [][]porcupine.Operation {
	parts := make([][]porcupine.Operation, linearKeys)
	for _, operation := range history {
		deeds := operation.Input.([]linearDeed)
		if len(deeds) != 1 {
			return [][]porcupine.Operation{history}
		}
		parts[deeds[0].key] = append(parts[deeds[0].key], operation)
	}
	return slices.DeleteFunc(parts, func(part []porcupine.Operation) bool { return len(part) == 0 })
}

// step lets a call happen at one instant. All of its deeds take effect, or none does and everything that was said is true
// then. A call whose outcome nobody knows takes effect where it can. That it never did needs no case of its own: it has
// until the end of the history, where nobody sees it any more.
func (k linearKind) step(state, input, output any) (bool, any) {
	rows, deeds, told := state.(linearRows), input.([]linearDeed), output.([]linearVerdict)
	after, fails, canceled := rows, false, false
	for i, deed := range deeds {
		next, right := deed.on(k, rows[deed.key])
		fails = fails || right != toldOK
		canceled = canceled || told[i].told == toldNoCause
		after[deed.key] = next
		if told[i].told != toldUnknown && !told[i].isTrue(deed, right, rows[deed.key], next) {
			return false, nil
		}
	}
	if fails {
		return true, rows
	}
	return !canceled, after // what is canceled has a cause
}

// judged are the calls as the model judges them.
func judged(calls []*linearCall) []porcupine.Operation {
	var list []porcupine.Operation
	for _, call := range calls {
		told := call.outcome()
		if told == toldNothing && call.reads() || told == toldRefused { // did nothing, and nothing was said of what is stored
			continue
		}
		operation := porcupine.Operation{
			ClientId: call.client, Input: call.deeds, Output: call.told, Call: call.started, Return: call.ended, Metadata: call,
		}
		if told == toldUnknown {
			operation.Return = math.MaxInt64
		}
		list = append(list, operation)
	}
	return list
}

// judgeHistory says whether a history is legal, and what is wrong with it.
func (k linearKind) judgeHistory(calls []*linearCall) (porcupine.CheckResult, string) {
	model := k.porcupineModel()
	for _, part := range partitionByKey(judged(calls)) {
		if result := porcupine.CheckOperationsTimeout(model, part, checkTimeout); result != porcupine.Ok {
			return result, describeCalls(part)
		}
	}
	return porcupine.Ok, ""
}

func describeCalls(part []porcupine.Operation) string {
	slices.SortFunc(part, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var lines []string
	for _, operation := range part {
		lines = append(lines, operation.Metadata.(*linearCall).String())
	}
	return strings.Join(lines, "\n")
}
