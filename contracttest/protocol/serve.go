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
// handled in a goroutine of its own, and none outlives Serve; where ctx ends first, the one that reads in stays until in
// gives something or ends. A line that has an id and is no request otherwise is answered by a problem. The error is about
// the lines: one without an id, or an answer that could not be written.
func Serve(ctx context.Context, in io.Reader, out io.Writer, handler Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{out: out, handler: handler}
	defer func() {
		cancel()
		s.handling.Wait()
	}()
	lines := readLines(ctx, bufio.NewReader(in))
	for {
		var line lineRead
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line = <-lines:
		}
		if errors.Is(line.err, io.EOF) {
			s.handling.Wait()
			return s.failed()
		}
		if line.err != nil {
			return line.err
		}
		request := &Request{}
		err := unmarshalLine(line.text, request)
		if err == nil {
			s.handling.Go(func() { s.handle(ctx, request) })
			continue
		}
		var known struct{ ID int64 }
		if json.Unmarshal(line.text, &known) != nil || known.ID == 0 {
			return fmt.Errorf("a line is no request: %w", err)
		}
		s.handling.Go(func() { s.answer(&Answer{ID: known.ID, Problem: fmt.Sprintf("the line is no request: %v", err)}) })
	}
}

// lineRead is a line without its end, or why there is none.
type lineRead struct {
	text []byte
	err  error
}

// readLines reads until there is an error, which comes last, or ctx ends.
func readLines(ctx context.Context, from *bufio.Reader) <-chan lineRead {
	lines := make(chan lineRead)
	go func() {
		for {
			text, err := readLine(from)
			select {
			case lines <- lineRead{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
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
	s.answer(answer)
}

func (s *server) answer(answer *Answer) {
	line, err := json.Marshal(answer)
	if err != nil {
		line, err = json.Marshal(&Answer{ID: answer.ID, Problem: fmt.Sprintf("the answer can't be written: %v", err)})
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
