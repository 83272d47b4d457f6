package theorydb

import (
	"context"
	"fmt"
	"maps"
	"math"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// stamp is what the library itself writes into a record's attributes.
type stamp struct {
	now       instant
	version   int64
	createdAt creation
}

// creation says what becomes of created_at.
type creation int

const (
	createdBefore     creation = iota // the row has it and keeps it
	createdUnlessHeld                 // now, unless the record holds one
	createdNow
)

// apply sets the version and the timestamps in encoded attributes.
func (s stamp) apply(plan *schema.Plan, item Item) error {
	if plan.Version != nil {
		item[plan.Version.Name] = number(s.version)
	}
	if plan.CreatedAt != nil && (s.createdAt == createdNow || s.createdAt == createdUnlessHeld && item[plan.CreatedAt.Name] == nil) {
		if err := s.setTime(plan.CreatedAt, item); err != nil {
			return err
		}
	}
	if plan.UpdatedAt != nil {
		return s.setTime(plan.UpdatedAt, item)
	}
	return nil
}

func (s stamp) setTime(timestamp *schema.Attribute, item Item) error {
	value, err := timestamp.Encode(s.now.Time)
	if err != nil {
		return err
	}
	item[timestamp.Name] = value
	return nil
}

// write is one write of one item, ready to be sent by itself or as an operation of a transaction: its item is encoded and
// sealed once and resent unchanged.
type write struct {
	call  *call
	kind  writeKind
	key   Item
	guard *guard
	item  Item                         // of a put: the whole item
	edit  func(b *expr.Builder) string // of an update: its expression
	again resend
	// returning is where the caller wants the item as it was before; nil for nowhere.
	returning any
	wants     types.ReturnValue
}

type writeKind int

const (
	putsItem writeKind = iota + 1
	updatesItem
	deletesItem
	checksItem // writes nothing; only a transaction has such operations
)

// write runs a verb that prepares one write.
func (m *model) write(ctx context.Context, op string, prepare func(c *call) (*write, error)) error {
	return m.run(ctx, op, func(c *call) error {
		w, err := prepare(c)
		if err != nil {
			return c.fail(err)
		}
		return c.commit(ctx, w)
	})
}

// create prepares a Create, and leaves in record what a read would give.
func (c *call) create(ctx context.Context, record any) (*write, error) {
	first := stamp{now: c.now, version: c.model.plan.FirstVersion, createdAt: createdNow}
	if err := c.model.accept(record); err != nil {
		return nil, err
	}
	return c.wholeItem(ctx, record, first, resendAlways, &guard{model: c.model, now: c.now, absent: absentIsRequired}, nil)
}

// put prepares a Put, and leaves in record what a read would give.
func (c *call) put(ctx context.Context, record any, o writeOptions) (*write, error) {
	if c.model.plan.AppendOnly {
		return nil, errAppendOnly
	}
	if err := c.model.accept(record); err != nil {
		return nil, err
	}
	g, err := c.guardOf(record, o)
	if err != nil {
		return nil, err
	}
	if !o.mustExist() {
		g.absent = absentIsWritten
	}
	return c.wholeItem(ctx, record, g.stamp(createdUnlessHeld), g.again(), g, o.returning)
}

var errAppendOnly = fmt.Errorf("%w: the model is append_only: it is created, read and never changed", ErrInvalidQuery)

// guardOf is the guard of a write that knows what row it expects: the record's version, created_at and immutables.
func (c *call) guardOf(record any, o writeOptions) (*guard, error) {
	plan := c.model.plan
	g := &guard{model: c.model, now: c.now, caller: And(o.onlyIf...)}
	if _, err := c.model.compile(&expr.Builder{}, g.caller); err != nil { // before a data key is asked for
		return nil, err
	}
	if err := c.model.checkReturning(o.returning); err != nil {
		return nil, err
	}
	if plan.Version == nil && (o.version != nil || o.anyVersion && plan.CreatedAt == nil) {
		return nil, fmt.Errorf("%w: %s has no version", ErrInvalidQuery, plan.Entity)
	}
	if o.version != nil && o.anyVersion {
		return nil, fmt.Errorf("%w: IfVersion and AnyVersion exclude each other", ErrInvalidQuery)
	}
	if plan.Version != nil && !o.anyVersion {
		held, err := heldBy(record, plan, o.version)
		if err != nil {
			return nil, err
		}
		g.held = held
	}
	if plan.CreatedAt != nil && !o.anyVersion {
		value, err := plan.CreatedAt.Value(record)
		if err != nil {
			return nil, err
		}
		g.incarnation = &heldCreation{heldAttribute{plan.CreatedAt.Name, value}}
	}
	return g, nil
}

func heldBy(record any, plan *schema.Plan, instead *int64) (*heldVersion, error) {
	held := &heldVersion{name: plan.Version.Name, zeroStored: plan.FirstVersion == 0}
	possible := true
	if instead != nil {
		held.held = *instead
	} else {
		value, err := plan.Version.Value(record)
		if err != nil {
			return nil, err
		}
		if value != nil { // absent from a Record: no version
			held.held, possible = storedVersion(Item{held.name: value}, held.name)
		}
	}
	if !possible || held.held < 0 || held.held == math.MaxInt64 {
		return nil, &ValueError{Attr: held.name, Problem: "is no version that another can follow; versions go from 0 to 2^63-2"}
	}
	return held, nil
}

// stamp is what a write behind this guard stores.
func (g *guard) stamp(createdAt creation) stamp {
	s := stamp{now: g.now, createdAt: createdAt}
	if g.held != nil {
		s.version = g.held.next()
	}
	return s
}

// again: a write whose condition names a version can take effect once; without one it is not sent twice blindly.
func (g *guard) again() resend { return resend(g.held != nil) }

// wholeItem prepares the write of a whole item and leaves in record what a read would give.
func (c *call) wholeItem(ctx context.Context, record any, s stamp, again resend, g *guard, returning any) (*write, error) {
	m := c.model
	key, err := m.plan.Key(record)
	if err != nil {
		return nil, err
	}
	stored, plain, err := c.toItem(ctx, record, key, s, nil)
	if err != nil {
		return nil, err
	}
	if g.absent != absentIsRequired {
		g.immutable = immutables(m.plan.Attributes, stored)
	}
	if err := m.plan.Decode(plain, record); err != nil {
		return nil, err
	}
	derived, err := indexKeys(m.plan.Indexes, record)
	if err != nil {
		return nil, err
	}
	item := c.newItem(stored, key, derived)
	if err := checkSize(item); err != nil {
		return nil, err
	}
	return &write{
		call: c, kind: putsItem, key: key, guard: g, item: item, again: again, returning: returning, wants: oldImage(returning),
	}, nil
}

// oldImage asks for the item as it was before, when somebody wants it.
func oldImage(returning any) types.ReturnValue {
	if returning == nil {
		return types.ReturnValueNone
	}
	return types.ReturnValueAllOld
}

// newItem joins sealed attributes, key, index keys and bookkeeping into the item that is sent.
func (c *call) newItem(stored, key, derived Item) Item {
	item := joined(stored, key, derived)
	item[entityAttribute] = &types.AttributeValueMemberS{Value: c.model.plan.Entity}
	item[writeIDAttribute] = c.id.value()
	return item
}

// joined is a new item of all attributes of its parts; of one that several have the last counts.
func joined(parts ...Item) Item {
	item := Item{}
	for _, part := range parts {
		maps.Copy(item, part)
	}
	return item
}

// immutables are the immutable ones of some attributes, as a write would store them.
func immutables(attributes []*schema.Attribute, stored Item) []heldAttribute {
	var held []heldAttribute
	for _, attribute := range attributes {
		if attribute.Immutable {
			held = append(held, heldAttribute{attribute.Name, stored[attribute.Name]})
		}
	}
	return held
}

// delete prepares a Delete.
func (c *call) delete(record any, o writeOptions) (*write, error) {
	if c.model.plan.AppendOnly {
		return nil, errAppendOnly
	}
	key, err := c.model.keyOf(record)
	if err != nil {
		return nil, err
	}
	g, err := c.guardOf(record, o)
	if err != nil {
		return nil, err
	}
	g.deletes = true
	if !o.mustExist() {
		g.absent = absentIsWritten
	}
	return &write{
		call: c, kind: deletesItem, key: key, guard: g, again: resendAlways, returning: o.returning, wants: oldImage(o.returning),
	}, nil
}
