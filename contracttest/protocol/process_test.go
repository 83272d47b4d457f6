package protocol

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// role tells this test's own program what to be when it is started as a driver.
const role = "THEORYDB_TEST_DRIVER"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "good":
		if err := Serve(context.Background(), os.Stdin, os.Stdout, handler(func(context.Context, *Request) *Answer { return &Answer{} })); err != nil {
			os.Exit(3)
		}
	case "deaf": // to the end of its input
		<-time.NewTimer(time.Hour).C
	case "bad":
		_, _ = os.Stderr.WriteString("no licence found\n")
		os.Exit(4)
	}
}

func start(t *testing.T, as string, stderr *bytes.Buffer) (*Client, error) {
	t.Helper()
	t.Setenv(role, as)
	program, err := os.Executable()
	require.NoError(t, err)
	return Start(t.Context(), []string{program}, stderr)
}

func TestAProgramIsADriver(t *testing.T) {
	var stderr bytes.Buffer
	client, err := start(t, "good", &stderr)
	require.NoError(t, err)
	for range 3 {
		_, err = client.Do(t.Context(), &Request{Use: Use{Op: "get"}})
		require.NoError(t, err)
	}
	require.NoError(t, client.Close())
	require.Empty(t, stderr.String())
}

func TestAProgramThatEndsIsTold(t *testing.T) {
	var stderr bytes.Buffer
	_, err := start(t, "bad", &stderr)
	require.ErrorContains(t, err, "exit status 4")
	require.Equal(t, "no licence found\n", stderr.String())
}

func TestAProgramThatCanNotBeStartedIsTold(t *testing.T) {
	_, err := Start(t.Context(), []string{"./no-such-program"}, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Start(t.Context(), nil, nil)
	require.EqualError(t, err, "a driver is a command")
}

func TestAProgramThatDoesNotEndIsNotWaitedForForEver(t *testing.T) {
	t.Setenv(role, "deaf")
	program := exec.CommandContext(t.Context(), os.Args[0])
	program.WaitDelay = grace
	program.Stderr = &bytes.Buffer{}
	_, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	heldOpen := make(chan struct{}) // its output, by a program that it started
	require.EqualError(t, wait(program, heldOpen, time.Millisecond), "the driver did not end within 1ms after its input")
	require.NotNil(t, program.ProcessState, "it is gone")
}
