package engine

import (
	"cmp"
	"maps"
	"slices"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// alteration is what an UpdateTable is to change.
type alteration struct {
	billing   map[string]any // nil when it stays
	protected bool
	add       *index // nil when there is none
	remove    *index // nil when there is none
	kinds     map[string]attribute.Kind
}

// updateTable adds or removes a global index, or changes how the table is paid
// for or protected. All of it takes effect at once: a new index holds the
// items that the table has.
func (e *Engine) updateTable(r *request, call *Call) (any, *apierror.Error) {
	t := e.tableOf(r, call)
	if err := r.failed(); err != nil {
		return nil, err
	}
	change := e.readAlteration(t, r)
	if err := r.failed(); err != nil {
		return nil, err
	}
	t.alter(change)
	return map[string]any{"TableDescription": t.describe()}, nil
}

func (e *Engine) readAlteration(t *table, r *request) alteration {
	change := alteration{protected: t.protected, kinds: t.kindsWith(r)}
	if !r.has("DeletionProtectionEnabled") && !r.has("BillingMode") && !r.has("ProvisionedThroughput") && len(r.objects("GlobalSecondaryIndexUpdates")) == 0 {
		r.refuse(apierror.Validation("At least one of ProvisionedThroughput, BillingMode, DeletionProtectionEnabled or GlobalSecondaryIndexUpdates is required"))
	}
	if r.has("DeletionProtectionEnabled") {
		change.protected = r.flag("DeletionProtectionEnabled")
	}
	switch {
	case r.has("ProvisionedThroughput") && !r.has("BillingMode") && t.definition["BillingModeSummary"] != nil:
		r.refuse(apierror.Validation("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"))
	case r.has("ProvisionedThroughput") || r.has("BillingMode"):
		change.billing = r.billing()
	}
	e.readIndexUpdate(t, r, &change)
	return change
}

// readIndexUpdate reads GlobalSecondaryIndexUpdates, of which the service
// carries out one at a time.
func (e *Engine) readIndexUpdate(t *table, r *request, change *alteration) {
	updates := r.objects("GlobalSecondaryIndexUpdates")
	names := map[string]bool{}
	for _, update := range updates {
		name := cmp.Or(update.object("Create").text("IndexName"), update.object("Delete").text("IndexName"))
		if names[name] {
			r.refuse(apierror.Validation("Only one global secondary index update per index is allowed simultaneously."))
		}
		names[name] = true
	}
	if len(updates) > 1 {
		r.refuse(apierror.LimitExceeded("Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"))
		return
	}
	for _, update := range updates {
		switch {
		case update.has("Create") && !update.has("Delete"):
			change.add = e.readIndex(t, update.object("Create"), false, change.kinds, map[string]bool{})
		case update.has("Delete") && !update.has("Create"):
			name := update.object("Delete").required("IndexName")
			x, err := t.index(name)
			switch {
			case err != nil:
				r.refuse(apierror.NotFound("Requested resource not found: Index %s not found", name))
			case x.local:
				r.refuse(apierror.Validation("Cannot delete an index that is not a GlobalSecondaryIndex"))
			}
			change.remove = x
		default:
			r.refuse(apierror.Validation("This engine takes one Create or Delete in GlobalSecondaryIndexUpdates"))
		}
	}
	if global := len(t.indexes) - t.localIndexes(); change.add != nil && global >= maxGlobalIndexes {
		r.refuse(apierror.LimitExceeded("GlobalSecondaryIndexes count exceeds the per-table limit of %d", maxGlobalIndexes))
	}
}

// kindsWith gives the types of the table's key attributes and of those that a
// request defines, which may not contradict them.
func (t *table) kindsWith(r *request) map[string]attribute.Kind {
	kinds := r.attributeKinds()
	for _, s := range t.schemas() {
		for _, k := range s {
			if given, ok := kinds[k.name]; ok && given != k.kind {
				r.refuse(apierror.Validation("One or more parameter values were invalid: AttributeDefinitions has another type for attribute %s than the table", k.name))
			}
			kinds[k.name] = k.kind
		}
	}
	return kinds
}

// alter carries a change out that was checked.
func (t *table) alter(change alteration) {
	t.protected = change.protected
	if change.billing != nil {
		delete(t.definition, "BillingModeSummary")
		maps.Copy(t.definition, change.billing)
	}
	t.indexes = slices.DeleteFunc(t.indexes, func(x *index) bool { return x == change.remove })
	if change.add != nil {
		change.add.fill(t)
		t.indexes = append(t.indexes, change.add)
	}
	t.definition["AttributeDefinitions"] = t.describeAttributes()
}

// fill brings the items that the table has into a new index. Items whose
// attributes are no keys of the index stay out of it.
func (x *index) fill(t *table) {
	t.items.tree.Scan(func(at entry) bool {
		if place, ok := x.locate(at.position, at.item); ok {
			x.items.put(place, x.project(t, at.item))
		}
		return true
	})
}

func (t *table) localIndexes() int {
	n := 0
	for _, x := range t.indexes {
		if x.local {
			n++
		}
	}
	return n
}

// schemas gives the keys of the table and of its indexes.
func (t *table) schemas() []schema {
	list := []schema{t.key}
	for _, x := range t.indexes {
		list = append(list, x.key)
	}
	return list
}

// describeAttributes gives the AttributeDefinitions, in the order of names.
func (t *table) describeAttributes() []any {
	kinds := map[string]attribute.Kind{}
	for _, s := range t.schemas() {
		for _, k := range s {
			kinds[k.name] = k.kind
		}
	}
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		list = append(list, map[string]any{"AttributeName": name, "AttributeType": kinds[name].Code()})
	}
	return list
}
