package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// OneTimeToken, under a scope of tenant and project.

// OneTimeToken is a link, a challenge, a login state, an invitation or an authorization code: a random secret that counts
// once. Only its SHA-256 is stored, which is enough for 256 random bits.
//
// Consuming it is a mark and not a delete, so that the caller whose answer was lost finds its own mark, ConsumedBy. TTL is
// ExpiresAt and a grace, for garbage collection; the verbs check ExpiresAt.
type OneTimeToken struct {
	_ theorydb.Entity `theorydb:"name:OneTimeToken"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#OTT#{kind}#{secretHash}"`
	_ theorydb.Key    `theorydb:"sk" key:"OTT"`

	TenantID   string `theorydb:"scope"`
	ProjectID  string `theorydb:"scope"`
	Kind       string
	SecretHash string
	Subject    string
	FlowID     string
	Meta       map[string]string
	ExpiresAt  time.Time  // the promise: checked by the verbs
	ConsumedAt *time.Time // nil is absent
	ConsumedBy string     `theorydb:"omitempty"`    // marker of the consuming call; `_w` is not visible to a store
	TTL        time.Time  `theorydb:"ttl,required"` // expiresAt + grace: garbage collection
	CreatedAt  time.Time  `theorydb:"created_at"`
}
