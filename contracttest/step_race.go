package contracttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// race starts all writers of a race at once, each with the same held record. Every loser must have been told that it
// lost: another error is reported as the runner's.
func (w *world) race(ctx context.Context, m *model, step *Step) (*outcome, error) {
	run, err := w.prepare(ctx, m, &step.Race.Write)
	if err != nil {
		return nil, err
	}
	start := make(chan struct{})
	results := make([]error, step.Race.Writers)
	var writers sync.WaitGroup
	for i := range results {
		writers.Add(1)
		go func() {
			defer writers.Done()
			<-start
			results[i] = run(ctx).err
		}()
	}
	close(start)
	writers.Wait()

	winners := 0
	for _, err := range results {
		switch {
		case err == nil:
			winners++
		case !isOneOf(err, loserErrors(&step.Race.Write)):
			return nil, fmt.Errorf("a writer of the race was not told that it lost: %w", err)
		}
	}
	return &outcome{winners: &winners}, nil
}

func isOneOf(err error, sentinels []error) bool {
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}
