package expression

import "github.com/theorydb/theorydb/localaws/internal/apierror"

// term is a node of a condition or filter. operator is AND, OR or NOT over
// terms, or a comparator or function over operands. bare holds an operand that
// stands where a condition may stand; the parser lets none remain.
type term struct {
	operator      string
	terms         []*term
	operands      []*operand
	bare          *operand
	parenthesised bool
}

// Condition is a parsed condition or filter expression.
type Condition struct{ root *term }

// ParseCondition parses a ConditionExpression or FilterExpression; parameter
// is which of the two, for messages.
func ParseCondition(parameter, text string, placeholders *Placeholders) (*Condition, *apierror.Error) {
	p, err := newParser(parameter, text, placeholders)
	if err != nil {
		return nil, err
	}
	root, err := p.condition()
	if err != nil {
		return nil, err
	}
	return &Condition{root: root}, nil
}

// condition reads a whole expression.
func (p *parser) condition() (*term, *apierror.Error) {
	root, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	if err := p.expectEnd(); err != nil {
		return nil, err
	}
	return root, p.needCondition(root)
}

func (p *parser) needCondition(t *term) *apierror.Error {
	if t.bare == nil {
		return nil
	}
	if t.bare.function != "" {
		return p.refuse("The function is not allowed to be used this way in an expression; function: %s", t.bare.function)
	}
	return syntaxError(p.parameter, p.peek())
}

func (p *parser) disjunction() (*term, *apierror.Error) { return p.chain("OR", p.conjunction) }
func (p *parser) conjunction() (*term, *apierror.Error) { return p.chain("AND", p.negation) }

// chain reads parts joined by a keyword, each of which must be a condition
// when there is more than one.
func (p *parser) chain(keyword string, part func() (*term, *apierror.Error)) (*term, *apierror.Error) {
	left, err := part()
	if err != nil {
		return nil, err
	}
	for p.peek().is(keyword) {
		if err := p.needCondition(left); err != nil {
			return nil, err
		}
		p.at++
		if err := p.count(); err != nil {
			return nil, err
		}
		right, err := part()
		if err != nil {
			return nil, err
		}
		if err := p.needCondition(right); err != nil {
			return nil, err
		}
		left = &term{operator: keyword, terms: []*term{left, right}}
	}
	return left, nil
}

func (p *parser) negation() (*term, *apierror.Error) {
	if !p.accept("NOT") {
		return p.comparison()
	}
	if err := p.count(); err != nil {
		return nil, err
	}
	inner, err := p.negation()
	if err != nil {
		return nil, err
	}
	return &term{operator: "NOT", terms: []*term{inner}}, p.needCondition(inner)
}

// comparison reads an operand and what it is compared with, or a function
// that is a condition by itself, or either in parentheses.
func (p *parser) comparison() (*term, *apierror.Error) {
	left, err := p.primary()
	if err != nil || left.bare == nil {
		return left, err
	}
	switch t := p.peek(); {
	case t.is("BETWEEN"):
		return p.between(left.bare)
	case t.is("IN"):
		return p.in(left.bare)
	case t.is("=") || t.is("<>") || t.is("<") || t.is("<=") || t.is(">") || t.is(">="):
		p.at++
		right, err := p.operand()
		if err != nil {
			return nil, err
		}
		return p.checked(&term{operator: t.text, operands: []*operand{left.bare, right}})
	}
	return left, nil
}

// primary reads a parenthesised condition or operand, a function, a path or a
// value.
func (p *parser) primary() (*term, *apierror.Error) {
	if p.accept("(") {
		inner, err := p.disjunction()
		if err != nil {
			return nil, err
		}
		if inner.parenthesised {
			return nil, p.refuse("The expression has redundant parentheses;")
		}
		inner.parenthesised = true
		return inner, p.expect(")")
	}
	if p.peek().kind == valueToken {
		o, err := p.value()
		return &term{bare: o}, err
	}
	if p.atFunction() {
		return p.conditionFunction()
	}
	path, err := p.path()
	return &term{bare: &operand{path: path}}, err
}

// operand reads a primary that has a value.
func (p *parser) operand() (*operand, *apierror.Error) {
	t, err := p.primary()
	if err != nil {
		return nil, err
	}
	if t.bare == nil {
		return nil, p.refuse("The function is not allowed to be used this way in an expression; function: %s", t.operator)
	}
	return t.bare, nil
}

func (p *parser) between(left *operand) (*term, *apierror.Error) {
	p.at++
	low, err := p.operand()
	if err != nil {
		return nil, err
	}
	if err := p.expect("AND"); err != nil {
		return nil, err
	}
	high, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.checked(&term{operator: "BETWEEN", operands: []*operand{left, low, high}})
}

func (p *parser) in(left *operand) (*term, *apierror.Error) {
	p.at++
	list, err := p.arguments()
	if err != nil {
		return nil, err
	}
	if len(list) > 100 {
		return nil, p.refuse("The IN operator is provided with too many operands; number of operands: %d", len(list))
	}
	return p.checked(&term{operator: "IN", operands: append([]*operand{left}, list...)})
}

// arguments reads a parenthesised list of one or more operands.
func (p *parser) arguments() ([]*operand, *apierror.Error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var list []*operand
	for {
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
		if !p.accept(",") {
			return list, p.expect(")")
		}
	}
}

// conditionArguments is how many operands each function of conditions takes.
var conditionArguments = map[string]int{
	"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2,
	"begins_with": 2, "contains": 2, "size": 1,
}

func (p *parser) conditionFunction() (*term, *apierror.Error) {
	name := p.next().text
	want, known := conditionArguments[name]
	if !known {
		if name == "if_not_exists" || name == "list_append" {
			return nil, p.refuse("The function is not allowed in a condition expression; function: %s", name)
		}
		return nil, p.refuse("Invalid function name; function: %s", name)
	}
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	if len(args) != want {
		return nil, p.refuse("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args))
	}
	t, err := p.checked(&term{operator: name, operands: args})
	if err != nil || name != "size" {
		return t, err
	}
	return &term{bare: &operand{function: "size", args: args}}, nil
}
