package protocol

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Verbs are the operations of a library that a driver may know.
var Verbs = []string{
	"create", "put", "update", "change", "modify", "delete", "get", "raw", "query", "count", "explain", "scan", "collection",
	"clear", "batch_get", "batch_write", "transact", "transact_get",
}

// check refuses a hello with words that the protocol does not know: a misspelt strength would be one that nobody needs.
func (h *Hello) check() error {
	if h.Protocol != Version {
		return fmt.Errorf("the driver speaks version %d of the protocol; this is %d", h.Protocol, Version)
	}
	for _, strength := range h.Strengths {
		if !slices.Contains(Strengths, strength) {
			return fmt.Errorf("the driver says that it has the strength %q, which is none of %v", strength, Strengths)
		}
	}
	for _, op := range h.Ops {
		if !slices.Contains(Verbs, op) {
			return fmt.Errorf("the driver says that it knows the op %q, which is none of %v", op, Verbs)
		}
	}
	return nil
}

// belongsTo is of what kind an error is always, too.
var belongsTo = map[string]string{
	"ErrAlreadyExists": "ErrConditionFailed", "ErrVersionConflict": "ErrConditionFailed", "ErrTypeMismatch": "ErrConditionFailed",
	"ErrImmutable":  "ErrConditionFailed",
	"ErrInvalidTag": "ErrInvalidModel", "ErrMissingPrimaryKey": "ErrInvalidModel",

	"ErrEncryptionNotConfigured": "ErrEncryption", "ErrEncryptionKeyUnresolved": "ErrEncryption", "ErrKeyNotAllowed": "ErrEncryption",
	"ErrKMSAccessDenied": "ErrEncryption", "ErrKMSKeyUnusable": "ErrEncryption", "ErrKMSThrottled": "ErrEncryption",
	"ErrKMSUnavailable": "ErrEncryption", "ErrKMSKeyMismatch": "ErrEncryption", "ErrInvalidEncryptedEnvelope": "ErrEncryption",
	"ErrUnsupportedEnvelopeVersion": "ErrEncryption", "ErrDecryptAuth": "ErrEncryption", "ErrEncryptedTypeMismatch": "ErrEncryption",
	"ErrEncryptedFieldMissing": "ErrEncryption", "ErrEncryptedFieldNotQueryable": "ErrEncryption", "ErrEncryptedFieldNotUpdatable": "ErrEncryption",
}

// mayBelongTo is of what kind an error is in writes, and not in reads.
var mayBelongTo = map[string]string{"ErrItemNotFound": "ErrConditionFailed", "ErrIndexKeyUnknown": "ErrConditionFailed"}

// check refuses an answer that says two things at once. A driver that calls every error by every name would be told what it
// wants to hear.
func (a *Answer) check() error {
	if a.Error == nil {
		if a.Causes != nil {
			return errors.New("the driver told causes of no error")
		}
		return nil
	}
	if a.Item != nil || a.Stored != nil || a.Count != nil {
		return errors.New("the driver told an error and gave what only a success gives")
	}
	if a.Causes == nil {
		return a.Error.check()
	}
	told := []string{"ErrTransactionCanceled"}
	for _, cause := range a.Causes {
		if cause == nil {
			continue
		}
		if err := cause.check(); err != nil {
			return err
		}
		told = append(told, cause.Names...)
	}
	for _, name := range a.Error.Names {
		if !slices.Contains(told, name) {
			return fmt.Errorf("the driver told the error %s of several operations, which is no cause of any", name)
		}
	}
	return nil
}

// checkCauses refuses causes of a request that is one operation, and more or fewer of them than it has operations: each
// cause may be another error, so that an error with enough of them would be every one.
func (a *Answer) checkCauses(asked *Use) error {
	if a.Causes == nil {
		return nil
	}
	switch asked.Op {
	case "batch_write", "batch_get", "transact", "transact_get":
	default:
		return fmt.Errorf("the driver told causes of a %s, which is one operation", asked.Op)
	}
	if operations := len(asked.Keys) + len(asked.Operations); len(a.Causes) != operations {
		return fmt.Errorf("the driver told %d causes of %d operations", len(a.Causes), operations)
	}
	return nil
}

// check refuses names that contradict each other: an error is one thing, and what that always is.
func (e *Error) check() error {
	var things []string
	for _, name := range e.Names {
		if !slices.Contains(ErrorNames, name) {
			return fmt.Errorf("the driver told the error %q, which is no name of the contract", name)
		}
		if kind := belongsTo[name]; kind != "" && !e.Is(kind) {
			return fmt.Errorf("the driver told %s, which is %s too, and did not say so", name, kind)
		}
		if !slices.ContainsFunc(e.Names, func(other string) bool { return belongsTo[other] == name || mayBelongTo[other] == name }) {
			things = append(things, name)
		}
	}
	switch {
	case len(things) <= 1:
	case e.Is("ErrInvalidModel"): // all problems of a model are told together
	case len(things) == 2 && e.Is("ErrInvalidValue") && e.Is("ErrInvalidQuery"): // a value that no query can have
	default:
		return fmt.Errorf("the driver told an error that is %s at the same time", strings.Join(things, " and "))
	}
	return nil
}
