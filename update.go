package theorydb

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// update prepares an Update, and leaves in record what a read would give.
func (c *call) update(ctx context.Context, record any, o writeOptions) (*write, error) {
	m := c.model
	if m.plan.AppendOnly {
		return nil, errAppendOnly
	}
	var err error
	u := &itemUpdate{model: m, id: c.id, attributes: m.updatable()}
	if o.hasFields {
		if u.attributes, err = m.fields(o.fields); err != nil {
			return nil, err
		}
	}
	if err := m.accept(record); err != nil {
		return nil, err
	}
	key, err := m.plan.Key(record)
	if err != nil {
		return nil, err
	}
	g, err := c.guardOf(record, o)
	if err != nil {
		return nil, err
	}
	var plain Item
	if u.stored, plain, err = c.toItem(ctx, record, key, g.stamp(createdBefore), u.attributes); err != nil {
		return nil, err
	}
	if u.components, err = m.encodeOnly(record, m.templateComponents()); err != nil {
		return nil, err
	}
	if err := u.settle(record, plain); err != nil {
		return nil, err
	}
	if err := u.deriveIndexKeys(record, g, !o.hasFields); err != nil {
		return nil, err
	}
	if err := checkSize(u.stored); err != nil {
		return nil, err
	}
	g.immutable = u.immutables()
	return c.updateItem(u.expression, key, g, o.returning, oldImage(o.returning)), nil
}

// updateItem is the write of an update expression.
func (c *call) updateItem(edit func(*expr.Builder) string, key Item, g *guard, returning any, wants types.ReturnValue) *write {
	return &write{
		call: c, kind: updatesItem, key: key, guard: g, edit: edit, again: g.again(), returning: returning, wants: wants,
	}
}

// updatable are the attributes that an Update may write: not the key, what the key is made of, or what stamp writes.
func (m *model) updatable() []*schema.Attribute {
	var attributes []*schema.Attribute
	for _, attribute := range m.plan.Attributes {
		if !m.keepsItself(attribute) && !slices.Contains(m.plan.KeyComponents(), attribute) {
			attributes = append(attributes, attribute)
		}
	}
	return attributes
}

// keepsItself reports whether the library alone decides the value of an attribute of a live item.
func (m *model) keepsItself(attribute *schema.Attribute) bool {
	return attribute == m.plan.Version || attribute == m.plan.CreatedAt || attribute == m.plan.UpdatedAt ||
		slices.Contains(m.plan.Scope, attribute)
}

// fields finds the attributes that Fields names.
func (m *model) fields(names []string) ([]*schema.Attribute, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: Fields names no attribute", ErrInvalidQuery)
	}
	var attributes []*schema.Attribute
	for _, name := range names {
		attribute, err := m.writable(name, "Fields")
		if err != nil {
			return nil, err
		}
		if !slices.Contains(attributes, attribute) {
			attributes = append(attributes, attribute)
		}
	}
	return attributes, nil
}

// writable finds an attribute that a caller may name as one to be written.
func (m *model) writable(name, by string) (*schema.Attribute, error) {
	attribute, err := m.attribute(name)
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(m.plan.Scope, attribute), m.keepsItself(attribute):
		return nil, fmt.Errorf("%w: %s names %q, which the library sets itself", ErrInvalidQuery, by, name)
	case slices.Contains(m.plan.KeyComponents(), attribute):
		return nil, fmt.Errorf("%w: %q is part of the primary key; create a new item instead", ErrImmutable, name)
	}
	return attribute, nil
}

// templateComponents are the attributes that only exist in an item because its key names them: a row of another writer
// may lack them. Plain keys are not among them; they are the key.
func (m *model) templateComponents() []*schema.Attribute {
	var components []*schema.Attribute
	for _, attribute := range m.plan.KeyComponents() {
		if attribute.Name != m.plan.PK.Name && (m.plan.SK == nil || attribute.Name != m.plan.SK.Name) {
			components = append(components, attribute)
		}
	}
	return components
}

// itemUpdate is the change an UpdateItem makes: some attributes, and what every update writes besides.
type itemUpdate struct {
	model      *model
	id         writeID
	attributes []*schema.Attribute
	stored     Item // of attributes and the stamp, sealed; what is absent here is removed
	components Item // of the primary key
	indexes    []*schema.Index
	indexKeys  Item // the derived keys of indexes; what is absent here is removed
}

// deriveIndexKeys renders the keys of every index that the update touches, or of all, from the settled record. Components
// that the update does not itself store are borrowed from the record: they become conditions, so that a key is never
// rendered from what is no longer stored.
func (u *itemUpdate) deriveIndexKeys(record any, g *guard, all bool) error {
	u.indexes = u.model.affected(slices.Concat(u.attributes, u.model.stamped()))
	if all {
		u.indexes = u.model.plan.Indexes
	}
	var err error
	if u.indexKeys, err = indexKeys(u.indexes, record); err != nil {
		return err
	}
	for _, attribute := range u.borrowed() {
		value, err := attribute.Value(record)
		if err != nil {
			return err
		}
		g.borrowed = append(g.borrowed, heldAttribute{attribute.Name, value})
	}
	return nil
}

// borrowed are the components of derived index keys that the update neither stores nor has from the key.
func (u *itemUpdate) borrowed() []*schema.Attribute {
	var borrowed []*schema.Attribute
	written := slices.Concat(u.attributes, u.model.stamped())
	for _, index := range u.indexes {
		if len(derivedHalves(index)) == 0 {
			continue
		}
		for _, attribute := range componentsOf(index) {
			if !slices.Contains(written, attribute) && !slices.Contains(borrowed, attribute) && !u.model.isGiven(attribute) {
				borrowed = append(borrowed, attribute)
			}
		}
	}
	return borrowed
}

// settle leaves in record what a read would give: the stored form of what is written, and the new stamp.
func (u *itemUpdate) settle(record any, plain Item) error {
	given := joined(plain, u.components)
	written := slices.Concat(u.attributes, u.model.stamped(), u.model.templateComponents())
	names := make([]string, len(written))
	for i, attribute := range written {
		names[i] = attribute.Name
	}
	return u.model.plan.Merge(given, record, names)
}

// stamped are the attributes that every update of the model sets.
func (m *model) stamped() []*schema.Attribute {
	var stamped []*schema.Attribute
	for _, attribute := range []*schema.Attribute{m.plan.Version, m.plan.UpdatedAt} {
		if attribute != nil {
			stamped = append(stamped, attribute)
		}
	}
	return stamped
}

// immutables are what must be stored as the record has it, or not at all: the immutable attributes among those written,
// and the components that the key does not tell.
func (u *itemUpdate) immutables() []heldAttribute {
	every := func(*schema.Attribute) bool { return true }
	return append(immutables(u.attributes, u.stored), u.model.untold(u.components, every)...)
}

// expression is the update expression. Components are written only where they are missing, so that a row of another
// writer becomes complete and no stored one ever changes.
func (u *itemUpdate) expression(b *expr.Builder) string {
	var e expr.Update
	for _, attribute := range u.attributes {
		if value := u.stored[attribute.Name]; value != nil {
			e.Set(b.Name(attribute.Name), b.Value(value))
		} else {
			e.Remove(b.Name(attribute.Name))
		}
	}
	for _, attribute := range u.model.stamped() {
		e.Set(b.Name(attribute.Name), b.Value(u.stored[attribute.Name]))
	}
	u.model.writeIndexKeys(&e, b, u.indexes, u.indexKeys)
	for _, attribute := range u.model.templateComponents() {
		if value := u.components[attribute.Name]; value != nil {
			e.SetIfAbsent(b.Name(attribute.Name), b.Value(value))
		}
	}
	e.Set(b.Name(entityAttribute), b.Value(&types.AttributeValueMemberS{Value: u.model.plan.Entity}))
	e.Set(b.Name(writeIDAttribute), b.Value(u.id.value()))
	return e.String()
}
