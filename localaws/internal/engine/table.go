package engine

import (
	"time"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// table is one table with its indexes and the history of its keys.
type table struct {
	name       string
	id         string
	created    time.Time
	key        schema
	indexes    []*index
	items      *store
	ttl        string // attribute, empty while TTL is disabled
	protected  bool
	definition map[string]any // what DescribeTable repeats of CreateTable
	history    map[position][]Version
}

// index is a secondary index. Its store holds the projected items.
type index struct {
	name       string
	local      bool
	key        schema
	projection string // ALL, KEYS_ONLY or INCLUDE
	include    map[string]bool
	items      *store
	lag        *lag // nil when changes show at once
	definition map[string]any
}

// keyOf gives the position of a request's key, which must hold the key
// attributes and nothing else.
func (t *table) keyOf(key attribute.Item) (position, *apierror.Error) {
	if len(key) != len(t.key) {
		return position{}, apierror.Validation("The number of conditions on the keys is invalid")
	}
	for _, k := range t.key {
		if _, ok := key[k.name]; !ok {
			return position{}, apierror.Validation("The provided key element does not match the schema")
		}
	}
	return t.key.locate(key)
}

// check refuses an item that can not be stored and gives its position.
func (t *table) check(item attribute.Item) (position, *apierror.Error) {
	at, err := t.key.locate(item)
	if err != nil {
		return at, err
	}
	for _, x := range t.indexes {
		for _, k := range x.key {
			v, ok := item[k.name]
			if !ok {
				continue
			}
			if err := k.check(v); err != nil {
				return at, err
			}
		}
	}
	if item.Size() > maxItem {
		return at, apierror.Validation("Item size has exceeded the maximum allowed size")
	}
	return at, nil
}

// replace stores an item, or removes what is there when item is nil, keeps
// the indexes in step, and gives the write units that it costs.
func (t *table) replace(at position, item attribute.Item, operation string) bill {
	old, existed := t.items.get(at)
	units := bill{table: writeUnits(max(old.Size(), item.Size()))}
	for _, x := range t.indexes {
		units.charge(x, x.replace(t, at, old, item))
	}
	if item == nil {
		t.items.remove(at)
	} else {
		t.items.put(at, item)
	}
	if existed || item != nil {
		t.history[at] = append(t.history[at], Version{Operation: operation, Deleted: item == nil, Item: item})
	}
	return units
}

// replace brings the index in step with a change of one item of its table,
// and gives the write units that it costs.
func (x *index) replace(t *table, primary position, old, item attribute.Item) float64 {
	oldAt, hadOld := x.locate(primary, old)
	at, hasNew := x.locate(primary, item)
	before, after := x.project(t, old), x.project(t, item)
	same := hadOld && hasNew && oldAt == at
	if same && attribute.Equal(attribute.Value{Kind: attribute.Map, Members: before}, attribute.Value{Kind: attribute.Map, Members: after}) {
		return 0
	}
	var units float64
	if hadOld && !same {
		x.apply(change{index: x, at: oldAt})
		units += writeUnits(before.Size())
	}
	if hasNew {
		x.apply(change{index: x, at: at, item: after})
		units += writeUnits(after.Size())
	}
	return units
}

// locate gives the item's position in the index; false when the item lacks
// one of the index's key attributes and so is not in it.
func (x *index) locate(primary position, item attribute.Item) (position, bool) {
	at, err := x.key.locate(item)
	at.primary = primary.packed()
	return at, err == nil
}

// project gives the attributes of the item that the index holds.
func (x *index) project(t *table, item attribute.Item) attribute.Item {
	if x.projection == "ALL" {
		return item
	}
	kept := attribute.Item{}
	for name, v := range item {
		if t.key.has(name) || x.key.has(name) || x.include[name] {
			kept[name] = v
		}
	}
	return kept
}

// index gives the index of that name.
func (t *table) index(name string) (*index, *apierror.Error) {
	for _, x := range t.indexes {
		if x.name == name {
			return x, nil
		}
	}
	return nil, apierror.Validation("The table does not have the specified index: %s", name)
}

// holds tells whether the index holds every attribute of that name.
func (x *index) holds(t *table, name string) bool {
	return x.projection == "ALL" || t.key.has(name) || x.key.has(name) || x.include[name]
}
