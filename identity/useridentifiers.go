package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/theorydb/theorydb"
)

// exchangeTries is how often a change of identifiers is made anew when somebody else was faster.
const exchangeTries = 8

// AddIdentifier gives an active user one more identifier: user, Identifier and, for an address or a number, Profile in
// one transaction, after the strong reads of user and Profile. An address needs KMS, to open and to seal the Profile.
//
// The user's own identifier is success, with nothing written, also where it is given as Verified: that takes
// VerifyIdentifier. One of another user is a *TakenError, a 91st theorydb.ErrInvalidValue, a user that is not there or not
// active ErrUserInactive.
func (u *Users) AddIdentifier(ctx context.Context, userID string, identifier NewIdentifier, options ...WriteOption) (User, error) {
	if err := u.ready(); err != nil {
		return User{}, err
	}
	added, err := u.identify(identifier.Kind, identifier.Value)
	if err != nil {
		return User{}, err
	}
	return u.exchange(ctx, exchange{userID: userID, add: &added, verified: identifier.Verified}, EventIdentifierAdded, options)
}

// ChangeIdentifier gives an active user another identifier for one that it has, of the same kind, in one transaction: the
// old one is free at once, and the new one never has two owners. It costs what AddIdentifier does and one deletion.
//
// Where both are the same in their normal form nothing is written, and the address stays stored as it was. A user without
// the old one is theorydb.ErrItemNotFound; the other errors are those of AddIdentifier. On an error the user has the old
// one, and only that.
func (u *Users) ChangeIdentifier(ctx context.Context, userID, old string, identifier NewIdentifier, options ...WriteOption) (User, error) {
	if err := u.ready(); err != nil {
		return User{}, err
	}
	removed, err := u.identify(identifier.Kind, old)
	if err != nil {
		return User{}, fmt.Errorf("the old identifier: %w", err)
	}
	added, err := u.identify(identifier.Kind, identifier.Value)
	if err != nil {
		return User{}, err
	}
	change := exchange{userID: userID, add: &added, verified: identifier.Verified, remove: &removed}
	return u.exchange(ctx, change, EventIdentifierChanged, options)
}

// RemoveIdentifier takes an identifier from an active user, in one transaction; it is free at once. A user may have none
// left. One that the user does not have is theorydb.ErrItemNotFound.
func (u *Users) RemoveIdentifier(ctx context.Context, userID, kind, value string, options ...WriteOption) (User, error) {
	if err := u.ready(); err != nil {
		return User{}, err
	}
	removed, err := u.identify(kind, value)
	if err != nil {
		return User{}, err
	}
	return u.exchange(ctx, exchange{userID: userID, remove: &removed}, EventIdentifierRemoved, options)
}

// exchange is a change of a user's identifiers.
type exchange struct {
	userID      string
	add, remove *identified // one of them may be nil
	verified    bool        // what is added
	event       *pendingEvent
}

// apply changes what User.Identifiers names, and returns what is left to do: errAsItWas when that is nothing.
func (e exchange) apply(user *User) (exchange, error) {
	names := slices.Clone(user.Identifiers)
	if e.remove != nil {
		n := slices.Index(names, e.remove.key())
		if n < 0 {
			return e, fmt.Errorf("%w: the user has no such identifier", theorydb.ErrItemNotFound)
		}
		if e.add != nil && e.add.key() == e.remove.key() {
			return e, errAsItWas
		}
		names = slices.Delete(names, n, n+1)
	}
	if e.add != nil && slices.Contains(names, e.add.key()) {
		e.add = nil
	}
	switch {
	case e.add == nil && e.remove == nil:
		return e, errAsItWas
	case e.add != nil && len(names) >= maxIdentifiers:
		return e, tooManyIdentifiers()
	case e.add != nil:
		names = append(names, e.add.key())
	}
	user.Identifiers = names
	return e, nil
}

// keepsAddress reports whether the Profile has to change too.
func (e exchange) keepsAddress() bool {
	return e.add != nil && e.add.address != "" || e.remove != nil && e.remove.address != ""
}

func (u *Users) exchange(ctx context.Context, e exchange, eventType EventType, options []WriteOption) (User, error) {
	if err := checkID("userID", e.userID); err != nil {
		return User{}, err
	}
	var err error
	if e.event, err = u.eventOf(options, auditDefaults{eventType: eventType, subject: e.userID}); err != nil {
		return User{}, err
	}
	for try := 1; ; try++ {
		user, again, err := u.exchangeOnce(ctx, e)
		if err == nil || !again || try == exchangeTries {
			return user, err
		}
	}
}

// exchangeOnce says whether a failure is one of a rival's write, after which everything is read anew.
func (u *Users) exchangeOnce(ctx context.Context, e exchange) (user User, again bool, err error) {
	user, err = u.readActive(ctx, e.userID)
	if err != nil {
		return User{}, false, err
	}
	e, err = e.apply(&user)
	switch {
	case errors.Is(err, errAsItWas):
		return user, false, nil
	case err != nil:
		return User{}, false, err
	}
	ops := []theorydb.TransactOp{u.users.UpdateOp(&user, theorydb.OnlyIf(theorydb.Equal("status", UserActive)))}
	if e.keepsAddress() {
		op, err := u.profileOp(ctx, e)
		if err != nil {
			return User{}, false, err
		}
		ops = append(ops, op)
	}
	if e.remove != nil {
		ops = append(ops, u.identifiers.DeleteOp(&Identifier{Kind: e.remove.kind, Digest: e.remove.digest},
			theorydb.AnyVersion(), theorydb.OnlyIf(theorydb.Equal("userID", e.userID))))
	}
	rivals := len(ops) // so many operations only a rival can make fail
	if e.add != nil {
		item := &Identifier{Kind: e.add.kind, Digest: e.add.digest, UserID: e.userID}
		if e.verified {
			now := u.db.Now()
			item.VerifiedAt = &now
		}
		ops = append(ops, u.identifiers.CreateOp(item))
	}
	err = u.commit(ctx, e.event, ops, e.userID)
	if err == nil {
		return user, false, nil
	}
	for position := range rivals {
		if errors.Is(causeAt(err, position), theorydb.ErrConditionFailed) {
			return User{}, true, err
		}
	}
	if errors.Is(causeAt(err, rivals), theorydb.ErrAlreadyExists) {
		return User{}, false, &TakenError{Kind: e.add.kind, Err: err}
	}
	return User{}, false, err
}

// profileOp reads the Profile strongly and gives the operation that stores it with its addresses changed.
func (u *Users) profileOp(ctx context.Context, e exchange) (theorydb.TransactOp, error) {
	profile, err := u.profiles.Get(ctx, Profile{UserID: e.userID}, theorydb.Consistent())
	if errors.Is(err, theorydb.ErrItemNotFound) {
		profile = &Profile{UserID: e.userID}
		profile.exchange(e.add, e.remove)
		return u.profiles.CreateOp(profile), nil
	}
	if err != nil {
		return nil, err
	}
	profile.exchange(e.add, e.remove)
	return u.profiles.UpdateOp(profile), nil
}
