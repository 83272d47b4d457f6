package expression

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// KeyTerm is one condition on one key attribute. Operator is one of = < <= >
// >= BETWEEN begins_with, and Values its one or two right sides.
type KeyTerm struct {
	Name     string
	Operator string
	Values   []attribute.Value
}

// ParseKeyCondition parses a KeyConditionExpression into its one or two terms.
// Whether they fit the key schema is for the caller to judge.
func ParseKeyCondition(text string, placeholders *Placeholders) ([]KeyTerm, *apierror.Error) {
	p, err := newParser("KeyConditionExpression", text, placeholders)
	if err != nil {
		return nil, err
	}
	root, err := p.condition()
	if err != nil {
		return nil, err
	}
	return keyTerms(root)
}

func keyTerms(t *term) ([]KeyTerm, *apierror.Error) {
	switch t.operator {
	case "AND":
		left, err := keyTerms(t.terms[0])
		if err != nil {
			return nil, err
		}
		right, err := keyTerms(t.terms[1])
		if err != nil {
			return nil, err
		}
		for _, l := range left {
			for _, r := range right {
				if l.Name == r.Name {
					return nil, apierror.Validation("KeyConditionExpressions must only contain one condition per key")
				}
			}
		}
		return append(left, right...), nil
	case "=", "<", "<=", ">", ">=", "BETWEEN", "begins_with":
		return keyTerm(t)
	}
	return nil, apierror.Validation("Invalid operator used in KeyConditionExpression: %s", t.operator)
}

// mirrored is the operator that says the same with its sides exchanged.
var mirrored = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func keyTerm(t *term) ([]KeyTerm, *apierror.Error) {
	operator, operands := t.operator, t.operands
	if other, ok := mirrored[operator]; ok && operands[0].path == nil {
		operator, operands = other, []*operand{operands[1], operands[0]}
	}
	path := operands[0].path
	if path == nil {
		return nil, apierror.Validation("KeyConditionExpressions cannot contain nested operations")
	}
	if len(path) != 1 {
		return nil, apierror.Validation("KeyConditionExpressions cannot have conditions on nested attributes")
	}
	key := KeyTerm{Name: path.Name(), Operator: operator}
	for _, o := range operands[1:] {
		if o.value == nil {
			return nil, apierror.Validation("KeyConditionExpressions must compare a key attribute with a value")
		}
		key.Values = append(key.Values, *o.value)
	}
	return []KeyTerm{key}, nil
}
