package theorydb_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

type schemaVectors struct {
	Format    []string
	Documents []struct {
		Name, Table  string
		TTLAttribute string `json:"ttl_attribute"`
		Models       []json.RawMessage
		Compiled     []json.RawMessage // the tests of internal/schema hold the library to these
		Canonical    string
	}
	Pairs []struct {
		Name string
		A, B json.RawMessage
		Same bool
	}
	Refusals []struct {
		Name         string
		Models       []json.RawMessage
		Text         *string
		TTLAttribute string `json:"ttl_attribute"`
		Scoped       *bool
		Error        string
	}
}

// modelErrors are the names that a refused document can have. Two of them wrap the first.
var modelErrors = map[string]error{
	"ErrInvalidModel":      theorydb.ErrInvalidModel,
	"ErrInvalidTag":        theorydb.ErrInvalidTag,
	"ErrMissingPrimaryKey": theorydb.ErrMissingPrimaryKey,
}

func schemaDB(t testing.TB, table, ttl string) *theorydb.DB {
	t.Helper()
	db, err := theorydb.New(theorydb.Config{DynamoDB: &askedQueries{}, Table: "physical", LogicalTable: table, TTLAttribute: ttl})
	require.NoError(t, err)
	return db
}

// hasScope reports whether a document has scope attributes.
func hasScope(document []byte) bool {
	var model struct {
		Attributes []struct{ Roles []string }
	}
	return json.Unmarshal(document, &model) == nil && slices.ContainsFunc(model.Attributes, func(a struct{ Roles []string }) bool {
		return slices.Contains(a.Roles, "scope")
	})
}

func registerDocument(db *theorydb.DB, document []byte, scoped bool) error {
	if scoped {
		_, err := theorydb.NewScopedRecordModel(db, document)
		return err
	}
	_, err := theorydb.NewRecordModel(db, document)
	return err
}

// described is the schema document of models that are registered in a table.
func described(t testing.TB, table, ttl string, models ...json.RawMessage) string {
	t.Helper()
	db := schemaDB(t, table, ttl)
	for _, model := range models {
		require.NoError(t, registerDocument(db, model, hasScope(model)))
	}
	document, err := db.Describe()
	require.NoError(t, err)
	return string(document)
}

func TestSchemaDocumentsFollowTheVectors(t *testing.T) {
	var v schemaVectors
	total, held := readVectors(t, "schemas.json", &v), 0
	for _, d := range v.Documents {
		t.Run("document/"+d.Name, func(t *testing.T) {
			require.Len(t, d.Compiled, len(d.Models))
			require.Empty(t, cmp.Diff(d.Canonical, described(t, d.Table, d.TTLAttribute, d.Models...)))
			var again struct{ Models []json.RawMessage }
			require.NoError(t, json.Unmarshal([]byte(d.Canonical), &again))
			require.Len(t, again.Models, len(d.Models))
			require.Empty(t, cmp.Diff(d.Canonical, described(t, d.Table, d.TTLAttribute, again.Models...)), "read back")
			held++
		})
	}
	for _, p := range v.Pairs {
		t.Run("pair/"+p.Name, func(t *testing.T) {
			require.NotEqual(t, string(p.A), string(p.B))
			a, b := described(t, "main", "", p.A), described(t, "main", "", p.B)
			require.Equal(t, p.Same, a == b, cmp.Diff(a, b))
			held++
		})
	}
	for _, r := range v.Refusals {
		t.Run("refused/"+r.Name, func(t *testing.T) {
			if r.Text != nil {
				require.Empty(t, r.Models)
				r.Models = []json.RawMessage{json.RawMessage(*r.Text)}
			}
			db := schemaDB(t, "main", r.TTLAttribute)
			last := len(r.Models) - 1
			for _, model := range r.Models[:last] {
				require.NoError(t, registerDocument(db, model, hasScope(model)))
			}
			scoped := hasScope(r.Models[last])
			if r.Scoped != nil {
				scoped = *r.Scoped
			}
			before, err := db.Describe()
			require.NoError(t, err)
			err = registerDocument(db, r.Models[last], scoped)
			require.Contains(t, modelErrors, r.Error)
			require.ErrorIs(t, err, modelErrors[r.Error])
			// All problems are reported together, and a key that could not be made counts as missing too.
			if r.Error != "ErrInvalidTag" {
				require.NotErrorIs(t, err, theorydb.ErrInvalidTag)
			}
			after, err := db.Describe()
			require.NoError(t, err)
			require.Equal(t, string(before), string(after), "what was refused left nothing")
			held++
		})
	}
	require.Equal(t, total, held, "every vector is held to")
}
