package godriver

import (
	"strconv"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// conditions joins conditions, all of which must hold.
func (u use) conditions(list []protocol.Condition) theorydb.Condition {
	return theorydb.And(u.conditionList(list)...)
}

func (u use) conditionList(list []protocol.Condition) []theorydb.Condition {
	conditions := make([]theorydb.Condition, len(list))
	for i, c := range list {
		conditions[i] = u.condition(c)
	}
	return conditions
}

var comparisons = map[string]func(string, any) theorydb.Condition{
	"equal": theorydb.Equal, "not_equal": theorydb.NotEqual, "less": theorydb.Less, "less_equal": theorydb.LessEqual,
	"greater": theorydb.Greater, "greater_equal": theorydb.GreaterEqual, "begins_with": theorydb.BeginsWith,
	"contains": theorydb.Contains,
}

// condition makes the library's condition. One that the protocol does not know becomes an Or of nothing, which the
// library refuses.
func (u use) condition(c protocol.Condition) theorydb.Condition {
	values := make([]any, len(c.Values))
	for i, value := range c.Values {
		values[i] = value
		if c.Operator != "contains" { // which takes an element
			values[i] = u.attributes[c.Attribute].value(value)
		}
	}
	switch c.Operator {
	case "exists":
		return theorydb.Exists(c.Attribute)
	case "not_exists":
		return theorydb.NotExists(c.Attribute)
	case "and":
		return u.conditions(c.Operands)
	case "or":
		return theorydb.Or(u.conditionList(c.Operands)...)
	case "not":
		return theorydb.Not(u.conditions(c.Operands))
	case "in":
		return theorydb.In(c.Attribute, values...)
	}
	compare := comparisons[c.Operator]
	switch {
	case c.Operator == "in_range" && len(values) == 2:
		return theorydb.InRange(c.Attribute, values[0], values[1])
	case c.Operator == "size_of" && len(values) == 1:
		digits, _ := c.Values[0].(protocol.Number)
		if size, err := strconv.Atoi(string(digits)); err == nil {
			return theorydb.SizeOf(c.Attribute, c.Comparer, size)
		}
	case compare != nil && len(values) == 1:
		return compare(c.Attribute, values[0])
	}
	return theorydb.Or()
}
