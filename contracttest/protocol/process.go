package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// patience is how long a program may take to end once its input has, and grace how long what it has started may then hold
// its output open.
const (
	patience = 10 * time.Second
	grace    = time.Second
)

// Start starts a program and says hello to it. What it writes to standard error goes to stderr. When ctx ends the program
// is ended; Close ends it and waits until it has.
func Start(ctx context.Context, command []string, stderr io.Writer) (*Client, error) {
	if len(command) == 0 {
		return nil, errors.New("a driver is a command")
	}
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.Stderr = stderr
	program.WaitDelay = grace
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
	return Connect(ctx, to, &drain{from, drained}, func() error { return wait(program, drained, patience) })
}

// wait waits for a program whose input has been closed, but not for ever. Its output is read to the end first, as Wait closes
// the pipe. What the program started itself may hold that open when the program is gone, and is not waited for.
func wait(program *exec.Cmd, drained <-chan struct{}, patience time.Duration) error {
	late := make(chan struct{})
	timer := time.AfterFunc(patience, func() {
		_ = program.Process.Kill() // it fails where the program has ended by now
		close(late)
	})
	defer timer.Stop()
	select {
	case <-drained:
	case <-late:
	}
	err := program.Wait()
	select {
	case <-late:
		return fmt.Errorf("the driver did not end within %v after its input", patience)
	default:
	}
	if err != nil {
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
