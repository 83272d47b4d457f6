package contracttest

import (
	"fmt"
	"slices"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// list compares a list of items, in order or in any; each must contain what is expected of it.
func (j *judgement) list(e *Expect) {
	if (e.Items != nil || e.ItemsContains != nil) && !j.listed {
		j.differs("items: expected a list, the step gave none")
		return
	}
	for i, expected := range e.ItemsContains {
		contains := func(at int) bool { return j.firstDifference(expected, at) == "" }
		if !slices.ContainsFunc(positions(j.records), contains) {
			j.differs("items_contains %d: no item contains it", i+1)
		}
	}
	if e.Items == nil {
		return
	}
	if len(j.records) != len(e.Items) {
		j.differs("items: expected %d, got %d", len(e.Items), len(j.records))
		return
	}
	for i, expected := range e.Items {
		if difference := j.firstDifference(expected, i); difference != "" {
			j.differs("items %d, %s", i+1, difference)
		}
	}
}

func positions(records []protocol.Item) []int {
	list := make([]int, len(records))
	for i := range list {
		list[i] = i
	}
	return list
}

// firstDifference says how the record at a position does not contain what is expected of it; nil expects that there is
// none.
func (j *judgement) firstDifference(expected map[string]any, at int) string {
	record, m := j.records[at], j.model
	if j.models != nil {
		m = j.models[at]
	}
	switch {
	case expected == nil && record != nil:
		return "expected none, there is one"
	case expected != nil && record == nil:
		return "expected one, there is none"
	}
	for _, name := range sortedNames(expected) {
		if got := record[name]; !m.attributes[name].sameValue(expected[name], got) {
			return fmt.Sprintf("%s: expected %s, got %s", name, j.expected(m, name, expected[name]), canonical(got))
		}
	}
	return ""
}

// operations compares what became of each operation of a step, and which operations of DynamoDB it took.
func (j *judgement) operations(e *Expect) {
	switch {
	case e.SentOperations == nil:
	case j.outcome.operations == nil:
		j.differs("sent_operations: expected %v, the step gives none", e.SentOperations)
	case !slices.Equal(e.SentOperations, j.outcome.operations):
		j.differs("sent_operations: expected %v, got %v", e.SentOperations, j.outcome.operations)
	}
	switch {
	case e.Causes == nil:
		return
	case j.causes == nil:
		j.differs("causes: the step's error names no operation")
		return
	case len(j.causes) != len(e.Causes):
		j.differs("causes: expected %d, got %d", len(e.Causes), len(j.causes))
		return
	}
	for i, want := range e.Causes {
		switch got := j.causes[i]; {
		case want == "" && got != nil:
			j.differs("causes %d: expected none, got %v", i+1, got)
		case want != "" && !got.Is(want):
			j.differs("causes %d: expected %s, got %v", i+1, want, got)
		}
	}
}

// expiry compares by which attribute the service deletes what has expired.
func (j *judgement) expiry(e *Expect) {
	switch {
	case e.ExpiresBy == "":
	case j.expiresBy == nil:
		j.differs("expires_by: expected %q, the step gives none", e.ExpiresBy)
	case *j.expiresBy != e.ExpiresBy:
		j.differs("expires_by: expected %q, got %q", e.ExpiresBy, *j.expiresBy)
	}
}
