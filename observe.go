package theorydb

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Observation is what Config.Observe is told of one use of a verb. It holds names and counts, and never a value.
type Observation struct {
	// Op is the verb, such as "Update". Modify is told of as the Gets and Updates it makes. A Query is one observation,
	// made when its loop ends.
	Op string
	// Model is the entity name of the model; of a verb of several models, their names in order, joined by ", ".
	Model string
	// Index is the index that a Query, Count or Scan names; empty for the table.
	Index string
	// Reason is what Retention was given; empty for every other verb.
	Reason string
	// Attempts is how many requests were sent, resends included; 0 when the call was refused before any was.
	Attempts int
	// Items is how many records were read, counted, written or deleted.
	Items int
	// Capacity is how many capacity units DynamoDB said that it used, of reads and writes together. A request that failed
	// or whose answer was lost does not say.
	Capacity float64
	// Duration is how long the verb took by Config.Clock; for a Query with the time that the loop's body took.
	Duration time.Duration
	// Error is the class of the error the verb returned: the name of a sentinel of this package, such as
	// "ErrVersionConflict"; "Canceled" or "DeadlineExceeded" when the context ended first; the code of any other answer
	// of DynamoDB; "Other". It is empty on success.
	Error string
}

// account is what one use of a verb is, and what it cost so far.
type account struct {
	op, entity, index, reason string
	now                       instant // the one clock read of the call, or of the page at hand
	started                   instant
	attempts, items           int
	capacity                  float64
}

func newAccount(op, entity string, now instant) account {
	return account{op: op, entity: entity, now: now, started: now}
}

// turn reads the clock again, for another page: what has expired since the last one must not be on it. Time does not go
// back, so that nothing that was expired lives again.
func (a *account) turn(db *DB) {
	if now := db.now(); now.After(a.now.Time) {
		a.now = instant{now}
	}
}

// fail is an error of the verb.
func (a *account) fail(err error) error {
	return &OpError{Op: a.op, Model: a.entity, Attempts: a.attempts, Err: err}
}

func (a *account) consumed(units *types.ConsumedCapacity) {
	if units != nil {
		a.capacity += aws.ToFloat64(units.CapacityUnits)
	}
}

// meter asks DynamoDB what requests consume, when somebody wants to know.
func (db *DB) meter() types.ReturnConsumedCapacity {
	if db.config.Observe == nil {
		return ""
	}
	return types.ReturnConsumedCapacityTotal
}

// observe tells the observer of a verb that has ended.
func (db *DB) observe(ctx context.Context, a *account, err error) {
	if db.config.Observe == nil {
		return
	}
	db.config.Observe(ctx, Observation{
		Op: a.op, Model: a.entity, Index: a.index, Reason: a.reason,
		Attempts: a.attempts, Items: a.items, Capacity: a.capacity,
		Duration: db.now().Sub(a.started.Time), Error: errorClass(err),
	})
}

// errorClasses are the sentinels by name, those first that match others too.
var errorClasses = []struct {
	name     string
	sentinel error
}{
	{"ErrOutcomeUnknown", ErrOutcomeUnknown},
	{"ErrAlreadyExists", ErrAlreadyExists},
	{"ErrVersionConflict", ErrVersionConflict},
	{"ErrTypeMismatch", ErrTypeMismatch},
	{"ErrImmutable", ErrImmutable},
	{"ErrIndexKeyUnknown", ErrIndexKeyUnknown},
	{"ErrItemNotFound", ErrItemNotFound},
	{"ErrConditionFailed", ErrConditionFailed},
	{"ErrEncryptionNotConfigured", ErrEncryptionNotConfigured},
	{"ErrEncryptionKeyUnresolved", ErrEncryptionKeyUnresolved},
	{"ErrKeyNotAllowed", ErrKeyNotAllowed},
	{"ErrKMSAccessDenied", ErrKMSAccessDenied},
	{"ErrKMSKeyUnusable", ErrKMSKeyUnusable},
	{"ErrKMSThrottled", ErrKMSThrottled},
	{"ErrKMSUnavailable", ErrKMSUnavailable},
	{"ErrKMSKeyMismatch", ErrKMSKeyMismatch},
	{"ErrInvalidEncryptedEnvelope", ErrInvalidEncryptedEnvelope},
	{"ErrUnsupportedEnvelopeVersion", ErrUnsupportedEnvelopeVersion},
	{"ErrDecryptAuth", ErrDecryptAuth},
	{"ErrEncryptedTypeMismatch", ErrEncryptedTypeMismatch},
	{"ErrEncryptedFieldMissing", ErrEncryptedFieldMissing},
	{"ErrEncryptedFieldNotQueryable", ErrEncryptedFieldNotQueryable},
	{"ErrEncryptedFieldNotUpdatable", ErrEncryptedFieldNotUpdatable},
	{"ErrEncryption", ErrEncryption},
	{"ErrMissingPrimaryKey", ErrMissingPrimaryKey},
	{"ErrInvalidTag", ErrInvalidTag},
	{"ErrInvalidModel", ErrInvalidModel},
	{"ErrKeyIncomplete", ErrKeyIncomplete},
	{"ErrKeyTooLong", ErrKeyTooLong},
	{"ErrInvalidOperator", ErrInvalidOperator},
	{"ErrInvalidCursor", ErrInvalidCursor},
	{"ErrInvalidQuery", ErrInvalidQuery},
	{"ErrScopeRequired", ErrScopeRequired},
	{"ErrScopeMismatch", ErrScopeMismatch},
	{"ErrItemTooLarge", ErrItemTooLarge},
	{"ErrInvalidValue", ErrInvalidValue},
	{"Canceled", context.Canceled},
	{"DeadlineExceeded", context.DeadlineExceeded},
	{"ErrThrottled", ErrThrottled},
	{"ErrTransactionCanceled", ErrTransactionCanceled},
	{"ErrTableNotFound", ErrTableNotFound},
}

// errorClass names what kind of error err is, empty for none.
func errorClass(err error) string {
	if err == nil {
		return ""
	}
	for _, class := range errorClasses {
		if errors.Is(err, class.sentinel) {
			return class.name
		}
	}
	var answered *requestError
	if errors.As(err, &answered) && answered.code != "" {
		return answered.code
	}
	return "Other"
}
