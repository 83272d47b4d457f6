package theorydb

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// The templated key of an index is derived: it is rendered from attributes of the same item whenever one of them is
// written, by every write alike. So a stored index key always is the one that the stored attributes give, or absent with
// both halves when one of its components is.

// derivedHalves are the halves of an index's key that are rendered from attributes. The others are attributes.
func derivedHalves(index *schema.Index) []*schema.KeyPart {
	var halves []*schema.KeyPart
	for _, half := range []*schema.KeyPart{index.PK, index.SK} {
		if half != nil && half.Template != nil && (!index.Local || half != index.PK) {
			halves = append(halves, half)
		}
	}
	return halves
}

// indexKeys renders the derived keys of a record for some indexes. Halves that are to be absent are left out.
func indexKeys(indexes []*schema.Index, record any) (Item, error) {
	rendered := Item{}
	for _, index := range indexes {
		halves, err := index.Keys(record)
		if err != nil {
			return nil, err
		}
		maps.Copy(rendered, halves)
	}
	return rendered, nil
}

// writeIndexKeys sets the derived keys of some indexes in an update expression, and removes those that are absent.
func (m *model) writeIndexKeys(e *expr.Update, b *expr.Builder, indexes []*schema.Index, rendered Item) {
	for _, index := range indexes {
		for _, half := range derivedHalves(index) {
			if value := rendered[half.Name]; value != nil {
				e.Set(b.Name(half.Name), b.Value(value))
			} else {
				e.Remove(b.Name(half.Name))
			}
		}
	}
}

// componentsOf are the attributes an index's key is made of, plain halves among them.
func componentsOf(index *schema.Index) []*schema.Attribute {
	var components []*schema.Attribute
	for _, half := range []*schema.KeyPart{index.PK, index.SK} {
		if half == nil {
			continue
		}
		for _, attribute := range half.Components {
			if !slices.Contains(components, attribute) {
				components = append(components, attribute)
			}
		}
	}
	return components
}

// affected are the indexes with a derived key that a write of some attributes changes.
func (m *model) affected(written []*schema.Attribute) []*schema.Index {
	var indexes []*schema.Index
	for _, index := range m.plan.Indexes {
		touches := func(a *schema.Attribute) bool { return slices.Contains(written, a) }
		if len(derivedHalves(index)) > 0 && slices.ContainsFunc(componentsOf(index), touches) {
			indexes = append(indexes, index)
		}
	}
	return indexes
}

// isGiven reports whether an attribute of a row is known from its key alone.
func (m *model) isGiven(attribute *schema.Attribute) bool {
	return slices.Contains(m.plan.KeyComponents(), attribute) || slices.Contains(m.plan.Scope, attribute)
}

// untold are lossy components of the primary key: a row under the key may hold another value of them than the one that the
// caller's key was rendered from. What is written from that value is guarded by it.
func (m *model) untold(from Item, among func(*schema.Attribute) bool) []heldAttribute {
	var held []heldAttribute
	for _, attribute := range m.plan.LossyKeyComponents() {
		if among(attribute) {
			held = append(held, heldAttribute{attribute.Name, from[attribute.Name]})
		}
	}
	return held
}

// projects reports whether an index has an attribute of the items in it.
func (m *model) projects(index *schema.Index, name string) bool {
	if index.Projection == schema.ProjectAll || slices.Contains(index.Fields, name) {
		return true
	}
	halves := append(m.halves(), index.PK, index.SK)
	return slices.ContainsFunc(halves, func(half *schema.KeyPart) bool { return half != nil && half.Name == name })
}

// projectsWhole reports whether a record can be read whole from an index.
func (m *model) projectsWhole(index *schema.Index) bool {
	return !slices.ContainsFunc(m.plan.Attributes, func(a *schema.Attribute) bool { return !m.projects(index, a.Name) })
}

// projectionOf is an index's projection as CreateTable gives it to DynamoDB.
func projectionOf(index *schema.Index) *types.Projection {
	projection := &types.Projection{ProjectionType: types.ProjectionType(index.Projection)}
	if index.Projection == schema.ProjectInclude {
		projection.NonKeyAttributes = index.Fields
	}
	return projection
}
