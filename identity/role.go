package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers Role,
// under a scope of tenant and project.

// Role is a custom role of a project. The roles owner, admin and member are built in and have no item. Members counts the
// memberships that carry it, so that a role in use is not deleted.
type Role struct {
	_ theorydb.Entity `theorydb:"name:Role"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}"`
	_ theorydb.Key    `theorydb:"sk" key:"ROLE#{name}"`

	TenantID    string `theorydb:"scope"`
	ProjectID   string `theorydb:"scope"`
	Name        string
	Permissions []string  `theorydb:"set"`
	Members     int64     // memberships that carry it, kept in their transactions
	Version     int64     `theorydb:"version"`
	CreatedAt   time.Time `theorydb:"created_at"`
	UpdatedAt   time.Time `theorydb:"updated_at"`
}
