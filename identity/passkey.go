package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers Passkey
// and PasskeyLocator, under a scope of tenant and project.

// Passkey is a WebAuthn credential. It holds a public key and no secret, so that signing in with it needs no KMS.
// CredentialID is base64url text. CloneWarning stays once it is set.
type Passkey struct {
	_ theorydb.Entity `theorydb:"name:Passkey"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"PASSKEY#{credentialID|hash}"`

	TenantID       string `theorydb:"scope"`
	ProjectID      string `theorydb:"scope"`
	UserID         string
	CredentialID   string // base64url text: []byte is refused in a template
	PublicKey      []byte
	RPID           string   `theorydb:"immutable"`
	Transports     []string `theorydb:"set"`
	BackupEligible bool
	BackupState    bool
	SignCount      int64
	CloneWarning   bool
	LastUsedAt     *time.Time
	Version        int64     `theorydb:"version"`
	CreatedAt      time.Time `theorydb:"created_at"`
	UpdatedAt      time.Time `theorydb:"updated_at"`
}

// PasskeyLocator makes a credential id unique in its project, and finds the user by it for a sign-in without a user name.
type PasskeyLocator struct {
	_ theorydb.Entity `theorydb:"name:PasskeyLocator"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#WAC#{credentialID|hash}"`
	_ theorydb.Key    `theorydb:"sk" key:"WAC"`

	TenantID     string `theorydb:"scope"`
	ProjectID    string `theorydb:"scope"`
	CredentialID string
	UserID       string    `theorydb:"immutable"`
	CreatedAt    time.Time `theorydb:"created_at"`
}
