package identity

import (
	"fmt"

	"github.com/theorydb/theorydb"
)

// Scope is a project of a tenant: what every store but those of Platform and TenantStores is confined to. It is a
// comparable value. Its zero value confines nothing, and every verb refuses it with theorydb.ErrScopeRequired.
type Scope struct {
	tenant, project string
	whole           theorydb.Scope
}

// NewScope makes the scope of a project. Both ids have 1 to 128 of A-Z a-z 0-9 . _ ~ -; anything else is
// theorydb.ErrInvalidValue.
func NewScope(tenant, project string) (Scope, error) {
	whole, err := theorydb.NewScope(tenant, project)
	if err != nil {
		return Scope{}, fmt.Errorf("identity: the scope of a tenant and a project: %w", err)
	}
	return Scope{tenant: tenant, project: project, whole: whole}, nil
}

// Tenant returns the tenant's id, empty for the zero Scope.
func (s Scope) Tenant() string { return s.tenant }

// Project returns the project's id, empty for the zero Scope.
func (s Scope) Project() string { return s.project }

// IsZero reports whether s is the zero Scope.
func (s Scope) IsZero() bool { return s.whole.IsZero() }

// ForModels returns the scope of theorydb that the models of the project have, for models of a program's own whose keys
// begin with a tenant and a project as well: documents.In(scope.ForModels()). Of the zero Scope it is the zero one.
func (s Scope) ForModels() theorydb.Scope { return s.whole }

// tenantScope is the scope of the tenant alone, which Project items have.
func (s Scope) tenantScope() theorydb.Scope {
	scope, err := theorydb.NewScope(s.tenant)
	if err != nil { // the zero Scope, which confines nothing there either
		return theorydb.Scope{}
	}
	return scope
}
