package theorydb

import (
	"fmt"
	"strings"
)

// TransactionError says which operations canceled a transaction. It matches ErrTransactionCanceled and what the errors of
// the operations match. An error of a transaction that was refused before it was sent, or whose outcome is unknown, is
// none.
type TransactionError struct {
	// Ops are the errors of the operations in their order, each nil or an *OpError; nil for an operation that was no cause.
	Ops []error
	// Err is what DynamoDB answered.
	Err error
}

// Error names the first operation that was a cause and what stood in its way.
func (e *TransactionError) Error() string {
	return ErrTransactionCanceled.Error() + ": " + firstOf(e.Ops)
}

// Unwrap returns ErrTransactionCanceled, the errors of the operations and DynamoDB's answer.
func (e *TransactionError) Unwrap() []error {
	return wrapped(append([]error{ErrTransactionCanceled, e.Err}, e.Ops...))
}

// BatchError says which operations of a batch failed. It matches what their errors match. Of a BatchWrite, the others took
// effect; a BatchGet gives nothing at all.
type BatchError struct {
	// Ops are the errors of the operations in their order, each nil or an *OpError; nil for one that succeeded.
	Ops []error
}

// Error tells how many operations failed and names the first.
func (e *BatchError) Error() string {
	return fmt.Sprintf("theorydb: %d of %d operations failed: %s", len(wrapped(e.Ops)), len(e.Ops), firstOf(e.Ops))
}

// Unwrap returns the errors of the operations that failed.
func (e *BatchError) Unwrap() []error { return wrapped(e.Ops) }

func firstOf(ops []error) string {
	for i, err := range ops {
		if err != nil {
			return strings.TrimPrefix(at(i, err).Error(), "theorydb: ")
		}
	}
	return "no operation is named as the cause"
}

// wrapped are the errors that are some.
func wrapped(errs []error) []error {
	var some []error
	for _, err := range errs {
		if err != nil {
			some = append(some, err)
		}
	}
	return some
}
