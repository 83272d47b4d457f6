package expression

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// checked counts a comparator or function and refuses operands that can be
// right for no item.
func (p *parser) checked(t *term) (*term, *apierror.Error) {
	if err := p.count(); err != nil {
		return nil, err
	}
	return t, p.checkOperands(t.operator, t.operands)
}

func (p *parser) checkOperands(operator string, operands []*operand) *apierror.Error {
	first := operands[0]
	for _, other := range operands[1:] {
		if first.same(other) {
			return p.refuse("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", operator, first.path)
		}
	}
	ordered := []attribute.Kind{attribute.String, attribute.Number, attribute.Binary}
	switch operator {
	case "<", "<=", ">", ">=", "BETWEEN":
		for _, o := range operands {
			if err := p.demand(operator, o, ordered...); err != nil {
				return err
			}
		}
		if operator == "BETWEEN" {
			return p.checkBounds(operands[1], operands[2])
		}
	case "attribute_exists", "attribute_not_exists":
		if first.path == nil {
			return p.refuse("Operator or function requires a document path; operator or function: %s", operator)
		}
	case "begins_with":
		for _, o := range operands {
			if err := p.demand(operator, o, attribute.String, attribute.Binary); err != nil {
				return err
			}
		}
	case "size":
		if first.function == "size" {
			return p.wrongOperand(operator, attribute.Number)
		}
		return p.demand(operator, first, attribute.String, attribute.Binary, attribute.List, attribute.Map, attribute.StringSet, attribute.NumberSet, attribute.BinarySet)
	case "attribute_type":
		return p.checkTypeName(operands[1])
	}
	return nil
}

func (p *parser) checkBounds(low, high *operand) *apierror.Error {
	if low.value == nil || high.value == nil {
		return nil
	}
	order, comparable := attribute.Compare(*low.value, *high.value)
	switch {
	case !comparable:
		return p.refuse("The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: %s, upper bound operand: %s", low.text, high.text)
	case order > 0:
		return p.refuse("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: %s, upper bound operand: %s", low.text, high.text)
	}
	return nil
}

func (p *parser) checkTypeName(o *operand) *apierror.Error {
	if o.value == nil || o.value.Kind != attribute.String {
		return p.refuse("Incorrect operand type for operator or function; operator or function: attribute_type")
	}
	if _, ok := attribute.KindOf(o.value.Text); !ok {
		return p.refuse("Invalid attribute type name found; type: %s", o.text)
	}
	return nil
}
