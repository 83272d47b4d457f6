package engine

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// maxBatchWrites is the limit of a BatchWriteItem, besides the 16 MB of a
// request: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const maxBatchWrites = 25

// batchWrite is one put or delete of a BatchWriteItem.
type batchWrite struct {
	target
	item attribute.Item // nil deletes
}

// openBatchWrite reads one put or delete.
func (t *table) openBatchWrite(r *request) batchWrite {
	w := batchWrite{target: target{table: t}}
	var err *apierror.Error
	switch r.onlyOf("PutRequest", "DeleteRequest") {
	case "PutRequest":
		w.item = r.object("PutRequest").item("Item")
		w.key = t.key.pick(w.item)
		w.at, err = t.check(w.item)
	case "DeleteRequest":
		w.key = r.object("DeleteRequest").item("Key")
		w.at, err = t.keyOf(w.key)
	}
	if err != nil {
		r.refuse(err)
	}
	return w
}

// batchWriteItem carries out all of a batch or, when something is wrong with
// it, nothing. It leaves nothing unprocessed; Rule.ThrowBack of localaws does.
func (e *Engine) batchWriteItem(r *request, call *Call) (any, *apierror.Error) {
	r.capacityAsked()
	r.oneOf("ReturnItemCollectionMetrics", "NONE", "SIZE")
	var writes []batchWrite
	var targets []target
	content := r.object("RequestItems")
	for _, name := range content.names() {
		t := e.tableNamed(r, name)
		list := content.objects(name)
		if len(list) == 0 {
			r.refuse(apierror.Validation("The batch write request list for a table cannot be null or empty: %s", name))
		}
		for _, one := range list {
			if t != nil {
				writes = append(writes, t.openBatchWrite(one))
			}
		}
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	for _, w := range writes {
		targets = append(targets, w.target)
		call.aim(w.table, w.key)
	}
	switch {
	case len(writes) == 0:
		return nil, apierror.Validation("The requestItems parameter is required for BatchWriteItem")
	case len(writes) > maxBatchWrites:
		return nil, apierror.Validation("Too many items requested for the BatchWriteItem call")
	case duplicates(targets):
		return nil, apierror.Validation("Provided list of item keys contains duplicates")
	}
	var units bills
	for _, w := range writes {
		_, existed := w.table.items.get(w.at)
		units.add(w.table, w.table.replace(w.at, w.item, call.Operation))
		call.Committed = call.Committed || existed || w.item != nil
	}
	return units.withCapacities(map[string]any{"UnprocessedItems": map[string]any{}}, r, call), nil
}
