package expression

import (
	"maps"
	"slices"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// Apply gives the item that the update makes of old, which it leaves
// unchanged. Every right side is read from old, whatever the order of actions.
func (u *Update) Apply(old attribute.Item) (attribute.Item, *apierror.Error) {
	members, err := u.tree.changeMembers(old, old)
	return attribute.Item(members), err
}

func badPath() *apierror.Error {
	return apierror.Validation("The document path provided in the update expression is invalid for update")
}

func badOperand() *apierror.Error {
	return apierror.Validation("An operand in the update expression has an incorrect data type")
}

func absentOperand() *apierror.Error {
	return apierror.Validation("The provided expression refers to an attribute that does not exist in the item")
}

// change gives what the tree makes of a value: nil when it removes it.
func (n *node) change(v *attribute.Value, old attribute.Item) (*attribute.Value, *apierror.Error) {
	if n.leaf {
		return n.action.on(v, old)
	}
	if v == nil {
		return nil, badPath()
	}
	var byIndex bool
	for s := range n.children {
		byIndex = s.isIndex // all children are of one kind
	}
	switch {
	case byIndex && v.Kind == attribute.List:
		return n.changeList(v.Elements, old)
	case !byIndex && v.Kind == attribute.Map:
		members, err := n.changeMembers(v.Members, old)
		return &attribute.Value{Kind: attribute.Map, Members: members}, err
	}
	return nil, badPath()
}

func (n *node) changeMembers(members map[string]attribute.Value, old attribute.Item) (map[string]attribute.Value, *apierror.Error) {
	changed := maps.Clone(members)
	if changed == nil {
		changed = map[string]attribute.Value{}
	}
	for s, child := range n.children {
		var current *attribute.Value
		if v, ok := members[s.name]; ok {
			current = &v
		}
		v, err := child.change(current, old)
		if err != nil {
			return nil, err
		}
		if v == nil {
			delete(changed, s.name)
		} else {
			changed[s.name] = *v
		}
	}
	return changed, nil
}

// changeList changes elements by their old indexes; removed ones leave no gap,
// and what is set past the end is appended in the order of its indexes.
func (n *node) changeList(elements []attribute.Value, old attribute.Item) (*attribute.Value, *apierror.Error) {
	removed := map[int]bool{}
	changed := slices.Clone(elements)
	var appended []attribute.Value
	for _, s := range n.indexes() {
		var current *attribute.Value
		if s.index < len(elements) {
			current = &elements[s.index]
		}
		v, err := n.children[s].change(current, old)
		switch {
		case err != nil:
			return nil, err
		case current == nil && v != nil:
			appended = append(appended, *v)
		case v == nil:
			removed[s.index] = true
		default:
			changed[s.index] = *v
		}
	}
	kept := make([]attribute.Value, 0, len(changed)+len(appended))
	for i, v := range changed {
		if !removed[i] {
			kept = append(kept, v)
		}
	}
	return &attribute.Value{Kind: attribute.List, Elements: append(kept, appended...)}, nil
}

// on gives what the action makes of the current value, nil when there is none.
func (a *action) on(current *attribute.Value, old attribute.Item) (*attribute.Value, *apierror.Error) {
	switch a.section {
	case "SET":
		v, err := a.operand.compute(old)
		return &v, err
	case "ADD":
		return add(current, *a.operand.value)
	case "DELETE":
		return subtract(current, *a.operand.value)
	}
	return nil, nil //nolint:nilnil // REMOVE leaves no value, which is no error
}

func add(current *attribute.Value, addend attribute.Value) (*attribute.Value, *apierror.Error) {
	switch {
	case current == nil:
		return &addend, nil
	case current.Kind != addend.Kind:
		return nil, badOperand()
	case addend.Kind == attribute.Number:
		sum, err := current.Number.Add(addend.Number)
		return &attribute.Value{Kind: attribute.Number, Number: sum}, err
	}
	union := attribute.Union(*current, addend)
	return &union, nil
}

func subtract(current *attribute.Value, elements attribute.Value) (*attribute.Value, *apierror.Error) {
	switch {
	case current == nil:
		return nil, nil //nolint:nilnil // nothing there, nothing left
	case current.Kind != elements.Kind:
		return nil, badOperand()
	}
	left := attribute.Difference(*current, elements)
	if len(left.Elements) == 0 {
		return nil, nil //nolint:nilnil // an empty set is not stored
	}
	return &left, nil
}

// compute gives the value of a right side.
func (o *operand) compute(old attribute.Item) (attribute.Value, *apierror.Error) {
	switch {
	case o.value != nil:
		return *o.value, nil
	case o.path != nil:
		v, ok := o.path.find(old)
		if !ok {
			return v, absentOperand()
		}
		return v, nil
	case o.function == "if_not_exists":
		if v, ok := o.args[0].path.find(old); ok {
			return v, nil
		}
		return o.args[1].compute(old)
	}
	left, err := o.args[0].compute(old)
	if err != nil {
		return left, err
	}
	right, err := o.args[1].compute(old)
	if err != nil {
		return right, err
	}
	if o.function == "list_append" {
		if left.Kind != attribute.List || right.Kind != attribute.List {
			return left, badOperand()
		}
		return attribute.Value{Kind: attribute.List, Elements: slices.Concat(left.Elements, right.Elements)}, nil
	}
	if left.Kind != attribute.Number || right.Kind != attribute.Number {
		return left, badOperand()
	}
	operate := attribute.Decimal.Add
	if o.function == "-" {
		operate = attribute.Decimal.Sub
	}
	number, err := operate(left.Number, right.Number)
	return attribute.Value{Kind: attribute.Number, Number: number}, err
}
