package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// MFAEnrolment, under a scope of tenant and project.

// MFAEnrolment is a TOTP authenticator of a user (RFC 6238). LastStep is the last time step that was used: no code counts
// twice. StepBy marks the call that took it. FailCount counts tries since the last success, and FailUntil ends a lock.
type MFAEnrolment struct {
	_ theorydb.Entity `theorydb:"name:MFAEnrolment"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"MFA#{id}"`

	TenantID    string `theorydb:"scope"`
	ProjectID   string `theorydb:"scope"`
	UserID      string
	ID          string
	Status      string                  `theorydb:"enum:pending|confirmed"`
	Seed        theorydb.Secret[[]byte] `theorydb:"encrypted"`
	LastStep    int64
	StepBy      string // marker of the call that took lastStep
	FailCount   int64
	FailUntil   time.Time
	ConfirmedAt *time.Time
	Version     int64     `theorydb:"version"`
	CreatedAt   time.Time `theorydb:"created_at"`
	UpdatedAt   time.Time `theorydb:"updated_at"`
}
