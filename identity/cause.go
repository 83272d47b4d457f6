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
