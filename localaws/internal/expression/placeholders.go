package expression

import (
	"slices"
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// Placeholders are the names (#x) and values (:x) of one request. All its
// expressions share them, so that Unused can tell which none of them used.
type Placeholders struct {
	names  map[string]string
	values map[string]attribute.Value
	used   map[string]bool
	nested map[string]bool // top-level names of longer paths
}

// NewPlaceholders takes ExpressionAttributeNames and ExpressionAttributeValues.
// It refuses ill-formed keys and empty names.
func NewPlaceholders(names map[string]string, values map[string]attribute.Value) (*Placeholders, *apierror.Error) {
	for key, name := range names {
		if !isPlaceholder(key, '#') {
			return nil, apierror.Validation("ExpressionAttributeNames contains invalid key: Syntax error; key: %q", key)
		}
		if name == "" {
			return nil, apierror.Validation("ExpressionAttributeNames contains invalid value: Empty attribute name for key %s", key)
		}
	}
	for key := range values {
		if !isPlaceholder(key, ':') {
			return nil, apierror.Validation("ExpressionAttributeValues contains invalid key: Syntax error; key: %q", key)
		}
	}
	return &Placeholders{names: names, values: values, used: map[string]bool{}, nested: map[string]bool{}}, nil
}

func isPlaceholder(key string, mark byte) bool {
	return len(key) > 1 && key[0] == mark && wordLength(key, 1) == len(key)
}

// Nested tells whether an expression parsed so far looks for a part of that
// attribute.
func (p *Placeholders) Nested(name string) bool { return p.nested[name] }

// Unused refuses a request that defines a placeholder which no expression
// used, and passes any other.
func (p *Placeholders) Unused() *apierror.Error {
	if left := p.unused(p.names, nil); left != "" {
		return apierror.Validation("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", left)
	}
	if left := p.unused(nil, p.values); left != "" {
		return apierror.Validation("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", left)
	}
	return nil
}

func (p *Placeholders) unused(names map[string]string, values map[string]attribute.Value) string {
	var left []string
	for key := range names {
		if !p.used[key] {
			left = append(left, key)
		}
	}
	for key := range values {
		if !p.used[key] {
			left = append(left, key)
		}
	}
	slices.Sort(left)
	return strings.Join(left, ", ")
}
