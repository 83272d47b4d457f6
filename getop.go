package theorydb

import (
	"context"
	"errors"
)

// ReadOp is an operation of DB.BatchGet and DB.TransactGet: what GetOp of a Model gives.
type ReadOp interface{ reading() *reading }

// GetOp is a Get to come. Its Item has the record after a BatchGet or TransactGet that it was part of. It can be used again,
// by one goroutine at a time.
type GetOp[T any] struct {
	model *model
	key   T
	done  bool
	item  *T // nil after a read that found none
}

// GetOp is Get as an operation of DB.BatchGet and DB.TransactGet. The key is given by example, as for Get.
func (m *Model[T]) GetOp(key T) *GetOp[T] { return &GetOp[T]{model: m.core, key: kept(key)} }

var errNotRead = errors.New("theorydb: the GetOp was not read yet; give it to BatchGet or TransactGet, and look at their error")

// Item returns the record that was read, and ErrItemNotFound where there is no live one. Before a read that succeeded it
// is an error of its own.
func (o *GetOp[T]) Item() (*T, error) {
	switch {
	case o == nil || !o.done:
		return nil, errNotRead
	case o.item == nil:
		return nil, &OpError{Op: "Get", Model: o.model.plan.Entity, Err: ErrItemNotFound}
	}
	return o.item, nil
}

// reading is a Get without its type.
type reading struct {
	model *model
	key   func() (Item, error)
	// decode reads a stored item aside, through the door; an empty one is an absent item.
	decode func(ctx context.Context, c *call, stored Item) (found bool, err error)
	settle func() // gives what was read to the caller
}

func (o *GetOp[T]) reading() *reading {
	if o == nil {
		return &reading{}
	}
	var item *T
	return &reading{
		model: o.model,
		key: func() (Item, error) {
			example := o.key
			return o.model.keyOf(&example)
		},
		decode: func(ctx context.Context, c *call, stored Item) (bool, error) {
			item = nil
			if len(stored) == 0 {
				return false, nil
			}
			record := new(T)
			err := c.fromItem(ctx, stored, record)
			if errors.Is(err, errNotOurs) {
				return false, nil
			}
			if err == nil {
				item = record
			}
			return item != nil, err
		},
		settle: func() { o.item, o.done = item, true },
	}
}

// readingsOf are the readings of some operations, with the models of them all; of a nil one the model is nil.
func readingsOf(ops []ReadOp) (readings []*reading, models []*model) {
	for _, op := range ops {
		r := &reading{}
		if op != nil {
			r = op.reading()
		}
		readings, models = append(readings, r), append(models, r.model)
	}
	return readings, models
}

// reads are the readings of one verb, ready to be sent.
type reads struct {
	*group
	readings []*reading
	calls    []*call // of the model of each; readings of one model share theirs, and with it the data keys
	keys     []Item
	ids      []string
}

// startReads refuses what no request may be sent for.
func (g *group) startReads(readings []*reading) (*reads, error) {
	r := &reads{group: g, readings: readings}
	shared := map[*model]*call{}
	for i, reading := range readings {
		c := shared[reading.model]
		if c == nil {
			var err error
			if c, err = reading.model.beginAt("Get", g.now); err != nil {
				return nil, at(i, err)
			}
			shared[reading.model] = c
		}
		key, err := reading.key()
		if err != nil {
			return nil, at(i, c.fail(err))
		}
		id, err := reading.model.itemID(key)
		if err != nil {
			return nil, at(i, c.fail(err))
		}
		r.calls, r.keys, r.ids = append(r.calls, c), append(r.keys, key), append(r.ids, id)
	}
	return r, oncePerItem(r.ids)
}

// give reads the rows, one of each reading, and gives them to the callers when all of them could be read.
func (r *reads) give(ctx context.Context, rows []Item) error {
	const page = maxBatchGet // so that the data keys of so many items are held at the same time
	for start := 0; start < len(rows); start += page {
		end := min(start+page, len(rows))
		r.expect(ctx, rows[start:end], r.calls[start:end])
		for i := start; i < end; i++ {
			found, err := r.readings[i].decode(ctx, r.calls[i], rows[i])
			if err != nil {
				return at(i, r.calls[i].fail(err))
			}
			if found {
				r.items++
			}
		}
	}
	for _, reading := range r.readings {
		reading.settle()
	}
	return nil
}

// expect tells the openers what will be read, so that the data keys are asked for together.
func (r *reads) expect(ctx context.Context, rows []Item, calls []*call) {
	wanted := map[*call][]Item{}
	for i, row := range rows {
		c := calls[i]
		if c.opener != nil && len(row) > 0 && c.model.lifetime.isLive(row, c.now) && c.model.owns(row) {
			wanted[c] = append(wanted[c], row)
		}
	}
	for c, rows := range wanted {
		c.opener.expect(ctx, rows)
	}
}

// close wipes what the calls kept to open items with.
func (r *reads) close() {
	for _, c := range r.calls {
		c.close()
	}
}
