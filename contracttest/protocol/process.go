package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// patience is how long a program may take to end once its input has.
const patience = 10 * time.Second

// Start starts a program and says hello to it. What it writes to standard error goes to stderr. When ctx ends the program
// is ended; Close ends it and waits until it has.
func Start(ctx context.Context, command []string, stderr io.Writer) (*Client, error) {
	if len(command) == 0 {
		return nil, errors.New("a driver is a command")
	}
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.Stderr = stderr
	to, err := program.StdinPipe()
	if err != nil {
		return nil, err
	}
	from, err := program.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := program.Start(); err != nil {
		return nil, fmt.Errorf("start the driver: %w", err)
	}
	drained := make(chan struct{})
	return Connect(ctx, to, &drain{from, drained}, func() error { return wait(program, drained) })
}

// wait waits for a program whose input has been closed, for a while. Its output is read to the end first, as Wait closes
// the pipe.
func wait(program *exec.Cmd, drained <-chan struct{}) error {
	late := time.AfterFunc(patience, func() { _ = program.Process.Kill() })
	defer late.Stop()
	<-drained
	if err := program.Wait(); err != nil {
		return fmt.Errorf("the driver ended badly: %w", err)
	}
	return nil
}

// drain tells when a stream has ended.
type drain struct {
	from  io.Reader
	ended chan struct{}
}

func (d *drain) Read(p []byte) (int, error) {
	n, err := d.from.Read(p)
	if err != nil {
		select {
		case <-d.ended:
		default:
			close(d.ended)
		}
	}
	return n, err
}
