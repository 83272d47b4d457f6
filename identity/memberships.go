package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// Memberships keeps who belongs where, and in which role. A target that has an owner keeps one: the last active owner
// can't be removed, demoted or suspended, by whatever verbs at the same time. An owner is active by the membership: one
// whose user is disabled later still counts.
type Memberships struct{ *project }

// Add makes a user a member of a target in a role, built in or custom: one transaction of the membership, the check that
// the user is active, the target (and its count of owners) and, for a custom role, the role's count of members. It costs 6
// write units and those of the index, and 2 more for a custom role. invitedBy is the id of a user, or empty.
//
// A user who is a member is theorydb.ErrAlreadyExists, one who is not active ErrUserInactive, an unknown target or custom
// role theorydb.ErrItemNotFound, and a target that is suspended theorydb.ErrConditionFailed. Then nothing is changed.
func (m *Memberships) Add(ctx context.Context, target Target, userID, role, invitedBy string, options ...WriteOption) (Membership, error) {
	made, w, err := m.joining(target, userID, role, invitedBy)
	if err != nil {
		return Membership{}, err
	}
	event, err := m.eventAbout(options, EventMembershipAdded, target, userID)
	if err != nil {
		return Membership{}, err
	}
	if err := w.meaning(m.commit(ctx, event, w.ops, w.checked...)); err != nil {
		return Membership{}, err
	}
	return *made, nil
}

// AddOps is Add as operations of DB.Transact, to be one transaction with what else has to happen then, such as consuming
// the invitation. They are, in this order: the membership, the check of the user, the target and, for a custom role, the
// role; no other operation may be on these items. In a *theorydb.TransactionError the errors have their positions.
func (m *Memberships) AddOps(target Target, userID, role, invitedBy string) ([]theorydb.TransactOp, error) {
	_, w, err := m.joining(target, userID, role, invitedBy)
	if err != nil {
		return nil, err
	}
	return w.ops, nil
}

func (m *Memberships) joining(target Target, userID, role, invitedBy string) (*Membership, *membershipWrite, error) {
	if err := m.checkMember(target, userID); err != nil {
		return nil, nil, err
	}
	if err := checkID("role", role); err != nil {
		return nil, nil, err
	}
	if invitedBy != "" {
		if err := checkID("invitedBy", invitedBy); err != nil {
			return nil, nil, err
		}
	}
	made := m.key(target, userID)
	made.Role, made.Status, made.InvitedBy = role, StatusActive, invitedBy
	return &made, m.write(target, step{after: &made}), nil
}

// eventAbout is the event of a change of a user's membership.
func (p *project) eventAbout(options []WriteOption, eventType EventType, target Target, userID string) (*pendingEvent, error) {
	return p.eventOf(options, auditDefaults{eventType: eventType, subject: userID, target: p.targetText(target)})
}

// checkMember refuses the zero Scope, and what can't name a membership.
func (m *Memberships) checkMember(target Target, userID string) error {
	if err := m.ready(); err != nil {
		return err
	}
	if err := target.check(); err != nil {
		return err
	}
	return checkID("userID", userID)
}

// Get reads a membership, strongly: 1 read unit. Suspended ones are found too.
func (m *Memberships) Get(ctx context.Context, target Target, userID string) (Membership, error) {
	if err := m.checkMember(target, userID); err != nil {
		return Membership{}, err
	}
	return valueOf(m.memberships.Get(ctx, m.key(target, userID), theorydb.Consistent()))
}

// SetRole gives a member another role, in one transaction with the counts of owners and of custom roles. It reads first, at
// one moment, and decides again up to 3 times when somebody else was faster. The role that a member has already is success,
// and nothing is written.
//
// Demoting the last active owner is ErrLastOwner. An owner to be has to be an active user, ErrUserInactive otherwise. An
// unknown member, target or custom role is theorydb.ErrItemNotFound.
func (m *Memberships) SetRole(ctx context.Context, target Target, userID, role string, options ...WriteOption) (Membership, error) {
	if err := m.checkMember(target, userID); err != nil {
		return Membership{}, err
	}
	if err := checkID("role", role); err != nil {
		return Membership{}, err
	}
	event, err := m.eventAbout(options, EventMembershipChanged, target, userID)
	if err != nil {
		return Membership{}, err
	}
	return m.alter(ctx, target, userID, event, func(stored *Membership) step { return stored.with(role, stored.Status) })
}

// Suspend suspends a membership: the role gate refuses it from then on. A suspended owner is not counted among the owners,
// so that the last active one is ErrLastOwner. A suspended one is success, and nothing is written. It works as SetRole does.
func (m *Memberships) Suspend(ctx context.Context, target Target, userID string, options ...WriteOption) (Membership, error) {
	return m.setStatus(ctx, target, userID, StatusSuspended, EventMembershipSuspended, options)
}

// Reactivate ends a suspension. An owner has to be an active user, ErrUserInactive otherwise. It works as SetRole does.
func (m *Memberships) Reactivate(ctx context.Context, target Target, userID string, options ...WriteOption) (Membership, error) {
	return m.setStatus(ctx, target, userID, StatusActive, EventMembershipReactivated, options)
}

func (m *Memberships) setStatus(
	ctx context.Context, target Target, userID, status string, eventType EventType, options []WriteOption,
) (Membership, error) {
	if err := m.checkMember(target, userID); err != nil {
		return Membership{}, err
	}
	event, err := m.eventAbout(options, eventType, target, userID)
	if err != nil {
		return Membership{}, err
	}
	return m.alter(ctx, target, userID, event, func(stored *Membership) step { return stored.with(stored.Role, status) })
}

// alter changes one membership; a step that changes nothing is not taken.
func (m *Memberships) alter(
	ctx context.Context, target Target, userID string, event *pendingEvent, to func(*Membership) step,
) (Membership, error) {
	var stored *Membership
	err := m.rewrite(ctx, target, []string{userID}, event, func(found *standing) ([]step, error) {
		s := to(found.members[0])
		if stored = s.after; s.before.Role == s.after.Role && s.before.Status == s.after.Status {
			return nil, nil
		}
		return []step{s}, nil
	})
	return valueOf(stored, err)
}

// Remove removes a member, in one transaction with the counts of owners and of custom roles. It reads first, as SetRole
// does. The last active owner is ErrLastOwner; who is no member is theorydb.ErrItemNotFound.
func (m *Memberships) Remove(ctx context.Context, target Target, userID string, options ...WriteOption) error {
	if err := m.checkMember(target, userID); err != nil {
		return err
	}
	event, err := m.eventAbout(options, EventMembershipRemoved, target, userID)
	if err != nil {
		return err
	}
	return m.rewrite(ctx, target, []string{userID}, event, func(found *standing) ([]step, error) {
		return []step{{before: found.members[0]}}, nil
	})
}
