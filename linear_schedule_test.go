package theorydb_test

import (
	"math/rand/v2"
	"slices"
)

// linearTurns lets one of several goroutines run at a time and draws from a seed whose turn is next, so that a history is
// the same each time. Nil lets all run as they please.
type linearTurns struct {
	random *rand.Rand
	wake   []chan struct{}
	alive  []int
	done   chan struct{}
}

func newLinearTurns(random *rand.Rand, clients int) *linearTurns {
	t := &linearTurns{random: random, done: make(chan struct{})}
	for id := range clients {
		t.wake = append(t.wake, make(chan struct{}, 1))
		t.alive = append(t.alive, id)
	}
	return t
}

// run runs every client, and returns when all have ended.
func (t *linearTurns) run(client func(id int)) {
	for _, id := range slices.Clone(t.alive) {
		go func() {
			<-t.wake[id]
			client(id)
			t.leave(id)
		}()
	}
	t.wake[t.draw()] <- struct{}{}
	<-t.done
}

func (t *linearTurns) draw() int { return t.alive[t.random.IntN(len(t.alive))] }

// pass gives the turn to whoever is drawn and returns when it is back.
func (t *linearTurns) pass(id int) {
	if t == nil {
		return
	}
	if next := t.draw(); next != id {
		t.wake[next] <- struct{}{}
		<-t.wake[id]
	}
}

func (t *linearTurns) leave(id int) {
	t.alive = slices.DeleteFunc(t.alive, func(other int) bool { return other == id })
	if len(t.alive) == 0 {
		close(t.done)
		return
	}
	t.wake[t.draw()] <- struct{}{}
}
