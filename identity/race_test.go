package identity

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// together runs n calls from a barrier and gives their errors.
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
		require.True(t, slices.ContainsFunc(others, func(other error) bool { return errors.Is(err, other) }), "%v", err)
	}
	require.Equal(t, 1, won)
}
