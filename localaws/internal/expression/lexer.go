package expression

import (
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// maxLength is the longest expression in bytes and maxOperators the most
// operators and functions in one:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
const (
	maxLength    = 4096
	maxOperators = 300
)

type tokenKind uint8

const (
	endToken    tokenKind = iota
	wordToken             // attribute name, keyword or function name
	nameToken             // #placeholder
	valueToken            // :placeholder
	indexToken            // digits
	symbolToken           // punctuation and operators
)

type token struct {
	kind tokenKind
	text string
}

// is tells whether the token is that symbol or that keyword, which may be
// written in any case.
func (t token) is(text string) bool {
	switch t.kind {
	case symbolToken:
		return t.text == text
	case wordToken:
		return strings.EqualFold(t.text, text)
	case endToken, nameToken, valueToken, indexToken:
	}
	return false
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func isWordPart(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

func tokenize(parameter, text string) ([]token, *apierror.Error) {
	if len(text) > maxLength {
		return nil, invalid(parameter, "Expression size has exceeded the maximum allowed size;")
	}
	var tokens []token
	for at := 0; at < len(text); {
		if strings.IndexByte(" \t\r\n", text[at]) >= 0 {
			at++
			continue
		}
		t := nextToken(text[at:])
		if t.kind == endToken {
			return nil, syntaxError(parameter, token{symbolToken, text[at : at+1]})
		}
		tokens = append(tokens, t)
		at += len(t.text)
	}
	if len(tokens) == 0 {
		return nil, invalid(parameter, "The expression can not be empty;")
	}
	return tokens, nil
}

// nextToken reads the token that text begins with; the end token when there
// is none.
func nextToken(text string) token {
	switch c := text[0]; {
	case isLetter(c):
		return token{wordToken, text[:wordLength(text, 1)]}
	case isDigit(c):
		n := 1
		for c != '0' && n < len(text) && isDigit(text[n]) {
			n++
		}
		return token{indexToken, text[:n]}
	case c == '#' || c == ':':
		n := wordLength(text, 1)
		if n == 1 {
			return token{}
		}
		if c == '#' {
			return token{nameToken, text[:n]}
		}
		return token{valueToken, text[:n]}
	}
	for _, symbol := range []string{"<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ".", ",", "+", "-"} {
		if strings.HasPrefix(text, symbol) {
			return token{symbolToken, symbol}
		}
	}
	return token{}
}

func wordLength(text string, n int) int {
	for n < len(text) && isWordPart(text[n]) {
		n++
	}
	return n
}

func invalid(parameter, format string, args ...any) *apierror.Error {
	e := apierror.Validation(format, args...)
	e.Message = "Invalid " + parameter + ": " + e.Message
	return e
}

func syntaxError(parameter string, at token) *apierror.Error {
	text := at.text
	if at.kind == endToken {
		text = "<EOF>"
	}
	return invalid(parameter, "Syntax error; token: %q", text)
}
