package theorydb

import (
	"errors"
	"fmt"
	"strings"

	"github.com/theorydb/theorydb/internal/keys"
	"github.com/theorydb/theorydb/internal/schema"
)

// What can go wrong, grouped by the moment it does. Test for them with [errors.Is]; [errors.As] with *OpError or
// *ModelError tells where. Their names are shared with the other runtimes that read the same items. No error text
// holds the value of an attribute or of a key.

// A model that can't be used. NewModel and NewRecordModel return all problems of a model at once, each a *ModelError.
var (
	// ErrInvalidModel says that a type or document can't be a model. Every ErrInvalidTag matches it too.
	ErrInvalidModel = schema.ErrInvalidModel
	// ErrInvalidTag says that a struct tag or a key template is not in the grammar; see [Entity] and [Key].
	ErrInvalidTag = schema.ErrInvalidTag
	// ErrMissingPrimaryKey says that a model declares no partition key.
	ErrMissingPrimaryKey = schema.ErrMissingPrimaryKey
)

// A call that was refused before any request was sent.
var (
	// ErrKeyIncomplete says that a component of a key is empty.
	ErrKeyIncomplete = keys.ErrIncomplete
	// ErrKeyTooLong says that a key is over DynamoDB's limit: 2,048 bytes for a partition key, 1,024 for a sort key.
	ErrKeyTooLong = keys.ErrTooLong
	// ErrInvalidValue says that a value can't be stored in its attribute, or that a stored value does not fit the
	// attribute that reads it.
	ErrInvalidValue = schema.ErrInvalidValue
	// ErrInvalidQuery says that a query, a condition or an option does not fit the model.
	ErrInvalidQuery = errors.New("theorydb: invalid query")
	// ErrInvalidOperator says that SizeOf was given something that is no comparison.
	ErrInvalidOperator = errors.New("theorydb: invalid operator")
	// ErrIndexKeyUnknown says that a write would make the key of an index from a component that it does not know: a Change
	// that names some components of an index and not the others, or an Update whose other components are no longer what
	// the record holds. Nothing was written, since the key would be stale. The latter matches ErrConditionFailed too.
	ErrIndexKeyUnknown = errors.New("theorydb: index key unknown")
	// ErrScopeRequired says that a verb of a scoped model was called without a scope.
	ErrScopeRequired = errors.New("theorydb: scope required")
	// ErrScopeMismatch says that a record, or a row that was read, is of another scope than the one the model is
	// confined to.
	ErrScopeMismatch = errors.New("theorydb: scope mismatch")
	// ErrInvalidCursor says that a cursor is damaged or belongs to another query.
	ErrInvalidCursor = errors.New("theorydb: invalid cursor")
	// ErrItemTooLarge says that an item is over DynamoDB's limit of 409,600 bytes, attribute names included.
	ErrItemTooLarge = errors.New("theorydb: item too large")
)

// A read or write that DynamoDB answered with a no.
var (
	// ErrItemNotFound says that there is no such item, or that it has expired. A conditional write that found none
	// matches ErrConditionFailed too.
	ErrItemNotFound = errors.New("theorydb: item not found")
	// ErrConditionFailed says that a condition of a write did not hold, so that nothing was written.
	ErrConditionFailed = errors.New("theorydb: condition failed")
	// ErrAlreadyExists says that Create found a live item. It matches ErrConditionFailed.
	ErrAlreadyExists = conditionFailed("already exists")
	// ErrVersionConflict says that the stored item is not the one the caller holds: another write came first, or the
	// item was deleted and created again. It matches ErrConditionFailed; OpError.StoredVersion tells what is stored.
	ErrVersionConflict = conditionFailed("version conflict")
	// ErrTypeMismatch says that the stored item belongs to another entity. It matches ErrConditionFailed.
	ErrTypeMismatch = conditionFailed("item of another type")
	// ErrImmutable says that a write would change an immutable attribute or a component of the primary key. It matches
	// ErrConditionFailed.
	ErrImmutable = conditionFailed("immutable attribute")
)

// A request whose answer is missing or is about the service.
var (
	// ErrOutcomeUnknown says that a write may or may not have taken effect: its answer was lost and what is stored
	// now can't tell. Read the item and decide.
	ErrOutcomeUnknown = errors.New("theorydb: outcome unknown")
	// ErrTransactionCanceled says that DynamoDB did nothing of a transaction. The *TransactionError tells which operations
	// were the cause, and their errors match too.
	ErrTransactionCanceled = errors.New("theorydb: transaction canceled")
	// ErrThrottled says that DynamoDB refused every attempt for lack of capacity or because of a conflict with a
	// transaction. Nothing was written.
	ErrThrottled = errors.New("theorydb: throttled")
	// ErrTableNotFound says that the table does not exist in this account and region, or is not active yet.
	ErrTableNotFound = errors.New("theorydb: table not found")
)

// conditionFailure is a condition of the library's own that did not hold. Its text stands alone: a read can meet it too.
type conditionFailure string

func conditionFailed(what string) error { return conditionFailure(what) }

func (e conditionFailure) Error() string { return "theorydb: " + string(e) }
func (conditionFailure) Unwrap() error   { return ErrConditionFailed }

// errAbsentOnWrite is ErrItemNotFound as a conditional write gives it: the condition was that the item exists.
var errAbsentOnWrite error = absentOnWrite{}

type absentOnWrite struct{}

func (absentOnWrite) Error() string { return ErrItemNotFound.Error() }
func (absentOnWrite) Unwrap() []error {
	return []error{ErrItemNotFound, ErrConditionFailed}
}

// ModelError is one problem of a model. Its fields are Model, the entity or type; Field, the Go field or attribute it is
// about, which may be empty; Problem, what is wrong and what to do; and Err, ErrInvalidModel or ErrInvalidTag, which
// Unwrap returns.
type ModelError = schema.ModelError

// ValueError says which attribute a value did not fit. Its fields are Attr, the attribute's name, with a path into it
// where that helps, and Problem, why. It never holds the value, and it matches ErrInvalidValue.
type ValueError = schema.ValueError

// errIndexKeyStale is ErrIndexKeyUnknown as DynamoDB's answer: a component is not stored as the record holds it.
var errIndexKeyStale error = indexKeyStale{}

type indexKeyStale struct{}

func (indexKeyStale) Error() string   { return ErrIndexKeyUnknown.Error() }
func (indexKeyStale) Unwrap() []error { return []error{ErrIndexKeyUnknown, ErrConditionFailed} }

// OpError says where an error happened. Every error of a verb is one.
type OpError struct {
	// Op is the verb, such as "Update".
	Op string
	// Model is the entity name of the model.
	Model string
	// Attempts is how many requests of the verb were tried; 0 when the call was refused before any was sent.
	Attempts int
	// Applied is true when the write took effect, and only what it left could not be read back.
	Applied bool
	// StoredVersion is the version of the stored item when Err is ErrVersionConflict; 0 when it has none.
	StoredVersion int64
	// Err is what went wrong.
	Err error
}

// Error returns the verb, the model and the cause, without any value of an item.
func (e *OpError) Error() string {
	text := "failed"
	if e.Err != nil {
		text = strings.TrimPrefix(e.Err.Error(), "theorydb: ")
	}
	if errors.Is(e.Err, ErrVersionConflict) && e.StoredVersion != 0 {
		text = fmt.Sprintf("%s (stored version %d)", text, e.StoredVersion)
	}
	if e.Applied {
		text = "took effect, but " + text
	}
	where := e.Op
	if e.Model != "" {
		where += " " + e.Model
	}
	return "theorydb: " + where + ": " + text
}

// Unwrap returns what went wrong.
func (e *OpError) Unwrap() error { return e.Err }
