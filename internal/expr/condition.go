package expr

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Expr is a condition: the text, and how tightly its outermost operator binds. The zero Expr is the absent condition,
// which And and Or leave out.
type Expr struct {
	text  string
	binds binding
}

type binding int

// In DynamoDB's order of evaluation: a comparison before NOT, NOT before AND, AND before OR.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
const (
	bindsOr binding = iota + 1
	bindsAnd
	bindsNot
	bindsCompare
)

// String returns the expression text; empty for the absent condition.
func (e Expr) String() string { return e.text }

// IsAbsent reports whether e is the zero Expr.
func (e Expr) IsAbsent() bool { return e.text == "" }

// Compare is `attribute operator value`, the operator one of = <> < <= > >=.
func (b *Builder) Compare(attribute, operator string, value types.AttributeValue) Expr {
	return Expr{b.Name(attribute) + " " + operator + " " + b.Value(value), bindsCompare}
}

// Between is `attribute BETWEEN low AND high`, both bounds included. DynamoDB refuses low > high.
func (b *Builder) Between(attribute string, low, high types.AttributeValue) Expr {
	return Expr{b.Name(attribute) + " BETWEEN " + b.Value(low) + " AND " + b.Value(high), bindsCompare}
}

// In is `attribute IN (values)`.
func (b *Builder) In(attribute string, values []types.AttributeValue) Expr {
	placeholders := make([]string, len(values))
	for i, value := range values {
		placeholders[i] = b.Value(value)
	}
	return Expr{b.Name(attribute) + " IN (" + strings.Join(placeholders, ",") + ")", bindsCompare}
}

// Contains is `contains(attribute, value)`.
func (b *Builder) Contains(attribute string, value types.AttributeValue) Expr {
	return Expr{"contains(" + b.Name(attribute) + "," + b.Value(value) + ")", bindsCompare}
}

// BeginsWith is `begins_with(attribute, prefix)`.
func (b *Builder) BeginsWith(attribute string, prefix types.AttributeValue) Expr {
	return Expr{"begins_with(" + b.Name(attribute) + "," + b.Value(prefix) + ")", bindsCompare}
}

// Exists is `attribute_exists(attribute)`.
func (b *Builder) Exists(attribute string) Expr {
	return Expr{"attribute_exists(" + b.Name(attribute) + ")", bindsCompare}
}

// NotExists is `attribute_not_exists(attribute)`.
func (b *Builder) NotExists(attribute string) Expr {
	return Expr{"attribute_not_exists(" + b.Name(attribute) + ")", bindsCompare}
}

// Size is `size(attribute) operator value`.
func (b *Builder) Size(attribute, operator string, value types.AttributeValue) Expr {
	return Expr{"size(" + b.Name(attribute) + ") " + operator + " " + b.Value(value), bindsCompare}
}

// And joins conditions that must all hold. Absent ones are left out; of one, it is that one; of none, the absent one.
func And(conditions ...Expr) Expr { return join(" AND ", bindsAnd, conditions) }

// Or joins conditions of which one must hold, with And's rules for absent ones.
func Or(conditions ...Expr) Expr { return join(" OR ", bindsOr, conditions) }

// Not is true where condition is not. The absent condition stays absent: nothing was asked.
func Not(condition Expr) Expr {
	if condition.IsAbsent() {
		return condition
	}
	return Expr{"NOT " + condition.inside(bindsNot), bindsNot}
}

func join(operator string, binds binding, conditions []Expr) Expr {
	present := make([]Expr, 0, len(conditions))
	for _, condition := range conditions {
		if !condition.IsAbsent() {
			present = append(present, condition)
		}
	}
	if len(present) == 0 {
		return Expr{}
	}
	if len(present) == 1 {
		return present[0]
	}
	texts := make([]string, len(present))
	for i, condition := range present {
		texts[i] = condition.inside(binds)
	}
	return Expr{strings.Join(texts, operator), binds}
}

// inside is the text as an operand of an operator: in parentheses only where its own operator binds less tightly.
func (e Expr) inside(operator binding) string {
	if e.binds < operator {
		return "(" + e.text + ")"
	}
	return e.text
}
