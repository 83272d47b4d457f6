package localaws

import (
	"sync"
	"time"
)

// Clock is the engine's time. It stands still but for one nanosecond at each
// read, so no two reads are equal and every run reads the same times. It is
// safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock gives a clock that shows start.
func NewClock(start time.Time) *Clock { return &Clock{now: start} }

// Now gives the time and moves the clock on by one nanosecond. It fits
// wherever a func() time.Time is wanted.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now
	c.now = now.Add(time.Nanosecond)
	return now
}

// Advance moves the clock by d, which may be negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set makes the clock show t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}
