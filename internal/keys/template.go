package keys

import (
	"fmt"
	"slices"
	"strings"
)

// separator joins the segments of a template and of a key. The codec escapes it
// in every component.
const separator = "#"

// Template is a parsed key template. It is made by [Parse], never changes and
// may be used by many goroutines at once.
type Template struct {
	text       string
	segments   []segment
	components []Component
}

// segment is the text between two separators: a literal, or a component (which
// holds its own literal prefix).
type segment struct {
	literal   string
	component int // position in Template.components, or noComponent
}

const noComponent = -1

// String is the text the template was parsed from.
func (t *Template) String() string { return t.text }

// Components are the components in order of appearance, in a slice of the
// caller's own. A template of literals only has none.
func (t *Template) Components() []Component { return slices.Clone(t.components) }

// Render makes a key from the stored text of each component, in order. It
// returns [ErrIncomplete] for an empty or missing value and [ErrInvalidValue]
// for one the component can't hold or for a value too many; the error names the
// attribute. The length of the key is not looked at, see [CheckLength].
func (t *Template) Render(values []string) (string, error) {
	if len(values) < len(t.components) {
		return "", fmt.Errorf("%w: attribute %q is missing", ErrIncomplete, t.components[len(values)].Attr)
	}
	return t.Prefix(values)
}

// Prefix makes the part of a key that the first len(values) components decide:
// all text up to the next component, with that component's literal prefix. Of
// "A#{b}#C#{d}" it is "A#" with no value and "A#x#C#" with one. With a value for
// each component it is what [Template.Render] gives. Errors are as there.
func (t *Template) Prefix(values []string) (string, error) {
	return t.prefix(values, func(c Component, i int) (string, error) { return c.Encode(values[i]) })
}

// prefix is Prefix with the text of each component as encode has it.
func (t *Template) prefix(values []string, encode func(c Component, i int) (string, error)) (string, error) {
	if len(values) > len(t.components) {
		return "", fmt.Errorf("%w: %d values for the %d components of template %q", ErrInvalidValue, len(values), len(t.components), t.text)
	}
	var b strings.Builder
	for i, s := range t.segments {
		if i > 0 {
			b.WriteString(separator)
		}
		if s.component == noComponent {
			b.WriteString(s.literal)
			continue
		}
		c := t.components[s.component]
		b.WriteString(c.Literal)
		if s.component == len(values) {
			break
		}
		encoded, err := encode(c, s.component)
		if err != nil {
			return "", err
		}
		b.WriteString(encoded)
	}
	return b.String(), nil
}

// Parse is the way back from [Template.Render]: the stored text of each
// component, "" for a lossy one. A text Render could not have given is
// [ErrMismatch], as [Component.Decode] describes it.
func (t *Template) Parse(key string) ([]string, error) {
	// Counted first, so that a foreign key full of separators is not taken apart.
	if strings.Count(key, separator) != len(t.segments)-1 {
		return nil, fmt.Errorf("%w: template %q has another number of segments", ErrMismatch, t.text)
	}
	values := make([]string, len(t.components))
	rest := key
	for _, s := range t.segments {
		var text string
		text, rest, _ = strings.Cut(rest, separator)
		if s.component == noComponent {
			if text != s.literal {
				return nil, fmt.Errorf("%w: no %q where template %q has it", ErrMismatch, s.literal, t.text)
			}
			continue
		}
		c := t.components[s.component]
		encoded, ok := strings.CutPrefix(text, c.Literal)
		if !ok {
			return nil, fmt.Errorf("%w: no %q where template %q has it", ErrMismatch, c.Literal, t.text)
		}
		value, err := c.Decode(encoded)
		if err != nil {
			return nil, err
		}
		values[s.component] = value
	}
	return values, nil
}
