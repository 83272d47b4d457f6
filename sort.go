package theorydb

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/keys"
	"github.com/theorydb/theorydb/internal/schema"
)

// SortCondition narrows a Query on the next component of the sort key: the first one that Query.Key leaves zero. Its
// arguments must fit that component's type. The zero SortCondition asks for nothing.
//
// On a component that loses information (ms, lower) values are compared in the form they have in the key. On a hashed
// or sharded one only Is makes sense, and the others are ErrInvalidQuery.
type SortCondition struct {
	operator  sortOperator
	low, high any
}

type sortOperator int

const (
	sortIs sortOperator = iota + 1
	sortBetween
	sortAtLeast
	sortAfter
	sortAtMost
	sortBefore
	sortHasPrefix
)

// Is asks for one value of the component. It is also how a query asks for the number 0, which in Query.Key ends the
// sort key's prefix.
func Is(value any) SortCondition { return SortCondition{sortIs, value, nil} }

// Between asks for values from low to high, both included. Bounds in the wrong order are ErrInvalidQuery.
func Between(low, high any) SortCondition { return SortCondition{sortBetween, low, high} }

// AtLeast asks for value and everything after it.
func AtLeast(value any) SortCondition { return SortCondition{sortAtLeast, value, nil} }

// After asks for everything after value.
func After(value any) SortCondition { return SortCondition{sortAfter, value, nil} }

// AtMost asks for everything up to value, value included.
func AtMost(value any) SortCondition { return SortCondition{sortAtMost, value, nil} }

// Before asks for everything before value. On a last component that loses information it is ErrInvalidQuery.
func Before(value any) SortCondition { return SortCondition{sortBefore, value, nil} }

// HasPrefix asks for text that begins with prefix; an empty one asks for all.
func HasPrefix(prefix string) SortCondition { return SortCondition{sortHasPrefix, prefix, nil} }

// sortRange is the part of a partition that a query reads: an operator of DynamoDB on the whole sort key.
type sortRange struct {
	operator  string // "" for the whole partition, "=", "<", "<=", ">", ">=", "BETWEEN" or "begins_with"
	low, high types.AttributeValue
	// except is a sort key inside the range that the condition leaves out.
	except types.AttributeValue
	// unlike leaves out, in the filter, a value of an attribute that is no key.
	unlike heldAttribute
}

func (r *sortRange) condition(b *expr.Builder, name string) expr.Expr {
	switch r.operator {
	case "":
		return expr.Expr{}
	case "BETWEEN":
		return b.Between(name, r.low, r.high)
	case "begins_with":
		return b.BeginsWith(name, r.low)
	}
	return b.Compare(name, r.operator, r.low)
}

func (r *sortRange) filter(b *expr.Builder) expr.Expr {
	if r.unlike.value == nil {
		return expr.Expr{}
	}
	return b.Compare(r.unlike.name, "<>", r.unlike.value)
}

// sortRange compiles the sort half of a query: the longest complete prefix that key gives, and the condition on the
// component after it.
func (m *model) sortRange(half *schema.KeyPart, key any, condition SortCondition) (sortRange, error) {
	if half == nil {
		if condition.operator != 0 {
			return sortRange{}, fmt.Errorf("%w: %s has no sort key for a Sort condition", ErrInvalidQuery, m.plan.Entity)
		}
		return sortRange{}, nil
	}
	if half.Template == nil {
		return plainRange(half, key, condition)
	}
	given, err := givenComponents(half, key)
	if err != nil {
		return sortRange{}, err
	}
	prefix, err := half.Template.Prefix(given)
	if err != nil {
		return sortRange{}, err
	}
	components := half.Template.Components()
	switch {
	case condition.operator != 0 && len(given) == len(components):
		return sortRange{}, fmt.Errorf("%w: Key gives every component of the sort key, so that Sort has none left", ErrInvalidQuery)
	case condition.operator != 0:
		return (&componentRange{
			half: half, given: given, prefix: prefix,
			attribute: half.Components[len(given)], component: components[len(given)],
		}).compile(condition)
	case len(given) == len(components):
		return sortRange{operator: "=", low: text(prefix)}, keys.CheckLength(prefix, half.Max)
	case prefix == "":
		return sortRange{}, nil
	}
	return sortRange{operator: "begins_with", low: text(prefix)}, keys.CheckLength(prefix, half.Max)
}

// givenComponents are the stored texts of the components of a sort key that key gives. A zero one ends them: what an
// example leaves zero it does not ask about. One that is given behind it would ask for a range DynamoDB can't read.
func givenComponents(half *schema.KeyPart, key any) ([]string, error) {
	texts, err := half.Texts(key)
	if err != nil {
		return nil, err
	}
	given := len(texts)
	for i, attribute := range half.Components {
		zero := attribute.IsZero(key)
		if zero && i < given {
			given = i
		}
		if !zero && i > given {
			return nil, fmt.Errorf("%w: Key gives %q but not %q, which stands before it in the sort key",
				ErrInvalidQuery, attribute.Name, half.Components[given].Name)
		}
	}
	return texts[:given], nil
}

// plainRange is a range on a sort key that is an attribute itself: DynamoDB's own operators on its stored type.
func plainRange(half *schema.KeyPart, key any, condition SortCondition) (sortRange, error) {
	attribute := half.Components[0]
	if !attribute.IsZero(key) {
		if condition.operator != 0 {
			return sortRange{}, fmt.Errorf("%w: Key gives the sort key, so that Sort has no component left", ErrInvalidQuery)
		}
		value, err := half.Value(key)
		return sortRange{operator: "=", low: value}, err
	}
	if condition.operator == 0 {
		return sortRange{}, nil
	}
	if condition.operator == sortHasPrefix {
		return plainPrefix(half, attribute, condition)
	}
	low, err := plainArgument(half, condition.low)
	if err != nil {
		return sortRange{}, err
	}
	operators := map[sortOperator]string{
		sortIs: "=", sortAtLeast: ">=", sortAfter: ">", sortAtMost: "<=", sortBefore: "<", sortBetween: "BETWEEN",
	}
	r := sortRange{operator: operators[condition.operator], low: low}
	if condition.operator != sortBetween {
		return r, nil
	}
	if r.high, err = plainArgument(half, condition.high); err != nil {
		return sortRange{}, err
	}
	if compareKeys(r.low, r.high) > 0 {
		return sortRange{}, errReversed(attribute.Name)
	}
	return r, nil
}

func plainPrefix(half *schema.KeyPart, attribute *schema.Attribute, condition SortCondition) (sortRange, error) {
	if half.Type != "S" || attribute.Format == schema.FormatTime {
		return sortRange{}, fmt.Errorf("%w: HasPrefix needs a text, and %q is none", ErrInvalidQuery, attribute.Name)
	}
	prefix, ok := condition.low.(string)
	if !ok || prefix == "" {
		return sortRange{}, nil
	}
	// Part of a text need not be a value that the attribute could have, such as one of its enum.
	if _, err := attribute.Text(text(prefix)); err != nil {
		return sortRange{}, fmt.Errorf("%w: Sort on %q: %w", ErrInvalidQuery, attribute.Name, err)
	}
	value, err := plainKey(half, text(prefix))
	return sortRange{operator: "begins_with", low: value}, err
}

func plainArgument(half *schema.KeyPart, value any) (types.AttributeValue, error) {
	encoded, err := sortArgument(half.Components[0], value)
	if err != nil {
		return nil, err
	}
	return plainKey(half, encoded)
}

// plainKey refuses what could be no key, as DynamoDB would.
func plainKey(half *schema.KeyPart, value types.AttributeValue) (types.AttributeValue, error) {
	err := keys.CheckLength(keyText(value), half.Max)
	if keyText(value) == "" {
		err = keys.ErrIncomplete
	}
	if err != nil {
		return nil, fmt.Errorf("%w: Sort on %q: %w", ErrInvalidQuery, half.Name, err)
	}
	return value, nil
}

func sortArgument(attribute *schema.Attribute, value any) (types.AttributeValue, error) {
	encoded, err := attribute.Encode(value)
	if err != nil {
		return nil, fmt.Errorf("%w: Sort on %q: %w", ErrInvalidQuery, attribute.Name, err)
	}
	return encoded, nil
}

func errReversed(attribute string) error {
	return fmt.Errorf("%w: Between on %q has its bounds in the wrong order", ErrInvalidQuery, attribute)
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
