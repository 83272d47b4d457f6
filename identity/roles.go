package identity

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/theorydb/theorydb"
)

// The roles that every project has. They have no item and can't be edited.
const (
	RoleOwner  = "owner"
	RoleAdmin  = "admin"
	RoleMember = "member"
)

func isBuiltIn(role string) bool {
	return slices.Contains([]string{RoleOwner, RoleAdmin, RoleMember}, role)
}

// Roles keeps the custom roles of a project. What a permission means is up to the program.
type Roles struct{ *project }

const (
	maxPermissions = 1000
	maxPermission  = 256 // bytes
)

// checkRole refuses the zero Scope, and a name that is none or is built in.
func (r *Roles) checkRole(name string) error {
	if err := r.ready(); err != nil {
		return err
	}
	if err := checkID("role", name); err != nil {
		return err
	}
	if isBuiltIn(name) {
		return fmt.Errorf("%w: role is built in; owner, admin and member can't be edited", theorydb.ErrInvalidValue)
	}
	return nil
}

func checkPermissions(permissions []string) error {
	if len(permissions) > maxPermissions {
		return fmt.Errorf("%w: there are over %d permissions", theorydb.ErrInvalidValue, maxPermissions)
	}
	for _, permission := range permissions {
		if permission == "" || len(permission) > maxPermission || !utf8.ValidString(permission) {
			return fmt.Errorf("%w: a permission takes 1 to %d bytes of UTF-8", theorydb.ErrInvalidValue, maxPermission)
		}
	}
	return nil
}

// Create creates a custom role: one write. A name that is taken is theorydb.ErrAlreadyExists, a built-in one
// theorydb.ErrInvalidValue.
func (r *Roles) Create(ctx context.Context, name string, permissions []string, options ...WriteOption) (Role, error) {
	if err := r.checkRole(name); err != nil {
		return Role{}, err
	}
	if err := checkPermissions(permissions); err != nil {
		return Role{}, err
	}
	event, err := r.eventOfRole(options, EventRoleCreated, name)
	if err != nil {
		return Role{}, err
	}
	made := Role{Name: name, Permissions: permissions}
	if err := create(ctx, r.project, r.roles, &made, event); err != nil {
		return Role{}, err
	}
	return made, nil
}

func (r *Roles) eventOfRole(options []WriteOption, eventType EventType, name string) (*pendingEvent, error) {
	return r.eventOf(options, auditDefaults{eventType: eventType, target: "role:" + name})
}

// Get reads a custom role, strongly: 1 read unit.
func (r *Roles) Get(ctx context.Context, name string) (Role, error) {
	if err := r.checkRole(name); err != nil {
		return Role{}, err
	}
	return valueOf(r.roles.Get(ctx, Role{Name: name}, theorydb.Consistent()))
}

// List reads a page of up to 100 custom roles in the order of their names, strongly, from the beginning with an empty
// cursor.
func (r *Roles) List(ctx context.Context, cursor string) (*theorydb.Page[Role], error) {
	if err := r.ready(); err != nil {
		return nil, err
	}
	return r.roles.QueryPage(ctx, theorydb.Query[Role]{Limit: listSize, Consistent: true}, cursor)
}

// Update reads a custom role, lets change alter its Permissions, and writes these, again from the start when somebody else
// was faster. What else change alters is not taken. It costs a strong read and a write.
func (r *Roles) Update(ctx context.Context, name string, change func(*Role) error, options ...WriteOption) (Role, error) {
	if err := r.checkRole(name); err != nil {
		return Role{}, err
	}
	if change == nil {
		return Role{}, errNoChange
	}
	event, err := r.eventOfRole(options, EventRoleUpdated, name)
	if err != nil {
		return Role{}, err
	}
	return valueOf(modify(ctx, r.project, r.roles, Role{Name: name}, event, func(stored *Role) error {
		changed := *stored
		changed.Permissions = slices.Clone(stored.Permissions)
		if err := change(&changed); err != nil {
			return err
		}
		stored.Permissions = changed.Permissions
		return checkPermissions(stored.Permissions)
	}))
}

// Delete deletes a custom role: one write. One that a membership carries, suspended or not, is ErrInUse; an unknown one is
// theorydb.ErrItemNotFound.
func (r *Roles) Delete(ctx context.Context, name string, options ...WriteOption) error {
	if err := r.checkRole(name); err != nil {
		return err
	}
	event, err := r.eventOfRole(options, EventRoleDeleted, name)
	if err != nil {
		return err
	}
	unused := theorydb.OnlyIf(theorydb.Equal("members", 0))
	var refused error // of the role, and not of the event
	if event == nil {
		err = r.roles.Delete(ctx, &Role{Name: name}, theorydb.AnyVersion(), unused)
		refused = err
	} else {
		err = r.commit(ctx, event, []theorydb.TransactOp{r.roles.DeleteOp(&Role{Name: name}, theorydb.AnyVersion(), unused)})
		refused = causeAt(err, 0)
	}
	if conditionRefused(refused) {
		return fmt.Errorf("%w: %w", ErrInUse, err)
	}
	return err
}
