package engine

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
	"github.com/theorydb/theorydb/localaws/internal/expression"
)

// action is one action of a TransactWriteItems.
//
// What is wrong with it for every item refuses the request. What depends on
// the table or on the stored item cancels the transaction and has its place
// among the reasons:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#API_TransactWriteItems_Errors
type action struct {
	*write
	kind   string // ConditionCheck, Put, Update or Delete
	key    attribute.Item
	item   attribute.Item     // of a Put
	update *expression.Update // of an Update
	at     position
	flaw   *apierror.Error // why its key or item does not suit the table
	size   int             // bytes that the request carries for it
}

// openAction reads one of the TransactItems.
func (e *Engine) openAction(r *request) *action {
	a := &action{kind: r.onlyOf("ConditionCheck", "Put", "Update", "Delete")}
	if a.kind == "" {
		return a
	}
	r = r.object(a.kind)
	a.write = e.openCondition(r, &Call{})
	if a.kind == "Put" {
		a.item = r.item("Item")
	} else {
		a.key = r.item("Key")
	}
	switch a.kind {
	case "Update":
		r.required("UpdateExpression")
		a.update = r.update(a.placeholders)
	case "ConditionCheck":
		r.required("ConditionExpression")
	}
	a.finish()
	if a.table != nil && r.failed() == nil {
		a.place()
	}
	return a
}

// place finds the item that the action is about.
func (a *action) place() {
	r, t := a.request, a.table
	content := a.key
	if a.kind == "Put" {
		content, a.key = a.item, t.key.pick(a.item)
	}
	if err := t.emptyKey(content); err != nil {
		r.refuse(err)
	}
	if a.item.Size() > maxItem {
		r.refuse(apierror.Validation("Item size has exceeded the maximum allowed size"))
	}
	a.at, a.flaw = t.keyOf(a.key)
	a.size = content.Size()
	switch {
	case a.flaw != nil:
	case a.kind == "Put":
		_, a.flaw = t.check(a.item)
	case a.kind == "Update":
		a.flaw = t.sparesKey(a.update)
		if r.has("ExpressionAttributeValues") {
			a.size += r.item("ExpressionAttributeValues").Size()
		}
	}
}

// changes tells whether the action writes; a ConditionCheck does not.
func (a *action) changes() bool { return a.kind != "ConditionCheck" }

// judge gives the item after the action (nil when there is none), or the
// reason why it cancels the transaction.
func (a *action) judge() (attribute.Item, apierror.Reason, *apierror.Error) {
	if a.flaw != nil {
		return nil, apierror.Reason{Code: "ValidationError", Message: a.flaw.Message}, nil
	}
	old, err := a.old(a.at)
	if err != nil {
		return nil, apierror.Reason{Code: "ConditionalCheckFailed", Message: err.Message, Item: err.Item}, nil
	}
	none := apierror.Reason{Code: "None"}
	switch a.kind {
	case "Put":
		return a.item, none, nil
	case "Update":
		item, err := a.table.updated(old, a.key, a.update)
		if err != nil {
			if empty := a.table.emptyKey(item); empty != nil {
				return nil, none, empty
			}
			return nil, apierror.Reason{Code: "ValidationError", Message: err.Message}, nil
		}
		return item, none, nil
	case "Delete":
		return nil, none, nil
	}
	return old, none, nil
}
