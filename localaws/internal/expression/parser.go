// Package expression parses and evaluates DynamoDB's condition, filter, key
// condition, update and projection expressions.
//
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
package expression

import (
	"slices"
	"strconv"
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// parser reads the tokens of one expression. The first error stops it.
type parser struct {
	parameter    string // the name of the request parameter, for messages
	tokens       []token
	at           int
	operators    int
	placeholders *Placeholders
}

func newParser(parameter, text string, placeholders *Placeholders) (*parser, *apierror.Error) {
	tokens, err := tokenize(parameter, text)
	if err != nil {
		return nil, err
	}
	return &parser{parameter: parameter, tokens: tokens, placeholders: placeholders}, nil
}

func (p *parser) peek() token {
	if p.at >= len(p.tokens) {
		return token{}
	}
	return p.tokens[p.at]
}

func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

// accept takes the next token if it is that symbol or keyword.
func (p *parser) accept(text string) bool {
	if !p.peek().is(text) {
		return false
	}
	p.at++
	return true
}

func (p *parser) expect(text string) *apierror.Error {
	if !p.accept(text) {
		return syntaxError(p.parameter, p.peek())
	}
	return nil
}

func (p *parser) expectEnd() *apierror.Error {
	if t := p.peek(); t.kind != endToken {
		return syntaxError(p.parameter, t)
	}
	return nil
}

// count counts an operator or function towards the limit.
func (p *parser) count() *apierror.Error {
	p.operators++
	if p.operators > maxOperators {
		return invalid(p.parameter, "The expression contains too many operators; operator count: %d", p.operators)
	}
	return nil
}

func (p *parser) refuse(format string, args ...any) *apierror.Error {
	return invalid(p.parameter, format, args...)
}

// path reads a document path.
func (p *parser) path() (Path, *apierror.Error) {
	first, err := p.attributeName()
	if err != nil {
		return nil, err
	}
	path := Path{first}
	for {
		switch {
		case p.accept("."):
			s, err := p.attributeName()
			if err != nil {
				return nil, err
			}
			path = append(path, s)
		case p.accept("["):
			t := p.next()
			index, err := strconv.Atoi(t.text)
			if t.kind != indexToken || err != nil {
				return nil, syntaxError(p.parameter, t)
			}
			if err := p.expect("]"); err != nil {
				return nil, err
			}
			path = append(path, step{index: index, isIndex: true})
		default:
			if len(path) > 32 {
				return nil, p.refuse("The document path has too many nesting elements; nesting levels: %d", len(path))
			}
			if len(path) > 1 {
				p.placeholders.nested[path.Name()] = true
			}
			return path, nil
		}
	}
}

func (p *parser) attributeName() (step, *apierror.Error) {
	switch t := p.next(); t.kind {
	case wordToken:
		if IsReserved(t.text) {
			if isKeyword(t) {
				return step{}, syntaxError(p.parameter, t)
			}
			return step{}, p.refuse("Attribute name is a reserved keyword; reserved keyword: %s", t.text)
		}
		return step{name: t.text}, nil
	case nameToken:
		name, ok := p.placeholders.names[t.text]
		if !ok {
			return step{}, p.refuse("An expression attribute name used in the document path is not defined; attribute name: %s", t.text)
		}
		p.placeholders.used[t.text] = true
		return step{name: name}, nil
	case endToken, valueToken, indexToken, symbolToken:
		return step{}, syntaxError(p.parameter, t)
	}
	return step{}, syntaxError(p.parameter, p.peek())
}

// isKeyword tells whether the word has a meaning in the grammar.
func isKeyword(t token) bool {
	return slices.Contains([]string{"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "ADD", "REMOVE", "DELETE"}, strings.ToUpper(t.text))
}

// atFunction tells whether a function name and its parenthesis come next.
func (p *parser) atFunction() bool {
	t := p.peek()
	return t.kind == wordToken && !isKeyword(t) && p.at+1 < len(p.tokens) && p.tokens[p.at+1].is("(")
}

// value reads a value placeholder.
func (p *parser) value() (*operand, *apierror.Error) {
	t := p.next()
	if t.kind != valueToken {
		return nil, syntaxError(p.parameter, t)
	}
	v, ok := p.placeholders.values[t.text]
	if !ok {
		return nil, p.refuse("An expression attribute value used in expression is not defined; attribute value: %s", t.text)
	}
	p.placeholders.used[t.text] = true
	return &operand{value: &v, text: t.text}, nil
}
