package contracttest

// parseQuery reads a query in the form of other projects, {index, partition: {attribute, operator, value}, sort: {...}},
// where key attributes are plain. It says the same as key, index and sort of this form, of which none may stand beside
// it.
func (s *Step) parseQuery(p place) error {
	var partition, sort *keyCondition
	err := p.each(map[string]func(place) error{
		"index": textInto(&s.Index), "partition": keyConditionInto(&partition), "sort": keyConditionInto(&sort),
	})
	if err != nil {
		return err
	}
	if partition == nil || (partition.operator != "=" && partition.operator != "eq") {
		return p.errorf("query needs a partition with the operator =")
	}
	s.Key = map[string]any{partition.attribute: partition.value}
	if sort == nil {
		return nil
	}
	operator := queryOperators[sort.operator]
	if operator == "" {
		return p.errorf("unknown operator %q of a sort key", sort.operator)
	}
	s.Sort, err = newSort(p, operator, sort.value)
	return err
}

// queryOperators are the operators of a sort key by the names that other projects give them.
var queryOperators = map[string]string{
	"=": "is", "eq": "is", "begins_with": "has_prefix", "between": "between",
	"<": "before", "lt": "before", "<=": "at_most", "le": "at_most",
	">": "after", "gt": "after", ">=": "at_least", "ge": "at_least",
}

type keyCondition struct {
	attribute, operator string
	value               any
}

func keyConditionInto(to **keyCondition) func(place) error {
	return func(p place) error {
		c := keyCondition{operator: "="}
		err := p.each(map[string]func(place) error{
			"attribute": textInto(&c.attribute), "operator": textInto(&c.operator),
			"value": func(p place) (err error) {
				c.value, err = p.logical()
				return err
			},
		})
		if err == nil && (c.attribute == "" || c.value == nil) {
			return p.errorf("want an attribute, an operator and a value")
		}
		*to = &c
		return err
	}
}
