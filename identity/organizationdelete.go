package identity

import (
	"context"
	"errors"

	"github.com/theorydb/theorydb"
)

// Delete deletes an organization that has no member but its last owner: one transaction of the organization, its slug and
// that membership. With another member it is ErrInUse; remove those first.
//
// The organization is marked as being deleted before its members are counted, since no member can be added from then on.
// Where it has other members, and on every other error but theorydb.ErrOutcomeUnknown, it gets its status back, if that can
// be written. After that one, and after a crash in between, it stays marked: call Delete again, or Reactivate. An unknown
// organization is theorydb.ErrItemNotFound.
func (o *Organizations) Delete(ctx context.Context, id string, options ...WriteOption) error {
	if err := o.checkOrganization(id); err != nil {
		return err
	}
	target := OrganizationTarget(id)
	event, err := o.eventAbout(options, EventOrganizationDeleted, target, "")
	if err != nil {
		return err
	}
	var stored *Organization // as it was read or written last
	before := ""
	err = reread(func() (err error) {
		if stored, err = o.organizations.Get(ctx, Organization{ID: id}, theorydb.Consistent()); err != nil {
			return err
		}
		if before == "" { // and not what an earlier try made of it
			before = stored.Status
		}
		if _, err := o.onlyMember(ctx, target); err != nil {
			return err
		}
		if stored.Status != StatusDeleting {
			marked := *stored
			marked.Status = StatusDeleting
			if err := o.organizations.Update(ctx, &marked, theorydb.Fields("status")); err != nil {
				return err
			}
			stored = &marked
		}
		last, err := o.onlyMember(ctx, target)
		if err != nil {
			return err
		}
		return o.commit(ctx, event, append(o.leaving(last),
			o.organizations.DeleteOp(stored, theorydb.IfVersion(stored.Version)),
			o.orgSlugs.DeleteOp(&OrgSlug{Slug: stored.Slug}, theorydb.AnyVersion(), theorydb.OnlyIf(theorydb.Equal("orgID", id)))))
	})
	if err == nil || stored == nil || stored.Status == before || errors.Is(err, theorydb.ErrOutcomeUnknown) {
		return err
	}
	stored.Status = before // it was marked by this call
	return errors.Join(err, o.organizations.Update(ctx, stored, theorydb.Fields("status")))
}

// onlyMember is the one member of a target that is to be deleted, nil where there is none. Several are ErrInUse.
func (p *project) onlyMember(ctx context.Context, target Target) (*Membership, error) {
	query := p.of(target)
	query.Limit = 2
	members, err := theorydb.Collect(p.memberships.Query(ctx, query))
	switch {
	case err != nil:
		return nil, err
	case len(members) > 1:
		return nil, ErrInUse
	case len(members) == 0:
		return nil, nil
	}
	return members[0], nil
}

// leaving are the operations that remove the only member of a target that is deleted in the same transaction.
func (p *project) leaving(last *Membership) []theorydb.TransactOp {
	if last == nil {
		return nil
	}
	ops := []theorydb.TransactOp{p.memberships.DeleteOp(last, theorydb.IfVersion(last.Version))}
	if !isBuiltIn(last.Role) {
		ops = append(ops, p.roles.ChangeOp(Role{Name: last.Role}, theorydb.Add("members", -1), theorydb.AnyVersion()))
	}
	return ops
}
