package contracttest

import (
	"context"
	"fmt"
	"time"
)

// Runner runs scenarios.
type Runner struct {
	// Models is where scenarios find their models.
	Models *Models
	// Engine makes a new engine for every scenario.
	Engine func() *Engine
	// Driver is the implementation that is judged. Nil: theorydb, in this process. Another one has to be ready for requests
	// and is left open; it reaches engines through loopback addresses that check no signatures.
	Driver Driver
	// Now tells durations in results; nil: they are 0. What scenarios take for the time is the engine's clock.
	Now func() time.Time
}

// Result is what came of one scenario: see its Verdict.
type Result struct {
	Scenario *Scenario
	Engine   string
	Driver   string
	Duration time.Duration
	// Failure is where the scenario failed, nil where it did not.
	Failure *Failure
	// NotApplicable says why the scenario was not run: what the engine or the driver lacks. "" where it was.
	NotApplicable string
}

// Verdict is one of three words on a scenario.
type Verdict string

// The verdicts. A scenario that was not run has not passed.
const (
	Passed        Verdict = "passed"
	Failed        Verdict = "failed"
	NotApplicable Verdict = "not applicable"
)

// Verdict says what the result means.
func (r *Result) Verdict() Verdict {
	switch {
	case r.Failure != nil:
		return Failed
	case r.NotApplicable != "":
		return NotApplicable
	}
	return Passed
}

// Failure is where a scenario failed: at its first step that did not give what it expects. Its lines may quote values
// of the scenario.
type Failure struct {
	File  string
	Line  int    // in File; 0 when no step is to blame
	Step  int    // from 1; 0 when no step is to blame
	Op    string // of the step
	Lines []string
}

// Run runs a scenario in tables of its own, which it deletes afterwards. Steps after the first that fails are not run.
func (r *Runner) Run(ctx context.Context, scenario *Scenario) *Result {
	now := r.Now
	if now == nil {
		now = func() time.Time { return time.Time{} }
	}
	begin := now()
	engine := r.Engine()
	if err := engine.check(); err != nil {
		return &Result{Scenario: scenario, Failure: &Failure{File: scenario.File, Lines: []string{err.Error()}}}
	}
	result := &Result{Scenario: scenario, Engine: engine.Name}
	w := newWorld(scenario, r.Models, engine)
	if err := w.meet(ctx, r.Driver); err != nil {
		result.Failure = &Failure{File: scenario.File, Lines: []string{err.Error()}}
	} else {
		result.Driver, result.NotApplicable = w.driver.Hello().Driver, w.notApplicable()
		if result.NotApplicable == "" {
			result.Failure = w.run(ctx)
		}
	}
	if err := w.close(ctx); err != nil && result.Failure == nil {
		result.Failure = &Failure{File: scenario.File, Lines: []string{err.Error()}}
	}
	result.Duration = now().Sub(begin)
	return result
}

func (w *world) run(ctx context.Context) *Failure {
	for i := range w.scenario.Steps {
		step := &w.scenario.Steps[i]
		var lines []string
		if o, err := w.do(ctx, step); err != nil {
			lines = []string{err.Error()}
		} else {
			lines = w.judge(ctx, step, o)
		}
		if len(lines) > 0 {
			return &Failure{File: w.scenario.File, Line: step.Line, Step: i + 1, Op: step.Op, Lines: lines}
		}
	}
	if err := w.wire.settle(); err != nil { // ordered by the last step
		return &Failure{File: w.scenario.File, Lines: []string{err.Error()}}
	}
	return nil
}

// String names file, line and step, and then everything that was not as expected.
func (f *Failure) String() string {
	text := f.File
	if f.Step > 0 {
		text = fmt.Sprintf("%s:%d: step %d (%s)", f.File, f.Line, f.Step, f.Op)
	}
	for _, line := range f.Lines {
		text += "\n    " + line
	}
	return text
}
