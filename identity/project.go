package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers Project,
// under a scope of the tenant.

// Project is the tenant's unit of isolation: users, sessions and all that belongs to them are in one project. Its scope is
// the tenant alone.
//
// KEKRef names the KMS key that its encrypted attributes are sealed under; see ProjectKeys. SessionsNotBefore refuses every
// session made before it, as after a restore from a backup, which brings revoked sessions back.
type Project struct {
	_ theorydb.Entity `theorydb:"name:Project"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}"`
	_ theorydb.Key    `theorydb:"sk" key:"PROJ#{id}"`

	TenantID          string `theorydb:"scope"`
	ID                string
	Name              string
	KEKRef            string
	SessionsNotBefore time.Time
	Status            string    `theorydb:"enum:active|suspended|deleting"`
	Version           int64     `theorydb:"version"`
	CreatedAt         time.Time `theorydb:"created_at"`
	UpdatedAt         time.Time `theorydb:"updated_at"`
}
