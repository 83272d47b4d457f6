package identity

import (
	"context"
	"fmt"

	"github.com/theorydb/theorydb"
)

// TenantStores are the stores of one tenant.
type TenantStores struct {
	Projects *Projects
}

// Projects keeps the projects of a tenant.
type Projects struct {
	service *Service
	tenant  string
	model   *theorydb.Model[Project]
}

// ForTenant gives the stores of a tenant. The id has 1 to 128 of A-Z a-z 0-9 . _ ~ -; anything else is
// theorydb.ErrInvalidValue. Whether there is such a tenant is not asked.
func (s *Service) ForTenant(tenantID string) (*TenantStores, error) {
	if err := checkID("tenant id", tenantID); err != nil {
		return nil, err
	}
	scope, err := theorydb.NewScope(tenantID)
	if err != nil {
		return nil, err
	}
	return &TenantStores{Projects: &Projects{service: s, tenant: tenantID, model: s.models.projects.In(scope)}}, nil
}

// NewProject says what a project begins with.
type NewProject struct {
	ID     string // empty: Options.NewID makes one
	Name   string
	KEKRef string // the ARN of the KMS key that its secrets are sealed under; see ProjectKeys
}

func (p *Projects) projectOf(made NewProject) (Project, error) {
	id, err := p.service.idOrNew("project id", made.ID)
	if err != nil {
		return Project{}, err
	}
	project := Project{ID: id, Name: made.Name, KEKRef: made.KEKRef, Status: StatusActive}
	return project, project.check()
}

const maxKEKRef = 2048 // bytes, as of an ARN

func (p *Project) check() error {
	if len(p.KEKRef) > maxKEKRef {
		return fmt.Errorf("%w: the KEKRef is over %d bytes", theorydb.ErrInvalidValue, maxKEKRef)
	}
	return checkDisplayName("project name", p.Name)
}

// Create adds a project to an active tenant, in one transaction with the tenant's count of projects. A tenant that does
// not exist is theorydb.ErrItemNotFound, one that is not active theorydb.ErrConditionFailed, an id that is taken
// theorydb.ErrAlreadyExists.
func (p *Projects) Create(ctx context.Context, made NewProject) (Project, error) {
	project, err := p.projectOf(made)
	if err != nil {
		return Project{}, err
	}
	counted := p.service.models.tenants.ChangeOp(Tenant{ID: p.tenant}, theorydb.Add("projectCount", 1), theorydb.AnyVersion(),
		theorydb.OnlyIf(theorydb.Equal("status", StatusActive)))
	if err := p.service.db.Transact(ctx, p.model.CreateOp(&project), counted); err != nil {
		return Project{}, err
	}
	return project, nil
}

// Get reads a project, strongly: 1 read unit.
func (p *Projects) Get(ctx context.Context, id string) (Project, error) {
	if err := checkID("project id", id); err != nil {
		return Project{}, err
	}
	return valueOf(p.model.Get(ctx, Project{ID: id}, theorydb.Consistent()))
}

// List reads a page of up to 100 projects in the order of their ids, strongly, from the beginning with an empty cursor.
func (p *Projects) List(ctx context.Context, cursor string) (*theorydb.Page[Project], error) {
	return p.model.QueryPage(ctx, theorydb.Query[Project]{Limit: listSize, Consistent: true}, cursor)
}

// Update reads a project, lets change alter its Name, KEKRef and SessionsNotBefore, and writes these, again from the start
// when somebody else was faster. What else change alters is not taken. It costs a strong read and a write.
//
// A KEKRef that is set stays: under another key nothing that was sealed before could be opened. Rotate the key in KMS, which
// keeps its ARN. SessionsNotBefore never goes back, since that would revive sessions. Both are theorydb.ErrInvalidValue.
func (p *Projects) Update(ctx context.Context, id string, change func(*Project) error) (Project, error) {
	if err := checkID("project id", id); err != nil {
		return Project{}, err
	}
	if change == nil {
		return Project{}, errNoChange
	}
	return valueOf(p.model.Modify(ctx, Project{ID: id}, func(stored *Project) error {
		changed := *stored
		if err := change(&changed); err != nil {
			return err
		}
		switch {
		case stored.KEKRef != "" && changed.KEKRef != stored.KEKRef:
			return fmt.Errorf("%w: the KEKRef is set and can't be changed; rotate the key in KMS", theorydb.ErrInvalidValue)
		case changed.SessionsNotBefore.Before(stored.SessionsNotBefore):
			return fmt.Errorf("%w: SessionsNotBefore can't go back", theorydb.ErrInvalidValue)
		}
		stored.Name, stored.KEKRef, stored.SessionsNotBefore = changed.Name, changed.KEKRef, changed.SessionsNotBefore
		return stored.check()
	}))
}

// Suspend suspends a project. What is in it stays as it is; the status is for the program to act on.
func (p *Projects) Suspend(ctx context.Context, id string) (Project, error) {
	return p.setStatus(ctx, id, StatusSuspended)
}

// Reactivate ends a suspension.
func (p *Projects) Reactivate(ctx context.Context, id string) (Project, error) {
	return p.setStatus(ctx, id, StatusActive)
}

func (p *Projects) setStatus(ctx context.Context, id, status string) (Project, error) {
	if err := checkID("project id", id); err != nil {
		return Project{}, err
	}
	return valueOf(p.model.Change(ctx, Project{ID: id}, theorydb.Set("status", status), theorydb.AnyVersion(),
		theorydb.OnlyIf(theorydb.NotEqual("status", StatusDeleting))))
}

// Delete deletes the item of a project, in one transaction with the tenant's count of projects. The tenant's last project
// is ErrLastProject, and stays. What is in the project is not deleted: do that first, since with ProjectKeys nothing that
// it sealed can be opened afterwards.
func (p *Projects) Delete(ctx context.Context, id string) error {
	if err := checkID("project id", id); err != nil {
		return err
	}
	tenants := p.service.models.tenants
	return reread(func() error {
		tenantRead, projectRead := tenants.GetOp(Tenant{ID: p.tenant}), p.model.GetOp(Project{ID: id})
		if err := p.service.db.TransactGet(ctx, tenantRead, projectRead); err != nil {
			return err
		}
		project, err := projectRead.Item()
		if err != nil {
			return err
		}
		tenant, err := tenantRead.Item()
		if err != nil {
			return err
		}
		if tenant.ProjectCount < 2 {
			return ErrLastProject
		}
		return p.service.db.Transact(ctx,
			p.model.DeleteOp(project, theorydb.IfVersion(project.Version)),
			tenants.ChangeOp(Tenant{ID: p.tenant}, theorydb.Add("projectCount", -1), theorydb.AnyVersion(),
				theorydb.OnlyIf(theorydb.GreaterEqual("projectCount", 2))))
	})
}
