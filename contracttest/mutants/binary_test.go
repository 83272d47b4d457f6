package mutants

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest"
)

// TestScenarios runs the contract suite on the library that this binary was compiled with. A mutant's binary is this
// package compiled with the mutant, of which this test alone is run.
func TestScenarios(t *testing.T) { contracttest.Run(t, contracttest.LocalAWS) }

// build compiles a mutant's binary and returns its name.
func build(t *testing.T, m *mutant) string {
	t.Helper()
	root, err := filepath.Abs(libraryRoot)
	require.NoError(t, err)
	folder := t.TempDir()
	replace := withoutIdentity(t, root)
	files, err := m.patched(os.DirFS(root))
	require.NoError(t, err)
	for name, content := range files {
		copied := filepath.Join(folder, strconv.Itoa(len(replace))+".go")
		require.NoError(t, os.WriteFile(copied, []byte(content), 0o600))
		replace[filepath.Join(root, filepath.FromSlash(name))] = copied
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	overlayFile, binary := filepath.Join(folder, "overlay.json"), filepath.Join(folder, "mutant.test")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))

	// Compiling is most of the time, so that the code is not optimized, and the race detector stays away.
	command := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-race=false", "-overlay", overlayFile, "-o", binary,
		"-gcflags=github.com/theorydb/theorydb/...=-N -l", "-ldflags=-s -w", "./contracttest/mutants")
	command.Dir = root
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s does not compile:\n%s", m.Name, output)
	return binary
}

// withoutIdentity returns the part of an overlay that leaves package identity out of the binary. It has no part in these
// scenarios and takes most of the time that compiling takes.
func withoutIdentity(t *testing.T, root string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "contracttest", "*.go"))
	require.NoError(t, err)
	replace := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, imported := range parsed.Imports {
			if strings.HasSuffix(imported.Path.Value, `/contracttest/internal/identitysuite"`) {
				replace[file] = "" // as if it did not exist
			}
		}
	}
	return replace
}

// suiteTimeout ends a mutant that hangs. The suite takes a few seconds.
const suiteTimeout = "-test.timeout=3m"

// failures runs scenarios on the library that is in a binary and returns the ids of those that failed, in order. nil runs all.
func failures(t *testing.T, binary string, ids []string) []string {
	t.Helper()
	run := "^TestScenarios$"
	if ids != nil {
		run += "/^(" + strings.Join(ids, "|") + ")(_|$)"
	}
	command := exec.CommandContext(t.Context(), binary, "-test.v", "-test.run="+run, suiteTimeout)
	output, err := command.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	passed, failed, err := verdicts(output, command.ProcessState.ExitCode())
	require.NoError(t, err)
	ran := slices.Concat(passed, failed)
	for _, id := range ids {
		require.Contains(t, ran, id, "did not run")
	}
	return failed
}

var (
	verdictLine = regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL|SKIP): TestScenarios/([A-Z]+-[0-9]+)(?:_[^/\s]*)? \(`)
	lastLine    = regexp.MustCompile(`(?m)^(PASS|FAIL)$`)
)

// verdicts reads what the test of a binary printed. Scenarios fail by what they expect: a program that did not come to the
// end of its tests, by a panic, by its time or by leaving, has shown nothing.
func verdicts(output []byte, status int) (passed, failed []string, err error) {
	if status != 0 && status != 1 || !lastLine.Match(output) {
		const most = 4000
		end := output[max(0, len(output)-most):]
		return nil, nil, fmt.Errorf("the program did not come to the end of its tests, and that kills no mutant; status %d:\n%s", status, end)
	}
	for _, line := range verdictLine.FindAllSubmatch(output, -1) {
		switch id := string(line[2]); string(line[1]) {
		case "PASS":
			passed = append(passed, id)
		case "FAIL":
			failed = append(failed, id)
		default:
			return nil, nil, fmt.Errorf("%s was skipped", id)
		}
	}
	if (status == 1) != (len(failed) > 0) || bytes.Contains(output, []byte("WARNING: DATA RACE")) {
		return nil, nil, fmt.Errorf("status %d with %d scenarios that failed:\n%s", status, len(failed), output)
	}
	slices.Sort(failed)
	return passed, failed, nil
}

func TestOnlyExpectationsMakeAScenarioFail(t *testing.T) {
	const tests = "=== RUN   TestScenarios\n--- FAIL: TestScenarios (0.01s)\n    --- FAIL: TestScenarios/TTL-02_a_b (0.00s)\n" +
		"        run.go:37: ttl/a.yaml:8: step 2 (get)\n    --- PASS: TestScenarios/KEY-01_c (0.00s)\n    --- FAIL: TestScenarios/ENC-03 (0.00s)\n"
	passed, failed, err := verdicts([]byte(tests+"FAIL\n"), 1)
	require.NoError(t, err)
	require.Equal(t, []string{"KEY-01"}, passed)
	require.Equal(t, []string{"ENC-03", "TTL-02"}, failed)

	for what, c := range map[string]struct {
		output string
		status int
	}{
		"panic":                     {tests + "panic: runtime error\n", 2},
		"panic after the last line": {tests + "FAIL\npanic: runtime error\n", 2},
		"exit":                      {tests, 1},
		"killed":                    {tests, -1},
		"fails outside a scenario":  {"--- FAIL: TestScenarios (0.01s)\n    load.go:1: no models\nFAIL\n", 1},
		"skipped":                   {"    --- SKIP: TestScenarios/KEY-01_c (0.00s)\nPASS\n", 0},
	} {
		_, _, err := verdicts([]byte(c.output), c.status)
		require.Error(t, err, what)
	}
}
