package theorydb

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Retries are ours and not the SDK's. The SDK sends a request again when its answer was lost, and so an `ADD` counts
// twice with no error, and the winner of a race takes its own write for a rival's. Here each attempt is one request,
// and what is known about it decides what may follow.

const (
	defaultAttempts = 8
	firstWait       = 25 * time.Millisecond // the window of the first wait; it doubles
	longestWait     = 5 * time.Second
)

// fate is what is known about one attempt.
type fate int

const (
	fateDone      fate = iota + 1
	fateRefused        // DynamoDB said that it did nothing, and that a later attempt may do better
	fateUnsent         // the request never left
	fateFinal          // DynamoDB said no, and would again
	fateAmbiguous      // the request left and no answer tells what became of it
)

const (
	codeConditionFailed = "ConditionalCheckFailedException"
	codeTableNotFound   = "ResourceNotFoundException"
	codeValidation      = "ValidationException"
	codeUnreadable      = "UnknownError" // the SDK's own, for an answer that names no error
)

// refusedCodes are the answers that promise that nothing was done.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
var refusedCodes = map[string]bool{
	"ProvisionedThroughputExceededException": true,
	"RequestLimitExceeded":                   true,
	"ThrottlingException":                    true,
	"Throttling":                             true,
	"TransactionConflictException":           true,
	"TransactionInProgressException":         true,
	"ReplicatedWriteConflictException":       true,
	"LimitExceededException":                 true,
}

// skewCodes say that the signature was too old or too new. The SDK learns the offset from the answer, so one more
// attempt is worth making; a second such answer is final.
var skewCodes = map[string]bool{
	"RequestTimeTooSkewed":      true,
	"RequestExpired":            true,
	"RequestInTheFuture":        true,
	"InvalidSignatureException": true,
	"SignatureDoesNotMatch":     true,
	"AuthFailure":               true,
}

// tries is what became of the attempts of one call.
type tries struct {
	count     int
	ambiguous bool // at least one attempt may have taken effect without our knowing
	skewed    bool
}

// resend says when a request may be sent again.
type resend bool

const (
	// resendAlways is for reads, and for writes whose condition the write itself makes false.
	resendAlways resend = true
	// resendIfUnapplied is for writes that could take effect twice: they are sent again only when it is certain that
	// no attempt so far did anything.
	resendIfUnapplied resend = false
)

// send sends one request until it has an answer, the attempts are used up, or the context ends. The error is the SDK's;
// callers clean it when they know what it means to them.
func send[I, O any](
	ctx context.Context, db *DB, again resend,
	method func(context.Context, *I, ...func(*dynamodb.Options)) (*O, error), input *I,
) (*O, tries, error) {
	var seen tries
	var last error
	_, isClient := db.config.DynamoDB.(*dynamodb.Client)
	for {
		if err := ctx.Err(); err != nil {
			return nil, seen, &interruptedError{ended: err, last: last}
		}
		probe := &sendProbe{trusted: isClient}
		seen.count++
		output, err := method(ctx, input, probe.oneAttempt)
		switch seen.judge(err, probe) {
		case fateDone:
			return output, seen, nil
		case fateFinal:
			return nil, seen, err
		case fateAmbiguous:
			seen.ambiguous = true
			if again == resendIfUnapplied {
				return nil, seen, interruptedBy(ctx, err)
			}
		case fateRefused, fateUnsent:
		}
		last = err
		if ended := ctx.Err(); ended != nil {
			return nil, seen, &interruptedError{ended: ended, last: err}
		}
		if seen.count >= db.config.Attempts {
			return nil, seen, err
		}
		if waitErr := db.config.Wait(ctx, db.jitter(window(seen.count))); waitErr != nil {
			return nil, seen, &interruptedError{ended: waitErr, last: err}
		}
	}
}

// judge tells the fate of an attempt from what it returned.
func (t *tries) judge(err error, probe *sendProbe) fate {
	if err == nil {
		return fateDone
	}
	// The SDK wraps a failed connection in a response error too; such a one has no status.
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() != 0 {
		return t.judgeAnswer(err, response.HTTPStatusCode())
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorFault() == smithy.FaultClient { // a client that is not the SDK's
		return t.judgeAnswer(err, http.StatusBadRequest)
	}
	var invalid smithy.InvalidParamsError
	var unserializable *smithy.SerializationError
	if errors.As(err, &invalid) || errors.As(err, &unserializable) {
		return fateFinal
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return fateUnsent
	}
	if probe.neverSent() {
		return fateUnsent
	}
	return fateAmbiguous
}

// judgeAnswer tells the fate of an attempt that got an HTTP answer. Only an error of DynamoDB's own of class 4xx promises
// that nothing was written: a 5xx may come after the commit, and so may a 200 whose body was cut.
func (t *tries) judgeAnswer(err error, status int) fate {
	if status < 400 || status > 499 {
		return fateAmbiguous
	}
	// Whoever answers a 4xx that is no answer of DynamoDB may have passed the request on before.
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == "" || api.ErrorCode() == codeUnreadable {
		return fateAmbiguous
	}
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && mayPass(canceled) {
		return fateRefused
	}
	switch code := api.ErrorCode(); {
	case refusedCodes[code]:
		return fateRefused
	case skewCodes[code] && !t.skewed:
		t.skewed = true
		return fateRefused
	}
	return fateFinal
}

// window is the longest wait after so many attempts; the wait itself is drawn from all of it ("full jitter"), so that
// clients that failed together do not come back together.
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
func window(attempts int) time.Duration {
	d := firstWait << min(attempts-1, 16)
	return min(d, longestWait)
}

func fullJitter(longest time.Duration) time.Duration {
	return rand.N(longest + 1) //nolint:gosec // spreads load; nothing secret depends on it
}

// sendProbe makes one SDK call one attempt of one write, and counts the requests that reach the HTTP client.
type sendProbe struct {
	trusted bool // the callee is the SDK's own client, which is known to send through the HTTP client it is given
	entered atomic.Int32
}

func (p *sendProbe) oneAttempt(o *dynamodb.Options) {
	o.Retryer = aws.NopRetryer{}
	if next := o.HTTPClient; next != nil {
		o.HTTPClient = oneWrite(countingClient{next: next, entered: &p.entered})
	}
}

func (p *sendProbe) neverSent() bool { return p.trusted && p.entered.Load() == 0 }

type countingClient struct {
	next    dynamodb.HTTPClient
	entered *atomic.Int32
}

func (c countingClient) Do(request *http.Request) (*http.Response, error) {
	c.entered.Add(1)
	return c.next.Do(request)
}
