package contracttest

import (
	"maps"
	"slices"
)

// Members that each operation uses. What an operation would ignore is refused: a file must not say more than it checks.
var stepMembers = map[string][]string{
	"create":        {"if_not_exists", "item", "save"},
	"put":           {"item", "held", "save", "only_if", "if_version", "returning"},
	"get":           {"key", "save", "consistent"},
	"update":        {"item", "held", "save", "fields", "only_if", "if_version", "returning"},
	"change":        append([]string{"key", "save", "only_if", "if_version", "any_version", "returning", "blind"}, changeMembers...),
	"modify":        {"key", "save", "set", "add", "remove", "meanwhile"},
	"delete":        {"key", "held", "only_if", "if_version", "any_version", "returning"},
	"query":         append([]string{"save", "cursor", "query"}, queryMembers...),
	"count":         append([]string{"query"}, queryMembers...),
	"explain":       queryMembers,
	"sleep":         {"ms"},
	"advance_clock": {"ms"},
	"race":          {"race"},
	"raw":           {"key", "save", "consistent"},
	"raw_put":       {"item", "save"},
	"raw_set":       {"key", "item"},
	"raw_get":       {"key", "save"},
	"kms":           {"alias", "state", "service", "points_to"},
	"restart":       {},
	"batch_get":     {"keys", "operations", "consistent", "batch_get"},
	"batch_write":   {"operations", "batch_write"},
	"transact":      {"operations"},
	"transact_get":  {"keys", "operations", "transact_get"},
	"scan":          {"index", "filter", "segments", "limit", "page_size", "consistent", "cursor", "save"},
	"collection":    {"key", "models", "consistent"},
	"clear":         append([]string{"keep", "retention", "cursor", "save"}, queryMembers...),
	"fault":         {"throw_back", "lose_answer", "rival", "times"},
	"declare":       {"document"},
	"table":         {},
}

var (
	changeMembers = []string{"set", "set_if_absent", "add", "remove", "append", "prepend", "delete_from_set", "or_create"}
	queryMembers  = []string{"key", "index", "sort", "filter", "descending", "limit", "page_size", "consistent", "shard"}
)

// inside says what may stand inside a step of an op: which operations, with which members for all of them and for each.
type inside struct {
	always  []string
	members map[string][]string
}

var insides = map[string]inside{
	"race": {[]string{"op", "writers"}, only(stepMembers, "create", "put", "update", "change", "modify", "delete", "transact")},

	"batch_get":    {operationWords, only(operationMembers, "get")},
	"transact_get": {operationWords, only(operationMembers, "get")},
	"batch_write":  {operationWords, only(operationMembers, "put", "delete")},
	"transact":     {operationWords, only(operationMembers, "create", "put", "update", "change", "delete", "check")},
}

var operationWords = []string{"op", "model", "scope"}

// Members of the operations of a batch or a transaction. A create there inserts and nothing else.
var operationMembers = map[string][]string{
	"get":    {"key"},
	"create": {"item"},
	"put":    {"item", "held", "only_if", "if_version", "returning", "unchecked"},
	"update": {"item", "held", "fields", "only_if", "if_version", "returning"},
	"change": append([]string{"key", "only_if", "if_version", "any_version", "returning"}, changeMembers...),
	"delete": {"key", "held", "only_if", "if_version", "any_version", "returning", "unchecked"},
	"check":  {"key", "only_if"},
}

func only(members map[string][]string, ops ...string) map[string][]string {
	chosen := make(map[string][]string, len(ops))
	for _, op := range ops {
		chosen[op] = members[op]
	}
	return chosen
}

// checkMembers refuses a step that says more than its operation uses, or less. within is the op of the step that it stands
// in, "" for a step of its own.
func checkMembers(p place, step Step, within string) error {
	always, ops := []string{"op", "model", "scope", "expect"}, stepMembers
	if within != "" {
		always, ops = insides[within].always, insides[within].members
	}
	allowed, known := ops[step.Op]
	switch {
	case !known && within != "":
		return p.errorf("a %s is of %v", within, sortedNames(ops))
	case !known:
		return p.errorf("unknown op %q", step.Op)
	}
	list, err := p.members()
	if err != nil {
		return err
	}
	for _, m := range list {
		if !slices.Contains(always, m.name) && !slices.Contains(allowed, m.name) {
			return m.value.errorf("op %s has no use for %q", step.Op, m.name)
		}
	}
	has := func(name string) bool {
		return slices.ContainsFunc(list, func(m member) bool { return m.name == name })
	}
	if has("query") && (has("key") || has("index") || has("sort")) {
		return p.errorf("query stands instead of key, index and sort")
	}
	if has(step.Op) && (has("keys") || has("operations")) {
		return p.errorf("%s stands instead of keys and operations", step.Op)
	}
	if step.Op == "clear" && has("retention") && has("keep") {
		return p.errorf("a clear has one of keep and retention")
	}
	if step.Op == "clear" && !has("retention") && slices.ContainsFunc(queryMembers[1:], has) {
		return p.errorf("a clear without retention is of a whole partition")
	}
	return step.checkRequired(p, allowed)
}

// maxMilliseconds are a hundred years: no step moves the clock further, and none beyond what a time.Duration can hold.
const maxMilliseconds = 100 * 365 * 24 * 3600 * 1000

// checkRequired refuses a step that lacks what its operation is about.
func (s *Step) checkRequired(p place, allowed []string) error {
	switch {
	case slices.Contains(allowed, "item") && s.Item == nil:
		return p.errorf("op %s needs an item", s.Op)
	case slices.Contains(allowed, "key") && s.Key == nil:
		return p.errorf("op %s needs a key", s.Op)
	case slices.Contains(allowed, "ms") && s.Milliseconds <= 0:
		return p.errorf("op %s needs ms, a number above 0", s.Op)
	case slices.Contains(allowed, "ms") && s.Milliseconds > maxMilliseconds:
		return p.errorf("op %s takes at most %d ms", s.Op, int64(maxMilliseconds))
	case slices.Contains(allowed, "keys") && (s.Keys == nil) == (s.Operations == nil):
		return p.errorf("op %s needs one of keys and operations", s.Op)
	case slices.Contains(allowed, "operations") && s.Keys == nil && s.Operations == nil:
		return p.errorf("op %s needs operations", s.Op)
	case s.Op == "kms" && !s.KMS.isOneThing():
		return p.errorf("op kms needs one of state, service and points_to")
	case s.Op == "fault" && !s.Fault.isOneThing():
		return p.errorf("op fault needs one of throw_back and lose_answer")
	case s.Fault.Rival != nil && s.Fault.LoseAnswer == "":
		return p.errorf("a rival writes after a lost answer")
	case s.Op == "declare" && s.Document == nil:
		return p.errorf("op declare needs a document")
	case s.Op == "collection" && s.Models == nil:
		return p.errorf("op collection needs models")
	case s.Op == "race" && s.Race == nil:
		return p.errorf("op race needs a race")
	}
	return nil
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
