package contracttest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// judge compares what a step gave with what it expects, and returns one line for everything that differs. An
// expectation about something that the step does not give differs too: nothing expected goes unlooked at.
func (w *world) judge(ctx context.Context, step *Step, o *outcome) []string {
	e := &step.Expect
	if line := judgeError(e, o.err); line != "" {
		return []string{line}
	}
	j := &judgement{outcome: o}
	j.values(e)
	j.variables(w, e)
	j.oldItem(e)
	j.list(e)
	j.operations(e)
	j.number("count", e.Count, o.count)
	j.number("winners", e.Winners, o.winners)
	j.number("requests", e.Requests, o.requests)
	j.number("data_keys", e.DataKeys, o.dataKeys)
	j.expiry(e)
	j.sentTexts(e)
	j.consistency(e)
	if e.looksAtStored() {
		stored, err := w.storedBehind(ctx, o)
		if err != nil {
			j.differs("stored item: %v", err)
		} else {
			j.stored(e, stored)
		}
	}
	return j.lines
}

func judgeError(e *Expect, err *protocol.Error) string {
	wanted := strings.Join(e.Errors, " and ")
	switch {
	case wanted == "" && err != nil:
		return fmt.Sprintf("error: expected none, got %v", err)
	case wanted != "" && err == nil:
		return fmt.Sprintf("error: expected %s, got none", wanted)
	case slices.ContainsFunc(e.Errors, func(name string) bool { return !err.Is(name) }):
		return fmt.Sprintf("error: expected %s, got %v", wanted, err)
	}
	return ""
}

type judgement struct {
	*outcome
	lines []string
}

func (j *judgement) differs(format string, args ...any) {
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

// values compares the step's one item: a record with logical values, a raw one with DynamoDB JSON.
func (j *judgement) values(e *Expect) {
	if e.ItemContains == nil && e.ItemNotContains == nil {
		return
	}
	if j.record == nil && j.outcome.stored == nil {
		j.differs("item: expected one, the step gave none")
		return
	}
	for _, name := range sortedNames(e.ItemContains) {
		same, got := j.compare(name, e.ItemContains[name])
		if !same {
			j.differs("item_contains %s: expected %s, got %s", name, j.expected(j.model, name, e.ItemContains[name]), got)
		}
	}
	for _, name := range sortedNames(e.ItemNotContains) {
		same, got := j.compare(name, e.ItemNotContains[name])
		if same {
			j.differs("item_not_contains %s: expected anything else, got %s", name, got)
		} else if j.isRaw && !isDynamoJSON(e.ItemNotContains[name]) {
			j.differs("item_not_contains %s: is not DynamoDB JSON, and so is in no item", name)
		}
	}
}

func (j *judgement) compare(name string, want any) (same bool, got string) {
	if !j.isRaw {
		declared := j.model.attributes[name]
		return declared.sameValue(want, j.record[name]), declared.canonical(j.record[name])
	}
	got = rawValue(j.outcome.stored[name])
	if want == nil {
		return j.outcome.stored[name] == nil, got
	}
	value, err := valueFromJSON(want)
	return err == nil && rawValue(value) == got, got
}

// expected writes what is wanted as compare writes what there is.
func (j *judgement) expected(m *model, name string, want any) string {
	if !j.isRaw {
		declared := m.attributes[name]
		return declared.canonical(declared.value(want))
	}
	value, err := valueFromJSON(want)
	if err != nil && want != nil {
		return "DynamoDB JSON, which this is not"
	}
	return rawValue(value)
}

func (j *judgement) variables(w *world, e *Expect) {
	check := func(kind string, expected map[string]string, wantSame bool) {
		for _, name := range sortedNames(expected) {
			value, err := w.variable(expected[name])
			if err != nil {
				j.differs("%s %s: %v", kind, name, err)
				continue
			}
			same, got, problem := j.compareVariable(name, value)
			switch {
			case problem != "":
				j.differs("%s %s: %s", kind, name, problem)
			case same != wantSame:
				j.differs("%s %s: variable %s is %s, got %s", kind, name, expected[name], savedText(value), got)
			}
		}
	}
	check("item_field_equals_var", e.ItemFieldEqualsVar, true)
	check("item_field_not_equals_var", e.ItemFieldNotEqualsVar, false)
}

// compareVariable compares a saved value with the step's. A stored value and a logical one can't be compared.
func (j *judgement) compareVariable(name string, value any) (same bool, got, problem string) {
	stored, isStored := value.(types.AttributeValue)
	switch {
	case j.record == nil && j.outcome.stored == nil:
		return false, "", "expected an item, the step gave none"
	case isStored != j.isRaw:
		return false, "", "a stored value can't be compared with a logical one"
	case j.isRaw && j.outcome.stored[name] == nil, !j.isRaw && j.record[name] == nil:
		return false, "", "the item has none"
	case j.isRaw:
		got = rawValue(j.outcome.stored[name])
		return rawValue(stored) == got, got, ""
	}
	declared := j.model.attributes[name]
	got = declared.canonical(j.record[name])
	return declared.canonical(value) == got, got, ""
}

func savedText(value any) string {
	if stored, ok := value.(types.AttributeValue); ok {
		return rawValue(stored)
	}
	return canonical(value)
}

func isDynamoJSON(value any) bool {
	_, err := valueFromJSON(value)
	return err == nil || value == nil
}

// oldItem compares the item as it was before the step.
func (j *judgement) oldItem(e *Expect) {
	if e.ReturnedNothing && (j.old != nil || !j.asked) {
		j.differs("returned_nothing: the step returned an item of before, or did not ask for one")
	}
	if e.OldContains == nil {
		return
	}
	if j.old == nil {
		j.differs("old_contains: the step gave no item of before; has it returning?")
		return
	}
	for _, name := range sortedNames(e.OldContains) {
		if declared := j.model.attributes[name]; !declared.sameValue(e.OldContains[name], j.old[name]) {
			j.differs("old_contains %s: expected %s, got %s", name, declared.canonical(declared.value(e.OldContains[name])), declared.canonical(j.old[name]))
		}
	}
}

func (j *judgement) number(what string, want, got *int) {
	switch {
	case want == nil:
	case got == nil:
		j.differs("%s: expected %d, the step gives none", what, *want)
	case *want != *got:
		j.differs("%s: expected %d, got %d", what, *want, *got)
	}
}
