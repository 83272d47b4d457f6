package theorydb

import "fmt"

// Destination is where Collection brings the records of one model. Model.Into and Model.Each make it. It can be used
// again.
type Destination struct {
	model   *model
	slice   any             // where Into puts the records, so that no two put theirs there
	open    func() receiver // a fresh one for every read
	problem error           // why it can't be used, told when it is
}

// receiver takes the records of one read, one after the other.
type receiver struct {
	fresh func() any   // a new record to read into
	take  func() error // that record was read
	done  func()       // the whole read succeeded
}

// Into brings all records of the model into a slice, in the order of the sort key. The slice is replaced when the whole
// read has succeeded, by nil when there were no records, and left as it is otherwise.
func (m *Model[T]) Into(all *[]*T) Destination {
	open := func() receiver {
		var record *T
		var found []*T
		return receiver{
			fresh: func() any { record = new(T); return record },
			take:  func() error { found = append(found, record); return nil },
			done:  func() { *all = found },
		}
	}
	return m.destination("Into", all, all == nil, open)
}

// Each calls fn with every record of the model, in the order of the sort key and while the pages arrive: it has seen some
// of them when the read fails later. An error of fn ends the read, and Collection returns it as it is.
func (m *Model[T]) Each(fn func(*T) error) Destination {
	open := func() receiver {
		var record *T
		return receiver{
			fresh: func() any { record = new(T); return record },
			take:  func() error { return fn(record) },
			done:  func() {},
		}
	}
	return m.destination("Each", nil, fn == nil, open)
}

func (m *Model[T]) destination(name string, slice any, isNil bool, open func() receiver) Destination {
	d := Destination{model: m.core, slice: slice, open: open}
	switch {
	case m.core == nil:
		d.problem = errZeroModel
	case isNil:
		d.problem = fmt.Errorf("%w: %s of %s was given nil", ErrInvalidQuery, name, m.core.plan.Entity)
	}
	return d
}

// entity names the model whose records are brought here.
func (d Destination) entity() string {
	if d.model == nil {
		return "?"
	}
	return d.model.plan.Entity
}

func (d Destination) check(db *DB) error {
	switch {
	case d.problem != nil:
		return d.problem
	case d.model == nil:
		return fmt.Errorf("%w: a zero Destination; make it with Into or Each", ErrInvalidQuery)
	case d.model.db != db:
		return fmt.Errorf("%w: %s is a model of another DB", ErrInvalidQuery, d.entity())
	}
	return nil
}
