package identity

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/theorydb/theorydb"
)

// Platform keeps the tenants. It is for operators: it reaches every tenant, so that each of its verbs is told to
// Options.Notify with the reason it is used for.
type Platform struct {
	service *Service
	reason  string
}

// Platform gives the store of tenants for a reason, such as a ticket's number. With a blank reason every verb of it is
// theorydb.ErrInvalidValue, and nothing is sent.
func (s *Service) Platform(reason string) *Platform { return &Platform{service: s, reason: reason} }

// NewTenant says what a tenant begins with.
type NewTenant struct {
	ID           string // empty: Options.NewID makes one
	Name         string
	Mode         string   // "shared" or "dedicated"; empty: shared
	SMSCountries []string // ISO 3166-1 alpha-2, such as "DE"; none: to no country
	Project      NewProject
}

// The statuses of tenants, projects, organizations and memberships. Those of users are UserActive and the others beside it.
const (
	StatusActive    = "active"
	StatusSuspended = "suspended"
	StatusDeleting  = "deleting"
)

func (p *Platform) ready(ctx context.Context) error {
	if strings.TrimSpace(p.reason) == "" {
		return fmt.Errorf("%w: Platform needs a reason, for whoever reads of it later", theorydb.ErrInvalidValue)
	}
	p.service.notify(ctx, Notice{Kind: NoticePlatform, Reason: p.reason})
	return nil
}

// CreateTenant creates a tenant together with its first project, in one transaction of 2 items: there is no tenant without
// a project. An id that is taken is theorydb.ErrAlreadyExists, and nothing is created.
func (p *Platform) CreateTenant(ctx context.Context, made NewTenant) (Tenant, Project, error) {
	if err := p.ready(ctx); err != nil {
		return Tenant{}, Project{}, err
	}
	tenant, err := p.tenantOf(made)
	if err != nil {
		return Tenant{}, Project{}, err
	}
	projects, err := p.service.ForTenant(tenant.ID)
	if err != nil {
		return Tenant{}, Project{}, err
	}
	project, err := projects.Projects.projectOf(made.Project)
	if err != nil {
		return Tenant{}, Project{}, err
	}
	tenant.ProjectCount = 1
	err = p.service.db.Transact(ctx, p.service.models.tenants.CreateOp(&tenant), projects.Projects.model.CreateOp(&project))
	if err != nil {
		return Tenant{}, Project{}, err
	}
	return tenant, project, nil
}

func (p *Platform) tenantOf(made NewTenant) (Tenant, error) {
	id, err := p.service.idOrNew("tenant id", made.ID)
	if err != nil {
		return Tenant{}, err
	}
	mode := made.Mode
	if mode == "" {
		mode = "shared"
	}
	if mode != "shared" && mode != "dedicated" {
		return Tenant{}, fmt.Errorf("%w: mode is shared or dedicated", theorydb.ErrInvalidValue)
	}
	tenant := Tenant{ID: id, Name: made.Name, Status: StatusActive, Mode: mode, SMSCountries: made.SMSCountries}
	return tenant, tenant.check()
}

var countryCode = regexp.MustCompile(`^[A-Z]{2}$`)

// check refuses what an operator can't give a tenant. A country in lower case is refused and not mended: it was compared
// with something somewhere.
func (t *Tenant) check() error {
	if err := checkDisplayName("tenant name", t.Name); err != nil {
		return err
	}
	if !slices.ContainsFunc(t.SMSCountries, func(code string) bool { return !countryCode.MatchString(code) }) {
		return nil
	}
	return fmt.Errorf("%w: a country of SMSCountries is no ISO 3166-1 alpha-2 code in upper case", theorydb.ErrInvalidValue)
}

// GetTenant reads a tenant, strongly: 1 read unit.
func (p *Platform) GetTenant(ctx context.Context, id string) (Tenant, error) {
	if err := p.ready(ctx); err != nil {
		return Tenant{}, err
	}
	if err := checkID("tenant id", id); err != nil {
		return Tenant{}, err
	}
	return valueOf(p.service.models.tenants.Get(ctx, Tenant{ID: id}, theorydb.Consistent()))
}

// ListTenants reads a page of up to 100 tenants, in no order that means anything, from the beginning with an empty cursor
// and otherwise from where the page that gave it ended. It goes through the 64 shards of an index, which may be a little
// behind: one request a shard. A cursor of anything else is theorydb.ErrInvalidCursor.
func (p *Platform) ListTenants(ctx context.Context, cursor string) (*theorydb.Page[Tenant], error) {
	if err := p.ready(ctx); err != nil {
		return nil, err
	}
	whole := &project{core: p.service.core} // of the zero Scope, for the cursor alone
	return pageOverShards(ctx, whole, "Platform.ListTenants", p.service.models.tenants, "gsi1", cursor)
}

// UpdateTenant reads a tenant, lets change alter its Name and SMSCountries, and writes these, again from the start when
// somebody else was faster. What else change alters is not taken. It costs a strong read and a write.
func (p *Platform) UpdateTenant(ctx context.Context, id string, change func(*Tenant) error) (Tenant, error) {
	if err := p.ready(ctx); err != nil {
		return Tenant{}, err
	}
	if err := checkID("tenant id", id); err != nil {
		return Tenant{}, err
	}
	if change == nil {
		return Tenant{}, errNoChange
	}
	return valueOf(p.service.models.tenants.Modify(ctx, Tenant{ID: id}, func(stored *Tenant) error {
		changed := *stored
		if err := change(&changed); err != nil {
			return err
		}
		stored.Name, stored.SMSCountries = changed.Name, changed.SMSCountries
		return stored.check()
	}))
}

// SuspendTenant suspends a tenant: no project and no member can be added to it. What is in it stays as it is; the
// status is for the program to act on.
func (p *Platform) SuspendTenant(ctx context.Context, id string) (Tenant, error) {
	return p.setStatus(ctx, id, StatusSuspended)
}

// ReactivateTenant ends a suspension.
func (p *Platform) ReactivateTenant(ctx context.Context, id string) (Tenant, error) {
	return p.setStatus(ctx, id, StatusActive)
}

func (p *Platform) setStatus(ctx context.Context, id, status string) (Tenant, error) {
	if err := p.ready(ctx); err != nil {
		return Tenant{}, err
	}
	if err := checkID("tenant id", id); err != nil {
		return Tenant{}, err
	}
	return valueOf(p.service.models.tenants.Change(ctx, Tenant{ID: id}, theorydb.Set("status", status), theorydb.AnyVersion(),
		theorydb.OnlyIf(theorydb.NotEqual("status", StatusDeleting))))
}

// valueOf is what a verb of theorydb gave, as a value.
func valueOf[T any](record *T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return *record, nil
}
