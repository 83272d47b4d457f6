package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// Membership, under a scope of tenant and project.

// Membership is a user's place in an organization, a workspace or the tenant. It is found from both ends: by its target, and
// through the index by its user.
type Membership struct {
	_ theorydb.Entity `theorydb:"name:Membership,project:gsi1=all"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#MEMBERS#{targetType}#{targetID}"`
	_ theorydb.Key    `theorydb:"sk" key:"MEM#{userID}"`
	_ theorydb.Key    `theorydb:"index:gsi1,pk" key:"T#{tenantID}#P#{projectID}#U#{userID}#MEM"`
	_ theorydb.Key    `theorydb:"index:gsi1,sk" key:"{targetType}#{targetID}"`

	TenantID   string `theorydb:"scope"`
	ProjectID  string `theorydb:"scope"`
	TargetType string `theorydb:"enum:org|ws|tenant"`
	TargetID   string
	UserID     string
	Role       string
	Status     string    `theorydb:"enum:active|suspended"`
	InvitedBy  string    `theorydb:"omitempty"`
	Version    int64     `theorydb:"version"`
	CreatedAt  time.Time `theorydb:"created_at"`
	UpdatedAt  time.Time `theorydb:"updated_at"`
}
