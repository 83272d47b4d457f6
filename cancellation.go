package theorydb

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The reasons of a canceled transaction, one an operation.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const (
	reasonNone            = "None"
	reasonConditionFailed = "ConditionalCheckFailed"
	reasonValidation      = "ValidationError"
)

// passingReasons are those that a later attempt may not meet.
var passingReasons = map[string]bool{
	"TransactionConflict":           true,
	"ProvisionedThroughputExceeded": true,
	"ThrottlingError":               true,
}

// mayPass reports whether a canceled transaction is worth sending again: nothing but what passes stood in its way.
func mayPass(canceled *types.TransactionCanceledException) bool {
	passing := false
	for _, reason := range canceled.CancellationReasons {
		switch code := aws.ToString(reason.Code); {
		case code == "" || code == reasonNone:
		case passingReasons[code]:
			passing = true
		default:
			return false
		}
	}
	return passing
}

// canceled says what stood in the way of each operation. Reads have no parts, and no conditions that could fail.
func (g *group) canceled(answer *types.TransactionCanceledException, calls []*call, parts []*prepared, err error) error {
	failed := &TransactionError{Ops: make([]error, len(calls)), Err: cleanError(err)}
	for i, reason := range answer.CancellationReasons[:min(len(calls), len(answer.CancellationReasons))] {
		located := &OpError{Op: calls[i].op, Model: calls[i].entity, Attempts: g.attempts}
		switch code := aws.ToString(reason.Code); {
		case code == "" || code == reasonNone:
			continue
		case code == reasonConditionFailed && parts != nil:
			cause := parts[i].guard.cause(reason.Item)
			located.StoredVersion, located.Err = cause.storedVersion, parts[i].named(cause.reason)
		default:
			located.Err = reasonError(reason)
		}
		failed.Ops[i] = located
	}
	return g.fail(failed)
}

// reasonError is a reason that is no failed condition, without its message, which may quote the item.
func reasonError(reason types.CancellationReason) error {
	code := aws.ToString(reason.Code)
	clean := &requestError{code: code}
	switch {
	case passingReasons[code]:
		clean.sentinel = ErrThrottled
	case code == reasonValidation && isTooLarge(aws.ToString(reason.Message)):
		clean.sentinel = ErrItemTooLarge
	}
	return clean
}

// codesOnly is a canceled transaction without the items and messages of its reasons.
func codesOnly(canceled *types.TransactionCanceledException) *types.TransactionCanceledException {
	clean := &types.TransactionCanceledException{}
	for _, reason := range canceled.CancellationReasons {
		clean.CancellationReasons = append(clean.CancellationReasons, types.CancellationReason{Code: reason.Code})
	}
	return clean
}
