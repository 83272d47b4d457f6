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
func (u *Users) Update(ctx context.Context, id string, change func(*User) error, options ...WriteOption) (User, error) {
	return u.update(ctx, id, EventUserUpdated, change, options)
}

func (u *Users) update(ctx context.Context, id string, eventType EventType, change func(*User) error, options []WriteOption) (User, error) {
	if err := u.ready(); err != nil {
		return User{}, err
	}
	if err := checkID("id", id); err != nil {
		return User{}, err
	}
	if change == nil {
		return User{}, errNoChange
	}
	event, err := u.eventOf(options, auditDefaults{eventType: eventType, subject: id})
	if err != nil {
		return User{}, err
	}
	return valueOf(modify(ctx, u.project, u.users, User{ID: id}, event, func(user *User) error {
		if user.Status == UserDeleting {
			return ErrUserInactive
		}
		before := *user
		before.Identifiers = slices.Clone(user.Identifiers)
		if err := change(user); err != nil {
			return err
		}
		return completeChange(before, user)
	}, id))
}

// completeChange checks what a change made of a user and ends its sessions when it is no longer active.
func completeChange(before User, user *User) error {
	switch {
	case before.ID != user.ID:
		return fmt.Errorf("%w: id is what the user is found by", theorydb.ErrImmutable)
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
func (u *Users) Disable(ctx context.Context, id string, options ...WriteOption) (User, error) {
	return u.setStatus(ctx, id, UserDisabled, EventUserDisabled, options)
}

// Enable lets a user sign in again. The sessions from before it was disabled stay ended.
func (u *Users) Enable(ctx context.Context, id string, options ...WriteOption) (User, error) {
	return u.setStatus(ctx, id, UserActive, EventUserEnabled, options)
}

func (u *Users) setStatus(ctx context.Context, id, status string, eventType EventType, options []WriteOption) (User, error) {
	var held User
	updated, err := u.update(ctx, id, eventType, func(user *User) error {
		if user.Status == status {
			held = *user
			return errAsItWas
		}
		user.Status = status
		return nil
	}, options)
	if errors.Is(err, errAsItWas) {
		return held, nil
	}
	return updated, err
}
