package identity

import (
	"context"
	"errors"

	"github.com/theorydb/theorydb"
)

// A claim is an item that makes something unique in the project and names its user: an IdentityLink, a BindingClaim. Beside
// it stands a row in the user's partition, made and deleted in one transaction with it.

// claim writes a claim and its row for an active user. mine says that the user has it already.
func (p *project) claim(ctx context.Context, userID string, claim, row theorydb.TransactOp) (mine bool, err error) {
	err = p.db.Transact(ctx, claim, row, p.activeUser(userID))
	switch {
	case err == nil:
		return false, nil
	case errors.Is(err, ErrUserInactive):
		return false, err
	case errors.Is(causeAt(err, 1), theorydb.ErrAlreadyExists):
		return true, err
	case errors.Is(causeAt(err, 0), theorydb.ErrAlreadyExists):
		return false, errors.Join(ErrIdentifierTaken, err)
	}
	return false, err
}

// release deletes a claim, whose condition is that it is the user's, and its row.
func (p *project) release(ctx context.Context, claim, row theorydb.TransactOp) error {
	err := p.db.Transact(ctx, claim, row)
	if errors.Is(causeAt(err, 0), theorydb.ErrConditionFailed) || errors.Is(causeAt(err, 1), theorydb.ErrConditionFailed) {
		return notTheirs(err)
	}
	return err
}

// theirs is the condition and the manner of deleting a claim.
func theirs(userID string) []theorydb.DeleteOpOption {
	return []theorydb.DeleteOpOption{theorydb.AnyVersion(), theorydb.OnlyIf(theorydb.Equal("userID", userID))}
}

// notTheirs is theorydb.ErrItemNotFound for what is somebody else's, with its cause.
func notTheirs(cause error) error { return errors.Join(theorydb.ErrItemNotFound, cause) }
