package identity

import (
	"errors"

	"github.com/theorydb/theorydb"
)

// causeAt is what an operation of a canceled transaction failed with; nil when it was no cause.
func causeAt(err error, position int) error {
	var canceled *theorydb.TransactionError
	if !errors.As(err, &canceled) || position < 0 || position >= len(canceled.Ops) {
		return nil
	}
	return canceled.Ops[position]
}

// conditionRefused reports that the item is there, and the condition of the write did not hold on it.
func conditionRefused(err error) bool {
	return errors.Is(err, theorydb.ErrConditionFailed) && !errors.Is(err, theorydb.ErrItemNotFound)
}

// onlyConditionFailed is conditionRefused of a write whose item is of its model and of the version it names: only its own
// condition did not hold.
func onlyConditionFailed(err error) bool {
	return conditionRefused(err) && !errors.Is(err, theorydb.ErrTypeMismatch) && !errors.Is(err, theorydb.ErrVersionConflict)
}
