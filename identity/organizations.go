package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/theorydb/theorydb"
)

// Organizations keeps the organizations of a project.
type Organizations struct{ *project }

// NewOrganization says what an organization begins with.
type NewOrganization struct {
	ID      string // empty: Options.NewID makes one
	Slug    string // 1 to 63 of a-z 0-9 and, inside, hyphens; unique in the project
	Name    string
	OwnerID string // the user who becomes its owner
}

// Create creates an organization with its owner, so that it never is without one: one transaction of the organization, its
// slug, the owner's membership and the check that the owner is an active user. It costs 8 write units and those of two index
// entries.
//
// A slug or an id that is taken is theorydb.ErrAlreadyExists, an owner who is not active ErrUserInactive. Then nothing is
// created.
func (o *Organizations) Create(ctx context.Context, made NewOrganization, options ...WriteOption) (Organization, error) {
	if err := o.ready(); err != nil {
		return Organization{}, err
	}
	id, err := o.idOrNew("organization id", made.ID)
	if err != nil {
		return Organization{}, err
	}
	if err := errors.Join(checkSlug(made.Slug), checkDisplayName("organization name", made.Name), checkID("ownerID", made.OwnerID)); err != nil {
		return Organization{}, err
	}
	event, err := o.eventAbout(options, EventOrganizationCreated, OrganizationTarget(id), made.OwnerID)
	if err != nil {
		return Organization{}, err
	}
	organization := Organization{ID: id, Slug: made.Slug, Name: made.Name, Status: StatusActive, OwnerCount: 1}
	owner := o.firstOwner(OrganizationTarget(id), made.OwnerID)
	err = o.commit(ctx, event, []theorydb.TransactOp{
		o.activeUser(made.OwnerID),
		o.organizations.CreateOp(&organization),
		o.orgSlugs.CreateOp(&OrgSlug{Slug: made.Slug, OrgID: id}),
		o.memberships.CreateOp(&owner),
	}, made.OwnerID)
	if err != nil {
		return Organization{}, err
	}
	return organization, nil
}

// firstOwner is the membership of the owner that a target is created with.
func (p *project) firstOwner(target Target, userID string) Membership {
	owner := p.key(target, userID)
	owner.Role, owner.Status = RoleOwner, StatusActive
	return owner
}

// Get reads an organization, strongly: 1 read unit.
func (o *Organizations) Get(ctx context.Context, id string) (Organization, error) {
	if err := o.checkOrganization(id); err != nil {
		return Organization{}, err
	}
	return valueOf(o.organizations.Get(ctx, Organization{ID: id}, theorydb.Consistent()))
}

func (o *Organizations) checkOrganization(id string) error {
	if err := o.ready(); err != nil {
		return err
	}
	return checkID("organization id", id)
}

// GetBySlug reads the organization that has a slug now, by two strong reads and no index: 2 read units.
func (o *Organizations) GetBySlug(ctx context.Context, slug string) (Organization, error) {
	if err := o.ready(); err != nil {
		return Organization{}, err
	}
	if err := checkSlug(slug); err != nil {
		return Organization{}, err
	}
	owner, err := o.orgSlugs.Get(ctx, OrgSlug{Slug: slug}, theorydb.Consistent())
	if err != nil {
		return Organization{}, err
	}
	found, err := o.organizations.Get(ctx, Organization{ID: owner.OrgID}, theorydb.Consistent())
	if err == nil && found.Slug != slug { // it got another one between the two reads
		err = fmt.Errorf("identity: the slug: %w", theorydb.ErrItemNotFound)
	}
	return valueOf(found, err)
}

// List reads a page of up to 100 organizations, in no order that means anything, from the beginning with an empty cursor
// and otherwise from where the page that gave it ended. It goes through the 16 shards of an index, which may be a little
// behind: one request a shard. A cursor of anything else is theorydb.ErrInvalidCursor.
func (o *Organizations) List(ctx context.Context, cursor string) (*theorydb.Page[Organization], error) {
	if err := o.ready(); err != nil {
		return nil, err
	}
	return pageOverShards(ctx, o.project, "Organizations.List", o.organizations, "gsi1", cursor)
}

// Update reads an organization, lets change alter its Name and Slug, and writes these, again up to 3 times when somebody
// else was faster. What else change alters is not taken.
//
// Without another slug it costs a strong read and a write. With one it is one transaction of the organization, the new
// slug and the old one, so that the old one is free at once and the new one never has two: theorydb.ErrAlreadyExists where
// it is taken, and nothing is changed.
func (o *Organizations) Update(ctx context.Context, id string, change func(*Organization) error, options ...WriteOption) (Organization, error) {
	if err := o.checkOrganization(id); err != nil {
		return Organization{}, err
	}
	if change == nil {
		return Organization{}, errNoChange
	}
	event, err := o.eventAbout(options, EventOrganizationUpdated, OrganizationTarget(id), "")
	if err != nil {
		return Organization{}, err
	}
	var changed Organization
	err = reread(func() error {
		stored, err := o.organizations.Get(ctx, Organization{ID: id}, theorydb.Consistent())
		if err != nil {
			return err
		}
		proposed := *stored
		if err := change(&proposed); err != nil {
			return err
		}
		if err := errors.Join(checkSlug(proposed.Slug), checkDisplayName("organization name", proposed.Name)); err != nil {
			return err
		}
		old := stored.Slug
		stored.Slug, stored.Name = proposed.Slug, proposed.Name
		switch {
		case old != stored.Slug:
			err = o.rename(ctx, stored, old, event)
		case event == nil:
			err = o.organizations.Update(ctx, stored, theorydb.Fields("name"))
		default:
			err = o.commit(ctx, event, []theorydb.TransactOp{o.organizations.UpdateOp(stored, theorydb.Fields("name"))})
		}
		changed = *stored
		return err
	})
	if err != nil {
		return Organization{}, err
	}
	return changed, nil
}

// rename stores an organization with its name, and with its slug in place of another one.
func (o *Organizations) rename(ctx context.Context, organization *Organization, old string, event *pendingEvent) error {
	err := o.commit(ctx, event, []theorydb.TransactOp{
		o.organizations.UpdateOp(organization, theorydb.Fields("name", "slug")),
		o.orgSlugs.CreateOp(&OrgSlug{Slug: organization.Slug, OrgID: organization.ID}),
		o.orgSlugs.DeleteOp(&OrgSlug{Slug: old}, theorydb.AnyVersion(), theorydb.OnlyIf(theorydb.Equal("orgID", organization.ID))),
	})
	// A slug that is taken stays so, however often the organization is read again.
	if taken := causeAt(err, 1); causeAt(err, 0) == nil && errors.Is(taken, theorydb.ErrAlreadyExists) {
		return fmt.Errorf("identity: the slug: %w", taken)
	}
	return err
}

// Suspend suspends an organization: no member can be added to it. Its members stay, and the role gate asks about them and
// not about it.
func (o *Organizations) Suspend(ctx context.Context, id string) (Organization, error) {
	return o.setStatus(ctx, id, StatusSuspended, theorydb.NotEqual("status", StatusDeleting))
}

// Reactivate ends a suspension, and a Delete that was interrupted.
func (o *Organizations) Reactivate(ctx context.Context, id string) (Organization, error) {
	return o.setStatus(ctx, id, StatusActive, theorydb.Exists("status"))
}

func (o *Organizations) setStatus(ctx context.Context, id, status string, condition theorydb.Condition) (Organization, error) {
	if err := o.checkOrganization(id); err != nil {
		return Organization{}, err
	}
	return valueOf(o.organizations.Change(ctx, Organization{ID: id},
		theorydb.Set("status", status), theorydb.AnyVersion(), theorydb.OnlyIf(condition)))
}
