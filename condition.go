package theorydb

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// Condition is a condition on the stored item, used alike by OnlyIf and by Query.Filter. It is a value: nothing is
// checked until a verb compiles it against its model. The zero Condition asks for nothing.
//
// Values are encoded as their attribute is and must fit its type (ErrInvalidValue); an unknown attribute is
// ErrInvalidQuery. Of an encrypted attribute only Exists and NotExists can be asked
// (ErrEncryptedFieldNotQueryable): its value is not there to be compared.
type Condition struct {
	operator  operator
	attribute string
	values    []any
	comparer  string // of SizeOf
	operands  []Condition
}

type operator int

const (
	operatorEqual operator = iota + 1
	operatorNotEqual
	operatorLess
	operatorLessEqual
	operatorGreater
	operatorGreaterEqual
	operatorIn
	operatorInRange
	operatorBeginsWith
	operatorContains
	operatorSizeOf
	operatorExists
	operatorNotExists
	operatorAnd
	operatorOr
	operatorNot
)

// Equal holds where the stored attribute equals value. An absent attribute equals nothing.
func Equal(attribute string, value any) Condition { return compare(operatorEqual, attribute, value) }

// NotEqual holds where the stored attribute does not equal value, and where it is absent.
func NotEqual(attribute string, value any) Condition {
	return compare(operatorNotEqual, attribute, value)
}

// Less holds where the stored attribute, a text, a number or binary, is before value.
func Less(attribute string, value any) Condition { return compare(operatorLess, attribute, value) }

// LessEqual holds where the stored attribute, a text, a number or binary, is value or before it.
func LessEqual(attribute string, value any) Condition {
	return compare(operatorLessEqual, attribute, value)
}

// Greater holds where the stored attribute, a text, a number or binary, is after value.
func Greater(attribute string, value any) Condition {
	return compare(operatorGreater, attribute, value)
}

// GreaterEqual holds where the stored attribute, a text, a number or binary, is value or after it.
func GreaterEqual(attribute string, value any) Condition {
	return compare(operatorGreaterEqual, attribute, value)
}

// In holds where the stored attribute equals one of 1 to 100 values.
func In(attribute string, values ...any) Condition {
	return Condition{operator: operatorIn, attribute: attribute, values: values}
}

// InRange holds where the stored attribute, a text, a number or binary, is from low to high, both included. Bounds in
// the wrong order are ErrInvalidQuery.
func InRange(attribute string, low, high any) Condition {
	return Condition{operator: operatorInRange, attribute: attribute, values: []any{low, high}}
}

// BeginsWith holds where the stored attribute, a text or binary, begins with prefix.
func BeginsWith(attribute string, prefix any) Condition {
	return compare(operatorBeginsWith, attribute, prefix)
}

// Contains holds where the stored text has value as a part, or the stored set or list has it as a member.
func Contains(attribute string, value any) Condition {
	return compare(operatorContains, attribute, value)
}

// SizeOf compares the size of the stored attribute: bytes of a text or binary, members of a set, list or map. The
// comparer is one of = <> < <= > >=; another is ErrInvalidOperator.
func SizeOf(attribute, comparer string, size int) Condition {
	return Condition{operator: operatorSizeOf, attribute: attribute, comparer: comparer, values: []any{size}}
}

// Exists holds where the attribute is stored, whatever its value.
func Exists(attribute string) Condition {
	return Condition{operator: operatorExists, attribute: attribute}
}

// NotExists holds where the attribute is not stored.
func NotExists(attribute string) Condition {
	return Condition{operator: operatorNotExists, attribute: attribute}
}

// And holds where all conditions do. And of none asks for nothing.
func And(conditions ...Condition) Condition {
	return Condition{operator: operatorAnd, operands: conditions}
}

// Or holds where one of the conditions does. One that asks for nothing is ErrInvalidQuery here: it would hold always.
func Or(conditions ...Condition) Condition {
	return Condition{operator: operatorOr, operands: conditions}
}

// Not holds where condition does not. The zero Condition is ErrInvalidQuery here.
func Not(condition Condition) Condition {
	return Condition{operator: operatorNot, operands: []Condition{condition}}
}

func compare(operator operator, attribute string, value any) Condition {
	return Condition{operator: operator, attribute: attribute, values: []any{value}}
}

var comparers = map[operator]string{
	operatorEqual: "=", operatorNotEqual: "<>",
	operatorLess: "<", operatorLessEqual: "<=", operatorGreater: ">", operatorGreaterEqual: ">=",
}

// maxIn is DynamoDB's limit of operands of IN.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
const maxIn = 100

// compile is the one way from a Condition to expression text. Values only ever leave as placeholders.
func (m *model) compile(b *expr.Builder, c Condition) (expr.Expr, error) {
	switch c.operator {
	case 0:
		return expr.Expr{}, nil
	case operatorAnd, operatorOr, operatorNot:
		return m.compileGroup(b, c)
	case operatorExists, operatorNotExists:
		attribute, err := m.attribute(c.attribute)
		if err != nil {
			return expr.Expr{}, err
		}
		if c.operator == operatorExists {
			return b.Exists(attribute.Name), nil
		}
		return b.NotExists(attribute.Name), nil
	case operatorEqual, operatorNotEqual, operatorLess, operatorLessEqual, operatorGreater, operatorGreaterEqual,
		operatorIn, operatorInRange, operatorBeginsWith, operatorContains, operatorSizeOf:
		return m.compileComparison(b, c)
	}
	return expr.Expr{}, errUnknownOperator
}

func (m *model) compileGroup(b *expr.Builder, c Condition) (expr.Expr, error) {
	compiled := make([]expr.Expr, len(c.operands))
	for i, operand := range c.operands {
		var err error
		if compiled[i], err = m.compile(b, operand); err != nil {
			return expr.Expr{}, err
		}
		if c.operator != operatorAnd && compiled[i].IsAbsent() {
			return expr.Expr{}, fmt.Errorf("%w: Or and Not need conditions that ask for something", ErrInvalidQuery)
		}
	}
	switch {
	case c.operator == operatorAnd:
		return expr.And(compiled...), nil
	case len(compiled) == 0:
		return expr.Expr{}, fmt.Errorf("%w: Or of no condition", ErrInvalidQuery)
	case c.operator == operatorOr:
		return expr.Or(compiled...), nil
	}
	return expr.Not(compiled[0]), nil
}

func (m *model) compileComparison(b *expr.Builder, c Condition) (expr.Expr, error) {
	attribute, err := m.comparable(c.attribute)
	if err != nil {
		return expr.Expr{}, err
	}
	values, err := operandsOf(attribute, c)
	if err != nil {
		return expr.Expr{}, err
	}
	name := attribute.Name
	switch c.operator {
	case operatorIn:
		return b.In(name, values), nil
	case operatorInRange:
		if compareKeys(values[0], values[1]) > 0 {
			return expr.Expr{}, fmt.Errorf("%w: InRange on %q has its bounds in the wrong order", ErrInvalidQuery, name)
		}
		return b.Between(name, values[0], values[1]), nil
	case operatorBeginsWith:
		return b.BeginsWith(name, values[0]), nil
	case operatorContains:
		return b.Contains(name, values[0]), nil
	case operatorSizeOf:
		return b.Size(name, c.comparer, values[0]), nil
	case operatorEqual, operatorNotEqual, operatorLess, operatorLessEqual, operatorGreater, operatorGreaterEqual:
		return b.Compare(name, comparers[c.operator], values[0]), nil
	case operatorExists, operatorNotExists, operatorAnd, operatorOr, operatorNot: // no comparisons
	}
	return expr.Expr{}, errUnknownOperator
}

var errUnknownOperator = fmt.Errorf("%w: unknown condition operator", ErrInvalidQuery)

// operandsOf encodes the values of a comparison and refuses what could never hold for the attribute's type.
func operandsOf(attribute *schema.Attribute, c Condition) ([]types.AttributeValue, error) {
	encode := attribute.Encode
	suits := func(kinds ...string) error {
		if attribute.Type == "" || slices.Contains(kinds, attribute.Type) {
			return nil
		}
		return fmt.Errorf("%w: %q is stored as %s, which the condition can't be asked of", ErrInvalidQuery, attribute.Name, attribute.Type)
	}
	var err error
	switch c.operator {
	case operatorLess, operatorLessEqual, operatorGreater, operatorGreaterEqual, operatorInRange:
		err = suits("S", "N", "B")
	case operatorBeginsWith:
		err = suits("S", "B")
	case operatorContains:
		err, encode = suits("S", "SS", "NS", "BS", "L"), attribute.EncodeElement
	case operatorIn:
		if len(c.values) == 0 || len(c.values) > maxIn {
			err = fmt.Errorf("%w: In on %q has %d values and takes 1 to %d", ErrInvalidQuery, attribute.Name, len(c.values), maxIn)
		}
	case operatorSizeOf:
		size, _ := c.values[0].(int)
		if !slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, c.comparer) {
			return nil, fmt.Errorf("%w: SizeOf takes one of = <> < <= > >=", ErrInvalidOperator)
		}
		return []types.AttributeValue{number(int64(size))}, suits("S", "B", "SS", "NS", "BS", "L", "M")
	case operatorEqual, operatorNotEqual: // of every type
	case operatorExists, operatorNotExists, operatorAnd, operatorOr, operatorNot:
		err = errUnknownOperator
	}
	if err != nil {
		return nil, err
	}
	values := make([]types.AttributeValue, len(c.values))
	for i, value := range c.values {
		if values[i], err = encode(value); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// attribute finds an attribute by its stored name.
func (m *model) attribute(name string) (*schema.Attribute, error) {
	if attribute := m.plan.Attribute(name); attribute != nil {
		return attribute, nil
	}
	if near := m.plan.Nearest(name); near != "" {
		return nil, fmt.Errorf("%w: %s has no attribute %q; did you mean %q?", ErrInvalidQuery, m.plan.Entity, name, near)
	}
	return nil, fmt.Errorf("%w: %s has no attribute %q", ErrInvalidQuery, m.plan.Entity, name)
}

// comparable finds an attribute whose value a condition may compare.
func (m *model) comparable(name string) (*schema.Attribute, error) {
	attribute, err := m.attribute(name)
	if err != nil {
		return nil, err
	}
	if attribute.Encrypted {
		return nil, fmt.Errorf("%w: %q; use Exists or NotExists", ErrEncryptedFieldNotQueryable, name)
	}
	return attribute, nil
}

// canonical is a condition as cursors are bound to it: nested lists of operator, attribute and values.
func (m *model) canonical(c Condition) (any, error) {
	switch c.operator {
	case 0:
		return nil, nil
	case operatorAnd, operatorOr, operatorNot:
		list := []any{operatorNames[c.operator]}
		for _, operand := range c.operands {
			part, err := m.canonical(operand)
			if err != nil {
				return nil, err
			}
			list = append(list, part)
		}
		return list, nil
	case operatorExists, operatorNotExists:
		return []any{operatorNames[c.operator], c.attribute}, nil
	case operatorEqual, operatorNotEqual, operatorLess, operatorLessEqual, operatorGreater, operatorGreaterEqual,
		operatorIn, operatorInRange, operatorBeginsWith, operatorContains, operatorSizeOf:
	}
	list := []any{operatorNames[c.operator], c.attribute}
	attribute, err := m.comparable(c.attribute)
	if err != nil {
		return nil, err
	}
	values, err := operandsOf(attribute, c)
	if err != nil {
		return nil, err
	}
	if c.operator == operatorSizeOf {
		list = append(list, c.comparer)
	}
	for _, value := range values {
		list = append(list, valueJSON(value))
	}
	return list, nil
}

var operatorNames = map[operator]string{
	operatorEqual: "equal", operatorNotEqual: "not_equal", operatorLess: "less", operatorLessEqual: "less_equal",
	operatorGreater: "greater", operatorGreaterEqual: "greater_equal", operatorIn: "in", operatorInRange: "in_range",
	operatorBeginsWith: "begins_with", operatorContains: "contains", operatorSizeOf: "size_of",
	operatorExists: "exists", operatorNotExists: "not_exists",
	operatorAnd: "and", operatorOr: "or", operatorNot: "not",
}
