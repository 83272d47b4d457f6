package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers
// SigningHead, SigningPublicKey and SigningPrivateKey, under a scope of tenant and project.

// SigningHead says which key of a project signs now and which is next. Rotating writes it, so that of two rotations one
// wins.
type SigningHead struct {
	_ theorydb.Entity `theorydb:"name:SigningHead"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#JWK"`
	_ theorydb.Key    `theorydb:"sk" key:"HEAD"`

	TenantID  string    `theorydb:"scope"`
	ProjectID string    `theorydb:"scope"`
	ActiveKID string    `theorydb:"omitempty"`
	NextKID   string    `theorydb:"omitempty"`
	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
	UpdatedAt time.Time `theorydb:"updated_at"`
}

// SigningPublicKey is the public half of a signing key, as a JWK. Listing them needs no KMS. Alg belongs to the key, and a
// verifier takes it from here and never from the header of a token.
type SigningPublicKey struct {
	_ theorydb.Entity `theorydb:"name:SigningPublicKey"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#JWK"`
	_ theorydb.Key    `theorydb:"sk" key:"PUB#{kid}"`

	TenantID    string `theorydb:"scope"`
	ProjectID   string `theorydb:"scope"`
	KID         string
	Alg         string `theorydb:"enum:EdDSA|RS256,immutable"`
	JWK         string `theorydb:"immutable"`
	State       string `theorydb:"enum:next|active|retired"`
	SignFrom    time.Time
	SignUntil   *time.Time
	VerifyUntil *time.Time
	Version     int64     `theorydb:"version"`
	CreatedAt   time.Time `theorydb:"created_at"`
}

// SigningPrivateKey is the private half, sealed.
type SigningPrivateKey struct {
	_ theorydb.Entity `theorydb:"name:SigningPrivateKey"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#JWK"`
	_ theorydb.Key    `theorydb:"sk" key:"PRIV#{kid}"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	KID       string
	Private   theorydb.Secret[[]byte] `theorydb:"encrypted"`
	CreatedAt time.Time               `theorydb:"created_at"`
}
