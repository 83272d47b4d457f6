package contracttest

import "slices"

func parseSteps(p place) ([]Step, error) {
	elements, err := p.elements()
	if err != nil {
		return nil, err
	}
	steps := make([]Step, len(elements))
	for i, element := range elements {
		if steps[i], err = parseStep(element, ""); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// parseStep reads a step, or what stands inside a step: within is the op of that, otherwise "".
func parseStep(p place, within string) (Step, error) {
	step := Step{Line: p.node.Line}
	op := opOf(p)
	var milliseconds *int64
	readers := map[string]func(place) error{
		"op": textInto(&step.Op), "model": textInto(&step.Model), "scope": textsInto(&step.Scope),
		"if_not_exists": boolInto(&step.IfNotExists), "fields": textsInto(&step.Fields),
		"item": itemInto(&step.Item), "key": itemInto(&step.Key),
		"held": textMapInto(&step.Held), "ms": integerInto(&milliseconds), "save": textMapInto(&step.Save),
		"only_if": conditionsInto(&step.OnlyIf), "if_version": integerInto(&step.IfVersion),
		"any_version": boolInto(&step.AnyVersion), "returning": boolInto(&step.Returning),
		"race": func(p place) (err error) {
			step.Race, err = parseRace(p)
			return err
		},
		"meanwhile": func(p place) error {
			step.Meanwhile = &Change{}
			return p.each(step.Meanwhile.readers(map[string]func(place) error{}))
		},
		"alias": textInto(&step.KMS.Alias), "state": keyStateInto(&step.KMS.State),
		"service": serviceInto(&step.KMS.Service), "points_to": textInto(&step.KMS.PointsTo),
		"models": textsInto(&step.Models), "keep": textsInto(&step.Keep),
		"retention": func(p place) error {
			reason, err := p.text()
			step.Retention = &reason
			return err
		},
		"keys": itemsInto(&step.Keys, false), "unchecked": boolInto(&step.Unchecked),
		"operations": func(p place) (err error) {
			step.Operations, err = parseOperations(p, op)
			return err
		},
		"document": func(p place) (err error) {
			step.Document, err = parseModel(p)
			return err
		},
		"expect": func(p place) error { return step.Expect.parse(p) },
	}
	step.Change.readers(readers)
	step.Fault.readers(readers)
	step.foreignReaders(readers)
	step.queryReaders(readers)
	if op == "raw_put" || op == "raw_set" { // the item is stored as it stands
		readers["item"] = func(p place) error {
			p.raw = true
			return itemInto(&step.Item)(p)
		}
	}
	if within == "race" {
		readers["writers"] = func(place) error { return nil } // read by parseRace
	}
	if err := p.each(readers); err != nil {
		return step, err
	}
	if milliseconds != nil {
		step.Milliseconds = *milliseconds
	}
	return step, checkMembers(p, step, within)
}

// opOf looks at what a step's operation is, which says how its other members are to be read.
func opOf(p place) string {
	list, _ := p.members() // what is wrong with them is reported when they are read
	if i := slices.IndexFunc(list, func(m member) bool { return m.name == "op" }); i >= 0 {
		return list[i].value.node.Value
	}
	return ""
}

func (c *Change) readers(readers map[string]func(place) error) map[string]func(place) error {
	for name, to := range map[string]*map[string]any{
		"set": &c.Set, "set_if_absent": &c.SetIfAbsent, "add": &c.Add,
		"append": &c.Append, "prepend": &c.Prepend, "delete_from_set": &c.DeleteFromSet,
	} {
		readers[name] = itemInto(to)
	}
	readers["remove"] = textsInto(&c.Remove)
	readers["or_create"], readers["blind"] = boolInto(&c.OrCreate), boolInto(&c.Blind)
	return readers
}

func (s *Step) queryReaders(readers map[string]func(place) error) {
	readers["index"] = textInto(&s.Index)
	readers["sort"], readers["filter"] = sortInto(&s.Sort), conditionsInto(&s.Filter)
	readers["descending"], readers["consistent"] = boolInto(&s.Descending), boolInto(&s.Consistent)
	readers["limit"], readers["page_size"] = countInto(&s.Limit), countInto(&s.PageSize)
	readers["segments"], readers["shard"] = countInto(&s.Segments), countInto(&s.Shard)
	readers["cursor"] = func(p place) error {
		variable, err := p.text()
		s.Cursor = &variable
		return err
	}
	readers["query"] = s.parseQuery
}

func parseRace(p place) (*Race, error) {
	list, err := p.members()
	if err != nil {
		return nil, err
	}
	var writers *int
	for _, m := range list {
		if m.name == "writers" {
			err = countInto(&writers)(m.value)
		}
	}
	if err != nil {
		return nil, err
	}
	if writers == nil || *writers < 2 || *writers > 64 {
		return nil, p.errorf("a race has from 2 to 64 writers")
	}
	write, err := parseStep(p, "race")
	return &Race{Writers: *writers, Write: write}, err
}
