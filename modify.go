package theorydb

import (
	"context"
	"errors"
	"fmt"

	"github.com/theorydb/theorydb/internal/schema"
)

// Modify reads the item under a key, lets modify change the record, and updates it, again from the start when somebody
// else was faster, up to Config.Attempts times; then the error is ErrVersionConflict. The read is strongly consistent.
// modify may be called more than once, each time with a fresh record, and must not have other effects; its error ends
// the call and is returned as it is. The model needs a version.
func (m *Model[T]) Modify(ctx context.Context, key T, modify func(*T) error) (*T, error) {
	c, err := m.core.begin("Modify")
	if err == nil {
		err = c.modifiable(modify != nil)
	}
	if err != nil {
		c.end(ctx, err)
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		record, err := m.Get(ctx, key, Consistent())
		if err != nil {
			return nil, err
		}
		held, err := m.core.keyOf(record)
		if err != nil {
			return nil, c.fail(err)
		}
		if err := modify(record); err != nil {
			return nil, err
		}
		now, err := m.core.keyOf(record)
		if err != nil {
			return nil, c.fail(err)
		}
		if !schema.EqualItems(held, now) {
			return nil, c.fail(fmt.Errorf("%w: the key of the record was modified; create a new item instead", ErrImmutable))
		}
		err = m.Update(ctx, record)
		if err == nil {
			return record, nil
		}
		if !errors.Is(err, ErrVersionConflict) || attempt >= m.core.db.config.Attempts {
			return nil, err
		}
		if waitErr := m.core.db.config.Wait(ctx, m.core.db.jitter(window(attempt))); waitErr != nil {
			return nil, errors.Join(err, waitErr)
		}
	}
}

// modifiable refuses what Modify can't do.
func (c *call) modifiable(given bool) error {
	switch plan := c.model.plan; {
	case !given:
		return c.fail(fmt.Errorf("%w: the function that modifies is nil", ErrInvalidQuery))
	case plan.AppendOnly:
		return c.fail(errAppendOnly)
	case plan.Version == nil:
		return c.fail(fmt.Errorf("%w: %s has no version, without which two changes could overwrite each other", ErrInvalidQuery, plan.Entity))
	}
	return nil
}
