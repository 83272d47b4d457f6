package schema

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// compiledModel is what schemas.json tells of a compiled model.
type compiledModel struct {
	Name         string            `json:"name"`
	Table        string            `json:"table"`
	Partition    string            `json:"partition"`
	Sort         string            `json:"sort"`
	Indexes      []compiledIndex   `json:"indexes"`
	Roles        map[string]string `json:"roles"`
	Scope        []string          `json:"scope"`
	FirstVersion int64             `json:"first_version"`
	AppendOnly   bool              `json:"append_only"`
	Encrypted    []string          `json:"encrypted"`
	Required     []string          `json:"required"`
	OmitEmpty    []string          `json:"omit_empty"`
	Immutable    []string          `json:"immutable"`
}

type compiledIndex struct {
	Name       string `json:"name"`
	Local      bool   `json:"local"`
	Partition  string `json:"partition"`
	Sort       string `json:"sort"`
	Projection string `json:"projection"`
}

func compiledOf(plan *Plan) compiledModel {
	c := compiledModel{Name: plan.Entity, Table: plan.Table, Partition: plan.PK.Name, FirstVersion: plan.FirstVersion, AppendOnly: plan.AppendOnly}
	if plan.SK != nil {
		c.Sort = plan.SK.Name
	}
	for _, x := range plan.Indexes {
		index := compiledIndex{Name: x.Name, Local: x.Local, Partition: x.PK.Name, Projection: x.Projection}
		if x.SK != nil {
			index.Sort = x.SK.Name
		}
		c.Indexes = append(c.Indexes, index)
	}
	for role, a := range map[string]*Attribute{"version": plan.Version, "ttl": plan.TTL, "created_at": plan.CreatedAt, "updated_at": plan.UpdatedAt} {
		if a != nil {
			if c.Roles == nil {
				c.Roles = map[string]string{}
			}
			c.Roles[role] = a.Name
		}
	}
	for _, a := range plan.Scope {
		c.Scope = append(c.Scope, a.Name)
	}
	for _, a := range plan.Attributes {
		for list, has := range map[*[]string]bool{
			&c.Encrypted: a.Encrypted, &c.Required: a.Required, &c.OmitEmpty: a.OmitEmpty, &c.Immutable: a.Immutable,
		} {
			if has {
				*list = append(*list, a.Name)
			}
		}
	}
	return c
}

func TestCompiledDocumentsFollowTheVectors(t *testing.T) {
	var v struct {
		Format    []string `json:"format"`
		Documents []struct {
			Name         string            `json:"name"`
			Table        string            `json:"table"`
			TTLAttribute string            `json:"ttl_attribute"`
			Models       []json.RawMessage `json:"models"`
			Compiled     []compiledModel   `json:"compiled"`
			Canonical    string            `json:"canonical"`
		} `json:"documents"`
		Pairs    []json.RawMessage `json:"pairs"`
		Refusals []json.RawMessage `json:"refusals"`
	}
	readVectors(t, "schemas.json", &v)
	require.NotEmpty(t, v.Documents)
	for _, d := range v.Documents {
		t.Run(d.Name, func(t *testing.T) {
			require.Len(t, d.Compiled, len(d.Models))
			compiled := map[string]compiledModel{}
			for _, model := range d.Models {
				options := testOptions
				options.TTLAttribute = d.TTLAttribute
				plan, err := CompileDocument(model, reflect.TypeFor[record](), options)
				require.NoError(t, err)
				c := compiledOf(plan)
				if c.Table == "" {
					c.Table = d.Table // a document without a table is of the logical one
				}
				compiled[c.Table+" "+c.Name] = c
			}
			for _, want := range d.Compiled {
				require.Empty(t, cmp.Diff(want, compiled[want.Table+" "+want.Name]))
			}
		})
	}
	t.Logf("%d documents", len(v.Documents))
}
