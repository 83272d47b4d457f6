package identity

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/theorydb/theorydb"
)

// step is what a transaction does to one membership: it creates it (before is nil), deletes it (after is nil) or changes
// its role and status. after holds the version of before.
type step struct{ before, after *Membership }

// membershipWrite is a transaction on the memberships of a target, with the counts that go with them.
type membershipWrite struct {
	ops     []theorydb.TransactOp
	checked []string // the users of whom it is checked that they are active
	roles   []int    // positions of the counts of custom roles
	owners  int      // how many more owners the target will have
}

// write plans the operations in the order memberships, users, the target, roles.
//
// A user who joins or becomes an owner has to be active: else the last owner could be one who can't sign in.
func (p *project) write(target Target, steps ...step) *membershipWrite {
	w := &membershipWrite{}
	var joins, flips bool
	roles := map[string]int{}
	for _, s := range steps {
		switch {
		case s.before == nil:
			joins = true
			w.ops = append(w.ops, p.memberships.CreateOp(s.after))
		case s.after == nil:
			w.ops = append(w.ops, p.memberships.DeleteOp(s.before, theorydb.IfVersion(s.before.Version)))
		default:
			w.ops = append(w.ops, p.memberships.UpdateOp(s.after, theorydb.Fields("role", "status")))
		}
		if was, is := s.before.owns(), s.after.owns(); was != is {
			flips = true
			if w.owners++; was {
				w.owners -= 2
			}
		}
		if s.before != nil {
			roles[s.before.Role]--
		}
		if s.after != nil {
			roles[s.after.Role]++
		}
	}
	for _, s := range steps {
		if s.after != nil && (s.before == nil || s.after.owns() && !s.before.owns()) {
			w.checked = append(w.checked, s.after.UserID)
			w.ops = append(w.ops, p.activeUser(s.after.UserID))
		}
	}
	switch {
	case joins:
		w.ops = append(w.ops, p.admits(target, w.owners))
	case flips:
		w.ops = append(w.ops, p.recounts(target, w.owners))
	}
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		if more := roles[name]; more != 0 && !isBuiltIn(name) {
			w.roles = append(w.roles, len(w.ops))
			w.ops = append(w.ops, p.roles.ChangeOp(Role{Name: name}, theorydb.Add("members", more), theorydb.AnyVersion()))
		}
	}
	return w
}

// owns reports whether a membership counts among the owners. A suspended owner does not.
func (m *Membership) owns() bool {
	return m != nil && m.Role == RoleOwner && m.Status == StatusActive
}

// meaning turns the error of the transaction into what it means, where reading again would not change that.
func (w *membershipWrite) meaning(err error) error {
	for _, i := range w.roles {
		if refused := causeAt(err, i); errors.Is(refused, theorydb.ErrItemNotFound) {
			return fmt.Errorf("identity: the role: %w", refused)
		}
	}
	return err
}

// standing is a target and some of its memberships at one moment.
type standing struct {
	owners  int64
	members []*Membership
}

// look reads the memberships of some users in a target, and the target, at one moment. A user without a membership, and a
// target that does not exist, is theorydb.ErrItemNotFound.
func (p *project) look(ctx context.Context, target Target, users ...string) (*standing, error) {
	targetRead, owners := p.read(target)
	ops := []theorydb.ReadOp{targetRead}
	reads := make([]*theorydb.GetOp[Membership], len(users))
	for i, userID := range users {
		reads[i] = p.memberships.GetOp(p.key(target, userID))
		ops = append(ops, reads[i])
	}
	if err := p.db.TransactGet(ctx, ops...); err != nil {
		return nil, err
	}
	found := &standing{members: make([]*Membership, len(users))}
	var err error
	for i, read := range reads {
		if found.members[i], err = read.Item(); err != nil {
			return nil, err
		}
	}
	found.owners, err = owners()
	return found, err
}

// rewrite changes memberships of a target as decide says from what is stored. It decides again when somebody else was
// faster. No steps are success, and nothing is written, the event neither.
func (p *project) rewrite(
	ctx context.Context, target Target, users []string, event *pendingEvent, decide func(*standing) ([]step, error),
) error {
	return reread(func() error {
		found, err := p.look(ctx, target, users...)
		if err != nil {
			return err
		}
		steps, err := decide(found)
		if err != nil || len(steps) == 0 {
			return err
		}
		w := p.write(target, steps...)
		if w.owners < 0 && found.owners < int64(1-w.owners) {
			return ErrLastOwner
		}
		return w.meaning(p.commit(ctx, event, w.ops, w.checked...))
	})
}

// with gives a membership another role and status.
func (m *Membership) with(role, status string) step {
	after := *m
	after.Role, after.Status = role, status
	return step{m, &after}
}
