package theorydb

import (
	"context"
	"errors"
	"fmt"
	"net"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// requestError is an SDK error as it leaves this library: the code, the request id, and a copy of the typed error
// without items. The original is not kept, since it can hold the response with every stored value, and DynamoDB's
// messages can quote them.
type requestError struct {
	sentinel  error // what it means here; nil when the code says it best
	code      string
	requestID string
	cause     error // nil when nothing of the original can be kept
	ended     error // of the context, when it ended while waiting for another attempt
}

// interruptedError is a retry loop that the caller's context ended, with what the last attempt had returned, if there
// was one.
type interruptedError struct{ ended, last error }

// interruptedBy is err, with the end of the caller's context if that has come and err does not say so.
func interruptedBy(ctx context.Context, err error) error {
	var interrupted *interruptedError
	if ended := ctx.Err(); ended != nil && !errors.As(err, &interrupted) {
		return &interruptedError{ended: ended, last: err}
	}
	return err
}

func (e *interruptedError) Error() string { return e.ended.Error() }

func (e *interruptedError) Unwrap() []error {
	if e.last == nil {
		return []error{e.ended}
	}
	return []error{e.ended, e.last}
}

func (e *requestError) Error() string {
	if e.code == codeConditionFailed && errors.Is(e.sentinel, ErrConditionFailed) {
		return e.sentinel.Error() // an ordinary answer, which the reason tells in full
	}
	text := "dynamodb"
	if e.sentinel != nil {
		text = e.sentinel.Error() + ": " + text
	}
	switch {
	case e.code != "":
		text += " answered " + e.code
	case errors.Is(e.cause, errLeftOver):
		text += " " + errLeftOver.Error()
	case e.cause == nil && e.ended != nil:
		text += " was not asked"
	default:
		text += " gave no usable answer"
	}
	if e.requestID != "" {
		text += " (request id " + e.requestID + ")"
	}
	if e.code == "" && e.cause != nil && !errors.Is(e.cause, errLeftOver) {
		text += ": " + e.cause.Error()
	}
	if e.ended != nil {
		text += ": " + e.ended.Error()
	}
	return text
}

func (e *requestError) Unwrap() []error {
	var wrapped []error
	for _, err := range []error{e.sentinel, e.cause, e.ended} {
		if err != nil {
			wrapped = append(wrapped, err)
		}
	}
	return wrapped
}

// cleanError turns what the SDK returned into what may be shown.
func cleanError(err error) *requestError {
	var ours *requestError
	if errors.As(err, &ours) {
		copied := *ours
		return &copied
	}
	clean := &requestError{}
	var interrupted *interruptedError
	if errors.As(err, &interrupted) {
		clean.ended = interrupted.ended
		if err = interrupted.last; err == nil {
			return clean
		}
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		clean.requestID = response.ServiceRequestID()
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		clean.cause = cleanTransportError(err)
		return clean
	}
	clean.code = api.ErrorCode()
	clean.cause = copyWithoutItems(api)
	switch {
	case refusedCodes[clean.code]:
		clean.sentinel = ErrThrottled
	case clean.code == codeTableNotFound:
		clean.sentinel = ErrTableNotFound
	case clean.code == codeValidation && isTooLarge(api.ErrorMessage()):
		clean.sentinel = ErrItemTooLarge
	case clean.code == codeConditionFailed:
		clean.sentinel = ErrConditionFailed
	}
	return clean
}

// copyWithoutItems keeps the type of an API error for errors.As, and of its text only what is not about items.
func copyWithoutItems(api smithy.APIError) error {
	const withheld = "message withheld: it may quote items"
	switch typed := api.(type) {
	case *types.ConditionalCheckFailedException:
		return &types.ConditionalCheckFailedException{Message: typed.Message}
	case *types.TransactionCanceledException:
		return codesOnly(typed)
	case *types.ResourceNotFoundException, *types.ResourceInUseException, *types.ProvisionedThroughputExceededException,
		*types.RequestLimitExceeded, *types.ThrottlingException, *types.TransactionConflictException,
		*types.InternalServerError, *types.ItemCollectionSizeLimitExceededException,
		*types.ReplicatedWriteConflictException:
		return typed
	}
	return &smithy.GenericAPIError{Code: api.ErrorCode(), Message: withheld, Fault: api.ErrorFault()}
}

// cleanTransportError keeps what kind of failure it was: a deserialization error carries the response it could not read,
// and what a client that is not the SDK's says may quote anything.
func cleanTransportError(err error) error {
	var unreadable *smithy.DeserializationError
	if errors.As(err, &unreadable) {
		return errors.New("the response could not be read")
	}
	var invalid smithy.InvalidParamsError
	if errors.As(err, &invalid) {
		return fmt.Errorf("%d request parameters are missing or invalid", invalid.Len())
	}
	var unsent *smithyhttp.RequestSendError
	if errors.As(err, &unsent) {
		return connectionError(unsent.Err)
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() != 0 {
		return fmt.Errorf("HTTP status %d", response.HTTPStatusCode())
	}
	var operation *smithy.OperationError
	if errors.As(err, &operation) && operation.Err != nil {
		return connectionError(operation.Err)
	}
	var network net.Error
	if errors.As(err, &network) {
		return connectionError(err)
	}
	return fmt.Errorf("an error of type %T", err)
}

// connectionError is a failure of the connection or of signing. A time-out of the HTTP client must not look like the
// end of the caller's context, which is told apart.
func connectionError(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return errors.New(err.Error())
	}
	return err
}

// isTooLarge recognises the only way DynamoDB reports an item over its limit.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
func isTooLarge(message string) bool {
	switch message {
	case "Item size has exceeded the maximum allowed size", "Item size to update has exceeded the maximum allowed size":
		return true
	}
	return false
}
