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

// Client asks a driver through its lines. It is safe for concurrent use.
type Client struct {
	hello Hello
	end   func() error // waits for the driver

	writing sync.Mutex // one line at a time
	to      io.WriteCloser

	mu      sync.Mutex
	last    int64
	waiting map[int64]chan *Answer
	broken  error // why there will be no more answers
	closing bool
}

var (
	errClosed = errors.New("the driver was closed")
	errEnded  = errors.New("the driver ended before it answered")
)

// Connect says hello to the driver behind two streams. end is called by Close once the driver has been told to end, and
// waits until it has; nil: nothing is waited for.
func Connect(ctx context.Context, to io.WriteCloser, from io.Reader, end func() error) (*Client, error) {
	c := &Client{to: to, end: end, waiting: map[int64]chan *Answer{}}
	go c.read(bufio.NewReader(from))
	answer, err := c.Do(ctx, &Request{Use: Use{Op: OpHello}})
	switch {
	case err != nil:
	case answer.Hello == nil:
		err = errors.New("the driver's answer to hello has no hello")
	case answer.Hello.Protocol != Version:
		err = fmt.Errorf("the driver speaks version %d of the protocol; this is %d", answer.Hello.Protocol, Version)
	default:
		c.hello = *answer.Hello
		return c, nil
	}
	return nil, errors.Join(err, c.Close())
}

// Hello is what the driver said of itself.
func (c *Client) Hello() Hello { return c.hello }

// Do asks and waits for the answer. The request's ID is set here. An error says that the driver did not answer as the
// protocol wants; what the library itself refused stands in the answer. Where ctx ends first the driver goes on, and its
// answer is dropped.
func (c *Client) Do(ctx context.Context, request *Request) (*Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answered, asked, err := c.register(request)
	if err != nil {
		return nil, err
	}
	if err := c.write(asked); err != nil {
		c.breakOff(fmt.Errorf("%w: %w", errEnded, err))
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case answer := <-answered:
		if answer == nil {
			return nil, c.brokenBy()
		}
		if answer.Problem != "" {
			return nil, fmt.Errorf("the driver: %s", answer.Problem)
		}
		return answer, nil
	}
}

// register gives a request its number. The caller's request is not touched.
func (c *Client) register(request *Request) (chan *Answer, *Request, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return nil, nil, c.broken
	}
	c.last++
	asked := *request
	asked.ID = c.last
	answered := make(chan *Answer, 1)
	c.waiting[asked.ID] = answered
	return answered, &asked, nil
}

func (c *Client) write(request *Request) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err = c.to.Write(append(line, '\n'))
	return err
}

func (c *Client) read(from *bufio.Reader) {
	for {
		line, err := readLine(from)
		if errors.Is(err, io.EOF) {
			err = errEnded
		}
		if err == nil {
			err = c.deliver(line)
		}
		if err != nil {
			c.breakOff(err)
			_, _ = io.Copy(io.Discard, from) // so that a driver which goes on writing is not held up and can end
			return
		}
	}
}

// deliver hands an answer to whoever waits for it.
func (c *Client) deliver(line []byte) error {
	answer := &Answer{}
	if err := unmarshalLine(line, answer); err != nil {
		return fmt.Errorf("the driver wrote a line that is no answer: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	answered := c.waiting[answer.ID]
	if answered == nil {
		return fmt.Errorf("the driver answered %d, which is no open request", answer.ID)
	}
	delete(c.waiting, answer.ID)
	answered <- answer
	return nil
}

// breakOff lets everybody who waits know that no answer will come.
func (c *Client) breakOff(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == nil {
		c.broken = err
	}
	for id, answered := range c.waiting {
		delete(c.waiting, id)
		close(answered)
	}
}

func (c *Client) brokenBy() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

// Close ends the driver and waits until it has ended. Requests after it are refused.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		return nil
	}
	c.closing = true
	c.mu.Unlock()
	err := c.to.Close()
	if c.end != nil {
		err = errors.Join(err, c.end())
	}
	c.breakOff(errClosed)
	return err
}
