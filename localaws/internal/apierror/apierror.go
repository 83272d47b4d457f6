// Package apierror holds the one error form in which the engine refuses a
// request. It knows nothing of HTTP beyond the status code, so every layer of
// the engine can return it.
package apierror

import (
	"fmt"
	"strings"
)

const (
	dynamoDBPrefix = "com.amazonaws.dynamodb.v20120810#"
	coralPrefix    = "com.amazon.coral.service#"
	validatePrefix = "com.amazon.coral.validate#"
)

// Error is a refusal as a client sees it.
//
// Message names attributes, parameters and tables; it never holds the value of
// an item or a key.
type Error struct {
	Status  int    // HTTP status, 400 or 500
	Type    string // full shape name, as sent in "__type"
	Code    string // the part of Type behind '#'
	Message string
	Item    any      // JSON form of the old item, for a failed condition that asked for it
	Reasons []Reason // why a transaction was cancelled, one for each of its actions
}

// Reason says why one action cancelled its transaction. Code is "None" for an
// action that did not.
type Reason struct {
	Code    string
	Message string `json:",omitempty"`
	Item    any    `json:",omitempty"` // JSON form of the old item, for a failed condition that asked for it
}

// Error gives the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func refuse(prefix, code, format string, args []any) *Error {
	return &Error{Status: 400, Type: prefix + code, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Validation refuses a request whose parameters do not make sense.
func Validation(format string, args ...any) *Error {
	return refuse(validatePrefix, "ValidationException", format, args)
}

// Serialization refuses a body that is not JSON of the expected form.
func Serialization(format string, args ...any) *Error {
	return refuse(coralPrefix, "SerializationException", format, args)
}

// UnknownOperation refuses an operation that this engine does not have.
func UnknownOperation() *Error {
	return refuse(coralPrefix, "UnknownOperationException", "The requested operation is not known to this engine", nil)
}

// NotFound refuses a request for a table or index that does not exist.
func NotFound(format string, args ...any) *Error {
	return refuse(dynamoDBPrefix, "ResourceNotFoundException", format, args)
}

// InUse refuses a change of a table that exists already or is protected.
func InUse(format string, args ...any) *Error {
	return refuse(dynamoDBPrefix, "ResourceInUseException", format, args)
}

// LimitExceeded refuses a request for more than can be done at once.
func LimitExceeded(format string, args ...any) *Error {
	return refuse(dynamoDBPrefix, "LimitExceededException", format, args)
}

// TransactionCanceled refuses a transaction, with a reason for each of its
// actions.
func TransactionCanceled(reasons []Reason) *Error {
	codes := make([]string, len(reasons))
	for i, reason := range reasons {
		codes[i] = reason.Code
	}
	e := refuse(dynamoDBPrefix, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", []any{strings.Join(codes, ", ")})
	e.Reasons = reasons
	return e
}

// IdempotentParameterMismatch refuses a transaction whose client request token
// belongs to another one.
func IdempotentParameterMismatch() *Error {
	return refuse(dynamoDBPrefix, "IdempotentParameterMismatchException", "The client request token was used for a request with other parameters", nil)
}

// ConditionFailed refuses a write whose condition is false. item is the JSON
// form of the stored item, nil unless the request asked for it.
func ConditionFailed(item any) *Error {
	e := refuse(dynamoDBPrefix, "ConditionalCheckFailedException", "The conditional request failed", nil)
	e.Item = item
	return e
}
