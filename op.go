package theorydb

import (
	"context"
	"fmt"
	"maps"
	"sync/atomic"

	"github.com/theorydb/theorydb/internal/expr"
)

// TransactOp is an operation of DB.Transact. CreateOp, PutOp, UpdateOp, ChangeOp, DeleteOp and CheckOp of a Model make
// one. It does nothing by itself, and says what is wrong with it when it is used. It can be used again, by one goroutine at
// a time, since it writes to the record that it was given.
type TransactOp interface{ planned() *operation }

// BatchOp is an operation of DB.BatchWrite: what PutOp and DeleteOp give. It is an operation of Transact as well, but not
// the same value of both: in a batch it needs Unchecked, which a transaction refuses.
type BatchOp interface {
	TransactOp
	batched()
}

// operation is a write to come.
type operation struct {
	model *model
	verb  string
	// key is the key of the item, known before anything is sealed.
	key func() (Item, error)
	// prepare encodes and seals it.
	prepare   func(ctx context.Context, c *call) (*prepared, error)
	unchecked bool
	refusal   error // what it is to fail with where its condition fails; nil: with the cause alone
}

func (o *operation) planned() *operation { return o }

// prepared is an operation that is ready to be sent.
type prepared struct {
	*write
	// settle gives the caller's record what a read would give. Nil: there is no record.
	settle func()
	// change is a Change with OrCreate, which has another write for an expired row.
	change  *itemChange
	refusal error // the operation's
}

type batchOperation struct{ *operation }

func (batchOperation) batched() {}

// CreateOp is Create as an operation of Transact.
func (m *Model[T]) CreateOp(record *T) TransactOp {
	return recordOperation(m.core, "Create", record, func(ctx context.Context, c *call, aside *T) (*write, error) {
		return c.create(ctx, aside)
	})
}

// PutOp is Put as an operation of Transact, or with Unchecked, and only with it, of BatchWrite. Returning is
// ErrInvalidQuery here: neither gives items back.
func (m *Model[T]) PutOp(record *T, options ...PutOpOption) BatchOp {
	var o writeOptions
	for _, option := range options {
		if option != nil {
			option.putOp(&o)
		}
	}
	operation := recordOperation(m.core, "Put", record, func(ctx context.Context, c *call, aside *T) (*write, error) {
		return checkedOperation(o, func() (*write, error) { return c.put(ctx, aside, o) })
	})
	operation.unchecked = o.unchecked
	return batchOperation{operation}
}

// UpdateOp is Update as an operation of Transact. Returning is ErrInvalidQuery here.
func (m *Model[T]) UpdateOp(record *T, options ...UpdateOption) TransactOp {
	o := updateOptionsOf(options)
	return recordOperation(m.core, "Update", record, func(ctx context.Context, c *call, aside *T) (*write, error) {
		return checkedOperation(o, func() (*write, error) { return c.update(ctx, aside, o) })
	})
}

// DeleteOp is Delete as an operation of Transact, or with Unchecked, and only with it, of BatchWrite. Returning is
// ErrInvalidQuery here.
func (m *Model[T]) DeleteOp(record *T, options ...DeleteOpOption) BatchOp {
	var o writeOptions
	for _, option := range options {
		if option != nil {
			option.deleteOp(&o)
		}
	}
	operation := recordOperation(m.core, "Delete", record, func(_ context.Context, c *call, aside *T) (*write, error) {
		return checkedOperation(o, func() (*write, error) { return c.delete(aside, o) })
	})
	prepareRecord := operation.prepare
	operation.prepare = func(ctx context.Context, c *call) (*prepared, error) {
		p, err := prepareRecord(ctx, c)
		if err == nil {
			p.settle = nil // a deleted record is left as it is
		}
		return p, err
	}
	operation.unchecked = o.unchecked
	return batchOperation{operation}
}

// ChangeOp is Change as an operation of Transact. The transaction gives no record back, so that Blind means nothing here
// and Returning is ErrInvalidQuery.
//
// In a transaction a Change takes effect once, also where it has no version and its answer was lost.
func (m *Model[T]) ChangeOp(key T, parts ...ChangePart) TransactOp {
	o := changeOptionsOf(parts)
	return keyOperation(m.core, "Change", key, func(ctx context.Context, c *call, example any) (*prepared, error) {
		p := &prepared{}
		var err error
		p.write, err = checkedOperation(o.writeOptions, func() (*write, error) {
			change, err := c.compileChange(ctx, example, o)
			if err != nil {
				return nil, err
			}
			if o.orCreate {
				p.change = change
			}
			return change.write(o), nil
		})
		return p, err
	})
}

// CheckOp is an operation of Transact that writes nothing: the item under the key must exist, be live and of this model,
// and meet the conditions.
func (m *Model[T]) CheckOp(key T, conditions ...Condition) TransactOp {
	return keyOperation(m.core, "Check", key, func(_ context.Context, c *call, example any) (*prepared, error) {
		stored, err := c.model.keyOf(example)
		if err != nil {
			return nil, err
		}
		g := &guard{model: c.model, now: c.now, caller: And(conditions...)}
		if _, err := c.model.compile(&expr.Builder{}, g.caller); err != nil { // before a data key is asked for
			return nil, err
		}
		return &prepared{write: &write{call: c, kind: checksItem, key: stored, guard: g, again: resendAlways}}, nil
	})
}

// recordOperation is an operation on a record of the caller's, which is touched when all has taken effect.
func recordOperation[T any](core *model, verb string, record *T, prepare func(context.Context, *call, *T) (*write, error)) *operation {
	return &operation{
		model: core, verb: verb,
		key: func() (Item, error) {
			if record == nil {
				return nil, errNilRecord
			}
			aside := *record
			return core.keyOf(&aside)
		},
		prepare: func(ctx context.Context, c *call) (*prepared, error) {
			aside := *record
			w, err := prepare(ctx, c, &aside)
			return &prepared{write: w, settle: func() { *record = aside }}, err
		},
	}
}

// keyOperation is an operation on an item whose record the caller does not hold.
func keyOperation[T any](core *model, verb string, given T, prepare func(context.Context, *call, any) (*prepared, error)) *operation {
	key := kept(given)
	return &operation{
		model: core, verb: verb,
		key: func() (Item, error) {
			example := key
			return core.keyOf(&example)
		},
		prepare: func(ctx context.Context, c *call) (*prepared, error) {
			example := key
			return prepare(ctx, c, &example)
		},
	}
}

// kept is a key that the caller can go on changing: a Record is a map, and shared when it is copied.
func kept[T any](key T) T {
	if record, ok := any(&key).(*Record); ok {
		*record = maps.Clone(*record)
	}
	return key
}

// checkedOperation refuses options that an operation can't keep.
func checkedOperation(o writeOptions, prepare func() (*write, error)) (*write, error) {
	switch {
	case o.returning != nil:
		return nil, fmt.Errorf("%w: Returning is for a write of its own; DynamoDB gives no old items from a batch or a transaction", ErrInvalidQuery)
	case o.unchecked && (o.mustExist() || o.anyVersion):
		return nil, fmt.Errorf("%w: Unchecked has no condition; leave it out, and use Transact", ErrInvalidQuery)
	}
	return prepare()
}

// operations are the operations of a verb, with the models of them all; of a nil one the model is nil.
func operationsOf[O TransactOp](ops []O) (operations []*operation, models []*model) {
	for _, op := range ops {
		o := &operation{}
		if TransactOp(op) != nil {
			o = op.planned()
		}
		operations, models = append(operations, o), append(models, o.model)
	}
	return operations, models
}

// prepare makes operations ready to be sent, all or none: what is wrong with one of them is known before KMS is asked, and
// what KMS refuses before DynamoDB is.
func (g *group) prepare(ctx context.Context, operations []*operation) ([]*prepared, error) {
	ids := make([]string, len(operations))
	calls := make([]*call, len(operations))
	sealed := 0
	for i, o := range operations {
		var err error
		var key Item
		if calls[i], err = o.model.beginAt(o.verb, g.now); err != nil {
			return nil, at(i, err)
		}
		if key, err = o.key(); err == nil {
			ids[i], err = o.model.itemID(key)
		}
		if err != nil {
			return nil, at(i, calls[i].fail(err))
		}
		if o.model.sealed {
			sealed++
		}
	}
	if err := oncePerItem(ids); err != nil {
		return nil, err
	}

	if sealed > 0 {
		for i, o := range operations {
			rehearsal := *calls[i]
			rehearsal.rehearsal = true
			p, err := o.prepare(ctx, &rehearsal)
			if err == nil {
				_, err = p.text()
			}
			if err != nil {
				return nil, at(i, calls[i].fail(err))
			}
		}
	}

	ready, failed := make([]*prepared, len(operations)), make([]error, len(operations))
	limit := 1
	if sealed > 1 {
		limit = keysAtOnce
	}
	var stop atomic.Bool // one is refused, so the others need no data key
	atOnce(len(operations), limit, func(i int) {
		if stop.Load() {
			return
		}
		if ready[i], failed[i] = operations[i].prepare(ctx, calls[i]); failed[i] != nil {
			stop.Store(true)
			return
		}
		ready[i].refusal = operations[i].refusal
	})
	for i, err := range failed {
		if err != nil {
			return nil, at(i, calls[i].fail(err))
		}
	}
	return ready, nil
}
