package contracttest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// Strength is what a scenario needs of an engine and a driver.
type Strength = protocol.Strength

// The strengths. Every scenario needs Basic, and nobody lacks it.
const (
	Basic      = protocol.Basic      // one request after the other
	Concurrent = protocol.Concurrent // several requests at a time: races
	Faults     = protocol.Faults     // requests that get lost, are thrown back or denied: steps of fault and of kms with a service
)

// Needs are the strengths that the scenario needs, in the order of reports.
func (s *Scenario) Needs() []Strength {
	needs := []Strength{Basic}
	if s.has(func(step *Step) bool { return step.Op == "race" }) {
		needs = append(needs, Concurrent)
	}
	if s.has(func(step *Step) bool { return step.Op == "fault" || step.KMS.Service != "" }) {
		needs = append(needs, Faults)
	}
	return needs
}

func (s *Scenario) has(is func(*Step) bool) bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool { return is(&step) })
}

// verbs are the verbs that a driver is asked for in the scenario, sorted: those of its steps, and those by which the runner
// learns what is stored.
func (s *Scenario) verbs() []string {
	asked := map[string]bool{}
	var ask func(step *Step)
	ask = func(step *Step) {
		switch step.Op {
		case "sleep", "advance_clock", "kms", "restart", "fault", "declare", "table", "raw_put", "raw_set", "raw_get":
			return
		case "race":
			ask(&step.Race.Write)
			return
		case "create":
			if !step.IfNotExists {
				asked["put"], asked["get"] = true, true
			}
		case "put", "update", "delete":
			asked["get"] = true
		case "transact":
			asked["get"] = asked["get"] || slices.ContainsFunc(step.Operations, func(one Step) bool {
				return one.Op == "put" || one.Op == "update" || one.Op == "delete"
			})
		}
		asked[step.Op] = true
	}
	for i := range s.Steps {
		ask(&s.Steps[i])
	}
	return slices.Sorted(maps.Keys(asked))
}

// notApplicable says why the scenario can't be run here; "" where it can.
func (w *world) notApplicable() string {
	hello := w.driver.Hello()
	for _, need := range w.scenario.Needs() {
		switch {
		case need == Basic:
		case slices.Contains(w.engine.Lacks, need):
			return fmt.Sprintf("the engine lacks the strength %s", need)
		case !slices.Contains(hello.Strengths, need):
			return fmt.Sprintf("the driver lacks the strength %s", need)
		}
	}
	for _, verb := range w.scenario.verbs() {
		if !slices.Contains(hello.Ops, verb) {
			return "the driver has no " + verb
		}
	}
	return ""
}
