package contracttest

import "github.com/theorydb/theorydb"

// conditions joins a step's conditions.
func (m *model) conditions(list []Condition) theorydb.Condition {
	return theorydb.And(m.conditionList(list)...)
}

func (m *model) conditionList(list []Condition) []theorydb.Condition {
	conditions := make([]theorydb.Condition, len(list))
	for i, c := range list {
		conditions[i] = m.condition(c)
	}
	return conditions
}

// condition makes the library's condition of a scenario's. An operator that it does not know can't come from the parser;
// the library refuses the condition that it is given then.
func (m *model) condition(c Condition) theorydb.Condition {
	declared := m.attributes[c.Attribute]
	values := make([]any, len(c.Values))
	for i, value := range c.Values {
		if c.Operator == "contains" {
			values[i] = declared.element(value)
		} else {
			values[i] = declared.value(value)
		}
	}
	switch c.Operator {
	case "exists":
		return theorydb.Exists(c.Attribute)
	case "not_exists":
		return theorydb.NotExists(c.Attribute)
	case "and":
		return m.conditions(c.Operands)
	case "or":
		return theorydb.Or(m.conditionList(c.Operands)...)
	case "not":
		return theorydb.Not(m.conditions(c.Operands))
	case "in":
		return theorydb.In(c.Attribute, values...)
	case "in_range":
		return theorydb.InRange(c.Attribute, values[0], values[1])
	case "size_of":
		size, _ := c.Values[0].(int)
		return theorydb.SizeOf(c.Attribute, c.Comparer, size)
	}
	compare := map[string]func(string, any) theorydb.Condition{
		"equal": theorydb.Equal, "not_equal": theorydb.NotEqual, "less": theorydb.Less, "less_equal": theorydb.LessEqual,
		"greater": theorydb.Greater, "greater_equal": theorydb.GreaterEqual, "begins_with": theorydb.BeginsWith,
		"contains": theorydb.Contains,
	}[c.Operator]
	if compare == nil {
		return theorydb.Or() // of nothing, which is refused
	}
	return compare(c.Attribute, values[0])
}

// element turns a logical value into a member of a set or a list, or a part of a text.
func (d declaration) element(logical any) any {
	switch d.Type {
	case "NS":
		return declaration{Type: "N"}.value(logical)
	case "B", "BS":
		return blob(logical)
	}
	return logical
}
