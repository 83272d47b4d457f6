package contracttest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// knownFailures is how many lines failures.yaml has. A line that goes away must be missed.
const knownFailures = 24

type failureLine struct {
	Number    int
	Seen      string
	Scenarios []string
	Tests     []string
}

func readFailures(t *testing.T) []failureLine {
	t.Helper()
	content, err := os.ReadFile("failures.yaml")
	require.NoError(t, err)
	var file struct{ Failures []failureLine }
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&file))
	return file.Failures
}

// failureProblems says what is wrong with a line: what it does not name, what does not exist, and what did not pass.
// passed has the scenarios that ran, by id.
func failureProblems(line failureLine, passed, tests map[string]bool) []string {
	var problems []string
	complain := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf("line %d: ", line.Number)+fmt.Sprintf(format, args...))
	}
	if line.Seen == "" {
		complain("says nothing")
	}
	if len(line.Scenarios) == 0 {
		complain("names no scenario")
	}
	for _, id := range line.Scenarios {
		if ok, ran := passed[id]; !ran {
			complain("scenario %s does not exist", id)
		} else if !ok {
			complain("scenario %s failed", id)
		}
	}
	for _, name := range line.Tests {
		if !tests[name] {
			complain("test %s does not exist", name)
		}
	}
	return problems
}

func TestNoKnownFailureHappensHere(t *testing.T) {
	engines := map[string]func() *Engine{"embedded engine": LocalAWS}
	if url := os.Getenv("DYNAMODB_LOCAL_ENDPOINT"); url != "" {
		engines["endpoint"] = func() *Engine { return Endpoint(url) }
	}
	lines := readFailures(t)
	named := map[string]bool{}
	for _, line := range lines {
		for _, id := range line.Scenarios {
			named[id] = true
		}
	}
	for _, engine := range sortedNames(engines) {
		t.Run(engine, func(t *testing.T) {
			passed, tests := runNamed(t, named, engines[engine]), testsOfThisPackage(t)
			require.Len(t, lines, knownFailures)
			table := fmt.Sprintf("%3s  %-6s  %s\n", "", "", "what has gone wrong in libraries of this kind, and what shows that it does not here")
			for i, line := range lines {
				require.Equal(t, i+1, line.Number)
				verdict := "ok"
				if problems := failureProblems(line, passed, tests); len(problems) > 0 {
					verdict = "FAILED"
					t.Error(strings.Join(problems, "\n"))
				}
				table += fmt.Sprintf("%3d  %-6s  %s\n             %s\n", line.Number, verdict, line.Seen, strings.Join(append(line.Scenarios, line.Tests...), " "))
			}
			t.Log("\n" + table)
		})
	}
}

// runNamed runs those scenarios of the embedded suite that are named, as Run does, and gives what became of each.
func runNamed(t *testing.T, named map[string]bool, engine func() *Engine) map[string]bool {
	t.Helper()
	models, err := EmbeddedModels()
	require.NoError(t, err)
	scenarios, err := EmbeddedScenarios()
	require.NoError(t, err)
	passed := map[string]bool{}
	runner := &Runner{Models: models, Engine: engine}
	for _, scenario := range scenarios {
		if !named[scenario.ID] {
			continue
		}
		failure := runner.Run(t.Context(), scenario).Failure
		if failure != nil {
			t.Errorf("%s: %s", scenario.Title(), failure)
		}
		passed[scenario.ID] = failure == nil
	}
	return passed
}

func testsOfThisPackage(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	found := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				found[f.Name.Name] = true
			}
		}
	}
	return found
}

func TestALineOfFailuresMustBeShown(t *testing.T) {
	passed, tests := map[string]bool{"OPS-01": true, "OPS-02": false}, map[string]bool{"TestHere": true}
	for want, line := range map[string]failureLine{
		"":                                        {1, "seen", []string{"OPS-01"}, []string{"TestHere"}},
		"line 1: says nothing":                    {1, "", []string{"OPS-01"}, nil},
		"line 2: names no scenario":               {2, "seen", nil, []string{"TestHere"}},
		"line 3: scenario OPS-99 does not exist":  {3, "seen", []string{"OPS-01", "OPS-99"}, nil},
		"line 4: scenario OPS-02 failed":          {4, "seen", []string{"OPS-02"}, nil},
		"line 5: test TestNowhere does not exist": {5, "seen", []string{"OPS-01"}, []string{"TestNowhere"}},
	} {
		require.Equal(t, want, strings.Join(failureProblems(line, passed, tests), "; "))
	}
}
