package theorydb

import (
	"errors"
	"fmt"
	"strings"
)

// Encryption. A model with an encrypted attribute fails closed: it is never stored or read in clear. Each of these
// matches ErrEncryption.
var (
	// ErrEncryption is matched by every error about encrypted attributes.
	ErrEncryption = errors.New("theorydb: encryption")
	// ErrEncryptionNotConfigured says that a model has an encrypted attribute and the DB has no key. Nothing was sent.
	ErrEncryptionNotConfigured = encryption("not configured; set Config.KMS with KeyID or Keys")
	// ErrEncryptionKeyUnresolved says that the KeyResolver named no key. Nothing was sent.
	ErrEncryptionKeyUnresolved = encryption("key unresolved")
	// ErrKeyNotAllowed says that a value was sealed under a key that the resolver does not name.
	ErrKeyNotAllowed = encryption("key not allowed")
	// ErrKMSAccessDenied says that KMS refused the caller.
	ErrKMSAccessDenied = encryption("KMS access denied")
	// ErrKMSKeyUnusable says that the KMS key is disabled, pending deletion, unknown or unavailable.
	ErrKMSKeyUnusable = encryption("KMS key unusable")
	// ErrKMSThrottled says that KMS refused for its rate.
	ErrKMSThrottled = encryption("KMS throttled")
	// ErrKMSUnavailable says that KMS gave no usable answer.
	ErrKMSUnavailable = encryption("KMS unavailable")
	// ErrKMSKeyMismatch says that KMS answered with another key than the one that was asked for.
	ErrKMSKeyMismatch = encryption("KMS answered with another key")
	// ErrInvalidEncryptedEnvelope says that a stored value is not a sealed one: plain, damaged in form, or planted.
	ErrInvalidEncryptedEnvelope = encryption("invalid envelope")
	// ErrUnsupportedEnvelopeVersion says that a value was sealed in a form this version does not read.
	ErrUnsupportedEnvelopeVersion = encryption("unsupported envelope version")
	// ErrDecryptAuth says that a sealed value was changed, or was sealed for another place.
	ErrDecryptAuth = encryption("authentication failed")
	// ErrEncryptedTypeMismatch says that a sealed value is of another type than its field.
	ErrEncryptedTypeMismatch = encryption("type mismatch")
	// ErrEncryptedFieldMissing says that an encrypted attribute that must be there is absent, one without omitempty: from a record that is
	// written, because a Secret was never set, or from an item that is read, because somebody removed it.
	ErrEncryptedFieldMissing = encryption("field missing")
	// ErrEncryptedFieldNotQueryable says that a condition or a filter compares an encrypted attribute.
	ErrEncryptedFieldNotQueryable = encryption("field is not queryable")
	// ErrEncryptedFieldNotUpdatable says that a change would compute with an encrypted attribute, or remove one that has
	// no omitempty.
	ErrEncryptedFieldNotUpdatable = encryption("field is not updatable")
)

func encryption(what string) error { return fmt.Errorf("%w: %s", ErrEncryption, what) }

// EncryptionError says where sealing or opening failed. It holds no value, no key and nothing of a plaintext.
type EncryptionError struct {
	// Op is "seal" or "open", or "resolve" when no key was found.
	Op string
	// Model is the entity name.
	Model string
	// Attr is the attribute, empty when the failure is about the item's data key.
	Attr string
	// Code is the error code of KMS, empty when KMS was not the one to refuse.
	Code string
	// RequestID is KMS's id of the request, if there was one.
	RequestID string
	// Retryable reports whether the same call may succeed later without anything being mended.
	Retryable bool
	// Err is what went wrong; it matches ErrEncryption.
	Err error
}

// Error returns what failed where.
func (e *EncryptionError) Error() string {
	text := ErrEncryption.Error()
	if e.Err != nil {
		text = e.Err.Error()
	}
	if e.Code != "" {
		text += ": KMS answered " + e.Code
	}
	if e.RequestID != "" {
		text += " (request id " + e.RequestID + ")"
	}
	where := strings.Trim(e.Model+"."+e.Attr, ".")
	if where != "" {
		text += ": " + strings.TrimSpace(e.Op+" "+where)
	}
	return text
}

// Unwrap returns what went wrong.
func (e *EncryptionError) Unwrap() error { return e.Err }
