package theorydb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// Change changes attributes of the item under a key without a record in hand, in one request, and returns the record as
// it is then (nil with Blind, and with Returning, which asks for the item as it was). The key is given by example.
//
// A model with a version needs IfVersion, or AnyVersion to do without: the version is raised either way. There must be a
// live item (ErrItemNotFound), unless OrCreate is among the parts. A part that touches a component of a templated index
// key must come with all the others, or the call is ErrIndexKeyUnknown.
//
// After a lost answer a Change with IfVersion is as safe as an Update. One without may be ErrOutcomeUnknown: an Add must
// not be sent twice.
func (m *Model[T]) Change(ctx context.Context, key T, parts ...ChangePart) (*T, error) {
	record := new(T)
	given, err := m.core.change(ctx, &key, record, changeOptionsOf(parts))
	if err != nil || !given {
		return nil, err
	}
	return record, nil
}

func changeOptionsOf(parts []ChangePart) (o changeOptions) {
	for _, part := range parts {
		if part != nil {
			part.change(&o)
		}
	}
	return o
}

// errExpiredInTheWay says that an OrCreate met an expired row.
var errExpiredInTheWay = errors.New("theorydb: an expired item is in the way")

// change reports whether record was given the item as it is after the change.
func (m *model) change(ctx context.Context, key, record any, o changeOptions) (given bool, err error) {
	err = m.run(ctx, "Change", func(c *call) error {
		change, err := c.compileChange(ctx, key, o)
		if err != nil {
			return c.fail(err)
		}
		given, err = c.commitChange(ctx, change, record, o)
		return err
	})
	return given, err
}

func (c *call) commitChange(ctx context.Context, change *itemChange, record any, o changeOptions) (given bool, err error) {
	w := change.write(o)
	image, now, err := c.apply(ctx, w)
	if errors.Is(err, errExpiredInTheWay) {
		given, failed := c.createChanged(ctx, change, record, o)
		if !errors.Is(failed, ErrAlreadyExists) {
			return given, failed
		}
		// Another OrCreate was faster, so that there is a live item to change now.
		if image, now, err = c.apply(ctx, w); errors.Is(err, errExpiredInTheWay) {
			return false, failed
		}
	}
	if err != nil {
		return false, err
	}
	if o.returning != nil {
		if err := c.giveOld(ctx, w, image); err != nil {
			return false, c.applied(err)
		}
		return false, nil
	}
	if o.blind {
		return false, nil
	}
	if now == nil {
		now = image
	}
	err = c.fromItem(ctx, joined(now, change.key), record)
	if errors.Is(err, errNotOurs) {
		err = ErrItemNotFound // the change itself made it expire
	}
	if err != nil {
		return false, c.applied(err)
	}
	return true, nil
}

// write is the change as a write. What it asks back is the item after it, unless the caller wants none or the one before.
func (change *itemChange) write(o changeOptions) *write {
	wants := types.ReturnValueAllNew
	if o.blind || o.returning != nil {
		wants = oldImage(o.returning)
	}
	return change.call.updateItem(change.expression, change.key, change.guard, o.returning, wants)
}

// itemChange is a Change, compiled for one item.
type itemChange struct {
	call      *call
	key       Item
	given     Item // components and scope, which a new item gets
	edits     []compiledEdit
	stored    Item // the operands of Set and SetIfAbsent, sealed where the attribute is
	indexes   []*schema.Index
	indexKeys Item
	guard     *guard
	stamp     stamp
	orCreate  bool
}

func (c *call) compileChange(ctx context.Context, example any, o changeOptions) (*itemChange, error) {
	m := c.model
	switch {
	case m.plan.AppendOnly:
		return nil, errAppendOnly
	case m.plan.Version != nil && o.version == nil && !o.anyVersion:
		return nil, fmt.Errorf("%w: a Change of %s, which has a version, needs IfVersion or AnyVersion", ErrInvalidQuery, m.plan.Entity)
	case o.blind && o.returning != nil:
		return nil, fmt.Errorf("%w: Blind asks for nothing back, and Returning does; leave one out", ErrInvalidQuery)
	case o.orCreate && o.version != nil:
		return nil, fmt.Errorf("%w: OrCreate and IfVersion exclude each other: a new item has no version to compare", ErrInvalidQuery)
	}
	key, err := m.keyOf(example)
	if err != nil {
		return nil, err
	}
	change := &itemChange{call: c, key: key, orCreate: o.orCreate}
	if change.edits, err = m.compileEdits(o.edits); err != nil {
		return nil, err
	}
	if change.given, err = m.encodeOnly(example, m.givenByKey()); err != nil {
		return nil, err
	}
	if change.guard, err = c.guardOf(example, o.writeOptions); err != nil {
		return nil, err
	}
	change.guard.incarnation = nil // the caller holds no record
	change.guard.orCreate = o.orCreate
	change.stamp = change.guard.stamp(createdBefore)
	if o.orCreate {
		change.stamp.createdAt = createdNow // stored only where there is none
	}
	if err := change.stampOperands(); err != nil {
		return nil, err
	}
	change.guardImmutables()
	if err := change.checkCreates(); err != nil {
		return nil, err
	}
	if err := change.deriveIndexKeys(); err != nil {
		return nil, err
	}
	return change, change.sealOperands(ctx) // last: what is refused asks KMS for nothing
}

// givenByKey are the attributes that an item has from its key alone.
func (m *model) givenByKey() []*schema.Attribute {
	given := m.templateComponents()
	for _, attribute := range m.plan.Scope {
		if !slices.Contains(given, attribute) {
			given = append(given, attribute)
		}
	}
	return given
}

// stampOperands gathers the operands with what the library itself writes, in plain form.
func (change *itemChange) stampOperands() error {
	plain := Item{}
	for _, e := range change.edits {
		if e.operand != nil {
			plain[e.attribute.Name] = e.operand
		}
	}
	change.stored = plain
	if err := change.stamp.apply(change.call.model.plan, plain); err != nil {
		return err
	}
	return checkSize(plain)
}

// sealOperands makes of the operands what is stored.
func (change *itemChange) sealOperands(ctx context.Context) (err error) {
	change.stored, err = change.call.sealed(ctx, change.key, change.stored)
	return err
}

func (change *itemChange) guardImmutables() {
	for _, e := range change.edits {
		if e.attribute.Immutable && e.kind == editSet {
			change.guard.immutable = append(change.guard.immutable, heldAttribute{e.attribute.Name, e.operand})
		}
	}
}

// checkCreates refuses an OrCreate that would make an item no read accepts.
func (change *itemChange) checkCreates() error {
	if !change.orCreate {
		return nil
	}
	made := change.onNothing()
	record := change.call.model.plan.New()
	if err := change.call.model.plan.Merge(made, record, slices.Collect(maps.Keys(made))); err != nil {
		return err
	}
	for _, attribute := range change.call.model.plan.Attributes {
		if made[attribute.Name] != nil && (!attribute.Required || !attribute.IsZero(record)) {
			continue
		}
		if attribute.Required {
			return &ValueError{Attr: attribute.Name, Problem: "is required, and OrCreate would make an item without it"}
		}
		if err := change.call.model.checkSecrets(made, []*schema.Attribute{attribute}); err != nil {
			return err
		}
	}
	return nil
}

// onNothing is what the change makes of an item that is not there: its attributes, in plain form.
func (change *itemChange) onNothing() Item {
	made := change.fromKey()
	for _, e := range change.edits {
		if value := e.onNothing(); value != nil {
			made[e.attribute.Name] = value
		}
	}
	return made
}

// fromKey is what the key alone tells of the item: the components of its templates, and plain keys.
func (change *itemChange) fromKey() Item {
	told := maps.Clone(change.given)
	for _, half := range change.call.model.halves() {
		if half.Template == nil {
			told[half.Name] = change.key[half.Name]
		}
	}
	return told
}

// deriveIndexKeys renders the keys of the indexes that the change touches, from the key and the change alone: what else
// is stored is not known here.
func (change *itemChange) deriveIndexKeys() error {
	m := change.call.model
	written := m.stamped()
	known := change.fromKey()
	for _, e := range change.edits {
		written = append(written, e.attribute)
		if e.known() && e.operand != nil {
			known[e.attribute.Name] = e.operand
		}
	}
	for _, attribute := range m.stamped() {
		if attribute != m.plan.Version || change.guard.held != nil {
			known[attribute.Name] = change.stored[attribute.Name]
		}
	}
	change.indexes = m.affected(written)
	if err := change.indexesOfNew(known); err != nil {
		return err
	}
	for _, index := range change.indexes {
		for _, attribute := range componentsOf(index) {
			if !change.knows(attribute, known) {
				return fmt.Errorf("%w: index %q is made of %q, which neither the key nor the change gives; Set it too, or use Update or Modify",
					ErrIndexKeyUnknown, index.Name, attribute.Name)
			}
		}
	}
	change.guard.immutable = append(change.guard.immutable, m.untold(change.given, func(a *schema.Attribute) bool {
		return slices.ContainsFunc(change.indexes, func(x *schema.Index) bool { return slices.Contains(componentsOf(x), a) })
	})...)
	record := m.plan.New()
	if err := m.plan.Merge(known, record, slices.Collect(maps.Keys(known))); err != nil {
		return err
	}
	var err error
	change.indexKeys, err = indexKeys(present(change.indexes, known), record)
	return err
}

// present are the indexes of which no component is absent. A record can't tell: a number that is removed reads as 0.
func present(indexes []*schema.Index, known Item) []*schema.Index {
	var whole []*schema.Index
	for _, index := range indexes {
		absent := func(a *schema.Attribute) bool { return known[a.Name] == nil }
		if !slices.ContainsFunc(componentsOf(index), absent) {
			whole = append(whole, index)
		}
	}
	return whole
}

// indexesOfNew adds the indexes that a new item is in by its key alone. Of the others a component is absent from a new
// item, and so is their key.
func (change *itemChange) indexesOfNew(known Item) error {
	m := change.call.model
	if !change.orCreate {
		return nil
	}
	for _, index := range m.plan.Indexes {
		if slices.Contains(change.indexes, index) || len(derivedHalves(index)) == 0 {
			continue
		}
		components := componentsOf(index)
		if m.plan.CreatedAt != nil && slices.Contains(components, m.plan.CreatedAt) {
			return fmt.Errorf("%w: index %q is made of %q, which OrCreate can't know; use Create or Modify", ErrIndexKeyUnknown, index.Name, m.plan.CreatedAt.Name)
		}
		if !slices.ContainsFunc(components, func(a *schema.Attribute) bool { return !change.knows(a, known) }) {
			change.indexes = append(change.indexes, index)
		}
	}
	return nil
}

// knows reports whether the value of a component after the change is known: given by the key, set, or removed.
func (change *itemChange) knows(attribute *schema.Attribute, known Item) bool {
	if known[attribute.Name] != nil || change.call.model.isGiven(attribute) {
		return true
	}
	return slices.ContainsFunc(change.edits, func(e compiledEdit) bool { return e.attribute == attribute && e.known() })
}

// expression is the update expression. With OrCreate it also makes what a new item has, where it is missing.
func (change *itemChange) expression(b *expr.Builder) string {
	var e expr.Update
	m := change.call.model
	for _, edit := range change.edits {
		edit.write(&e, b, change.stored[edit.attribute.Name])
	}
	for _, name := range slices.Sorted(maps.Keys(change.given)) {
		e.SetIfAbsent(b.Name(name), b.Value(change.given[name]))
	}
	if version := m.plan.Version; version != nil && change.guard.held != nil {
		e.Set(b.Name(version.Name), b.Value(change.stored[version.Name]))
	} else if version != nil {
		before := int64(0) // a live row without a version counts as version 0, as for every other write
		if change.orCreate {
			before = m.plan.FirstVersion - 1
		}
		e.Increment(b.Name(version.Name), b.Value(number(before)), b.Value(number(1)))
	}
	if m.plan.UpdatedAt != nil {
		e.Set(b.Name(m.plan.UpdatedAt.Name), b.Value(change.stored[m.plan.UpdatedAt.Name]))
	}
	if created := m.plan.CreatedAt; created != nil && change.orCreate {
		e.SetIfAbsent(b.Name(created.Name), b.Value(change.stored[created.Name]))
	}
	m.writeIndexKeys(&e, b, change.indexes, change.indexKeys)
	e.Set(b.Name(entityAttribute), b.Value(text(m.plan.Entity)))
	e.Set(b.Name(writeIDAttribute), b.Value(change.call.id.value()))
	return e.String()
}

// createChanged is the second request of OrCreate, over an expired row.
func (c *call) createChanged(ctx context.Context, change *itemChange, record any, o changeOptions) (bool, error) {
	w, fresh, err := change.creation(ctx)
	if err != nil {
		return false, c.fail(err)
	}
	if err := c.commit(ctx, w); err != nil {
		return false, err
	}
	if o.blind || o.returning != nil {
		return false, nil
	}
	reflect.ValueOf(record).Elem().Set(reflect.ValueOf(fresh).Elem())
	return true, nil
}

// creation is the change as the write that makes a new item over an expired row, with the record that it stores: an update
// would keep what the expired item held, so the whole item is replaced, under Create's condition.
func (change *itemChange) creation(ctx context.Context) (*write, any, error) {
	c, m := change.call, change.call.model
	fresh := m.plan.New()
	if err := m.plan.Decode(change.onNothing(), fresh); err != nil {
		return nil, nil, err
	}
	first := stamp{now: c.now, version: m.plan.FirstVersion, createdAt: createdNow}
	g := &guard{model: m, now: c.now, absent: absentIsRequired}
	w, err := c.wholeItem(ctx, fresh, first, resendAlways, g, nil)
	return w, fresh, err
}
