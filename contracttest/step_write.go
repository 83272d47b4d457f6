package contracttest

import (
	"context"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// verb asks the driver what a step says.
func (w *world) verb(ctx context.Context, m *model, step *Step) (*outcome, error) {
	use, err := w.prepare(ctx, m, step)
	if err != nil {
		return nil, err
	}
	answer, err := w.ask(ctx, m.table, use)
	if err != nil {
		return nil, err
	}
	return w.outcomeOf(ctx, m, step, answer)
}

// create inserts, or without if_not_exists inserts or replaces.
func (w *world) create(ctx context.Context, m *model, step *Step) (*outcome, error) {
	o, err := w.verb(ctx, m, step)
	if err != nil || step.IfNotExists || !o.err.Is("ErrAlreadyExists") {
		return o, err
	}
	// It begins with a create all the same, because a first version of 0 is what a create stores: a put takes a version of
	// 0 for one that it holds, and stores the next. Here the item exists, so it is replaced as one whose version the caller
	// knows.
	put := protocol.Use{Op: "put", Model: m.Name, Scope: m.scope, Item: m.item(step.Item)}
	stored, err := w.stored(ctx, m, put.Item)
	if err != nil {
		return nil, err
	}
	for _, role := range []string{"version", "created_at"} {
		if name := m.role(role); name != "" && stored[name] != nil {
			put.Item[name] = stored[name]
		}
	}
	answer, err := w.ask(ctx, m.table, put)
	if err != nil {
		return nil, err
	}
	return w.outcomeOf(ctx, m, step, answer)
}
