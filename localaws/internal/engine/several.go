package engine

import (
	"maps"
	"slices"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// What requests for several items have in common.

// target is an item that a batch or a transaction names.
type target struct {
	table *table
	key   attribute.Item
	at    position
}

// duplicates tells whether two of the targets are the same item.
func duplicates(targets []target) bool {
	type place struct {
		table *table
		at    position
	}
	seen := make(map[place]bool, len(targets))
	for _, aim := range targets {
		here := place{aim.table, aim.at}
		if seen[here] {
			return true
		}
		seen[here] = true
	}
	return false
}

// names gives the names of an object's members in order, since JSON objects
// have none.
func (r *request) names() []string { return slices.Sorted(maps.Keys(r.fields)) }

// items reads a list of keys.
func (r *request) items(name string) []attribute.Item {
	var list []attribute.Item
	for _, element := range member[[]any](r, name) {
		item, err := attribute.DecodeItem(element)
		if err != nil {
			r.refuse(err)
		}
		list = append(list, item)
	}
	return list
}

// onlyOf gives the one of the members that the object has, and it may have one
// only; "" when the request is refused for it.
func (r *request) onlyOf(allowed ...string) string {
	found := ""
	for _, name := range allowed {
		if !r.has(name) {
			continue
		}
		if found != "" {
			found = ""
			break
		}
		found = name
	}
	if found == "" {
		r.refuse(apierror.Validation("Exactly one of %v is required", allowed))
	}
	return found
}

// emptyKey refuses an item that holds an empty text or empty bytes where the
// table or one of its indexes has a key attribute.
func (t *table) emptyKey(item attribute.Item) *apierror.Error {
	all := slices.Clone(t.key)
	for _, x := range t.indexes {
		all = append(all, x.key...)
	}
	for _, k := range all {
		if v, ok := item[k.name]; ok && k.empty(v) {
			return k.check(v)
		}
	}
	return nil
}
