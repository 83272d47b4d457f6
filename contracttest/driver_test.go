package contracttest

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// limited is a driver that says less of itself than the one it asks.
type limited struct {
	Driver
	hello protocol.Hello
}

func (l limited) Hello() protocol.Hello { return l.hello }

// bySocket is theorydb as a driver that reaches engines as a program does.
func bySocket(t *testing.T) Driver {
	t.Helper()
	client, err := protocol.InProcess(t.Context(), GoDriver())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func embeddedRunner(t *testing.T) *Runner {
	t.Helper()
	models, err := EmbeddedModels()
	require.NoError(t, err)
	return &Runner{Models: models, Engine: LocalAWS}
}

func embeddedScenario(t *testing.T, id string) *Scenario {
	t.Helper()
	scenarios, err := EmbeddedScenarios()
	require.NoError(t, err)
	for _, scenario := range scenarios {
		if scenario.ID == id {
			return scenario
		}
	}
	t.Fatalf("there is no scenario %s", id)
	return nil
}

func TestADriverBehindASocketIsJudgedAlike(t *testing.T) {
	runner := embeddedRunner(t)
	runner.Driver = bySocket(t)
	scenarios, err := EmbeddedScenarios()
	require.NoError(t, err)
	for _, scenario := range scenarios {
		t.Run(scenario.Title(), func(t *testing.T) { runner.test(t, scenario) })
	}
}

func TestWhatIsLackingIsNeverPassed(t *testing.T) {
	race, fault := embeddedScenario(t, "LOCK-06"), embeddedScenario(t, "LOCK-22")
	require.Equal(t, []Strength{Basic, Concurrent}, race.Needs())
	require.Equal(t, []Strength{Basic, Faults}, fault.Needs())
	driver := bySocket(t)
	hello := driver.Hello()
	for name, test := range map[string]struct {
		scenario  *Scenario
		lacks     []Strength
		strengths []Strength
		without   string
		want      string
	}{
		"all there":           {race, nil, protocol.Strengths, "", ""},
		"an engine for one":   {race, []Strength{Concurrent}, protocol.Strengths, "", "the engine lacks the strength concurrent"},
		"an engine in order":  {fault, []Strength{Faults}, protocol.Strengths, "", "the engine lacks the strength faults"},
		"what isn't needed":   {race, []Strength{Faults}, []Strength{Concurrent}, "scan", ""},
		"a driver for one":    {race, nil, []Strength{Basic, Faults}, "", "the driver lacks the strength concurrent"},
		"a driver in order":   {fault, nil, []Strength{Basic}, "", "the driver lacks the strength faults"},
		"a verb":              {fault, nil, protocol.Strengths, "transact", "the driver has no transact"},
		"the runner's lookup": {race, nil, protocol.Strengths, "get", "the driver has no get"},
	} {
		t.Run(name, func(t *testing.T) {
			says := hello
			says.Strengths, says.Ops = test.strengths, nil
			for _, op := range hello.Ops {
				if op != test.without {
					says.Ops = append(says.Ops, op)
				}
			}
			runner := embeddedRunner(t)
			runner.Driver = limited{driver, says}
			runner.Engine = func() *Engine {
				engine := LocalAWS()
				engine.Lacks = test.lacks
				return engine
			}
			result := runner.Run(t.Context(), test.scenario)
			require.Nil(t, result.Failure)
			require.Equal(t, test.want, result.NotApplicable)
			report := Report{Results: []*Result{result}}
			if test.want == "" {
				require.Equal(t, Passed, result.Verdict())
				require.Equal(t, "1 passed, 0 failed", report.Counts().String())
				return
			}
			require.Equal(t, NotApplicable, result.Verdict())
			require.Equal(t, "0 passed, 0 failed, 1 not applicable", report.Counts().String())
			require.Contains(t, report.Table(), "not applicable: 1, "+test.want+"\n")
		})
	}
}

// silent answers nothing until its context ends.
type silent struct{ Driver }

func (silent) Do(ctx context.Context, _ *protocol.Request) (*protocol.Answer, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestADriverThatDoesNotAnswerFailsWithTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	runner := embeddedRunner(t)
	runner.Driver = silent{bySocket(t)}
	cancel()
	result := runner.Run(ctx, embeddedScenario(t, "LOCK-06"))
	require.Equal(t, Failed, result.Verdict())
}

func TestThePageOfTheProtocolNamesEveryVerb(t *testing.T) {
	text, err := os.ReadFile("PROTOCOL.md")
	require.NoError(t, err)
	page := string(text)

	verbs := map[string]bool{}
	_, table, _ := strings.Cut(page, "| op | members | answer |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		for _, word := range regexp.MustCompile("(?:^|, )`([a-z_]+)`").FindAllStringSubmatch(cell, -1) {
			verbs[word[1]] = true
		}
	}
	hello := bySocket(t).Hello()
	require.ElementsMatch(t, hello.Ops, sortedNames(verbs))
}
