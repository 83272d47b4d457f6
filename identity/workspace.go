package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// Workspace, under a scope of tenant and project.

// Workspace divides a project, such as into prod and staging. Its slug is its identity. OwnerCount is kept in the
// transactions that change memberships of owners.
type Workspace struct {
	_ theorydb.Entity `theorydb:"name:Workspace"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}"`
	_ theorydb.Key    `theorydb:"sk" key:"WS#{slug}"`

	TenantID   string `theorydb:"scope"`
	ProjectID  string `theorydb:"scope"`
	Slug       string
	Name       string
	OwnerCount int64
	Version    int64     `theorydb:"version"`
	CreatedAt  time.Time `theorydb:"created_at"`
	UpdatedAt  time.Time `theorydb:"updated_at"`
}
