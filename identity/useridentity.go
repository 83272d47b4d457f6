package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// IdentityLink and UserIdentity, under a scope of tenant and project.

// IdentityLink makes a subject of an identity provider unique in its project, and finds the user by it.
type IdentityLink struct { //nolint:revive // the name is stored in every such item
	_ theorydb.Entity `theorydb:"name:IdentityLink"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#UQIDP#{issuer|hash}#{subject|hash}"`
	_ theorydb.Key    `theorydb:"sk" key:"UQ"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	Issuer    string
	Subject   string
	UserID    string    `theorydb:"immutable"`
	CreatedAt time.Time `theorydb:"created_at"`
}

// UserIdentity is the same link in the user's partition, so that the identities of a user are listed and erased with it.
type UserIdentity struct {
	_ theorydb.Entity `theorydb:"name:UserIdentity"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"IDP#{issuer|hash}#{subject|hash}"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	UserID    string
	Issuer    string
	Subject   string
	CreatedAt time.Time `theorydb:"created_at"`
}
