package theorydb

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/theorydb/theorydb/internal/schema"
)

// Record is a record without a Go struct: values by stored attribute name. A read gives string for S, int64, uint64 or
// float64 for numbers whose format says so and attributevalue.Number (an exact decimal) for the others, time.Time for
// times, bool, []byte, []any, map[string]any, and []string, []attributevalue.Number or [][]byte for sets.
type Record map[string]any

// NewRecordModel makes a model from a model document instead of a Go type: the JSON object that describes one model
// in a schema document, as other runtimes read it. It makes no network call.
//
// Problems are reported as by NewModel. Registering the same document twice gives the same model.
func NewRecordModel(db *DB, document []byte) (*Model[Record], error) {
	core, err := db.registerDocument(document, unscopedModel)
	if err != nil {
		return nil, err
	}
	return &Model[Record]{core}, nil
}

// NewScopedRecordModel is NewRecordModel for a document with scope roles, as NewScopedModel is for a type.
func NewScopedRecordModel(db *DB, document []byte) (*ScopedModel[Record], error) {
	core, err := db.registerDocument(document, scopedModel)
	if err != nil {
		return nil, err
	}
	return &ScopedModel[Record]{core}, nil
}

func (db *DB) registerDocument(document []byte, kind modelKind) (*model, error) {
	var members any
	if err := json.Unmarshal(document, &members); err != nil {
		return nil, fmt.Errorf("%w: the document is not JSON", ErrInvalidModel)
	}
	canonical, err := json.Marshal(members) // the same document in another order is the same model
	if err != nil {
		return nil, fmt.Errorf("%w: the document is not JSON", ErrInvalidModel)
	}
	return db.register(string(canonical), kind, func(o schema.Options) (*schema.Plan, error) {
		return schema.CompileDocument(document, reflect.TypeFor[Record](), o)
	})
}
