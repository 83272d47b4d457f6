package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHelpAndUnknownCommands(t *testing.T) {
	var stdout, stderr bytes.Buffer
	require.Zero(t, run([]string{"help"}, &stdout, &stderr))
	require.Equal(t, help, stdout.String())
	require.Empty(t, stderr.String())

	require.Equal(t, exitUsage, run(nil, io.Discard, &stderr))
	require.Equal(t, help, stderr.String())

	stderr.Reset()
	require.Equal(t, exitUsage, run([]string{"contrakt"}, io.Discard, &stderr))
	require.Contains(t, stderr.String(), `unknown command "contrakt"`)

	stderr.Reset()
	require.Zero(t, run([]string{"contract", "-h"}, io.Discard, &stderr))
	require.Contains(t, stderr.String(), "-endpoint")
}

// firstLine hands over what is written first.
type firstLine chan string

func (f firstLine) Write(p []byte) (int, error) {
	f <- strings.TrimSpace(string(p))
	return len(p), nil
}

func TestServedEngineIsAnEndpointOfTheContract(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	url, done := make(firstLine, 1), make(chan int, 1)
	go func() { done <- serve(ctx, []string{"-addr", "127.0.0.1:0"}, url, io.Discard) }()

	var stdout, stderr bytes.Buffer
	require.Zero(t, run([]string{"contract", "-endpoint", <-url, "-run", "^(TTL-0|LOCK-06|KEY-01)"}, &stdout, &stderr), stdout.String()+stderr.String())
	require.Contains(t, stdout.String(), "11 passed, 0 failed\n")
	stop()
	require.Zero(t, <-done)
}

func TestServeRefusesWhatOthersCanReach(t *testing.T) {
	var stderr bytes.Buffer
	require.Equal(t, exitFailed, run([]string{"serve", "-addr", "0.0.0.0:0"}, io.Discard, &stderr))
	require.Contains(t, stderr.String(), "loopback")
	require.Equal(t, exitUsage, run([]string{"serve", "extra"}, io.Discard, &stderr))
}
