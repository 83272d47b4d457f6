package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Another runtime is held to the scenarios of identity models by these two files and folders, without Go.
func TestContractRunsIdentityScenariosOnASchemaDocument(t *testing.T) {
	status, stdout, stderr := contractCommand("-scenarios", "../../contracttest/identity", "-models", "../../identity/schema.json", "-run", "boundary")
	require.Zero(t, status, stdout+stderr)
	require.Contains(t, stdout, "ok    id.sess.boundary")
	require.Contains(t, stdout, "2 passed, 0 failed\n")
}
