package theorydb

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// Returning fills old, a record of the model's type, with the item as it was before the write. It stays as it is where
// there was no live item before, and where the answer to the write was lost. When the caller's own condition failed it
// holds the item that failed it, unless the model has encrypted attributes. An old of another type is ErrInvalidQuery.
//
// The write took effect even if the item before can't be read; OpError.Applied says so.
func Returning[T any](old *T) WriteOption {
	return writeOption(func(o *writeOptions) { o.returning = old })
}

// checkReturning refuses a destination that is no record of the model.
func (m *model) checkReturning(old any) error {
	if old == nil {
		return nil
	}
	v := reflect.ValueOf(old)
	if v.Type() != reflect.TypeOf(m.plan.New()) || v.IsNil() {
		return fmt.Errorf("%w: Returning needs a pointer to a record of %s", ErrInvalidQuery, m.plan.Entity)
	}
	return nil
}

// giveOld reads the item as it was before into the caller's record.
func (c *call) giveOld(ctx context.Context, w *write, old Item) error {
	if w.returning == nil || len(old) == 0 {
		return nil
	}
	record := c.model.plan.New()
	err := c.fromItem(ctx, joined(old, w.key), record) // opening needs the key, whatever the image has
	if errors.Is(err, errNotOurs) || errors.Is(err, ErrTypeMismatch) {
		return nil // an expired leftover that was written over
	}
	if err == nil {
		reflect.ValueOf(w.returning).Elem().Set(reflect.ValueOf(record).Elem())
	}
	return err
}

// applied reports that a write took effect and something after it failed.
func (c *call) applied(err error) error {
	return &OpError{Op: c.op, Model: c.model.plan.Entity, Attempts: c.attempts, Applied: true, Err: err}
}
