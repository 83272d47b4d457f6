package engine

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
	"github.com/theorydb/theorydb/localaws/internal/expression"
)

// get is one of the items that a TransactGetItems reads.
type get struct {
	target
	projection *expression.Projection
	flaw       *apierror.Error // why its key does not suit the table
}

func (e *Engine) openGet(r *request) get {
	var g get
	if r.onlyOf("Get") == "" {
		return g
	}
	r = r.object("Get")
	g.table = e.tableOf(r, &Call{})
	g.key = r.item("Key")
	placeholders := r.placeholders("ProjectionExpression")
	g.projection = r.projection(placeholders)
	if g.table == nil || r.failed() != nil {
		return g
	}
	r.finish(placeholders, g.table.key)
	if err := g.table.emptyKey(g.key); err != nil {
		r.refuse(err)
	}
	g.at, g.flaw = g.table.keyOf(g.key)
	return g
}

func (e *Engine) transactGetItems(r *request, call *Call) (any, *apierror.Error) {
	r.capacityAsked()
	var gets []get
	var targets []target
	var reasons []apierror.Reason
	cancelled := false
	for _, content := range r.transactItems() {
		g := e.openGet(content)
		gets, targets = append(gets, g), append(targets, g.target)
		reason := apierror.Reason{Code: "None"}
		if g.flaw != nil {
			reason = apierror.Reason{Code: "ValidationError", Message: g.flaw.Message}
			cancelled = true
		}
		reasons = append(reasons, reason)
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	for _, g := range gets {
		call.aim(g.table, g.key)
	}
	switch {
	case cancelled:
		return nil, apierror.TransactionCanceled(reasons)
	case duplicates(targets):
		return nil, oneItemTwice()
	}
	var units bills
	answers := make([]any, len(gets))
	size := 0
	for i, g := range gets {
		item, found := g.table.items.get(g.at)
		size += item.Size()
		units.add(g.table, bill{table: 2 * readUnits(item.Size(), true)})
		answers[i] = map[string]any{}
		if found {
			answers[i] = map[string]any{"Item": g.encode(item)}
		}
	}
	if size > maxTransaction {
		return nil, apierror.Validation("The items of the transaction have more than 4MB together")
	}
	return units.withCapacities(map[string]any{"Responses": answers}, r, call, "ReadCapacityUnits"), nil
}

func (g get) encode(item attribute.Item) map[string]any {
	if g.projection != nil {
		item = g.projection.Apply(item)
	}
	return attribute.EncodeItem(item)
}
