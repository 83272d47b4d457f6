package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/theorydb/theorydb"
)

// Users keeps the users of a project and their identifiers.
type Users struct{ *project }

// The states of a user. Only an active one can sign in.
const (
	UserActive   = "active"
	UserDisabled = "disabled"
	UserDeleting = "deleting" // Erase has begun; there is no way back
)

// maxIdentifiers leaves room in a transaction for the user, its profile and a few operations of the caller's.
const maxIdentifiers = 90

// NewUser is what Create makes beside the User.
type NewUser struct {
	// Identifiers find the user: at most 90.
	Identifiers []NewIdentifier
	// Profile is what is known about the person; its UserID, Emails and Phones are filled in. Nil: a profile is made when an
	// identifier is an email address or a telephone number, which are kept there.
	Profile *Profile
	// Options are the options of the write, such as WithAudit. They stand here because the call ends with further
	// operations.
	Options []WriteOption
}

// NewIdentifier is an identifier as somebody typed it.
type NewIdentifier struct {
	Kind string // KindEmail, KindPhone or KindExternal
	// Value is an address that NormalizeEmail takes, a number that NormalizePhone takes, or an external id of 1 to 256 bytes,
	// which is taken as it is.
	Value string `theorydb:"encrypted"`
	// Verified says that it is known to be the user's, as when it comes from another system that has verified it.
	Verified bool
}

// TakenError says which identifier another user has. It matches ErrIdentifierTaken.
type TakenError struct {
	Position int    // among the identifiers of the call, from 0
	Kind     string // of the identifier
	Err      error  // of the transaction, in which nothing was written
}

// Error names the position and the kind, and no address.
func (e *TakenError) Error() string {
	return fmt.Sprintf("%v: number %d, of kind %s", ErrIdentifierTaken, e.Position, e.Kind)
}

// Unwrap returns ErrIdentifierTaken and the error of the transaction.
func (e *TakenError) Unwrap() []error { return []error{ErrIdentifierTaken, e.Err} }

// Create makes a user with its identifiers and its profile in one transaction: all of it or nothing. Of the given user it
// takes ID, which is made when it is empty, Status, which is active when it is empty, and SessionEpoch. Further operations
// stand in the same transaction, at most 8, and 4 with WithAudit and as many identifiers as a user may have: what made the
// user welcome, such as an invitation that is consumed.
//
// It costs one request and, for a user with one address, 6 write units and those of the index; with a profile one
// data key of KMS, which is asked for first: when KMS is down nothing is sent to DynamoDB.
//
// An identifier that another user has is a *TakenError, which matches ErrIdentifierTaken; of two that come at the same
// time one wins. An id that is in use is theorydb.ErrAlreadyExists. The error of a further operation is found in the
// *theorydb.TransactionError behind those of the user, the identifiers and the profile.
func (u *Users) Create(ctx context.Context, user User, details NewUser, with ...theorydb.TransactOp) (User, error) {
	if err := u.ready(); err != nil {
		return User{}, err
	}
	if err := u.completeNew(&user); err != nil {
		return User{}, err
	}
	all, err := u.identifyAll(details.Identifiers)
	if err != nil {
		return User{}, err
	}
	profile, err := newProfile(user.ID, details.Profile, all)
	if err != nil {
		return User{}, err
	}
	event, err := u.eventOf(details.Options, auditDefaults{eventType: EventUserCreated, subject: user.ID})
	if err != nil {
		return User{}, err
	}
	now := u.db.Now()
	ops := []theorydb.TransactOp{u.users.CreateOp(&user)}
	for n, i := range all {
		user.Identifiers = append(user.Identifiers, i.key())
		item := &Identifier{Kind: i.kind, Digest: i.digest, UserID: user.ID}
		if details.Identifiers[n].Verified {
			item.VerifiedAt = &now
		}
		ops = append(ops, u.identifiers.CreateOp(item))
	}
	if profile != nil {
		ops = append(ops, u.profiles.CreateOp(profile))
	}
	if err := u.commit(ctx, event, append(ops, with...), user.ID); err != nil {
		if causeAt(err, 0) == nil {
			for n, i := range all {
				if errors.Is(causeAt(err, 1+n), theorydb.ErrAlreadyExists) {
					return User{}, &TakenError{Position: n, Kind: i.kind, Err: err}
				}
			}
		}
		return User{}, err
	}
	return user, nil
}

// completeNew checks what Create is given and fills in the rest.
func (u *Users) completeNew(user *User) error {
	if user.ID == "" {
		id, err := u.options.NewID()
		if err != nil {
			return err
		}
		user.ID = id
	}
	if user.Status == "" {
		user.Status = UserActive
	}
	switch {
	case user.Status != UserActive && user.Status != UserDisabled:
		return fmt.Errorf("%w: a new user's status is active or disabled", theorydb.ErrInvalidValue)
	case user.SessionEpoch < 0:
		return fmt.Errorf("%w: sessionEpoch is negative", theorydb.ErrInvalidValue)
	case len(user.Identifiers) > 0:
		return fmt.Errorf("%w: identifiers are made by Create; give them as NewUser.Identifiers", theorydb.ErrInvalidValue)
	}
	return checkID("id", user.ID)
}

func (u *Users) identifyAll(given []NewIdentifier) ([]identified, error) {
	if len(given) > maxIdentifiers {
		return nil, tooManyIdentifiers()
	}
	all := make([]identified, 0, len(given))
	for n, one := range given {
		i, err := u.identify(one.Kind, one.Value)
		if err == nil && slices.ContainsFunc(all, func(other identified) bool { return other.key() == i.key() }) {
			err = fmt.Errorf("%w: it stands there twice", theorydb.ErrInvalidValue)
		}
		if err != nil {
			return nil, fmt.Errorf("identifiers[%d]: %w", n, err)
		}
		all = append(all, i)
	}
	return all, nil
}

func tooManyIdentifiers() error {
	return fmt.Errorf("%w: a user has at most %d identifiers", theorydb.ErrInvalidValue, maxIdentifiers)
}
