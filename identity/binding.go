package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers Binding
// and BindingClaim, under a scope of tenant and project.

// Binding is an upstream account of a user: the subject of an issuer for one client, with its tokens, sealed. Resource and
// TokenScope bound what its refresh token is for (RFC 8707).
type Binding struct {
	_ theorydb.Entity `theorydb:"name:Binding"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"BIND#{issuer|hash}#{subject|hash}#{clientID|hash}"`

	TenantID     string `theorydb:"scope"`
	ProjectID    string `theorydb:"scope"`
	UserID       string
	Issuer       string
	Subject      string
	ClientID     string
	Resource     string                  `theorydb:"immutable"`
	TokenScope   string                  `theorydb:"immutable,omitempty"`
	AccessToken  theorydb.Secret[string] `theorydb:"encrypted,omitempty"`
	RefreshToken theorydb.Secret[string] `theorydb:"encrypted"`
	TokenExpires *time.Time
	Version      int64     `theorydb:"version"`
	CreatedAt    time.Time `theorydb:"created_at"`
	UpdatedAt    time.Time `theorydb:"updated_at"`
}

// BindingClaim makes the subject of an issuer for one client unique in its project.
type BindingClaim struct {
	_ theorydb.Entity `theorydb:"name:BindingClaim"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#UQBIND#{issuer|hash}#{subject|hash}#{clientID|hash}"`
	_ theorydb.Key    `theorydb:"sk" key:"UQ"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	Issuer    string
	Subject   string
	ClientID  string
	UserID    string    `theorydb:"immutable"`
	CreatedAt time.Time `theorydb:"created_at"`
}
