package identity

import (
	"errors"
	"fmt"

	"github.com/theorydb/theorydb"
)

// maxRereads is how often a change is decided again because another writer was faster.
const maxRereads = 3

// errNoChange refuses a verb that reads, changes and writes and is given no change.
var errNoChange = fmt.Errorf("%w: the function that changes the record is nil", theorydb.ErrInvalidValue)

// reread runs an attempt, which reads, decides and writes what it decided if that still stands. It is run again, at most
// three times, when what it read had changed by the time of the write.
func reread(attempt func() error) error {
	for again := 0; ; again++ {
		err := attempt()
		if again == maxRereads || !overtaken(err) {
			return err
		}
	}
}

// overtaken reports whether a write that was decided by a read met another version, or a transaction something else than
// what was read or another transaction on one of its items. A refusal of a transaction that another read won't change is
// to be turned into what it means before.
func overtaken(err error) bool {
	var canceled *theorydb.TransactionError
	if errors.As(err, &canceled) {
		return !errors.Is(err, ErrUserInactive) &&
			(errors.Is(err, theorydb.ErrConditionFailed) || errors.Is(err, theorydb.ErrThrottled))
	}
	return errors.Is(err, theorydb.ErrVersionConflict)
}
