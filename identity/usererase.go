package identity

import (
	"context"
	"errors"
	"strings"

	"github.com/theorydb/theorydb"
)

// The steps of an erasure, in the order in which Erase takes them: a call takes one, or a page of it.
const (
	eraseMark  = iota // memberships, and the mark that keeps anything new out
	eraseNames        // what finds the user from outside of its partition
	eraseRows         // the partition, but for the user
	eraseUser         // what came since the mark, and the user
)

// Erase deletes everything that is kept about a user, in calls that each do a bounded part of it. It begins with an empty
// cursor:
//
//	for cursor, done := "", false; !done; {
//		if cursor, done, err = users.Erase(ctx, id, cursor); err != nil {
//			break // and go on later, with this cursor or an empty one
//		}
//	}
//
// The first call takes the user out of its memberships, ends its sessions and marks it as deleting: from then on nobody
// signs in as it, and nothing new is written for it. Then go its identifiers, identities, passkey locators and binding
// claims, the rest of its partition with sessions, credentials and the profile, and at last the user itself. An identifier
// is free for another user as soon as it is deleted. Audit events stay; what they hold about the person is sealed beside
// the user and gone with it. The id stays where it says who invited another member, and in one-time tokens about the user
// until these end. KMS is not needed.
//
// The last owner of an organization, a workspace or the tenant is refused with ErrLastOwner: somebody else has to become
// owner first. When another owner left just then, the user may be marked already; call again then.
//
// After an error, which leaves the cursor as it was, and after a crash that lost the cursor, the erasure goes on with the
// same call, or from the beginning with an empty one; what is gone stays gone. A user that does not exist is
// theorydb.ErrItemNotFound with an empty cursor; with another one, it is done. A cursor of another user is
// theorydb.ErrInvalidCursor.
func (u *Users) Erase(ctx context.Context, id, cursor string) (next string, done bool, err error) {
	if err := u.ready(); err != nil {
		return cursor, false, err
	}
	if err := checkID("id", id); err != nil {
		return cursor, false, err
	}
	at, err := u.waypointFrom("Users.Erase", id, cursor)
	if err != nil {
		return cursor, false, err
	}
	user, err := u.users.Get(ctx, User{ID: id}, theorydb.Consistent())
	if cursor != "" && errors.Is(err, theorydb.ErrItemNotFound) {
		return "", true, nil
	}
	if err != nil {
		return cursor, false, err
	}
	if user.Status != UserDeleting {
		at = waypoint{} // the cursor is of an erasure of another user that had this id
	}
	if at, err = u.eraseStep(ctx, *user, at); err != nil {
		return cursor, false, err
	}
	if at.number > eraseUser {
		return "", true, nil
	}
	return u.waypointText("Users.Erase", id, at), false, nil
}

// eraseStep takes one step and says where the next one begins.
func (u *Users) eraseStep(ctx context.Context, user User, at waypoint) (waypoint, error) {
	switch at.number {
	case eraseMark:
		return waypoint{number: eraseNames}, u.markDeleting(ctx, user.ID)
	case eraseNames:
		return waypoint{number: eraseRows}, u.eraseNames(ctx, user)
	case eraseRows:
		next, err := u.db.ClearPartition(ctx, u.users.Partition(User{ID: user.ID}), at.inner, "User")
		if next != "" {
			return waypoint{number: eraseRows, inner: next}, err
		}
		return waypoint{number: eraseUser}, err
	}
	return u.eraseLast(ctx, user, at.inner)
}

// markDeleting asks the memberships before the mark, so that the last owner is refused while it can still act, and after
// it, for those that came in between.
func (u *Users) markDeleting(ctx context.Context, id string) error {
	memberships := &Memberships{u.project}
	if err := memberships.removeUser(ctx, id); err != nil {
		return err
	}
	_, err := u.users.Modify(ctx, User{ID: id}, func(user *User) error {
		if user.Status == UserDeleting {
			return errAsItWas
		}
		user.Status = UserDeleting
		user.SessionEpoch++
		return nil
	})
	if err != nil && !errors.Is(err, errAsItWas) {
		return err
	}
	return memberships.removeUser(ctx, id)
}

// eraseNames deletes what names the user from outside of its partition, each with its row inside of it, so that a crash
// leaves no name that nothing leads to.
func (u *Users) eraseNames(ctx context.Context, user User) error {
	for _, key := range user.Identifiers {
		kind, digest, _ := strings.Cut(key, ":")
		err := u.db.Transact(ctx, u.identifiers.DeleteOp(&Identifier{Kind: kind, Digest: digest}, theirs(user.ID)...))
		if err != nil && !errors.Is(err, theorydb.ErrConditionFailed) { // gone, or another user's by now
			return err
		}
	}
	for row, err := range u.userIdentities.Query(ctx, theorydb.Query[UserIdentity]{Key: UserIdentity{UserID: user.ID}, Consistent: true}) {
		if err == nil {
			err = gone(u.unlink(ctx, *row))
		}
		if err != nil {
			return err
		}
	}
	for row, err := range u.passkeys.Query(ctx, theorydb.Query[Passkey]{Key: Passkey{UserID: user.ID}, Consistent: true}) {
		if err == nil {
			err = gone(u.release(ctx,
				u.passkeyLocators.DeleteOp(&PasskeyLocator{CredentialID: row.CredentialID}, theirs(user.ID)...),
				u.passkeys.DeleteOp(row, theorydb.AnyVersion())))
		}
		if err != nil {
			return err
		}
	}
	for row, err := range u.outlines(ctx, Binding{UserID: user.ID}) {
		if err == nil {
			err = gone(u.unbind(ctx, row))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// gone lets a release be that found no claim of the user's: the row goes with the partition.
func gone(err error) error {
	if errors.Is(err, theorydb.ErrItemNotFound) {
		return nil
	}
	return err
}

// eraseLast clears once more what may have been written by a call that had read the user before the mark, and deletes
// the user when there is nothing left.
func (u *Users) eraseLast(ctx context.Context, user User, inner string) (waypoint, error) {
	next, err := u.db.ClearPartition(ctx, u.users.Partition(User{ID: user.ID}), inner, "User")
	if err != nil || next != "" {
		return waypoint{number: eraseUser, inner: next}, err
	}
	if err := (&Memberships{u.project}).removeUser(ctx, user.ID); err != nil { // the index may have been behind before
		return waypoint{}, err
	}
	// A transaction of one: it takes effect once even when its answer is lost.
	err = u.db.Transact(ctx, u.users.DeleteOp(&user, theorydb.AnyVersion(), theorydb.OnlyIf(theorydb.Equal("status", UserDeleting))))
	if err != nil && !errors.Is(err, theorydb.ErrItemNotFound) {
		return waypoint{}, err
	}
	return waypoint{number: eraseUser + 1}, nil
}
