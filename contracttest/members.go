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
	"change":        append([]string{"key", "save", "only_if", "if_version", "any_version", "returning"}, changeMembers...),
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
}

var (
	changeMembers = []string{"set", "set_if_absent", "add", "remove", "append", "prepend", "delete_from_set", "or_create", "blind"}
	queryMembers  = []string{"key", "index", "sort", "filter", "descending", "limit", "page_size", "consistent"}
)

// unservedOps are operations of the form that the library has no verb for yet.
var unservedOps = []string{"batch_get", "batch_write", "transact"}

var racingOps = []string{"create", "put", "update", "change", "modify", "delete"}

func checkMembers(p place, step Step, inRace bool) error {
	if slices.Contains(unservedOps, step.Op) && !inRace {
		return nil // it is reported when it runs
	}
	allowed, known := stepMembers[step.Op]
	if !known {
		return p.errorf("unknown op %q", step.Op)
	}
	list, err := p.members()
	if err != nil {
		return err
	}
	always := []string{"op", "model", "scope", "expect"}
	if inRace {
		if !slices.Contains(racingOps, step.Op) {
			return p.errorf("a race is of %v", racingOps)
		}
		always = []string{"op", "writers"}
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
	return step.checkRequired(p)
}

// checkRequired refuses a step that lacks what its operation is about.
func (s *Step) checkRequired(p place) error {
	allowed := stepMembers[s.Op]
	switch {
	case slices.Contains(allowed, "item") && s.Item == nil:
		return p.errorf("op %s needs an item", s.Op)
	case slices.Contains(allowed, "key") && s.Key == nil:
		return p.errorf("op %s needs a key", s.Op)
	case slices.Contains(allowed, "ms") && s.Milliseconds <= 0:
		return p.errorf("op %s needs ms, a number above 0", s.Op)
	case s.Op == "kms" && !s.KMS.isOneThing():
		return p.errorf("op kms needs one of state, service and points_to")
	case s.Op == "race" && s.Race == nil:
		return p.errorf("op race needs a race")
	}
	return nil
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
