package main

import (
	"time"

	"github.com/theorydb/theorydb"
)

// Copied from package identity of theorydb, and unchanged but for the package's name and the comments. It needs theorydb
// and nothing else of identity. NewScopedModel registers Session, under a scope of tenant and project. What the store did
// for it is this service's own to do now: both ends are whole seconds, and ExpiresAt is the earlier of them.

// Session is a signed-in user on one device. Only the SHA-256 of its secret is stored.
//
// IdleExpiresAt moves with use and AbsExpiresAt does not; both are whole seconds. ExpiresAt is the earlier of them, in the
// ttl attribute, so that a plain Get does not find the session from that second on. Epoch is the user's SessionEpoch when
// it was made. OrgID is the organization it is for.
type Session struct {
	_ theorydb.Entity `theorydb:"name:Session"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"SESS#{id}"`

	TenantID      string `theorydb:"scope"`
	ProjectID     string `theorydb:"scope"`
	UserID        string
	ID            string
	SecretHash    string
	OrgID         string `theorydb:"omitempty"`
	AAL           int64
	AMR           []string `theorydb:"set"`
	AuthnAt       time.Time
	LastSeenAt    time.Time
	IdleExpiresAt time.Time // whole seconds
	AbsExpiresAt  time.Time `theorydb:"immutable"` // whole seconds
	Epoch         int64
	RevokedAt     *time.Time
	RevokeReason  string    `theorydb:"omitempty"`
	IP            string    `theorydb:"omitempty"`
	UserAgent     string    `theorydb:"omitempty"`
	ExpiresAt     time.Time `theorydb:"ttl,required"` // min(idle, abs)
	Version       int64     `theorydb:"version"`
	CreatedAt     time.Time `theorydb:"created_at"`
	UpdatedAt     time.Time `theorydb:"updated_at"`
}
