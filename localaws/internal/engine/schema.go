package engine

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// The limits of keys and items in bytes:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxPartitionKey = 2048
	maxSortKey      = 1024
	maxItem         = 409600
)

// keyAttribute is one key attribute of a table or index.
type keyAttribute struct {
	name  string
	kind  attribute.Kind
	limit int // bytes
}

// schema is the key of a table or index: a partition key and perhaps a sort key.
type schema []keyAttribute

func (s schema) partition() keyAttribute { return s[0] }

func (s schema) sort() (keyAttribute, bool) {
	if len(s) < 2 {
		return keyAttribute{}, false
	}
	return s[1], true
}

func (s schema) has(name string) bool {
	for _, k := range s {
		if k.name == name {
			return true
		}
	}
	return false
}

// check refuses a value that the key attribute can not hold.
func (k keyAttribute) check(v attribute.Value) *apierror.Error {
	switch {
	case v.Kind != k.kind:
		return apierror.Validation("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", k.name, k.kind.Code(), v.Kind.Code())
	case k.empty(v):
		return apierror.Validation("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", lower(k.kind), k.name)
	case v.Size() > k.limit:
		return apierror.Validation("One or more parameter values were invalid: Size of the key attribute %s has exceeded the maximum size limit of %d bytes", k.name, k.limit)
	}
	return nil
}

// empty tells whether the value is a text or bytes of length 0, which no key
// attribute can hold.
func (k keyAttribute) empty(v attribute.Value) bool {
	return v.Kind == k.kind && k.kind != attribute.Number && v.Text == ""
}

func lower(kind attribute.Kind) string {
	if kind == attribute.Binary {
		return "binary"
	}
	return "string"
}

// locate gives the position of an item by its key attributes, which it must
// have in their right form.
func (s schema) locate(item attribute.Item) (position, *apierror.Error) {
	var at position
	for i, k := range s {
		v, ok := item[k.name]
		if !ok {
			return at, apierror.Validation("One or more parameter values were invalid: Missing the key %s in the item", k.name)
		}
		if err := k.check(v); err != nil {
			return at, err
		}
		if i == 0 {
			at.partition = v.Sortable()
		} else {
			at.sort = v.Sortable()
		}
	}
	return at, nil
}

// pick gives the key attributes of an item.
func (s schema) pick(item attribute.Item) attribute.Item {
	key := attribute.Item{}
	for _, k := range s {
		if v, ok := item[k.name]; ok {
			key[k.name] = v
		}
	}
	return key
}
