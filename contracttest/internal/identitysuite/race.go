package identitysuite

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// racers is how many goroutines a race has.
const racers = 16

// together runs n calls that begin at the same time and gives their errors.
func together(n int, call func(i int) error) []error {
	errs, begin := make([]error, n), make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-begin
			errs[i] = call(i)
		})
	}
	close(begin)
	all.Wait()
	return errs
}

// requireOneWinner requires one success, and of every other call one of some errors.
func requireOneWinner(t testing.TB, errs []error, others ...error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.True(t, isOneOf(err, others), "%v", err)
	}
	require.Equal(t, 1, won)
}

func isOneOf(err error, targets []error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
