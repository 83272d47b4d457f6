package contracttest

import (
	"context"
	"sync"
	"time"
)

// meeting holds the first request of a race until a second one has come, or nobody is left who could send it. Requests that
// follow one another are no race: a driver that only says that it is concurrent would pass every one.
type meeting struct {
	mu      sync.Mutex
	writers int // that have not been answered
	waiting int
	met     chan struct{} // closed when the wait is over
	over    bool
	late    bool // nobody came
}

// lateness is how long the first one waits.
const lateness = 10 * time.Second

func newMeeting(writers int) *meeting { return &meeting{writers: writers, met: make(chan struct{})} }

// come is called for every request on its way.
func (m *meeting) come(ctx context.Context) {
	m.mu.Lock()
	m.waiting++
	m.settle(m.waiting >= min(2, m.writers))
	m.mu.Unlock()
	timer := time.NewTimer(lateness)
	defer timer.Stop()
	select {
	case <-m.met:
	case <-ctx.Done():
		m.mu.Lock()
		defer m.mu.Unlock()
		m.waiting-- // a driver that lost patience and asks again does not meet itself
	case <-timer.C:
		m.mu.Lock()
		defer m.mu.Unlock()
		m.late = m.late || !m.over
		m.settle(true)
	}
}

// leave is called when a writer has been answered.
func (m *meeting) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writers--
	m.settle(m.waiting >= min(2, m.writers))
}

func (m *meeting) settle(over bool) {
	if over && !m.over {
		m.over = true
		close(m.met)
	}
}

// failed reports whether the first request had to go alone.
func (m *meeting) failed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.late
}
