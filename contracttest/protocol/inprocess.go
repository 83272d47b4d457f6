package protocol

import (
	"context"
	"io"
)

// InProcess connects to a driver in this process. It is asked through the same lines as a program: what a driver in Go
// understands is what any other is told. It ends with ctx, or by Close.
func InProcess(ctx context.Context, handler Handler) (*Client, error) {
	requests, to := io.Pipe()
	from, answers := io.Pipe()
	served := make(chan error, 1)
	go func() {
		err := Serve(ctx, requests, answers, handler)
		_ = requests.CloseWithError(err) // Close of a pipe never fails
		_ = answers.CloseWithError(err)
		if ctx.Err() != nil {
			err = nil // it ended as it was told to
		}
		served <- err
	}()
	return Connect(ctx, to, from, func() error { return <-served })
}
