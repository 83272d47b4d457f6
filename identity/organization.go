package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// Organization and OrgSlug, under a scope of tenant and project.

// Organization is a customer of the project: a group of its users with roles. OwnerCount is kept in the transactions that
// change memberships of owners, so that the last owner can't leave.
type Organization struct {
	_ theorydb.Entity `theorydb:"name:Organization,project:gsi1=all"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#ORG#{id}"`
	_ theorydb.Key    `theorydb:"sk" key:"ORG"`
	_ theorydb.Key    `theorydb:"index:gsi1,pk" key:"T#{tenantID}#P#{projectID}#ORGS#{id|shard:16}"`
	_ theorydb.Key    `theorydb:"index:gsi1,sk" key:"{slug}"`

	TenantID   string `theorydb:"scope"`
	ProjectID  string `theorydb:"scope"`
	ID         string
	Slug       string
	Name       string
	Status     string `theorydb:"enum:active|suspended|deleting"`
	OwnerCount int64
	Version    int64     `theorydb:"version"`
	CreatedAt  time.Time `theorydb:"created_at"`
	UpdatedAt  time.Time `theorydb:"updated_at"`
}

// OrgSlug makes the slug of an organization unique in its project. It is written and deleted with the organization.
type OrgSlug struct {
	_ theorydb.Entity `theorydb:"name:OrgSlug"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#UQSLUG#{slug}"`
	_ theorydb.Key    `theorydb:"sk" key:"UQ"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	Slug      string
	OrgID     string    `theorydb:"immutable"`
	CreatedAt time.Time `theorydb:"created_at"`
}
