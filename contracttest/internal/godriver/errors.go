package godriver

import (
	"errors"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// told is an error as the protocol says it: all that it is, and its text.
func told(err error) *protocol.Error {
	if err == nil {
		return nil
	}
	names := []string{}
	for _, name := range protocol.ErrorNames {
		if errors.Is(err, sentinels[name]) {
			names = append(names, name)
		}
	}
	return &protocol.Error{Names: names, Text: err.Error()}
}

// causes are the errors of the operations, nil where the error is not one of operations.
func causes(err error) []*protocol.Error {
	var ops []error
	var canceled *theorydb.TransactionError
	var failed *theorydb.BatchError
	switch {
	case errors.As(err, &canceled):
		ops = canceled.Ops
	case errors.As(err, &failed):
		ops = failed.Ops
	default:
		return nil
	}
	list := make([]*protocol.Error, len(ops))
	for i, op := range ops {
		list[i] = told(op)
	}
	return list
}

// sentinels are what the names of the protocol mean here. Every exported sentinel is among them.
var sentinels = map[string]error{
	"ErrInvalidModel":        theorydb.ErrInvalidModel,
	"ErrInvalidTag":          theorydb.ErrInvalidTag,
	"ErrMissingPrimaryKey":   theorydb.ErrMissingPrimaryKey,
	"ErrKeyIncomplete":       theorydb.ErrKeyIncomplete,
	"ErrKeyTooLong":          theorydb.ErrKeyTooLong,
	"ErrInvalidValue":        theorydb.ErrInvalidValue,
	"ErrInvalidQuery":        theorydb.ErrInvalidQuery,
	"ErrInvalidOperator":     theorydb.ErrInvalidOperator,
	"ErrIndexKeyUnknown":     theorydb.ErrIndexKeyUnknown,
	"ErrScopeRequired":       theorydb.ErrScopeRequired,
	"ErrScopeMismatch":       theorydb.ErrScopeMismatch,
	"ErrInvalidCursor":       theorydb.ErrInvalidCursor,
	"ErrItemTooLarge":        theorydb.ErrItemTooLarge,
	"ErrItemNotFound":        theorydb.ErrItemNotFound,
	"ErrConditionFailed":     theorydb.ErrConditionFailed,
	"ErrAlreadyExists":       theorydb.ErrAlreadyExists,
	"ErrVersionConflict":     theorydb.ErrVersionConflict,
	"ErrTypeMismatch":        theorydb.ErrTypeMismatch,
	"ErrImmutable":           theorydb.ErrImmutable,
	"ErrOutcomeUnknown":      theorydb.ErrOutcomeUnknown,
	"ErrThrottled":           theorydb.ErrThrottled,
	"ErrTransactionCanceled": theorydb.ErrTransactionCanceled,
	"ErrTableNotFound":       theorydb.ErrTableNotFound,

	"ErrEncryption":                 theorydb.ErrEncryption,
	"ErrEncryptionNotConfigured":    theorydb.ErrEncryptionNotConfigured,
	"ErrEncryptionKeyUnresolved":    theorydb.ErrEncryptionKeyUnresolved,
	"ErrKeyNotAllowed":              theorydb.ErrKeyNotAllowed,
	"ErrKMSAccessDenied":            theorydb.ErrKMSAccessDenied,
	"ErrKMSKeyUnusable":             theorydb.ErrKMSKeyUnusable,
	"ErrKMSThrottled":               theorydb.ErrKMSThrottled,
	"ErrKMSUnavailable":             theorydb.ErrKMSUnavailable,
	"ErrKMSKeyMismatch":             theorydb.ErrKMSKeyMismatch,
	"ErrInvalidEncryptedEnvelope":   theorydb.ErrInvalidEncryptedEnvelope,
	"ErrUnsupportedEnvelopeVersion": theorydb.ErrUnsupportedEnvelopeVersion,
	"ErrDecryptAuth":                theorydb.ErrDecryptAuth,
	"ErrEncryptedTypeMismatch":      theorydb.ErrEncryptedTypeMismatch,
	"ErrEncryptedFieldMissing":      theorydb.ErrEncryptedFieldMissing,
	"ErrEncryptedFieldNotQueryable": theorydb.ErrEncryptedFieldNotQueryable,
	"ErrEncryptedFieldNotUpdatable": theorydb.ErrEncryptedFieldNotUpdatable,
}
