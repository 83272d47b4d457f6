package engine

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
	"github.com/theorydb/theorydb/localaws/internal/expression"
)

// write is a conditional change of one item: what PutItem, UpdateItem,
// DeleteItem and the actions of TransactWriteItems have in common.
type write struct {
	request      *request
	call         *Call
	table        *table
	placeholders *expression.Placeholders
	condition    *expression.Condition
	returns      string // ReturnValues, which actions of transactions do not have
	onFailure    string // ReturnValuesOnConditionCheckFailure
}

// openWrite reads the parameters that every write by itself has.
func (e *Engine) openWrite(r *request, call *Call, returns ...string) *write {
	w := e.openCondition(r, call)
	w.returns = r.oneOf("ReturnValues", returns...)
	r.capacityAsked()
	r.oneOf("ReturnItemCollectionMetrics", "NONE", "SIZE")
	return w
}

// openCondition reads the table and the condition of a write.
func (e *Engine) openCondition(r *request, call *Call) *write {
	w := &write{request: r, call: call}
	w.table = e.tableOf(r, call)
	w.placeholders = r.placeholders("ConditionExpression", "UpdateExpression")
	w.condition = r.condition("ConditionExpression", w.placeholders)
	w.onFailure = r.oneOf("ReturnValuesOnConditionCheckFailure", "NONE", "ALL_OLD")
	return w
}

// finish checks the expressions when the last one is parsed.
func (w *write) finish() {
	if w.table != nil {
		w.request.finish(w.placeholders, w.table.key)
	}
}

// old gives the stored item, nil when there is none, or refuses the write
// because its condition does not hold.
func (w *write) old(at position) (attribute.Item, *apierror.Error) {
	old, _ := w.table.items.get(at)
	if w.condition == nil || w.condition.Holds(old) {
		return old, nil
	}
	w.call.Capacity = writeUnits(old.Size())
	if w.onFailure == "ALL_OLD" && old != nil {
		return nil, apierror.ConditionFailed(attribute.EncodeItem(old))
	}
	return nil, apierror.ConditionFailed(nil)
}

// commit stores the item (nil deletes) and gives the answer with the
// attributes that the request asked for.
func (w *write) commit(at position, item, attributes attribute.Item) map[string]any {
	_, existed := w.table.items.get(at)
	units := w.table.replace(at, item, w.call.Operation)
	w.call.Committed = existed || item != nil
	answer := map[string]any{}
	if len(attributes) > 0 {
		answer["Attributes"] = attribute.EncodeItem(attributes)
	}
	return withCapacity(answer, w.request, w.call, w.table.name, units)
}

func (e *Engine) putItem(r *request, call *Call) (any, *apierror.Error) {
	w := e.openWrite(r, call, "NONE", "ALL_OLD")
	item := r.item("Item")
	w.finish()
	if err := r.failed(); err != nil {
		return nil, err
	}
	at, err := w.table.check(item)
	if err != nil {
		return nil, err
	}
	call.Key = w.table.key.pick(item)
	old, err := w.old(at)
	if err != nil {
		return nil, err
	}
	var attributes attribute.Item
	if w.returns == "ALL_OLD" {
		attributes = old
	}
	return w.commit(at, item, attributes), nil
}

func (e *Engine) deleteItem(r *request, call *Call) (any, *apierror.Error) {
	w := e.openWrite(r, call, "NONE", "ALL_OLD")
	key := r.item("Key")
	w.finish()
	if err := r.failed(); err != nil {
		return nil, err
	}
	at, err := w.table.keyOf(key)
	if err != nil {
		return nil, err
	}
	call.Key = key
	old, err := w.old(at)
	if err != nil {
		return nil, err
	}
	var attributes attribute.Item
	if w.returns == "ALL_OLD" {
		attributes = old
	}
	return w.commit(at, nil, attributes), nil
}
