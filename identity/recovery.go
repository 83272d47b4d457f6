package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// RecoverySet and RecoveryCode, under a scope of tenant and project.

// RecoverySet says which of a user's recovery codes count: those of SetID. All of a set share one salt, so that a try costs
// one Argon2id run and not ten.
type RecoverySet struct {
	_ theorydb.Entity `theorydb:"name:RecoverySet"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"RCSET"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	UserID    string
	SetID     string
	Salt      []byte
	Params    string
	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
	UpdatedAt time.Time `theorydb:"updated_at"`
}

// RecoveryCode is one recovery code as an Argon2id hash in PHC form. It is an item of its own: using one writes that one, and
// two parallel uses have one winner.
type RecoveryCode struct {
	_ theorydb.Entity `theorydb:"name:RecoveryCode"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"RC#{setID}#{number|pad:2}"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	UserID    string
	SetID     string
	Number    int64 // 1..10, never 0: a zero number ends a Query prefix
	PHC       string
	UsedAt    *time.Time
	CreatedAt time.Time `theorydb:"created_at"`
}
