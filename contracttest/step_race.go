package contracttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// race starts all writers of a race at once, each with the same held record. Every loser must have been told that it
// lost: another error is reported as the runner's.
func (w *world) race(ctx context.Context, m *model, step *Step) (*outcome, error) {
	use, err := w.prepare(ctx, m, &step.Race.Write)
	if err != nil {
		return nil, err
	}
	start, together := make(chan struct{}), newMeeting(step.Race.Writers)
	w.wire.hold(together)
	defer w.wire.hold(nil)
	answers, failures := make([]*protocol.Answer, step.Race.Writers), make([]error, step.Race.Writers)
	var writers sync.WaitGroup
	for i := range answers {
		writers.Go(func() {
			<-start
			answers[i], failures[i] = w.ask(ctx, m.table, use)
			together.leave()
		})
	}
	close(start)
	writers.Wait()
	if err := errors.Join(failures...); err != nil {
		return nil, err
	}
	if together.failed() {
		return nil, fmt.Errorf("the driver says that it is %s, and sent the requests of a race one after the other", Concurrent)
	}
	winners, losers := 0, loserErrors(&step.Race.Write)
	for _, answer := range answers {
		switch {
		case answer.Error == nil:
			winners++
		case !slices.ContainsFunc(losers, answer.Error.Is):
			return nil, fmt.Errorf("a writer of the race was not told that it lost: %v", answer.Error)
		}
	}
	return &outcome{winners: &winners}, nil
}

// loserErrors are what those who lose a race may be told.
func loserErrors(write *Step) []string {
	var told []string
	switch write.Op {
	case "create":
		return []string{"ErrAlreadyExists"}
	case "transact":
		for i := range write.Operations {
			told = append(told, loserErrors(&write.Operations[i])...)
		}
		return told
	case "check":
		return []string{"ErrConditionFailed"}
	}
	told = append(told, "ErrVersionConflict")
	if write.OnlyIf != nil {
		told = append(told, "ErrConditionFailed")
	}
	if write.Op == "delete" {
		told = append(told, "ErrItemNotFound")
	}
	return told
}
