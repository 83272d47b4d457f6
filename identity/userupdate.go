package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/theorydb/theorydb"
)

// Update reads a user, lets change alter it, and stores it: two requests, and again both when somebody else was faster, at
// most Config.Attempts times; then it is theorydb.ErrVersionConflict. change may be called more than once and must not
// have other effects; its error ends the call and is returned as it is, with nothing written.
//
// Status may become active or disabled, and SessionEpoch may grow, which ends every session. A user that is disabled has
// its SessionEpoch raised if change did not. Identifiers are changed by their own verbs (theorydb.ErrInvalidValue), and a
// user that is being erased by none (ErrUserInactive).
func (u *Users) Update(ctx context.Context, id string, change func(*User) error) (User, error) {
	if err := u.ready(); err != nil {
		return User{}, err
	}
	if err := checkID("id", id); err != nil {
		return User{}, err
	}
	if change == nil {
		return User{}, fmt.Errorf("%w: the function that changes the user is nil", theorydb.ErrInvalidValue)
	}
	updated, err := u.users.Modify(ctx, User{ID: id}, func(user *User) error {
		if user.Status == UserDeleting {
			return ErrUserInactive
		}
		before := *user
		before.Identifiers = slices.Clone(user.Identifiers)
		if err := change(user); err != nil {
			return err
		}
		return completeChange(before, user)
	})
	if err != nil {
		return User{}, err
	}
	return *updated, nil
}

// completeChange checks what a change made of a user and ends its sessions when it is no longer active.
func completeChange(before User, user *User) error {
	switch {
	case !slices.Equal(before.Identifiers, user.Identifiers):
		return fmt.Errorf("%w: identifiers are changed by AddIdentifier, ChangeIdentifier and RemoveIdentifier", theorydb.ErrInvalidValue)
	case user.Status != UserActive && user.Status != UserDisabled:
		return fmt.Errorf("%w: status becomes active or disabled; Erase does the rest", theorydb.ErrInvalidValue)
	case user.SessionEpoch < before.SessionEpoch:
		return fmt.Errorf("%w: sessionEpoch only grows", theorydb.ErrInvalidValue)
	}
	if before.Status == UserActive && user.Status != UserActive && user.SessionEpoch == before.SessionEpoch {
		user.SessionEpoch++
	}
	user.Version, user.CreatedAt = before.Version, before.CreatedAt
	return nil
}

// errAsItWas ends an Update that has nothing to write.
var errAsItWas = errors.New("identity: nothing to change")

// Disable keeps a user from signing in and ends every session at once: when it has returned none is valid, and none can be
// made or refreshed. It costs the two requests of Update, and one where the user is disabled already, which is success.
func (u *Users) Disable(ctx context.Context, id string) (User, error) {
	return u.setStatus(ctx, id, UserDisabled)
}

// Enable lets a user sign in again. The sessions from before it was disabled stay ended.
func (u *Users) Enable(ctx context.Context, id string) (User, error) {
	return u.setStatus(ctx, id, UserActive)
}

func (u *Users) setStatus(ctx context.Context, id, status string) (User, error) {
	var held User
	updated, err := u.Update(ctx, id, func(user *User) error {
		if user.Status == status {
			held = *user
			return errAsItWas
		}
		user.Status = status
		return nil
	})
	if errors.Is(err, errAsItWas) {
		return held, nil
	}
	return updated, err
}
