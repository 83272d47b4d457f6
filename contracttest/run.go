package contracttest

import (
	"testing"
)

// Run runs the embedded suite as subtests named for the scenarios' ids. factory makes a new engine for every scenario:
//
//	func TestContract(t *testing.T) {
//		contracttest.Run(t, contracttest.LocalAWS)
//	}
func Run(t *testing.T, factory func() *Engine) {
	t.Helper()
	models, err := EmbeddedModels()
	if err != nil {
		t.Fatal(err)
	}
	scenarios, err := EmbeddedScenarios()
	if err != nil {
		t.Fatal(err)
	}
	runner := &Runner{Models: models, Engine: factory}
	for _, scenario := range scenarios {
		t.Run(scenario.Title(), func(t *testing.T) { runner.test(t, scenario) })
	}
}

// test runs a scenario as a test. One that is not applicable is skipped and says why.
func (r *Runner) test(t *testing.T, scenario *Scenario) {
	t.Helper()
	switch result := r.Run(t.Context(), scenario); result.Verdict() {
	case Passed:
	case Failed:
		t.Errorf("%s\n    why: %s", result.Failure, scenario.Why)
	case NotApplicable:
		t.Skip("not applicable: " + result.NotApplicable)
	}
}
