package theorydb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
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

// write is one single-item write, ready to be sent: its item is encoded and sealed once and resent unchanged.
type write struct {
	key   Item
	guard *guard
	again resend
	// send sends it until there is an answer, and returns what DynamoDB gave back of the item.
	send func(ctx context.Context, condition string, b *expr.Builder, again resend) (Item, tries, error)
	// returning is where the caller wants the item as it was before; nil for nowhere.
	returning any
}

func (m *model) create(ctx context.Context, record any) error {
	c, err := m.begin("Create")
	if err != nil {
		return err
	}
	first := stamp{now: c.now, version: m.plan.FirstVersion, createdAt: createdNow}
	if err := m.accept(record); err != nil {
		return c.fail(err)
	}
	return c.replace(ctx, record, first, resendAlways, &guard{model: m, now: c.now, absent: absentIsRequired}, nil)
}

func (m *model) put(ctx context.Context, record any, o writeOptions) error {
	c, err := m.begin("Put")
	if err != nil {
		return err
	}
	if m.plan.AppendOnly {
		return c.fail(errAppendOnly)
	}
	if err := m.accept(record); err != nil {
		return c.fail(err)
	}
	g, err := c.guardOf(record, o)
	if err != nil {
		return c.fail(err)
	}
	if !o.mustExist() {
		g.absent = absentIsWritten
	}
	return c.replace(ctx, record, g.stamp(createdUnlessHeld), g.again(), g, o.returning)
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

// replace writes a whole item with PutItem and leaves in record what a read would give.
func (c *call) replace(ctx context.Context, record any, s stamp, again resend, g *guard, returning any) error {
	m := c.model
	key, err := m.plan.Key(record)
	if err != nil {
		return c.fail(err)
	}
	stored, plain, err := c.toItem(ctx, record, key, s, nil)
	if err != nil {
		return c.fail(err)
	}
	if g.absent != absentIsRequired {
		g.immutable = immutables(m.plan.Attributes, stored)
	}
	if err := m.plan.Decode(plain, record); err != nil {
		return c.fail(err)
	}
	derived, err := indexKeys(m.plan.Indexes, record)
	if err != nil {
		return c.fail(err)
	}
	item := c.newItem(stored, key, derived)
	if err := checkSize(item); err != nil {
		return c.fail(err)
	}
	return c.commit(ctx, c.putItem(item, key, g, again, returning), &expr.Builder{})
}

// putItem is the write of a whole item.
func (c *call) putItem(item, key Item, g *guard, again resend, returning any) *write {
	m := c.model
	return &write{
		key: key, guard: g, again: again, returning: returning,
		send: func(ctx context.Context, condition string, b *expr.Builder, again resend) (Item, tries, error) {
			output, seen, err := send(ctx, m.db, again, m.db.config.DynamoDB.PutItem, &dynamodb.PutItemInput{
				TableName: &m.table, Item: item,
				ConditionExpression:                 &condition,
				ExpressionAttributeNames:            b.Names(),
				ExpressionAttributeValues:           b.Values(),
				ReturnValues:                        oldImage(returning),
				ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			})
			if err != nil {
				return nil, seen, err
			}
			return output.Attributes, seen, nil
		},
	}
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

func (m *model) delete(ctx context.Context, record any, o writeOptions) error {
	c, err := m.begin("Delete")
	if err != nil {
		return err
	}
	if m.plan.AppendOnly {
		return c.fail(errAppendOnly)
	}
	key, err := m.keyOf(record)
	if err != nil {
		return c.fail(err)
	}
	g, err := c.guardOf(record, o)
	if err != nil {
		return c.fail(err)
	}
	g.deletes = true
	if !o.mustExist() {
		g.absent = absentIsWritten
	}
	return c.commit(ctx, &write{
		key: key, guard: g, again: resendAlways, returning: o.returning,
		send: func(ctx context.Context, condition string, b *expr.Builder, again resend) (Item, tries, error) {
			output, seen, err := send(ctx, m.db, again, m.db.config.DynamoDB.DeleteItem, &dynamodb.DeleteItemInput{
				TableName: &m.table, Key: key,
				ConditionExpression:                 &condition,
				ExpressionAttributeNames:            b.Names(),
				ExpressionAttributeValues:           b.Values(),
				ReturnValues:                        oldImage(o.returning),
				ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			})
			if err != nil {
				return nil, seen, err
			}
			return output.Attributes, seen, nil
		},
	}, &expr.Builder{})
}

// commit sends a write and says what became of it. b already holds what else the request names, if anything.
func (c *call) commit(ctx context.Context, w *write, b *expr.Builder) error {
	defer c.close()
	old, _, err := c.apply(ctx, w, b)
	if err != nil {
		return err
	}
	if err := c.giveOld(ctx, w, old); err != nil {
		return c.applied(err)
	}
	return nil
}

// apply sends a write. It returns what DynamoDB gave back of the item, and, when the answer was lost but the write is
// known to have taken effect, the item as it is now.
func (c *call) apply(ctx context.Context, w *write, b *expr.Builder) (given, now Item, err error) {
	condition, err := w.guard.condition(b)
	if err == nil {
		err = checkExpression(condition.String())
	}
	if err != nil {
		return nil, nil, c.fail(err)
	}
	given, seen, err := w.send(ctx, condition.String(), b, w.again)
	c.attempts += seen.count
	if err == nil {
		return given, nil, nil
	}
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		if c.id.wrote(failed.Item) {
			return nil, failed.Item, nil // an attempt of ours whose answer was lost
		}
		if seen.ambiguous {
			return nil, nil, c.refuse(w.guard.lostTo(failed.Item), err)
		}
		reason := w.guard.cause(failed.Item)
		if reason.callers && !c.model.sealed {
			_ = c.giveOld(ctx, w, failed.Item) // the refusal is the error of the call, whatever the item holds
		}
		return nil, nil, c.refuse(reason, err)
	}
	if !seen.ambiguous {
		return nil, nil, c.fail(cleanError(err))
	}
	if w.again == resendIfUnapplied {
		if now := c.tookEffect(ctx, w.key); now != nil {
			return nil, now, nil
		}
	}
	return nil, nil, c.refuse(refusal{reason: ErrOutcomeUnknown}, err)
}

// refuse reports a refusal with the SDK's error behind it. The reason stands alone: what the last answer would mean by
// itself must not match too.
func (c *call) refuse(r refusal, err error) error {
	clean := cleanError(err)
	clean.sentinel = r.reason
	return &OpError{
		Op: c.op, Model: c.model.plan.Entity, Attempts: c.attempts, StoredVersion: r.storedVersion, Err: clean,
	}
}

// tookEffect settles a write that must not be sent twice, by one strong read: the item when the write is its last, nil
// when that can't be known.
func (c *call) tookEffect(ctx context.Context, key Item) Item {
	m := c.model
	output, seen, err := send(ctx, m.db, resendAlways, m.db.config.DynamoDB.GetItem, &dynamodb.GetItemInput{
		TableName: &m.table, Key: key, ConsistentRead: aws.Bool(true),
	})
	c.attempts += seen.count
	if err != nil || !c.id.wrote(output.Item) {
		return nil
	}
	return output.Item
}
