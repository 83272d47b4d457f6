package expression

import (
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// Holds tells whether the condition is true for an item; nil stands for an
// item that does not exist.
func (c *Condition) Holds(item attribute.Item) bool { return c.root.holds(item) }

// Names calls use with every top-level attribute that the condition names.
func (c *Condition) Names(use func(name string)) { c.root.names(use) }

func (t *term) names(use func(string)) {
	for _, inner := range t.terms {
		inner.names(use)
	}
	for _, o := range t.operands {
		o.names(use)
	}
}

func (o *operand) names(use func(string)) {
	if o.path != nil {
		use(o.path.Name())
	}
	for _, arg := range o.args {
		arg.names(use)
	}
}

func (t *term) holds(item attribute.Item) bool {
	switch t.operator {
	case "AND":
		return t.terms[0].holds(item) && t.terms[1].holds(item)
	case "OR":
		return t.terms[0].holds(item) || t.terms[1].holds(item)
	case "NOT":
		return !t.terms[0].holds(item)
	case "attribute_exists":
		_, ok := t.operands[0].resolve(item)
		return ok
	case "attribute_not_exists":
		_, ok := t.operands[0].resolve(item)
		return !ok
	}
	first, ok := t.operands[0].resolve(item)
	if t.operator == "<>" {
		// The one comparator that is true when a side is absent.
		second, both := t.operands[1].resolve(item)
		return !ok || !both || !attribute.Equal(first, second)
	}
	if !ok {
		return false
	}
	rest := make([]attribute.Value, 0, 2)
	for _, o := range t.operands[1:] {
		v, ok := o.resolve(item)
		if !ok && t.operator != "IN" {
			return false
		}
		if ok {
			rest = append(rest, v)
		}
	}
	return compare(t.operator, first, rest)
}

func compare(operator string, first attribute.Value, rest []attribute.Value) bool {
	switch operator {
	case "=":
		return attribute.Equal(first, rest[0])
	case "IN":
		for _, v := range rest {
			if attribute.Equal(first, v) {
				return true
			}
		}
		return false
	case "BETWEEN":
		low, ok := attribute.Compare(first, rest[0])
		high, both := attribute.Compare(first, rest[1])
		return ok && both && low >= 0 && high <= 0
	case "begins_with":
		return first.Kind == rest[0].Kind && (first.Kind == attribute.String || first.Kind == attribute.Binary) &&
			strings.HasPrefix(first.Text, rest[0].Text)
	case "contains":
		return contains(first, rest[0])
	case "attribute_type":
		return first.Kind.Code() == rest[0].Text
	}
	order, ok := attribute.Compare(first, rest[0])
	if !ok {
		return false
	}
	switch operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// contains: a text within a text, bytes within bytes, an element of a list or
// set.
func contains(whole, part attribute.Value) bool {
	switch whole.Kind { //nolint:exhaustive // the other kinds contain nothing
	case attribute.String, attribute.Binary:
		return part.Kind == whole.Kind && strings.Contains(whole.Text, part.Text)
	case attribute.List, attribute.StringSet, attribute.NumberSet, attribute.BinarySet:
		return whole.Has(part)
	}
	return false
}
