package theorydb

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/theorydb/theorydb/internal/keys"
	"github.com/theorydb/theorydb/internal/schema"
)

// componentRange compiles a condition on one component of a templated sort key.
//
// In key text "#" (0x23) ends a component, "$" (0x24) sorts right after it, and every byte of an encoded component
// sorts after both. So with P for the text in front of the component and E for an encoded value, P+E is where the
// value begins, P+E+"#" begins every longer key with that value, and P+E+"$" is after all of those and before the next
// value.
type componentRange struct {
	half      *schema.KeyPart
	given     []string // stored texts of the components before it
	prefix    string   // P
	attribute *schema.Attribute
	component keys.Component
}

const afterValue = "$"

func (r *componentRange) compile(condition SortCondition) (sortRange, error) {
	if condition.operator == sortHasPrefix {
		return r.hasPrefix(condition.low)
	}
	if condition.operator != sortIs && (r.component.Hashed() || r.component.Shards() > 0) {
		return sortRange{}, fmt.Errorf("%w: %q is hashed or sharded in the key and has no order; use Is", ErrInvalidQuery, r.attribute.Name)
	}
	low, stored, err := r.encode(condition.low)
	if err != nil {
		return sortRange{}, err
	}
	switch condition.operator {
	case sortIs:
		return r.is(low, stored)
	case sortAtLeast:
		return r.from(r.prefix+low, nil), nil
	case sortAfter:
		from := r.bound(r.prefix + low)
		if from == r.prefix+low { // too long for its "$": the value itself is the first of the range
			return r.from(from, text(from)), nil
		}
		return r.from(from, nil), nil
	case sortAtMost:
		return r.to(r.bound(r.prefix + low)), nil
	case sortBefore:
		return r.before(low, condition.low)
	case sortBetween:
		high, _, err := r.encode(condition.high)
		if err != nil {
			return sortRange{}, err
		}
		if low > high {
			return sortRange{}, errReversed(r.attribute.Name)
		}
		return sortRange{operator: "BETWEEN", low: text(r.prefix + low), high: text(r.bound(r.prefix + high))}, nil
	case sortHasPrefix:
	}
	return sortRange{}, fmt.Errorf("%w: unknown Sort condition", ErrInvalidQuery)
}

// encode gives a value as it stands in the key, and its stored text.
func (r *componentRange) encode(value any) (encoded, stored string, err error) {
	argument, err := sortArgument(r.attribute, value)
	if err != nil {
		return "", "", err
	}
	if stored, err = r.attribute.Text(argument); err != nil {
		return "", "", r.refuse(err)
	}
	encoded, err = r.encodeText(stored)
	return encoded, stored, err
}

// encodeText gives a stored text as it stands in the key.
func (r *componentRange) encodeText(stored string) (string, error) {
	encoded, err := r.component.Encode(stored)
	if err == nil {
		err = keys.CheckLength(r.prefix+encoded, r.half.Max)
	}
	if err != nil {
		return "", r.refuse(err)
	}
	return encoded, nil
}

func (r *componentRange) refuse(err error) error {
	return fmt.Errorf("%w: Sort on %q: %w", ErrInvalidQuery, r.attribute.Name, err)
}

func (r *componentRange) isLast() bool { return len(r.given)+1 == len(r.half.Components) }

func (r *componentRange) is(encoded, stored string) (sortRange, error) {
	if r.isLast() {
		key, err := r.half.Template.Render(append(append([]string{}, r.given...), stored))
		if err == nil {
			err = keys.CheckLength(key, r.half.Max)
		}
		if err != nil {
			return sortRange{}, r.refuse(err)
		}
		return sortRange{operator: "=", low: text(key)}, nil
	}
	low := r.prefix + encoded
	if len(low) == r.half.Max {
		// No longer key exists. What is left is the value alone, which is no key of this model.
		return sortRange{operator: "=", low: text(low)}, nil
	}
	return sortRange{operator: "BETWEEN", low: text(low + "#"), high: text(low + afterValue)}, nil
}

func (r *componentRange) hasPrefix(value any) (sortRange, error) {
	if r.component.Kind != keys.Text || r.component.Hashed() || r.component.Shards() > 0 {
		return sortRange{}, fmt.Errorf("%w: HasPrefix needs a component that is text in the key, and %q is none", ErrInvalidQuery, r.attribute.Name)
	}
	begin := r.prefix
	if prefix, ok := value.(string); ok && prefix != "" {
		// Part of a text need not be a value that the attribute could have, such as one of its enum.
		encoded, err := r.encodeText(prefix)
		if err != nil {
			return sortRange{}, err
		}
		begin += encoded
	}
	if begin == "" {
		return sortRange{}, nil
	}
	return sortRange{operator: "begins_with", low: text(begin)}, nil
}

func (r *componentRange) before(encoded string, value any) (sortRange, error) {
	before := r.to(r.prefix + encoded)
	if !r.isLast() {
		return before, nil // every key with the value itself is longer, and so after the bound
	}
	if r.component.Lossy() {
		return sortRange{}, fmt.Errorf("%w: Before on %q, whose key holds less than its value; use AtMost", ErrInvalidQuery, r.attribute.Name)
	}
	// The bound is the value itself, and BETWEEN includes it.
	unlike, err := sortArgument(r.attribute, value)
	before.except = text(r.prefix + encoded)
	before.unlike = heldAttribute{r.attribute.Name, unlike}
	return before, err
}

// from is everything in the component from a bound on.
func (r *componentRange) from(low string, except types.AttributeValue) sortRange {
	if r.prefix == "" {
		return sortRange{operator: ">=", low: text(low), except: except}
	}
	return sortRange{operator: "BETWEEN", low: text(low), high: text(endOf(r.prefix)), except: except}
}

// to is everything in the component up to a bound.
func (r *componentRange) to(high string) sortRange {
	if r.prefix == "" {
		return sortRange{operator: "<=", low: text(high)}
	}
	return sortRange{operator: "BETWEEN", low: text(r.prefix), high: text(high)}
}

// bound is the text after all keys with a value. One that would be longer than any key may be is left as it is: then
// no longer key with that value exists either.
func (r *componentRange) bound(value string) string {
	if len(value)+len(afterValue) > r.half.Max {
		return value
	}
	return value + afterValue
}

// endOf is the first text after everything that begins with prefix. Its last byte is of a literal or a "#", so it can
// be raised by one.
func endOf(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string(prefix[last]+1)
}
