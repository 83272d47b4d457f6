package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers User,
// under a scope of tenant and project.

// User is an account. It holds nothing that names a person: addresses are in Profile, sealed, and as keyed digests in
// Identifier.
//
// SessionEpoch is raised to end all sessions at once: a session of another epoch is not valid. Identifiers are the user's
// identifiers as "kind:digest", so that their items are found again.
type User struct {
	_ theorydb.Entity `theorydb:"name:User,project:gsi1=all"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{id}"`
	_ theorydb.Key    `theorydb:"sk" key:"USER"`
	_ theorydb.Key    `theorydb:"index:gsi1,pk" key:"T#{tenantID}#P#{projectID}#USERS#{id|shard:64}"`
	_ theorydb.Key    `theorydb:"index:gsi1,sk" key:"{id}"`

	TenantID     string `theorydb:"scope"`
	ProjectID    string `theorydb:"scope"`
	ID           string
	Status       string `theorydb:"enum:active|disabled|deleting"`
	SessionEpoch int64
	Identifiers  []string  // "kind:digest", to find the uniqueness items again
	Version      int64     `theorydb:"version"`
	CreatedAt    time.Time `theorydb:"created_at"`
	UpdatedAt    time.Time `theorydb:"updated_at"`
}
