package main

import (
	"time"

	"github.com/theorydb/theorydb"
)

// Copied from package identity of theorydb, and unchanged but for the package's name and the comments. It needs theorydb,
// with KMS and a key in its Config, and nothing else of identity. NewScopedModel registers Credential, under a scope of
// tenant and project.

// Credential is a secret that a user deposits with the project, sealed: an access token of another service, or the thumbprint
// of a client certificate. Passwords are none of its types.
type Credential struct {
	_ theorydb.Entity `theorydb:"name:Credential"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"CRED#{type}#{id}"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	UserID    string
	Type      string `theorydb:"enum:oauth_token|mtls_thumbprint"`
	ID        string
	Secret    theorydb.Secret[[]byte] `theorydb:"encrypted"`
	Version   int64                   `theorydb:"version"`
	CreatedAt time.Time               `theorydb:"created_at"`
	UpdatedAt time.Time               `theorydb:"updated_at"`
}
