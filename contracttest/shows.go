package contracttest

import "slices"

// verbs are the ops that are verbs of the library, in the order of reports. Of the others some are another writer's, and
// some make up the world that a scenario happens in.
var verbs = []string{
	"create", "put", "update", "change", "modify", "delete",
	"get", "query", "count", "scan", "collection", "clear", "raw", "explain",
	"batch_get", "batch_write", "transact", "transact_get",
	"declare", "table",
}

// checkShows refuses a word of shows that is no verb, stands twice, or is of no step: a scenario shows nothing about what
// it does not use. p is the member, nil for a scenario without one.
func (s *Scenario) checkShows(p *place) error {
	if p == nil {
		return nil
	}
	words, err := p.elements()
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return p.errorf("a scenario shows one verb at least")
	}
	used := opsOf(s.Steps)
	for i, word := range words {
		switch verb := s.Shows[i]; {
		case !slices.Contains(verbs, verb):
			return word.errorf("shows: %q is no verb", verb)
		case slices.Contains(s.Shows[:i], verb):
			return word.errorf("shows: %q stands twice", verb)
		case !slices.Contains(used, verb):
			return word.errorf("shows: no step uses %s", verb)
		}
	}
	return nil
}

// opsOf are the ops of steps, of what races in them and of the operations inside them.
func opsOf(steps []Step) []string {
	var ops []string
	for i := range steps {
		ops = append(ops, steps[i].Op)
		ops = append(ops, opsOf(steps[i].Operations)...)
		if race := steps[i].Race; race != nil {
			ops = append(ops, opsOf([]Step{race.Write})...)
		}
	}
	return ops
}
