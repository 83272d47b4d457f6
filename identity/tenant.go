package identity

import (
	"time"

	"github.com/theorydb/theorydb"
)

// This file can be copied alone: it needs theorydb and nothing else of this package. NewModel registers Tenant.

// Tenant is a customer: what projects, and everything in them, belong to. It is the one model without a scope, since a list
// of tenants can't begin with one of them, and only Platform reaches it.
//
// SMSCountries are the countries, as ISO 3166-1 alpha-2 codes, that codes may be sent to by SMS. ProjectCount and OwnerCount
// are kept in the transactions that change what they count.
type Tenant struct {
	_ theorydb.Entity `theorydb:"name:Tenant,project:gsi1=all"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{id}"`
	_ theorydb.Key    `theorydb:"sk" key:"TENANT"`
	_ theorydb.Key    `theorydb:"index:gsi1,pk" key:"G#TENANTS#{id|shard:64}"`
	_ theorydb.Key    `theorydb:"index:gsi1,sk" key:"{id}"`

	ID           string
	Name         string
	Status       string   `theorydb:"enum:active|suspended|deleting"`
	Mode         string   `theorydb:"enum:shared|dedicated,immutable"`
	SMSCountries []string `theorydb:"set"`
	ProjectCount int64
	OwnerCount   int64
	Version      int64     `theorydb:"version"`
	CreatedAt    time.Time `theorydb:"created_at"`
	UpdatedAt    time.Time `theorydb:"updated_at"`
}
