package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewScopedModel registers Profile,
// under a scope of tenant and project.

// Profile is what is known about a person, sealed as a whole item of its own, so that reading and listing users needs no
// KMS. Emails and Phones hold the stored address by the digest of its Identifier: mail is sent to the stored address and
// never to a typed one.
type Profile struct {
	_ theorydb.Entity `theorydb:"name:Profile"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"PROFILE"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	UserID    string
	Name      theorydb.Secret[string]            `theorydb:"encrypted,omitempty"`
	Emails    theorydb.Secret[map[string]string] `theorydb:"encrypted,omitempty"` // digest -> stored address
	Phones    theorydb.Secret[map[string]string] `theorydb:"encrypted,omitempty"`
	Address   theorydb.Secret[string]            `theorydb:"encrypted,omitempty"`
	Birthdate theorydb.Secret[string]            `theorydb:"encrypted,omitempty"`
	Custom    theorydb.Secret[map[string]string] `theorydb:"encrypted,omitempty"`
	Version   int64                              `theorydb:"version"`
	CreatedAt time.Time                          `theorydb:"created_at"`
	UpdatedAt time.Time                          `theorydb:"updated_at"`
}
