package identity

import (
	"fmt"

	"github.com/theorydb/theorydb"
)

// The kinds of targets, as they are stored.
const (
	targetOrganization = "org"
	targetWorkspace    = "ws"
	targetTenant       = "tenant"
)

// Target is what a user is a member of: an organization, a workspace or the tenant. It is a comparable value. Its zero
// value is none, and every verb refuses it with theorydb.ErrInvalidValue.
type Target struct{ kind, id string }

// OrganizationTarget is the organization of that id.
func OrganizationTarget(id string) Target { return Target{targetOrganization, id} }

// WorkspaceTarget is the workspace of that slug.
func WorkspaceTarget(slug string) Target { return Target{targetWorkspace, slug} }

// TenantTarget is the tenant that the stores belong to. Its members are users of a project, and each project has its own;
// its owners are counted over all of them.
func TenantTarget() Target { return Target{kind: targetTenant} }

// key is the membership of a user in a target, by its key alone.
func (p *project) key(target Target, userID string) Membership {
	if target.kind == targetTenant {
		target.id = p.scope.tenant
	}
	return Membership{TargetType: target.kind, TargetID: target.id, UserID: userID}
}

// target is what a membership is of.
func (m *Membership) target() Target {
	if m.TargetType == targetTenant {
		return TenantTarget()
	}
	return Target{m.TargetType, m.TargetID}
}

// targetText is a target as DataTarget tells it.
func (p *project) targetText(target Target) string {
	if target.kind == targetTenant {
		target.id = p.scope.tenant
	}
	return target.kind + ":" + target.id
}

// check refuses what can't be a target.
func (t Target) check() error {
	switch t.kind {
	case targetOrganization:
		return checkID("organization id", t.id)
	case targetWorkspace:
		return checkSlug(t.id)
	case targetTenant:
		return nil
	}
	return fmt.Errorf("%w: the zero Target; make it with OrganizationTarget, WorkspaceTarget or TenantTarget", theorydb.ErrInvalidValue)
}

// read is the read of a target's item for DB.TransactGet, and how many owners it has by then.
func (p *project) read(target Target) (theorydb.ReadOp, func() (owners int64, err error)) {
	switch target.kind {
	case targetOrganization:
		op := p.organizations.GetOp(Organization{ID: target.id})
		return op, func() (int64, error) {
			found, err := valueOf(op.Item())
			return found.OwnerCount, err
		}
	case targetWorkspace:
		op := p.workspaces.GetOp(Workspace{Slug: target.id})
		return op, func() (int64, error) {
			found, err := valueOf(op.Item())
			return found.OwnerCount, err
		}
	}
	op := p.tenants.GetOp(Tenant{ID: p.scope.tenant})
	return op, func() (int64, error) {
		found, err := valueOf(op.Item())
		return found.OwnerCount, err
	}
}

// admits is the operation that a new member of a target needs: the target is there and active, and has so many more owners.
//
// A workspace has no status. Its version is raised instead, for every member, so that one who is added while the workspace
// is deleted is either seen or in the way.
func (p *project) admits(target Target, owners int) theorydb.TransactOp {
	active := theorydb.Equal("status", StatusActive)
	switch {
	case target.kind == targetWorkspace:
		return p.count(target, owners, theorydb.Exists("slug"))
	case owners > 0:
		return p.count(target, owners, active)
	case target.kind == targetOrganization:
		return p.organizations.CheckOp(Organization{ID: target.id}, active)
	}
	return p.tenants.CheckOp(Tenant{ID: p.scope.tenant}, active)
}

// recounts is the operation that a change of existing members needs: the target is there and has so many more owners, or
// less, and then one is left.
func (p *project) recounts(target Target, owners int) theorydb.TransactOp {
	if owners < 0 {
		return p.count(target, owners, theorydb.GreaterEqual("ownerCount", 1-owners))
	}
	return p.count(target, owners, theorydb.Exists("ownerCount"))
}

// count changes the number of a target's owners where a condition holds. It raises the version in any case.
func (p *project) count(target Target, owners int, condition theorydb.Condition) theorydb.TransactOp {
	parts := []theorydb.ChangePart{theorydb.Add("ownerCount", owners), theorydb.AnyVersion(), theorydb.OnlyIf(condition)}
	switch target.kind {
	case targetOrganization:
		return p.organizations.ChangeOp(Organization{ID: target.id}, parts...)
	case targetWorkspace:
		return p.workspaces.ChangeOp(Workspace{Slug: target.id}, parts...)
	}
	return p.tenants.ChangeOp(Tenant{ID: p.scope.tenant}, parts...)
}
