package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// RefreshFamily, under a scope of tenant and project.

// RefreshFamily is the chain of refresh tokens of one session. A token carries its generation and a MAC under BoundSecret:
// the successor of a token can be made again, so that a refresh whose answer was lost is repeated safely, and every use of
// an older generation is known for what it is.
type RefreshFamily struct {
	_ theorydb.Entity `theorydb:"name:RefreshFamily"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"RTF#{sessionID}"`

	TenantID     string `theorydb:"scope"`
	ProjectID    string `theorydb:"scope"`
	UserID       string
	SessionID    string
	Gen          int64
	RotatedAt    time.Time
	RotatedBy    string                  `theorydb:"omitempty"` // marker of the call that made Gen: it tells whose a lost answer was
	BoundSecret  theorydb.Secret[[]byte] `theorydb:"encrypted"`
	ClientID     string                  `theorydb:"immutable"`
	Resource     string                  `theorydb:"immutable,omitempty"`
	TokenScope   string                  `theorydb:"immutable,omitempty"`
	AbsExpiresAt time.Time               `theorydb:"ttl,required"` // attribute `ttl`: one attribute, not two
	Version      int64                   `theorydb:"version"`
	CreatedAt    time.Time               `theorydb:"created_at"`
	UpdatedAt    time.Time               `theorydb:"updated_at"`
}
