package identity

import (
	"context"
	"errors"

	"github.com/theorydb/theorydb"
)

// VerifyIdentifier notes that an identifier of an active user is known to be the user's: one request. The first time stays.
// An identifier that the user does not have is theorydb.ErrItemNotFound, a user that is not there or not active
// ErrUserInactive. Where a token shows it, give VerifyOps to the transaction that consumes the token instead.
func (u *Users) VerifyIdentifier(ctx context.Context, userID, kind, value string) error {
	ops, err := u.VerifyOps(userID, kind, value)
	if err != nil {
		return err
	}
	err = u.db.Transact(ctx, ops...)
	switch {
	case errors.Is(causeAt(err, 1), theorydb.ErrConditionFailed):
		return inactive(err)
	case errors.Is(causeAt(err, 0), theorydb.ErrConditionFailed):
		return notTheirs(err)
	}
	return err
}

// VerifyOps is VerifyIdentifier as two operations of a transaction: the identifier is the user's and is marked, and the
// user is active. Nothing is sent.
func (u *Users) VerifyOps(userID, kind, value string) ([]theorydb.TransactOp, error) {
	if err := u.ready(); err != nil {
		return nil, err
	}
	if err := checkID("userID", userID); err != nil {
		return nil, err
	}
	i, err := u.identify(kind, value)
	if err != nil {
		return nil, err
	}
	return []theorydb.TransactOp{
		u.identifiers.ChangeOp(Identifier{Kind: i.kind, Digest: i.digest},
			theorydb.SetIfAbsent("verifiedAt", u.db.Now()), theorydb.OnlyIf(theorydb.Equal("userID", userID))),
		u.activeUser(userID),
	}, nil
}

// notTheirs is theorydb.ErrItemNotFound for what is somebody else's, with its cause.
func notTheirs(cause error) error { return errors.Join(theorydb.ErrItemNotFound, cause) }
