package engine

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
	"github.com/theorydb/theorydb/localaws/internal/expression"
)

func (e *Engine) updateItem(r *request, call *Call) (any, *apierror.Error) {
	w := e.openWrite(r, call, "NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW")
	key := r.item("Key")
	update := r.update(w.placeholders)
	w.finish()
	if err := r.failed(); err != nil {
		return nil, err
	}
	at, err := w.table.keyOf(key)
	if err != nil {
		return nil, err
	}
	call.Key = key
	if err := w.table.sparesKey(update); err != nil {
		return nil, err
	}
	old, err := w.old(at)
	if err != nil {
		return nil, err
	}
	item, err := w.table.updated(old, key, update)
	if err != nil {
		return nil, err
	}
	return w.commit(at, item, updateAttributes(w.returns, update, old, item)), nil
}

// update parses the UpdateExpression; nil when it is absent or the request has
// failed already.
func (r *request) update(placeholders *expression.Placeholders) *expression.Update {
	text := r.text("UpdateExpression")
	if !r.has("UpdateExpression") || r.failed() != nil {
		return nil
	}
	u, err := expression.ParseUpdate(text, placeholders)
	if err != nil {
		r.refuse(err)
	}
	return u
}

// sparesKey refuses an update that names a key attribute.
func (t *table) sparesKey(update *expression.Update) *apierror.Error {
	if update == nil {
		return nil
	}
	var err *apierror.Error
	update.Names(func(name string) {
		if t.key.has(name) {
			err = apierror.Validation("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", name)
		}
	})
	return err
}

// updated gives the item that an update makes of old; an absent one begins
// with its key attributes.
func (t *table) updated(old, key attribute.Item, update *expression.Update) (attribute.Item, *apierror.Error) {
	item := old
	if item == nil {
		item = key
	}
	if update == nil {
		return item, nil
	}
	item, err := update.Apply(item)
	if err != nil {
		return nil, err
	}
	if item.TooDeep() {
		return nil, apierror.Validation("Nesting Levels have exceeded supported limits")
	}
	if item.Size() > maxItem {
		return nil, apierror.Validation("Item size to update has exceeded the maximum allowed size")
	}
	_, err = t.check(item)
	return item, err
}

func updateAttributes(returns string, update *expression.Update, old, item attribute.Item) attribute.Item {
	switch returns {
	case "ALL_OLD":
		return old
	case "ALL_NEW":
		return item
	}
	switch {
	case update == nil:
		return nil
	case returns == "UPDATED_OLD":
		return update.Touched(old)
	case returns == "UPDATED_NEW":
		return update.Touched(item)
	}
	return nil
}
