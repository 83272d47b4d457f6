package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// OneTimeCode, under a scope of tenant and project.

// OneTimeCode is a short code that a person types. It is kept as a keyed hash, since a plain one of so few digits could be
// looked up, and keyed by its flow, so that a try is one write. Attempts counts tries exactly, however many are parallel.
type OneTimeCode struct {
	_ theorydb.Entity `theorydb:"name:OneTimeCode"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#OTP#{flowID}"`
	_ theorydb.Key    `theorydb:"sk" key:"OTP"`

	TenantID   string `theorydb:"scope"`
	ProjectID  string `theorydb:"scope"`
	FlowID     string
	Kind       string
	CodeMAC    string
	Subject    string
	Attempts   int64 // stored from the start: absent < max is false
	ExpiresAt  time.Time
	ConsumedAt *time.Time
	ConsumedBy string    `theorydb:"omitempty"`
	TTL        time.Time `theorydb:"ttl,required"`
	CreatedAt  time.Time `theorydb:"created_at"`
}
