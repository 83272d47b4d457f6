package contracttest

import (
	"strconv"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// use is a step in the words of the protocol, but for what needs a look at what is stored, or at what earlier steps saved.
func (m *model) use(step *Step) protocol.Use {
	use := protocol.Use{
		Op: step.Op, Model: m.Name, Scope: m.scope, Key: m.item(step.Key), Fields: step.Fields,
		Change: m.change(step.Change), OnlyIf: m.conditions(step.OnlyIf), IfVersion: step.IfVersion,
		AnyVersion: step.AnyVersion, Returning: step.Returning, Unchecked: step.Unchecked, Consistent: step.Consistent,
		Index: step.Index, Filter: m.conditions(step.Filter), Descending: step.Descending,
		Limit: valueOr(step.Limit, 0), PageSize: valueOr(step.PageSize, 0), Segments: valueOr(step.Segments, 0),
		Shard: step.Shard, Keep: step.Keep, Retention: step.Retention,
	}
	if step.Meanwhile != nil {
		meanwhile := m.change(*step.Meanwhile)
		use.Meanwhile = &meanwhile
	}
	if step.Sort != nil {
		use.Sort = &protocol.Sort{Operator: step.Sort.Operator, Values: step.Sort.Values}
	}
	if step.Keys != nil {
		use.Keys = make([]protocol.Item, len(step.Keys))
		for i, key := range step.Keys {
			use.Keys[i] = m.item(key)
		}
	}
	return use
}

func (m *model) change(c Change) protocol.Change {
	return protocol.Change{
		Set: m.operands(c.Set), SetIfAbsent: m.operands(c.SetIfAbsent), Add: m.operands(c.Add),
		Append: m.operands(c.Append), Prepend: m.operands(c.Prepend), DeleteFromSet: m.operands(c.DeleteFromSet),
		Remove: c.Remove, OrCreate: c.OrCreate, Blind: c.Blind,
	}
}

func (m *model) conditions(list []Condition) []protocol.Condition {
	if list == nil {
		return nil
	}
	conditions := make([]protocol.Condition, len(list))
	for i, c := range list {
		conditions[i] = protocol.Condition{
			Operator: c.Operator, Attribute: c.Attribute, Comparer: c.Comparer, Operands: m.conditions(c.Operands),
			Values: m.conditionValues(c),
		}
	}
	return conditions
}

func (m *model) conditionValues(c Condition) protocol.Values {
	declared := m.attributes[c.Attribute]
	values := make(protocol.Values, len(c.Values))
	for i, value := range c.Values {
		switch c.Operator {
		case "size_of":
			size, _ := value.(int)
			values[i] = Number(strconv.Itoa(size))
		case "contains":
			values[i] = declared.element(value)
		default:
			values[i] = declared.value(value)
		}
	}
	return values
}

func valueOr(pointer *int, otherwise int) int {
	if pointer == nil {
		return otherwise
	}
	return *pointer
}
