package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers Client,
// under a scope of tenant and project.

// ClientSecret is one secret of a client, as a digest. A client has up to two, so that a new one can be handed out before
// the old one ends.
type ClientSecret struct {
	ID        string
	Hash      string
	CreatedAt time.Time
	ExpiresAt *time.Time
}

// Client is an OAuth client. RedirectURIs are compared whole, byte by byte; see MatchRedirectURI.
type Client struct {
	_ theorydb.Entity `theorydb:"name:Client"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#CLIENT#{id}"`
	_ theorydb.Key    `theorydb:"sk" key:"CLIENT"`

	TenantID     string `theorydb:"scope"`
	ProjectID    string `theorydb:"scope"`
	ID           string
	Type         string   `theorydb:"enum:public|confidential"`
	RedirectURIs []string // order and exact text kept: a list, not a set
	GrantTypes   []string `theorydb:"set"`
	Secrets      []ClientSecret
	Version      int64     `theorydb:"version"`
	CreatedAt    time.Time `theorydb:"created_at"`
	UpdatedAt    time.Time `theorydb:"updated_at"`
}
