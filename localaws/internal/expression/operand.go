package expression

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// operand is something that has a value: a document path, a placeholder's
// value, or a function of operands. Exactly one of path, value, function is set.
type operand struct {
	path     Path
	value    *attribute.Value
	text     string // the placeholder, for messages
	function string // size, if_not_exists, list_append, + or -
	args     []*operand
}

// resolve gives the value for an item; false when there is none.
func (o *operand) resolve(item attribute.Item) (attribute.Value, bool) {
	switch {
	case o.value != nil:
		return *o.value, true
	case o.path != nil:
		return o.path.find(item)
	}
	return o.sizeOf(item) // the other functions stand in updates only
}

func (o *operand) sizeOf(item attribute.Item) (attribute.Value, bool) {
	v, ok := o.args[0].resolve(item)
	if !ok {
		return attribute.Value{}, false
	}
	var n int
	switch v.Kind {
	case attribute.String, attribute.Binary:
		n = len(v.Text)
	case attribute.List, attribute.StringSet, attribute.NumberSet, attribute.BinarySet:
		n = len(v.Elements)
	case attribute.Map:
		n = len(v.Members)
	case attribute.Number, attribute.Bool, attribute.Null:
		return attribute.Value{}, false
	}
	return attribute.Integer(n), true
}

// kind is the kind that the operand has for every item, 0 when it depends.
func (o *operand) kind() attribute.Kind {
	switch {
	case o.value != nil:
		return o.value.Kind
	case o.path != nil:
		return 0
	}
	switch o.function {
	case "size", "+", "-":
		return attribute.Number
	case "list_append":
		return attribute.List
	}
	return 0 // if_not_exists may give what is stored
}

// same tells whether two operands are one document path.
func (o *operand) same(other *operand) bool {
	return o.path != nil && other.path != nil && o.path.equal(other.path)
}

func (p *parser) wrongOperand(operator string, kind attribute.Kind) *apierror.Error {
	return p.refuse("Incorrect operand type for operator or function; operator or function: %s, operand type: %s", operator, kind.Code())
}

// demand refuses an operand whose kind is known and not among the allowed.
func (p *parser) demand(operator string, o *operand, allowed ...attribute.Kind) *apierror.Error {
	kind := o.kind()
	if kind == 0 {
		return nil
	}
	for _, k := range allowed {
		if k == kind {
			return nil
		}
	}
	return p.wrongOperand(operator, kind)
}
