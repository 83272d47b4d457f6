package theorydb

import (
	"reflect"

	"github.com/theorydb/theorydb/internal/schema"
)

// Entity carries the words about a model as a whole, in the tag of a blank field:
//
//	_ theorydb.Entity `theorydb:"name:Session,append_only"`
//
// See the package comment for the words.
type Entity struct{}

// Key declares half of a key as a template, in the tags of a blank field:
//
//	_ theorydb.Key `theorydb:"pk" key:"TENANT#{tenantID}#USER#{userID}"`
//
// See the package comment for the grammar.
type Key struct{}

func (db *DB) schemaOptions() schema.Options {
	return schema.Options{
		TTLAttribute: db.config.TTLAttribute,
		EntityType:   reflect.TypeFor[Entity](),
		KeyType:      reflect.TypeFor[Key](),
	}
}
