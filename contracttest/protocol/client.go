package protocol

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
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
	refused error // what was wrong with the line that broke the protocol, nil where none did
	closing bool
}

var (
	errClosed = errors.New("the driver was closed")
	errEnded  = errors.New("the driver ended before it answered")
)

// helloPatience is how long a driver may take to say hello: it may have to be compiled first.
const helloPatience = 2 * time.Minute

// Connect says hello to the driver behind two streams, and waits two minutes at most for its answer. end is called by Close
// once the driver has been told to end, and waits until it has; nil: nothing is waited for.
func Connect(ctx context.Context, to io.WriteCloser, from io.Reader, end func() error) (*Client, error) {
	c := &Client{to: to, end: end, waiting: map[int64]chan *Answer{}}
	go c.read(bufio.NewReader(from))
	limited, cancel := context.WithTimeout(ctx, helloPatience)
	defer cancel()
	answer, err := c.Do(limited, &Request{Use: Use{Op: OpHello}})
	switch {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		err = fmt.Errorf("the driver did not answer hello within %v", helloPatience)
	case err != nil:
	case answer.Hello == nil:
		err = errors.New("the driver's answer to hello has no hello")
	default:
		if err = answer.Hello.check(); err == nil {
			c.hello = *answer.Hello
			return c, nil
		}
	}
	ended := c.Close()
	if errors.Is(ended, err) { // a line that was no answer
		return nil, ended
	}
	return nil, errors.Join(err, ended)
}

// Hello is what the driver said of itself.
func (c *Client) Hello() Hello { return c.hello }

// Do asks and waits for the answer. The request's ID is set here. An error says that the driver did not answer as the
// protocol wants; what the library itself refused stands in the answer. Where ctx is cancelled first the driver goes on, and
// its answer is dropped; where the time of ctx runs out the driver is given up.
func (c *Client) Do(ctx context.Context, request *Request) (*Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answered, asked, err := c.register(request)
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(asked)
	if err != nil { // there is no such line, for which the driver can't be blamed
		c.forget(asked.ID)
		return nil, fmt.Errorf("a request that can't be written: %w", err)
	}
	go c.write(line) // beside the wait: a driver that does not read holds up its input
	select {
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) { // one that hangs would let every request wait as long
			c.breakOff(fmt.Errorf("the driver was given up: it did not answer a %s in time", request.Op))
		}
		return nil, ctx.Err()
	case answer := <-answered:
		if answer == nil {
			return nil, c.brokenBy()
		}
		if answer.Problem != "" {
			return nil, fmt.Errorf("the driver: %s", answer.Problem)
		}
		if err := answer.check(); err != nil {
			return nil, err
		}
		if err := answer.checkCauses(&asked.Use); err != nil {
			return nil, err
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

// forget takes back a request that nobody was asked.
func (c *Client) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// write ends with the driver's input at the latest, which Close closes.
func (c *Client) write(line []byte) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if _, err := c.to.Write(append(line, '\n')); err != nil {
		c.breakOff(fmt.Errorf("%w: %w", errEnded, err))
	}
}

func (c *Client) read(from *bufio.Reader) {
	for {
		line, err := readLine(from)
		if errors.Is(err, io.EOF) {
			err = errEnded
		}
		if err == nil {
			if err = c.deliver(line); err != nil {
				c.refuse(err)
			}
		}
		if err != nil {
			c.breakOff(err)
			_, _ = io.Copy(io.Discard, from) // so that a driver which goes on writing is not held up and can end
			return
		}
	}
}

// refuse keeps why the driver is given up for Close: nobody may wait for an answer when it happens.
func (c *Client) refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = err
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

// Close ends the driver and waits until it has ended. Requests after it are refused. The error tells of a line that broke the
// protocol, too: where no request was open, nobody has heard of it.
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
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.refused, err)
}
