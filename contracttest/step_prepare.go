package contracttest

import (
	"context"
	"fmt"
	"maps"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// A step's item is what a caller changes; the record that a caller of the library holds is whole. So the writes below
// first complete the step's item with what is stored, in a request that is not counted as the step's.

// prepare makes a step's request: whoever sends it, once or in a race, asks the same.
func (w *world) prepare(ctx context.Context, m *model, step *Step) (use protocol.Use, err error) {
	use = m.use(step)
	if step.Cursor != nil {
		cursor, err := w.cursor(*step.Cursor)
		if err != nil {
			return use, err
		}
		use.Cursor = &cursor
	}
	switch step.Op {
	case "create":
		use.Item = m.item(step.Item)
	case "put":
		use.Item, err = w.putItem(ctx, m, step)
	case "update":
		use.Item, err = w.updateItem(ctx, m, step)
	case "delete":
		use.AnyVersion = step.AnyVersion || m.deletesAnyVersion(step)
		use.Key, err = w.deleteKey(ctx, m, step)
	case "collection":
		use.Operations, err = w.destinations(ctx, step)
	default:
		use.Operations, err = w.operations(ctx, m, step)
	}
	w.hide(m, &use)
	return use, err
}

// cursor is the one of a step of pages, "" for the first.
func (w *world) cursor(variable string) (string, error) {
	if variable == "" {
		return "", nil
	}
	value, err := w.variable(variable)
	if err != nil {
		return "", err
	}
	cursor, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("variable %q is no cursor", variable)
	}
	return cursor, nil
}

// putItem: a put says all of the item itself but created_at, which tells one life of a key from the next and which
// nobody writes down.
func (w *world) putItem(ctx context.Context, m *model, step *Step) (protocol.Item, error) {
	item, err := w.given(m, step.Item, step.Held)
	created := m.role("created_at")
	if err != nil || created == "" || item[created] != nil {
		return item, err
	}
	stored, err := w.stored(ctx, m, item)
	if stored[created] != nil {
		item[created] = stored[created]
	}
	return item, err
}

// updateItem: a field that is named and not given is removed.
func (w *world) updateItem(ctx context.Context, m *model, step *Step) (protocol.Item, error) {
	item, err := w.whole(ctx, m, step.Item, step.Held)
	for _, name := range step.Fields {
		if step.Item[name] == nil && step.Held[name] == "" {
			delete(item, name)
		}
	}
	return item, err
}

func (w *world) deleteKey(ctx context.Context, m *model, step *Step) (protocol.Item, error) {
	if m.deletesAnyVersion(step) {
		return w.given(m, step.Key, step.Held)
	}
	return w.whole(ctx, m, step.Key, step.Held)
}

// deletesAnyVersion: a key without a version asks for the item whatever its version.
func (m *model) deletesAnyVersion(step *Step) bool {
	version := m.role("version")
	return version != "" && step.Key[version] == nil && step.Held[version] == "" && step.IfVersion == nil
}

// given is what a step's caller holds: the step's item or key, and what it holds from earlier steps.
func (w *world) given(m *model, values map[string]any, held map[string]string) (protocol.Item, error) {
	item := m.item(values)
	for attribute, name := range held {
		value, err := w.variable(name)
		if err != nil {
			return nil, err
		}
		item[attribute] = value
	}
	return item, nil
}

// whole is the stored record with the given values over it, or what is given where nothing can be read: then the verb
// itself gets to say so. A null removes an attribute.
func (w *world) whole(ctx context.Context, m *model, values map[string]any, held map[string]string) (protocol.Item, error) {
	given, err := w.given(m, values, held)
	if err != nil {
		return nil, err
	}
	item, err := w.stored(ctx, m, given)
	if item == nil || err != nil {
		return given, err
	}
	maps.Copy(item, given)
	for _, name := range sortedNames(values) {
		if values[name] == nil && held[name] == "" {
			delete(item, name)
		}
	}
	return item, nil
}

// stored reads the record under a key, nil when the library can't. Its request is not one of the step's.
func (w *world) stored(ctx context.Context, m *model, key protocol.Item) (protocol.Item, error) {
	seen, dataKeys := w.wire.seen(), w.keys.seen()
	defer func() {
		w.wire.restore(seen)
		w.keys.reset(dataKeys)
	}()
	answer, err := w.ask(ctx, m.table, protocol.Use{Op: "get", Model: m.Name, Scope: m.scope, Key: key, Consistent: true})
	if err != nil || answer.Error != nil {
		return nil, err
	}
	return answer.Item, nil
}

// operations prepares the operations of a step. Each is of its own model and scope, of the step's or of the scenario's.
func (w *world) operations(ctx context.Context, m *model, step *Step) ([]protocol.Use, error) {
	if step.Operations == nil {
		return nil, nil
	}
	list := make([]protocol.Use, len(step.Operations))
	for i := range step.Operations {
		one := &step.Operations[i]
		of, err := w.modelWithin(ctx, step, one)
		if err != nil {
			return nil, err
		}
		if of.table != m.table {
			return nil, fmt.Errorf("operation %d: model %s is of another table than the step's model", i, of.Name)
		}
		if list[i], err = w.operation(ctx, of, one); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// operation prepares one, as for the verb of the same name. Without checks nothing has to be held.
func (w *world) operation(ctx context.Context, m *model, step *Step) (use protocol.Use, err error) {
	if !step.Unchecked {
		return w.prepare(ctx, m, step)
	}
	use = m.use(step)
	if step.Op == "put" {
		use.Item, err = w.given(m, step.Item, step.Held)
	} else {
		use.Key, err = w.given(m, step.Key, step.Held)
	}
	return use, err
}

// destinations are the models that a collection reads.
func (w *world) destinations(ctx context.Context, step *Step) ([]protocol.Use, error) {
	list := make([]protocol.Use, len(step.Models))
	for i, name := range step.Models {
		m, err := w.modelWithin(ctx, step, &Step{Model: name})
		if err != nil {
			return nil, err
		}
		list[i] = protocol.Use{Op: "into", Model: m.Name, Scope: m.scope}
	}
	return list, nil
}
