package engine

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

func (e *Engine) getItem(r *request, call *Call) (any, *apierror.Error) {
	t := e.tableOf(r, call)
	key := r.item("Key")
	consistent := r.flag("ConsistentRead")
	placeholders := r.placeholders("ProjectionExpression")
	projection := r.projection(placeholders)
	r.capacityAsked()
	if t != nil {
		r.finish(placeholders, t.key)
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	at, err := t.keyOf(key)
	if err != nil {
		return nil, err
	}
	call.Key = key
	item, found := t.items.get(at)
	units := bill{table: readUnits(item.Size(), consistent)}
	answer := map[string]any{}
	if found {
		if projection != nil {
			item = projection.Apply(item)
		}
		answer["Item"] = attribute.EncodeItem(item)
	}
	return withCapacity(answer, r, call, t.name, units), nil
}
