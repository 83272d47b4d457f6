package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/theorydb/theorydb"
)

// TransferOwnership makes a member the owner in place of another one, who becomes an admin, in one transaction: there is no
// moment without an owner or with both. It reads first, as SetRole does.
//
// from has to be an active owner and to an active member, ErrForbidden otherwise; who is no member is
// theorydb.ErrItemNotFound. When to is an owner already, from is demoted. An owner to be has to be an active user,
// ErrUserInactive otherwise. An event by WithAudit is about to, unless it says otherwise.
func (m *Memberships) TransferOwnership(ctx context.Context, target Target, from, to string, options ...WriteOption) error {
	if err := m.checkMember(target, from); err != nil {
		return err
	}
	if err := checkID("to", to); err != nil {
		return err
	}
	if from == to {
		return fmt.Errorf("%w: the owner to be is the owner", theorydb.ErrInvalidValue)
	}
	event, err := m.eventAbout(options, EventOwnershipMoved, target, to)
	if err != nil {
		return err
	}
	return m.rewrite(ctx, target, []string{from, to}, event, func(found *standing) ([]step, error) {
		leaves, takes := found.members[0], found.members[1]
		if !leaves.owns() || takes.Status != StatusActive {
			return nil, ErrForbidden
		}
		steps := []step{leaves.with(RoleAdmin, leaves.Status)}
		if !takes.owns() {
			steps = append(steps, takes.with(RoleOwner, takes.Status))
		}
		return steps, nil
	})
}

// removeUser removes every membership of a user who is erased, and counts as Remove does. Where the user is the last active
// owner of one it is ErrLastOwner, and none is removed, unless that owner became the last one meanwhile. It can be called
// again after it failed.
//
// Memberships are found through the index, which may be a little behind. So it is called when nothing can be added any
// more, since the user is no longer active.
func (m *Memberships) removeUser(ctx context.Context, userID string) error {
	if err := m.ready(); err != nil {
		return err
	}
	if err := checkID("userID", userID); err != nil {
		return err
	}
	found, err := theorydb.Collect(m.memberships.Query(ctx, m.ofUser(userID)))
	if err != nil {
		return err
	}
	for _, member := range found {
		if err := m.mayLeave(ctx, member.target(), userID); err != nil {
			return err
		}
	}
	for _, member := range found {
		if err := m.Remove(ctx, member.target(), userID); err != nil && !errors.Is(err, theorydb.ErrItemNotFound) {
			return err
		}
	}
	return nil
}

// mayLeave refuses the last active owner of a target, and no one else.
func (m *Memberships) mayLeave(ctx context.Context, target Target, userID string) error {
	found, err := m.look(ctx, target, userID)
	switch {
	case errors.Is(err, theorydb.ErrItemNotFound):
		return nil
	case err != nil:
		return err
	case found.members[0].owns() && found.owners < 2:
		return ErrLastOwner
	}
	return nil
}
