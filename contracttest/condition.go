package contracttest

import "slices"

var sortOperators = []string{"is", "between", "at_least", "after", "at_most", "before", "has_prefix"}

// Operators of conditions, by what stands behind their names.
var (
	comparisons = []string{"equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "begins_with", "contains"}
	listings    = []string{"in", "in_range"}
	presences   = []string{"exists", "not_exists"}
	groups      = []string{"and", "or"}
)

// conditionsInto reads a mapping of operators, all of which must hold: {operator: {attribute: value}} for comparisons,
// {exists: [attribute]}, {size_of: {attribute: {comparer: size}}}, and groups of such mappings: {or: [{...}, {...}]},
// {and: [...]}, {not: {...}}.
func conditionsInto(to *[]Condition) func(place) error {
	return func(p place) error {
		list, err := p.members()
		if err != nil {
			return err
		}
		var conditions []Condition
		for _, m := range list {
			read, err := parseConditions(m)
			if err != nil {
				return err
			}
			conditions = append(conditions, read...)
		}
		if len(conditions) == 0 {
			return p.errorf("want a condition, such as {equal: {attribute: value}}")
		}
		*to = conditions
		return nil
	}
}

// parseConditions reads what stands behind one operator.
func parseConditions(m member) ([]Condition, error) {
	switch operator := m.name; {
	case slices.Contains(comparisons, operator), slices.Contains(listings, operator):
		return parseComparisons(operator, m.value)
	case slices.Contains(presences, operator):
		var attributes []string
		if err := textsInto(&attributes)(m.value); err != nil {
			return nil, err
		}
		conditions := make([]Condition, len(attributes))
		for i, attribute := range attributes {
			conditions[i] = Condition{Operator: operator, Attribute: attribute}
		}
		return conditions, nil
	case operator == "size_of":
		return parseSizes(m.value)
	case slices.Contains(groups, operator):
		elements, err := m.value.elements()
		if err != nil {
			return nil, err
		}
		group := Condition{Operator: operator}
		for _, element := range elements {
			var operands []Condition
			if err := conditionsInto(&operands)(element); err != nil {
				return nil, err
			}
			group.Operands = append(group.Operands, Condition{Operator: "and", Operands: operands})
		}
		return []Condition{group}, nil
	case operator == "not":
		var operands []Condition
		err := conditionsInto(&operands)(m.value)
		return []Condition{{Operator: operator, Operands: operands}}, err
	}
	return nil, m.value.errorf("unknown operator %q", m.name)
}

// parseComparisons reads {attribute: value}, or {attribute: [values]} for the operators that take several.
func parseComparisons(operator string, p place) ([]Condition, error) {
	var compared map[string]any
	if err := itemInto(&compared)(p); err != nil {
		return nil, err
	}
	var conditions []Condition
	for _, attribute := range sortedNames(compared) {
		values := []any{compared[attribute]}
		if slices.Contains(listings, operator) {
			list, ok := compared[attribute].([]any)
			if !ok || (operator == "in_range" && len(list) != 2) {
				return nil, p.errorf("in takes a list of values, in_range one of two")
			}
			values = list
		}
		conditions = append(conditions, Condition{Operator: operator, Attribute: attribute, Values: values})
	}
	return conditions, nil
}

// parseSizes reads {attribute: {comparer: size}}.
func parseSizes(p place) ([]Condition, error) {
	attributes, err := p.members()
	if err != nil {
		return nil, err
	}
	var conditions []Condition
	for _, attribute := range attributes {
		comparers, err := attribute.value.members()
		if err != nil {
			return nil, err
		}
		for _, comparer := range comparers {
			var size *int
			if err := countInto(&size)(comparer.value); err != nil {
				return nil, err
			}
			conditions = append(conditions, Condition{
				Operator: "size_of", Attribute: attribute.name, Comparer: comparer.name, Values: []any{*size},
			})
		}
	}
	return conditions, nil
}

// sortInto reads {operator: value}, or {between: [low, high]}.
func sortInto(to **Sort) func(place) error {
	return func(p place) error {
		list, err := p.members()
		if err != nil {
			return err
		}
		if len(list) != 1 || !slices.Contains(sortOperators, list[0].name) {
			return p.errorf("want one of %v", sortOperators)
		}
		value, err := list[0].value.logical()
		if err != nil {
			return err
		}
		*to, err = newSort(p, list[0].name, value)
		return err
	}
}

func newSort(p place, operator string, value any) (*Sort, error) {
	if operator != "between" {
		return &Sort{operator, []any{value}}, nil
	}
	bounds, ok := value.([]any)
	if !ok || len(bounds) != 2 {
		return nil, p.errorf("between takes a list of two values")
	}
	return &Sort{operator, bounds}, nil
}
