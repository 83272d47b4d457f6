package keys

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError is one thing wrong with a template's text.
type SyntaxError struct {
	Template string // the whole text
	Offset   int    // where in Template, in bytes
	Problem  string
}

// Error names the template, the offset and the problem.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("key template %q at byte %d: %s", e.Template, e.Offset, e.Problem)
}

// Parse parses the text of a template (the grammar is in the package comment).
// It asks kind once for each attribute named; an error of kind says that the
// attribute does not exist or can't be part of a key.
//
// All problems are found in one go and joined with errors.Join in the order of
// the text: each is a [*SyntaxError], or wraps the error of kind. Beyond the
// grammar, a number needs pad:N or int and only a number may have them, and ms
// is for times.
func Parse(text string, kind func(attr string) (Kind, error)) (*Template, error) {
	p := parser{template: &Template{text: text}, kindOf: kind, known: map[string]Kind{}}
	switch {
	case text == "":
		p.problem(0, "empty template")
	case !utf8.ValidString(text):
		p.problem(0, "not valid UTF-8")
	default:
		at := 0
		for part := range strings.SplitSeq(text, separator) {
			p.segment(at, part)
			at += len(part) + len(separator)
		}
	}
	if len(p.problems) > 0 {
		return nil, errors.Join(p.problems...)
	}
	return p.template, nil
}

// parser goes through a template from left to right and gathers what is wrong.
// After a problem it goes on wherever the rest can still be understood.
type parser struct {
	template *Template
	kindOf   func(attr string) (Kind, error)
	known    map[string]Kind // the answers of kindOf; 0 where it gave an error
	problems []error
}

func (p *parser) problem(at int, format string, args ...any) {
	p.problems = append(p.problems, &SyntaxError{Template: p.template.text, Offset: at, Problem: fmt.Sprintf(format, args...)})
}

// segment reads the text between two separators, which begins at byte at.
func (p *parser) segment(at int, text string) {
	if text == "" {
		p.problem(at, "empty segment")
		return
	}
	literal, rest, found := strings.Cut(text, "{")
	p.literal(at, literal)
	if !found {
		p.template.segments = append(p.template.segments, segment{literal: text, component: noComponent})
		return
	}
	at += len(literal)
	inner, after, closed := strings.Cut(rest, "}")
	if !closed {
		p.problem(at, `"{" without "}"`)
		return
	}
	if strings.Contains(inner, "{") {
		p.problem(at+1+strings.Index(inner, "{"), `"{" inside "{...}"`)
		return
	}
	if after != "" {
		p.problem(at+len("{"+inner+"}"), `text after "}": a component ends its segment`)
	}
	c := p.component(at+1, inner)
	c.Literal = literal
	p.template.segments = append(p.template.segments, segment{component: len(p.template.components)})
	p.template.components = append(p.template.components, c)
}

// literal checks the alphabet of a literal. It leaves out every byte the codec
// escapes, so that a literal stands in the key as it stands in the template.
func (p *parser) literal(at int, text string) {
	for i, r := range text {
		switch {
		case r == '}':
			p.problem(at+i, `"}" without "{"`)
			return
		case !isLiteral(r):
			p.problem(at+i, "a literal can't contain %q, only A-Z a-z 0-9 and _ - . : @ / + =", r)
			return
		}
	}
}

func isLiteral(r rune) bool {
	return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("_-.:@/+=", r)
}

// component reads the text between braces.
func (p *parser) component(at int, text string) Component {
	attr, rest, more := strings.Cut(text, "|")
	c := Component{Attr: attr}
	if attr == "" {
		p.problem(at, "no attribute is named")
	} else {
		c.Kind = p.kind(at, attr)
	}
	start := at
	at += len(attr) + 1
	rank := 0
	for more {
		var word string
		word, rest, more = strings.Cut(rest, "|")
		rank = p.modifier(at, word, rank, &c)
		at += len(word) + 1
	}
	if (c.Kind == Int || c.Kind == Uint) && c.number == asStored && !mentionsNumberForm(text) {
		p.problem(start, "attribute %q is a number and needs pad:N or int, since digits of varying width do not sort", attr)
	}
	return c
}

// kind is the kind of an attribute, or 0 when it has none; then no rule about
// kinds is applied, since the one problem says it all.
func (p *parser) kind(at int, attr string) Kind {
	if kind, ok := p.known[attr]; ok {
		return kind
	}
	kind, err := p.kindOf(attr)
	switch {
	case err != nil:
		kind = 0
		p.problems = append(p.problems, fmt.Errorf("key template %q at byte %d: attribute %q: %w", p.template.text, at, attr, err))
	case kind < Text || kind > Time:
		kind = 0
		p.problem(at, "attribute %q is of a kind that can't be part of a key", attr)
	}
	p.known[attr] = kind
	return kind
}
