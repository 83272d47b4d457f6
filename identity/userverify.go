package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// VerifyIdentifier notes that an identifier of an active user is known to be the user's: one request. The first time stays.
// An identifier that the user does not have is theorydb.ErrItemNotFound, a user that is not there or not active
// ErrUserInactive. Where a token shows it, give VerifyOp to the transaction that consumes the token instead.
func (u *Users) VerifyIdentifier(ctx context.Context, userID, kind, value string) error {
	op, err := u.VerifyOp(userID, kind, value)
	if err != nil {
		return err
	}
	return u.db.Transact(ctx, op, u.activeUser(userID))
}

// VerifyOp is VerifyIdentifier as an operation of a transaction: the identifier is the user's and is marked. An identifier
// that the user does not have makes the transaction theorydb.ErrItemNotFound. Nothing is sent.
//
// It does not look at the user, so that it can stand beside what does, such as Sessions.CreateOps where a mailed link both
// shows the address and signs in.
func (u *Users) VerifyOp(userID, kind, value string) (theorydb.TransactOp, error) {
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
	mark := u.identifiers.ChangeOp(Identifier{Kind: i.kind, Digest: i.digest},
		theorydb.SetIfAbsent("verifiedAt", u.db.Now()), theorydb.OnlyIf(theorydb.Equal("userID", userID)))
	return theorydb.FailAs(mark, theorydb.ErrItemNotFound), nil
}
