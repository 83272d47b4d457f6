package protocol

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Handler answers requests; several may be asked at a time. The ID of its answers is filled in by Serve. An implementation
// in another language does without it and reads and writes the lines itself.
type Handler interface {
	Do(ctx context.Context, request *Request) *Answer
}

// maxLine bounds a line: a batch of 100 items of 400 KB each takes some 55 MB in base64.
const maxLine = 256 << 20

var errLongLine = fmt.Errorf("a line has more than %d bytes", maxLine)

// Serve answers the lines of in on out until in ends, which is how the runner says goodbye, or ctx does. Each request is
// handled in a goroutine of its own, and none outlives Serve. The error is about the lines: one that is no request, or
// an answer that could not be written.
func Serve(ctx context.Context, in io.Reader, out io.Writer, handler Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{out: out, handler: handler}
	defer func() {
		cancel()
		s.handling.Wait()
	}()
	lines := bufio.NewReader(in)
	for ctx.Err() == nil {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			s.handling.Wait()
			return s.failed()
		}
		if err != nil {
			return err
		}
		request := &Request{}
		if err := unmarshalLine(line, request); err != nil {
			return fmt.Errorf("a line is no request: %w", err)
		}
		s.handling.Go(func() { s.handle(ctx, request) })
	}
	return ctx.Err()
}

type server struct {
	handler  Handler
	handling sync.WaitGroup

	mu  sync.Mutex
	out io.Writer
	err error // the first that writing met
}

func (s *server) handle(ctx context.Context, request *Request) {
	answer := s.handler.Do(ctx, request)
	answer.ID = request.ID
	line, err := json.Marshal(answer)
	if err != nil {
		line, err = json.Marshal(&Answer{ID: request.ID, Problem: fmt.Sprintf("the answer can't be written: %v", err)})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		_, err = s.out.Write(append(line, '\n'))
	}
	if s.err == nil {
		s.err = err
	}
}

func (s *server) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// readLine reads a line without its end. A last line without one counts; the error is io.EOF where there is nothing.
func readLine(from *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := from.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errLongLine
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		}
		return line, err
	}
}
