package theorydb_test

import (
	"fmt"
	"strings"
)

// doubtCause is why a caller whose answer was lost may be left in doubt.
type doubtCause int

const (
	doubtNone      doubtCause = iota // nobody wrote the key between the lost answer and the last attempt
	doubtRival                       // somebody did
	doubtStale                       // the write could not take effect, and the answer that said so was lost
	doubtExhausted                   // the last attempt failed too
)

const doubtCauses = int(doubtExhausted) + 1

// causeOfDoubt sorts a call whose answer was lost.
func (a linearAttempts) causeOfDoubt() doubtCause {
	switch {
	case a.exhausted:
		return doubtExhausted
	case a.rivals:
		return doubtRival
	case a.stale:
		return doubtStale
	}
	return doubtNone
}

type doubtKey struct {
	verb  linearVerb
	fault linearFault
}

// doubts counts calls whose answer was lost, and those of them that left the caller in doubt.
type doubts map[doubtKey]*[doubtCauses]struct{ lost, unknown int }

func (d doubts) count(calls []*linearCall) {
	for _, call := range calls {
		fault := call.fired.firstLost()
		if fault == faultNone {
			continue
		}
		key := doubtKey{call.deeds[0].verb, fault}
		if len(call.deeds) > 1 {
			key.verb = verbTransact
		}
		if d[key] == nil {
			d[key] = new([doubtCauses]struct{ lost, unknown int })
		}
		cell := &d[key][call.causeOfDoubt()]
		cell.lost++
		if call.outcome() == toldUnknown {
			cell.unknown++
		}
	}
}

// of adds up what befell calls of a verb for some causes, whatever their answer was lost by.
func (d doubts) of(verb linearVerb, causes ...doubtCause) (lost, unknown int) {
	for key, cells := range d {
		for _, cause := range causes {
			if key.verb == verb {
				lost, unknown = lost+cells[cause].lost, unknown+cells[cause].unknown
			}
		}
	}
	return lost, unknown
}

func (d doubts) String() string {
	lines := []string{fmt.Sprintf("%-18s %-15s%17s%17s%17s%17s", "unknown of lost", "first lost by",
		"nobody between", "a rival between", "a stale record", "attempts used up")}
	for i := range linearVerbs {
		for j := range linearFaults {
			verb, fault := linearVerb(i), linearFault(j)
			cells := d[doubtKey{verb, fault}]
			if cells == nil {
				continue
			}
			line := fmt.Sprintf("%-18s %-15s", verb, fault)
			for _, cell := range cells {
				line += fmt.Sprintf("%17s", fmt.Sprintf("%d of %d", cell.unknown, cell.lost))
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
