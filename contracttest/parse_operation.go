package contracttest

// parseOperations reads the operations of a batch or a transaction, which op says.
func parseOperations(p place, op string) ([]Step, error) {
	if insides[op].members == nil || op == "race" {
		return nil, p.errorf("op %s has no use for \"operations\"", op)
	}
	elements, err := p.elements()
	if err != nil {
		return nil, err
	}
	operations := make([]Step, len(elements))
	for i, element := range elements {
		if operations[i], err = parseStep(element, op); err != nil {
			return nil, err
		}
	}
	return operations, nil
}

// foreignReaders read batches in the form of other projects, behind a member that is called as the op: {keys},
// {items: [{model, key}]}, {puts, deletes}. They say the same as keys and operations of this form, of which none may
// stand beside them. Such a batch_write is unchecked: it knows no other.
func (s *Step) foreignReaders(readers map[string]func(place) error) {
	readers["batch_get"] = func(p place) error {
		return p.each(map[string]func(place) error{"keys": itemsInto(&s.Keys, false)})
	}
	readers["transact_get"] = func(p place) error {
		return p.each(map[string]func(place) error{"items": func(p place) error {
			elements, err := p.elements()
			if err != nil {
				return err
			}
			s.Operations = make([]Step, len(elements))
			for i, element := range elements {
				get := Step{Line: element.node.Line, Op: "get"}
				err := element.each(map[string]func(place) error{"model": textInto(&get.Model), "key": itemInto(&get.Key)})
				if err != nil {
					return err
				}
				if get.Key == nil {
					return element.errorf("op get needs a key")
				}
				s.Operations[i] = get
			}
			return nil
		}})
	}
	readers["batch_write"] = func(p place) error {
		var puts, deletes []map[string]any
		err := p.each(map[string]func(place) error{"puts": itemsInto(&puts, false), "deletes": itemsInto(&deletes, false)})
		s.Operations = []Step{}
		for _, item := range puts {
			s.Operations = append(s.Operations, Step{Line: p.node.Line, Op: "put", Item: item, Unchecked: true})
		}
		for _, key := range deletes {
			s.Operations = append(s.Operations, Step{Line: p.node.Line, Op: "delete", Key: key, Unchecked: true})
		}
		return err
	}
}
