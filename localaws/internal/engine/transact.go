package engine

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// The limits of a transaction:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxActions     = 100
	maxTransaction = 4 << 20 // bytes
)

// transactItems reads the members of a transaction.
func (r *request) transactItems() []*request {
	list := r.objects("TransactItems")
	if len(list) < 1 || len(list) > maxActions {
		r.refuse(apierror.Validation("1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length between 1 and %d", maxActions))
	}
	return list
}

func oneItemTwice() *apierror.Error {
	return apierror.Validation("Transaction request cannot include multiple operations on one item")
}

func (e *Engine) transactWriteItems(r *request, call *Call) (any, *apierror.Error) {
	token := r.token()
	r.capacityAsked()
	r.oneOf("ReturnItemCollectionMetrics", "NONE", "SIZE")
	actions, err := e.openActions(r)
	if err != nil {
		return nil, err
	}
	for _, a := range actions {
		call.aim(a.table, a.key)
	}
	request, err := fingerprint(actions)
	if err != nil {
		return nil, err
	}
	replay, err := e.tokens.find(token, request, e.now())
	if err != nil {
		return nil, err
	}
	if replay {
		return replayed(actions, r, call), nil
	}
	items, err := judge(actions, call)
	if err != nil {
		return nil, err
	}
	answer := carryOut(actions, items, r, call)
	e.tokens.remember(token, request, e.now())
	return answer, nil
}

// openActions reads the actions and refuses them for what they are together.
func (e *Engine) openActions(r *request) ([]*action, *apierror.Error) {
	var actions []*action
	var targets []target
	size, flawed := 0, false
	for _, content := range r.transactItems() {
		a := e.openAction(content)
		actions = append(actions, a)
		size += a.size
		flawed = flawed || a.flaw != nil
		if a.write != nil {
			targets = append(targets, target{table: a.table, at: a.at})
		}
	}
	switch err := r.failed(); {
	case err != nil:
		return nil, err
	case !flawed && duplicates(targets): // a flaw comes first, and cancels the transaction
		return nil, oneItemTwice()
	case size > maxTransaction:
		return nil, apierror.Validation("Transaction payload size cannot exceed 4MB")
	}
	return actions, nil
}

// judge gives what each action makes of its item. It changes nothing: either
// all actions can be carried out, or the transaction is cancelled.
func judge(actions []*action, call *Call) ([]attribute.Item, *apierror.Error) {
	items := make([]attribute.Item, len(actions))
	reasons := make([]apierror.Reason, len(actions))
	cancelled := false
	for i, a := range actions {
		var err *apierror.Error
		if items[i], reasons[i], err = a.judge(); err != nil {
			return nil, err
		}
		cancelled = cancelled || reasons[i].Code != "None"
	}
	if !cancelled {
		return items, nil
	}
	for _, a := range actions {
		old, _ := a.table.items.get(a.at)
		call.Capacity += 2 * writeUnits(old.Size()) // a transaction that is cancelled costs too
	}
	return nil, apierror.TransactionCanceled(reasons)
}

// carryOut stores what the actions make of their items.
func carryOut(actions []*action, items []attribute.Item, r *request, call *Call) map[string]any {
	var units bills
	for i, a := range actions {
		if !a.changes() {
			units.add(a.table, bill{table: 2 * writeUnits(items[i].Size())})
			continue
		}
		_, existed := a.table.items.get(a.at)
		single := a.table.replace(a.at, items[i], call.Operation)
		units.add(a.table, single.doubled())
		call.Committed = call.Committed || existed || items[i] != nil
	}
	return units.withCapacities(map[string]any{}, r, call, "WriteCapacityUnits")
}

// replayed is the answer to a transaction that was carried out before: it has
// no effect and costs what reading its items costs.
func replayed(actions []*action, r *request, call *Call) map[string]any {
	var units bills
	for _, a := range actions {
		item, _ := a.table.items.get(a.at)
		units.add(a.table, bill{table: 2 * readUnits(item.Size(), true)})
	}
	return units.withCapacities(map[string]any{}, r, call, "ReadCapacityUnits")
}
