package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
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
	require.Regexp(t, `\nENC +[1-9][0-9]* +0\n`, stdout)
	require.Regexp(t, `\nSCOPE +[1-9][0-9]* +0\n`, stdout)
	require.Regexp(t, `\nKEY +[1-9][0-9]* +0\n`, stdout)
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
	require.Regexp(t, `\nnone +0 +3\n`, stdout)
	require.Contains(t, stdout, "0 passed, 3 failed\n")
}

func TestAnInterruptedRunHasFailed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitFailed, contract(ctx, []string{"-run", "^OPS-01"}, &stdout, &stderr))
	require.Contains(t, stdout.String(), "interrupted, 1 not run\n0 passed, 1 failed\n")
}

func TestContractRefusesBadUsage(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"unknown flag":    {[]string{"-nope"}, "-nope"},
		"argument":        {[]string{"testdata"}, "takes no arguments"},
		"bad expression":  {[]string{"-run", "("}, "-run"},
		"nothing matches": {[]string{"-run", "no such scenario"}, "matches no scenario"},
		"no such folder":  {[]string{"-scenarios", "testdata/none"}, "-scenarios"},
		"no such models":  {[]string{"-models", "testdata/none"}, "-models"},
		"empty folder":    {[]string{"-scenarios", t.TempDir()}, "holds no such file"},
		"no URL":          {[]string{"-endpoint", "127.0.0.1:8000"}, "-endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := contractCommand(test.args...)
			require.Equal(t, exitUsage, status, stdout)
			require.Contains(t, stderr, test.want)
		})
	}
}
