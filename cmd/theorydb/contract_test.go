package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest"
)

func contractCommand(args ...string) (status int, stdout, stderr string) {
	var out, complaints bytes.Buffer
	status = run(append([]string{"contract"}, args...), &out, &complaints)
	return status, out.String(), complaints.String()
}

func TestContractRunsTheEmbeddedSuite(t *testing.T) {
	status, stdout, stderr := contractCommand("-v")
	require.Zero(t, status, stdout)
	require.Empty(t, stderr)
	require.Regexp(t, `ok    OPS-01 create and get  [0-9.]+[mµn]?s\n`, stdout)
	require.Regexp(t, `\nENC +[1-9][0-9]* +0 +0\n`, stdout)
	require.Regexp(t, `\nSCOPE +[1-9][0-9]* +0 +0\n`, stdout)
	require.Regexp(t, `\nKEY +[1-9][0-9]* +0 +0\n`, stdout)
	require.Regexp(t, `\n[1-9][0-9]{2} passed, 0 failed\n$`, stdout)
}

func TestContractRunsFilesOfAnotherProject(t *testing.T) {
	status, stdout, stderr := contractCommand("-scenarios", "testdata/foreign/scenarios", "-models", "testdata/foreign/models.yml")
	require.Zero(t, status, stdout+stderr)
	require.Contains(t, stdout, "ok    p0.crud.basic")
	require.Contains(t, stdout, "ok    p0.lifecycle.created_updated")
	require.Contains(t, stdout, "ok    p1.query.index")
	require.Contains(t, stdout, "ok    p2.batches")
	require.Contains(t, stdout, "4 passed, 0 failed\n")
}

func TestContractTakesAFolderOfModels(t *testing.T) {
	status, stdout, stderr := contractCommand("-scenarios", "testdata/foreign/scenarios", "-models", "testdata/foreign", "-run", "crud")
	require.Equal(t, exitUsage, status, stdout) // scenarios among the models are no models
	require.Contains(t, stderr, "01-crud.yml")
	status, stdout, stderr = contractCommand("-models", "../../contracttest/models", "-run", "^OPS-01")
	require.Zero(t, status, stdout+stderr)
	require.Contains(t, stdout, "1 passed, 0 failed\n")
}

func TestContractFailsWhereAScenarioDoes(t *testing.T) {
	status, stdout, _ := contractCommand("-scenarios", "testdata/failing", "-models", "testdata/foreign/models.yml")
	require.Equal(t, exitFailed, status)
	require.Contains(t, stdout, "wrong.yml:10: step 2 (get)\n    item_contains version: expected number 5, got number 0\n")
	require.Contains(t, stdout, "idle.yml:6: step 2 (get)\n    the fault of line 4 happened 0 times, not 1\n")
	require.Contains(t, stdout, `unreadable.yml:5: unknown member "kye"`)
	require.Regexp(t, `\nnone +0 +3 +0\n`, stdout)
	require.Contains(t, stdout, "0 passed, 3 failed\n")
}

func TestAnInterruptedRunHasFailed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitFailed, contract(ctx, []string{"-run", "^OPS-01"}, &stdout, &stderr))
	require.Contains(t, stdout.String(), "interrupted, 1 not run\n0 passed, 1 failed\n")
}

// TestMain lets this test's own program be the command, so that it can be started as a driver.
func TestMain(m *testing.M) {
	if os.Getenv("THEORYDB_TEST_COMMAND") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestContractJudgesADriverInAnotherProcess(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	t.Setenv("THEORYDB_TEST_COMMAND", "yes")
	report := filepath.Join(t.TempDir(), "report.json")
	status, stdout, stderr := contractCommand("-driver", program+" driver", "-json", report)
	require.Zero(t, status, stdout+stderr)
	require.Empty(t, stderr)
	require.Regexp(t, `\n[1-9][0-9]{2} passed, 0 failed\n$`, stdout)

	var told struct {
		Format    int `json:"theorydb_contract_report"`
		Totals    contracttest.Counts
		Scenarios []struct{ ID, Verdict, Driver, Engine, File string }
	}
	text, err := os.ReadFile(report)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &told))
	require.Equal(t, 1, told.Format)
	all, err := contracttest.EmbeddedScenarios()
	require.NoError(t, err)
	require.Equal(t, contracttest.Counts{Passed: len(all)}, told.Totals)
	require.Len(t, told.Scenarios, len(all))
	for i, s := range told.Scenarios {
		require.Equal(t, []string{all[i].ID, "passed", "theorydb for Go", "embedded", all[i].File}, []string{s.ID, s.Verdict, s.Driver, s.Engine, s.File})
	}
}

func TestContractTellsWhatADriverLacks(t *testing.T) {
	status, stdout, stderr := contractCommand("-driver", "sh testdata/basic-driver.sh", "-run", "^(LOCK-06|OPS-01|OPS-12) ", "-json", "-")
	require.Zero(t, status, stdout+stderr)
	require.Contains(t, stderr, "n/a   LOCK-06")
	require.Contains(t, stderr, "not applicable: 1, the driver lacks the strength concurrent\n")
	require.Contains(t, stderr, "the driver has no ")
	require.Contains(t, stderr, "\n0 passed, 0 failed, 3 not applicable\n")
	require.True(t, json.Valid([]byte(stdout)), stdout)
	require.Contains(t, stdout, `"verdict": "not applicable"`)
	require.Contains(t, stdout, `"reason": "the driver lacks the strength concurrent"`)
}

func TestADriverThatBreaksFailsTheRun(t *testing.T) {
	status, stdout, stderr := contractCommand("-driver", "sh testdata/broken-driver.sh", "-run", "^OPS-01 ")
	require.Equal(t, exitFailed, status, stdout+stderr)
	require.Contains(t, stdout, "a line that is no answer")
	require.Contains(t, stdout, "0 passed, 1 failed\n")
}

func TestADriverThatEndsBadlyFailsTheRun(t *testing.T) {
	status, stdout, stderr := contractCommand("-driver", "sh testdata/failing-driver.sh", "-run", "^OPS-01 ")
	require.Equal(t, exitFailed, status, stdout)
	require.Contains(t, stdout, "0 passed, 0 failed, 1 not applicable\n")
	require.Contains(t, stderr, "-driver: the driver ended badly: exit status 4")
}

func TestARunThatDidNotBeginWritesNoReport(t *testing.T) {
	report := filepath.Join(t.TempDir(), "report.json")
	status, _, _ := contractCommand("-driver", "./no-such-program", "-json", report)
	require.Equal(t, exitUsage, status)
	require.NoFileExists(t, report)
}

func TestContractRefusesBadUsage(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"unknown flag":       {[]string{"-nope"}, "-nope"},
		"argument":           {[]string{"testdata"}, "takes no arguments"},
		"bad expression":     {[]string{"-run", "("}, "-run"},
		"nothing matches":    {[]string{"-run", "no such scenario"}, "matches no scenario"},
		"no such folder":     {[]string{"-scenarios", "testdata/none"}, "-scenarios"},
		"no such models":     {[]string{"-models", "testdata/none"}, "-models"},
		"empty folder":       {[]string{"-scenarios", t.TempDir()}, "holds no such file"},
		"no such driver":     {[]string{"-driver", "./no-such-program"}, "-driver"},
		"silent driver":      {[]string{"-driver", "true"}, "ended before it answered"},
		"no folder to write": {[]string{"-json", "testdata/none/report.json"}, "-json: there is no folder"},
		"no URL":             {[]string{"-endpoint", "127.0.0.1:8000"}, "-endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := contractCommand(test.args...)
			require.Equal(t, exitUsage, status, stdout)
			require.Contains(t, stderr, test.want)
		})
	}
}
