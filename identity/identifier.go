package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// Identifier, under a scope of tenant and project.

// Identifier makes an address, a number or an external id unique in its project, and finds the user by it. Digest is a keyed
// hash of the normalized value, so that no key in DynamoDB, and no log of keys, shows an address.
type Identifier struct {
	_ theorydb.Entity `theorydb:"name:Identifier"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#UQID#{kind}#{digest}"`
	_ theorydb.Key    `theorydb:"sk" key:"UQ"`

	TenantID   string `theorydb:"scope"`
	ProjectID  string `theorydb:"scope"`
	Kind       string `theorydb:"enum:email|phone|ext"`
	Digest     string // BI(kind, value): keyed, computed by the store
	UserID     string `theorydb:"immutable"`
	VerifiedAt *time.Time
	CreatedAt  time.Time `theorydb:"created_at"`
}
