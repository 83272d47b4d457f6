package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// AuditEvent, AuditHead, AuditGuard and SubjectPII, under a scope of tenant and project.

// AuditEvent is something that happened, never changed after. Events of one type are numbered without gaps in order of time,
// and each holds the hash of the one before.
//
// CreatedAt has no role: the store chooses it before the write, because the key, the month and the hash are made of it.
type AuditEvent struct {
	_ theorydb.Entity `theorydb:"name:AuditEvent,append_only,project:gsi1=all,project:gsi2=all"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#AUD#{eventType}#{month}#{bucket|pad:3}"`
	_ theorydb.Key    `theorydb:"sk" key:"{createdAt}#{seq|pad:20}"`
	_ theorydb.Key    `theorydb:"index:gsi1,pk" key:"T#{tenantID}#P#{projectID}#AUDA#{actor}#{month}"`
	_ theorydb.Key    `theorydb:"index:gsi1,sk" key:"{createdAt}#{id}"`
	_ theorydb.Key    `theorydb:"index:gsi2,pk" key:"T#{tenantID}#P#{projectID}#AUDT#{month}#{id|shard:8}"`
	_ theorydb.Key    `theorydb:"index:gsi2,sk" key:"{createdAt}#{id}"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	EventType string
	Month     string // CreatedAt as 2006-01, set by the store beside it
	Bucket    int64
	CreatedAt time.Time // plain on purpose: max(now, head.LastAt)
	Seq       int64
	ID        string
	Actor     string `theorydb:"omitempty"` // absent: not in gsi1 (sparse)
	Subject   string `theorydb:"omitempty"`
	IP        string `theorydb:"omitempty"`
	UserAgent string `theorydb:"omitempty"`
	Data      map[string]string
	PrevHash  string
	Hash      string
	PIIHash   string    `theorydb:"omitempty"`
	TTL       time.Time `theorydb:"ttl"`
}

// AuditHead is the end of the chain of one event type: the next event is written in one transaction with it.
type AuditHead struct {
	_ theorydb.Entity `theorydb:"name:AuditHead"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#AUDH#{eventType}"`
	_ theorydb.Key    `theorydb:"sk" key:"HEAD"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	EventType string
	Seq       int64
	LastHash  string
	LastAt    time.Time
	Buckets   int64
}

// AuditGuard makes the id of an event unique for a week, so that appending the same event again is one event.
type AuditGuard struct {
	_ theorydb.Entity `theorydb:"name:AuditGuard"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#AUDG#{eventID}"`
	_ theorydb.Key    `theorydb:"sk" key:"G"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	EventID   string
	EventType string
	Seq       int64
	At        time.Time // CreatedAt of the event: with its type and number the key under which it is found
	TTL       time.Time `theorydb:"ttl,required"`
}

// SubjectPII is what an event says about a person, sealed, in the person's partition: gone when that is erased, while the
// event and the chain stay.
type SubjectPII struct {
	_ theorydb.Entity `theorydb:"name:SubjectPII"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"AUDPII#{eventID}"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	UserID    string
	EventID   string
	Nonce     []byte
	Data      theorydb.Secret[map[string]string] `theorydb:"encrypted"`
	TTL       time.Time                          `theorydb:"ttl,required"`
	CreatedAt time.Time                          `theorydb:"created_at"`
}
