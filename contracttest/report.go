package contracttest

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Report is what came of many scenarios.
type Report struct {
	Results    []*Result
	Unreadable []Unreadable // files that are no scenarios; each counts as failed
	NotRun     []*Scenario  // left when a run was interrupted; each counts as failed
}

// Counts are numbers of scenarios by what came of them.
type Counts struct {
	Passed        int `json:"passed"`
	Failed        int `json:"failed"`
	NotApplicable int `json:"not_applicable"`
}

func (c *Counts) add(verdict Verdict) {
	switch verdict {
	case Passed:
		c.Passed++
	case Failed:
		c.Failed++
	case NotApplicable:
		c.NotApplicable++
	}
}

// String is the line that a run ends with.
func (c Counts) String() string {
	text := fmt.Sprintf("%d passed, %d failed", c.Passed, c.Failed)
	if c.NotApplicable > 0 {
		text += fmt.Sprintf(", %d not applicable", c.NotApplicable)
	}
	return text
}

// Counts counts all scenarios.
func (r *Report) Counts() Counts {
	total := Counts{}
	for _, of := range r.ByPromise() {
		total.Passed, total.Failed = total.Passed+of.Passed, total.Failed+of.Failed
		total.NotApplicable += of.NotApplicable
	}
	return total
}

// noPromise stands for the promise of scenarios that name none, and of files that are no scenarios.
const noPromise = "none"

// ByPromise counts the scenarios of each promise, and under "none" those that name none.
func (r *Report) ByPromise() map[string]Counts {
	counts := map[string]Counts{}
	add := func(promise string, verdict Verdict) {
		if promise == "" {
			promise = noPromise
		}
		of := counts[promise]
		of.add(verdict)
		counts[promise] = of
	}
	for _, result := range r.Results {
		add(result.Scenario.Promise, result.Verdict())
	}
	for _, scenario := range r.NotRun {
		add(scenario.Promise, Failed)
	}
	for range r.Unreadable {
		add("", Failed)
	}
	return counts
}

// Table counts by promise, one line each, for promises that have scenarios, and then says why scenarios were not
// applicable, if any.
func (r *Report) Table() string {
	counts := r.ByPromise()
	var b strings.Builder
	fmt.Fprintf(&b, "%-8s %6s %6s %14s\n", "promise", "passed", "failed", "not applicable")
	for _, promise := range append(append([]string{}, Promises...), noPromise) {
		if of, ok := counts[promise]; ok {
			fmt.Fprintf(&b, "%-8s %6d %6d %14d\n", promise, of.Passed, of.Failed, of.NotApplicable)
		}
	}
	reasons := map[string]int{}
	for _, result := range r.Results {
		if result.Verdict() == NotApplicable {
			reasons[result.NotApplicable]++
		}
	}
	for _, reason := range sortedNames(reasons) {
		fmt.Fprintf(&b, "not applicable: %d, %s\n", reasons[reason], reason)
	}
	return b.String()
}

// reportFormat is the version of the form that WriteJSON writes.
const reportFormat = 1

type reportDocument struct {
	Format    int               `json:"theorydb_contract_report"`
	Totals    Counts            `json:"totals"`
	Promises  map[string]Counts `json:"promises"`
	Scenarios []reportScenario  `json:"scenarios"`
}

type reportScenario struct {
	ID       string   `json:"id,omitzero"`
	Name     string   `json:"name,omitzero"`
	Promise  string   `json:"promise,omitzero"`
	Why      string   `json:"why,omitzero"`
	File     string   `json:"file"`
	Engine   string   `json:"engine,omitzero"`
	Driver   string   `json:"driver,omitzero"`
	Verdict  Verdict  `json:"verdict"`
	Seconds  float64  `json:"seconds"`
	Reason   string   `json:"reason,omitzero"` // of what was not applicable or not run
	Line     int      `json:"line,omitzero"`   // of the step that failed
	Step     int      `json:"step,omitzero"`
	Op       string   `json:"op,omitzero"`
	Failures []string `json:"failures,omitzero"`
}

// WriteJSON writes the report for programs: a JSON object with the members theorydb_contract_report (1, the version of this
// form), totals and promises (passed, failed and not_applicable), and scenarios, in the order in which they ran. README.md
// names the members of a scenario.
func (r *Report) WriteJSON(to io.Writer) error {
	document := reportDocument{
		Format: reportFormat, Totals: r.Counts(), Promises: r.ByPromise(), Scenarios: []reportScenario{},
	}
	for _, result := range r.Results {
		s := reported(result.Scenario)
		s.Engine, s.Driver, s.Verdict = result.Engine, result.Driver, result.Verdict()
		s.Seconds, s.Reason = result.Duration.Seconds(), result.NotApplicable
		if f := result.Failure; f != nil {
			s.Line, s.Step, s.Op, s.Failures = f.Line, f.Step, f.Op, f.Lines
		}
		document.Scenarios = append(document.Scenarios, s)
	}
	for _, scenario := range r.NotRun {
		s := reported(scenario)
		s.Verdict, s.Reason = Failed, "interrupted before it was run"
		document.Scenarios = append(document.Scenarios, s)
	}
	for _, file := range r.Unreadable {
		document.Scenarios = append(document.Scenarios, reportScenario{
			File: file.File, Verdict: Failed, Failures: []string{file.Err.Error()},
		})
	}
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

func reported(s *Scenario) reportScenario {
	return reportScenario{ID: s.ID, Name: s.Name, Promise: s.Promise, Why: s.Why, File: s.File}
}
