package theorydb

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/theorydb/theorydb/internal/keys"
	"github.com/theorydb/theorydb/internal/schema"
)

// Model stores and reads records of type T. It is safe for concurrent use. Every method takes or returns a *T, and none
// keeps it: a record belongs to the caller, and a failed call leaves it as it was.
type Model[T any] struct{ core *model }

// NewModel compiles T into a model of db. It makes no network call.
//
// All problems of T are reported together, each a *ModelError that matches ErrInvalidModel. Registering a type twice
// gives the same model; another type of the same entity name in the same table is refused, and so is a type whose keys
// could equal those of another model of the table. A type with scope fields is refused; use NewScopedModel.
func NewModel[T any](db *DB) (*Model[T], error) {
	core, err := db.register(reflect.TypeFor[T](), unscopedModel, func(o schema.Options) (*schema.Plan, error) {
		return schema.Compile(reflect.TypeFor[T](), o)
	})
	if err != nil {
		return nil, err
	}
	return &Model[T]{core}, nil
}

// Create inserts a record. A live item under its key is ErrAlreadyExists (or ErrTypeMismatch when it is another
// entity's); an expired one is replaced.
//
// The version and the timestamps of record are ignored and set. On success record holds what a read would give.
func (m *Model[T]) Create(ctx context.Context, record *T) error {
	return settled(ctx, m.core, "Create", record, func(c *call, aside *T) (*write, error) { return c.create(ctx, aside) })
}

// Put inserts a record or replaces the whole item, attributes unknown to T included.
//
// Over a live item it needs the version and created_at that record holds (ErrVersionConflict otherwise) and leaves
// immutable attributes as they are stored (ErrImmutable). With OnlyIf or IfVersion the item must exist
// (ErrItemNotFound); without them a Put inserts where there is none, also a record that was deleted since it was read. On
// success record holds what a read would give.
func (m *Model[T]) Put(ctx context.Context, record *T, options ...PutOption) error {
	return settled(ctx, m.core, "Put", record, func(c *call, aside *T) (*write, error) {
		return c.put(ctx, aside, putOptionsOf(options))
	})
}

// Update writes the attributes of a record, or those that Fields names, over a live item of the same version and
// created_at. An attribute that record leaves absent is removed; attributes unknown to T, components of the primary
// key and created_at are left as they are.
//
// It fails with ErrItemNotFound where there is no live item, ErrTypeMismatch, ErrVersionConflict, ErrImmutable or, when
// only the caller's own OnlyIf failed, ErrConditionFailed. On success record holds the new version and timestamps and
// the stored form of what was written.
func (m *Model[T]) Update(ctx context.Context, record *T, options ...UpdateOption) error {
	return settled(ctx, m.core, "Update", record, func(c *call, aside *T) (*write, error) {
		return c.update(ctx, aside, updateOptionsOf(options))
	})
}

// Delete deletes the item under a record's key. A live item must have the version and created_at that record holds
// (ErrVersionConflict otherwise; AnyVersion lifts that); deleting what does not exist is success, so consume something
// once by marking it with Update and not by deleting it. With OnlyIf or IfVersion the item must exist
// (ErrItemNotFound). record is left unchanged.
func (m *Model[T]) Delete(ctx context.Context, record *T, options ...DeleteOption) error {
	return m.core.write(ctx, "Delete", func(c *call) (*write, error) {
		if record == nil {
			return nil, errNilRecord
		}
		aside := *record
		return c.delete(&aside, deleteOptionsOf(options))
	})
}

// Get reads the item under a key. The key is given by example: a T whose key components are set, all else ignored.
// An absent or expired item is ErrItemNotFound, one of another entity ErrTypeMismatch.
func (m *Model[T]) Get(ctx context.Context, key T, options ...ReadOption) (*T, error) {
	record := new(T)
	if err := m.core.get(ctx, &key, record, readOptionsOf(options)); err != nil {
		return nil, err
	}
	return record, nil
}

// Raw reads the item under a key as it is stored, undecoded and with sealed values still sealed: for support and
// migration. What Get would not find Raw does not find either: an absent or expired item is ErrItemNotFound, one of
// another entity ErrTypeMismatch.
func (m *Model[T]) Raw(ctx context.Context, key T, options ...ReadOption) (Item, error) {
	return m.core.raw(ctx, &key, readOptionsOf(options))
}

// settled runs a write on a copy of the record and copies it back only when the write took effect, so that a failed one
// leaves the caller's record untouched.
func settled[T any](ctx context.Context, core *model, op string, record *T, prepare func(c *call, aside *T) (*write, error)) error {
	var aside T
	err := core.write(ctx, op, func(c *call) (*write, error) {
		if record == nil {
			return nil, errNilRecord
		}
		aside = *record
		return prepare(c, &aside)
	})
	if err == nil {
		*record = aside
	}
	return err
}

var errNilRecord = fmt.Errorf("%w: the record is nil", ErrInvalidValue)

// Item is a stored item: attribute values by attribute name.
type Item = schema.Item

// model is everything Model does, without the type. Records are pointers to whatever its plan was compiled from.
type model struct {
	db       *DB
	plan     *schema.Plan
	table    string
	lifetime lifetime
	sealed   bool // the model has an encrypted attribute
	scope    Scope
}

// toItem is one of the two doors: the only way from a record to stored attributes. It gives the attributes twice, as
// they are stored and in the plain form that a read would give back. Of a model with encrypted attributes stored is
// sealed for the item of that key and plain is not: only stored may be sent. The key and the bookkeeping are in
// neither; see newItem.
func (c *call) toItem(ctx context.Context, record any, key Item, s stamp, only []*schema.Attribute) (stored, plain Item, err error) {
	m := c.model
	if only == nil {
		only = m.plan.Attributes
		plain, err = m.plan.Encode(record)
	} else {
		plain, err = m.encodeOnly(record, only)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := s.apply(m.plan, plain); err != nil {
		return nil, nil, err
	}
	if err := m.checkSecrets(plain, only); err != nil {
		return nil, nil, err
	}
	stored, err = c.sealed(ctx, key, plain)
	return stored, plain, err
}

// sealed is the last step of toItem, and of the operands of a Change, which are attributes without a record: the one
// place where plain attributes become stored ones.
func (c *call) sealed(ctx context.Context, key, plain Item) (Item, error) {
	if !c.model.sealed || c.rehearsal {
		return plain, nil
	}
	return c.model.db.sealer.seal(ctx, c.model, key, plain)
}

func (m *model) encodeOnly(record any, only []*schema.Attribute) (Item, error) {
	item := make(Item, len(only)+3)
	for _, attribute := range only {
		if attribute.Required && attribute.IsZero(record) {
			return nil, &ValueError{Attr: attribute.Name, Problem: "is required and has no value"}
		}
		value, err := attribute.Value(record)
		if err != nil {
			return nil, err
		}
		if value != nil {
			item[attribute.Name] = value
		}
	}
	return item, nil
}

// errNotOurs says that a row is no record of the model, though nothing is wrong with it: it has expired, or another
// writer stored it under a key that the model's templates can't produce.
var errNotOurs = errors.New("theorydb: not a live record of the model")

// fromItem is the other door: the only way from a stored item to a record. Nothing of an expired item is opened. record
// is a new one that no caller holds yet; after an error it is thrown away. A record that is a part of T can't say what key
// it has, so the item is asked.
func (c *call) fromItem(ctx context.Context, stored Item, record any) error {
	m, decode := c.model, c.model.plan.Decode
	item, err := c.admit(stored)
	if err == nil && c.part != nil {
		decode, err = c.part.Decode, m.namesItself(item)
	}
	if err != nil {
		return err
	}
	if c.opener != nil {
		if item, err = c.opener.open(ctx, item); err != nil {
			return err
		}
	}
	if err := decode(item, record); err != nil {
		return m.typeMismatch(err)
	}
	if c.part != nil {
		return nil
	}
	// A row whose attributes name another key than it is stored under was put there by somebody else.
	key, err := m.plan.Key(record)
	if err != nil || !m.sameKey(key, stored) {
		return ErrTypeMismatch
	}
	return m.inScope(record)
}

// admit says whether a row is one of the model's live records, by what needs no opening, and completes it from its key.
func (c *call) admit(stored Item) (Item, error) {
	switch {
	case !c.model.lifetime.isLive(stored, c.now):
		return nil, errNotOurs
	case !c.model.owns(stored):
		return nil, ErrTypeMismatch
	}
	return c.model.withKeyComponents(stored)
}

// withKeyComponents completes a row of another writer with what its key tells.
func (m *model) withKeyComponents(stored Item) (Item, error) {
	told, err := m.plan.FromKey(stored)
	if errors.Is(err, keys.ErrMismatch) {
		if stored[entityAttribute] == nil {
			return nil, errNotOurs
		}
		return nil, ErrTypeMismatch
	}
	if err != nil || len(told) == 0 {
		return stored, err
	}
	return joined(stored, told), nil
}

func (m *model) sameKey(a, b Item) bool {
	for _, half := range m.halves() {
		if !schema.Equal(a[half.Name], b[half.Name]) {
			return false
		}
	}
	return true
}

func (m *model) get(ctx context.Context, key, record any, o readOptions) error {
	return m.run(ctx, "Get", func(c *call) error {
		stored, err := c.stored(ctx, key, o)
		if err != nil {
			return err
		}
		err = c.fromItem(ctx, stored, record)
		if errors.Is(err, errNotOurs) {
			return c.fail(ErrItemNotFound)
		}
		if err != nil {
			return c.fail(err)
		}
		c.items++
		return nil
	})
}

func (m *model) raw(ctx context.Context, key any, o readOptions) (raw Item, err error) {
	err = m.run(ctx, "Raw", func(c *call) error {
		stored, err := c.stored(ctx, key, o)
		if err != nil {
			return err
		}
		item, err := c.admit(stored)
		if errors.Is(err, errNotOurs) {
			return c.fail(ErrItemNotFound)
		}
		if err == nil {
			err = m.namesItself(item)
		}
		if err != nil {
			return c.fail(err)
		}
		raw = stored
		c.items++
		return nil
	})
	return raw, err
}

// namesItself checks of an item that is not to be decoded what fromItem checks of a record: that its attributes name the
// key and the scope it is stored under.
func (m *model) namesItself(item Item) error {
	record := m.plan.New()
	names := make([]string, 0, 4)
	for _, attribute := range slices.Concat(m.plan.KeyComponents(), m.plan.Scope) {
		names = append(names, attribute.Name)
	}
	if err := m.plan.Merge(item, record, names); err != nil {
		return err
	}
	if key, err := m.plan.Key(record); err != nil || !m.sameKey(key, item) {
		return ErrTypeMismatch
	}
	return m.inScope(record)
}

// stored reads the item under a key given by example.
func (c *call) stored(ctx context.Context, example any, o readOptions) (Item, error) {
	m := c.model
	key, err := m.keyOf(example)
	if err != nil {
		return nil, c.fail(err)
	}
	output, seen, err := send(ctx, m.db, resendAlways, m.db.config.DynamoDB.GetItem, &dynamodb.GetItemInput{
		TableName: &m.table, Key: key, ConsistentRead: aws.Bool(o.consistent), ReturnConsumedCapacity: m.db.meter(),
	})
	c.attempts = seen.count
	if err != nil {
		return nil, c.fail(cleanError(err))
	}
	c.consumed(output.ConsumedCapacity)
	if len(output.Item) == 0 {
		return nil, c.fail(ErrItemNotFound)
	}
	return output.Item, nil
}

// keyOf is the primary key of a record that the caller does not hold, confined to the model's scope.
func (m *model) keyOf(record any) (Item, error) {
	if err := m.accept(record); err != nil {
		return nil, err
	}
	return m.plan.Key(record)
}
