package theorydb

import "context"

// deleteRows deletes rows of a model's table by their keys, whatever they are, and counts them. Deleting again what is
// deleted is harmless, so that it goes through a batch, which resends what was left or whose answer was lost.
func deleteRows(ctx context.Context, a *account, m *model, keys []Item) error {
	c := &call{account: *a, model: m}
	deletes := make([]*write, len(keys))
	for i, key := range keys {
		deletes[i] = &write{call: c, kind: deletesItem, key: key}
	}
	g := &group{account: a, db: m.db}
	failed := g.writeBatch(ctx, deletes)
	left := len(wrapped(failed))
	a.items += len(keys) - left
	if left > 0 {
		return &BatchError{Ops: failed}
	}
	return nil
}
