package expression

import (
	"strings"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// action is what an update does to one path.
type action struct {
	section string // SET, REMOVE, ADD or DELETE
	operand *operand
}

// Update is a parsed update expression.
type Update struct{ tree *node }

// ParseUpdate parses an UpdateExpression.
func ParseUpdate(text string, placeholders *Placeholders) (*Update, *apierror.Error) {
	p, err := newParser("UpdateExpression", text, placeholders)
	if err != nil {
		return nil, err
	}
	u := &Update{tree: newTree()}
	seen := map[string]bool{}
	for p.peek().kind != endToken {
		section := strings.ToUpper(p.next().text)
		switch section {
		case "SET", "REMOVE", "ADD", "DELETE":
		default:
			p.at--
			return nil, syntaxError(p.parameter, p.peek())
		}
		if seen[section] {
			return nil, p.refuse("The %q section can only be used once in an update expression;", section)
		}
		seen[section] = true
		if err := p.section(section, u.tree); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// Names calls use with every top-level attribute that the update changes.
func (u *Update) Names(use func(name string)) {
	for s := range u.tree.children {
		use(s.name)
	}
}

// Touched gives the parts of an item that the update names.
func (u *Update) Touched(item attribute.Item) attribute.Item {
	return u.tree.projectMembers(item)
}

func (p *parser) section(section string, tree *node) *apierror.Error {
	for {
		path, err := p.path()
		if err != nil {
			return err
		}
		act := &action{section: section}
		switch section {
		case "SET":
			act.operand, err = p.assignment()
		case "ADD", "DELETE":
			act.operand, err = p.value()
			if err == nil {
				err = p.checkAddend(section, act.operand.value.Kind)
			}
		}
		if err != nil {
			return err
		}
		if err := tree.add(p.parameter, path, act); err != nil {
			return err
		}
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) checkAddend(section string, kind attribute.Kind) *apierror.Error {
	if kind.IsSet() || section == "ADD" && kind == attribute.Number {
		return nil
	}
	return p.refuse("Incorrect operand type for operator or function; operator: %s, operand type: %s", section, kind.Name())
}

// assignment reads the right side of a SET action.
func (p *parser) assignment() (*operand, *apierror.Error) {
	if err := p.expect("="); err != nil {
		return nil, err
	}
	if !p.opensSum() {
		return p.sum()
	}
	p.at++
	o, err := p.sum()
	if err != nil {
		return nil, err
	}
	return o, p.expect(")")
}

// opensSum tells whether a parenthesis that comes next holds a whole sum, and
// not just its first operand.
func (p *parser) opensSum() bool {
	if !p.peek().is("(") {
		return false
	}
	depth := 0
	for i := p.at; i < len(p.tokens); i++ {
		switch {
		case p.tokens[i].is("("):
			depth++
		case p.tokens[i].is(")"):
			depth--
		case depth == 1 && (p.tokens[i].is("+") || p.tokens[i].is("-")):
			return true
		}
		if depth == 0 {
			return false
		}
	}
	return false
}

// sum reads one operand, or two joined by + or -.
func (p *parser) sum() (*operand, *apierror.Error) {
	left, err := p.updateOperand()
	if err != nil {
		return nil, err
	}
	t := p.peek()
	if !t.is("+") && !t.is("-") {
		return left, nil
	}
	p.at++
	if err := p.count(); err != nil {
		return nil, err
	}
	right, err := p.updateOperand()
	if err != nil {
		return nil, err
	}
	for _, o := range []*operand{left, right} {
		if err := p.demand(t.text, o, attribute.Number); err != nil {
			return nil, err
		}
	}
	return &operand{function: t.text, args: []*operand{left, right}}, nil
}

func (p *parser) updateOperand() (*operand, *apierror.Error) {
	if p.accept("(") {
		if p.peek().is("(") {
			return nil, p.refuse("The expression has redundant parentheses;")
		}
		inner, err := p.updateOperand()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	if p.peek().kind == valueToken {
		return p.value()
	}
	if p.atFunction() {
		return p.updateFunction()
	}
	path, err := p.path()
	return &operand{path: path}, err
}

func (p *parser) updateFunction() (*operand, *apierror.Error) {
	name := p.next().text
	if name != "if_not_exists" && name != "list_append" {
		if _, known := conditionArguments[name]; known {
			return nil, p.refuse("The function is not allowed in an update expression; function: %s", name)
		}
		return nil, p.refuse("Invalid function name; function: %s", name)
	}
	if err := p.count(); err != nil {
		return nil, err
	}
	p.at++ // the parenthesis
	var args []*operand
	for {
		o, err := p.updateOperand()
		if err != nil {
			return nil, err
		}
		args = append(args, o)
		if !p.accept(",") {
			break
		}
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	return &operand{function: name, args: args}, p.checkUpdateFunction(name, args)
}

func (p *parser) checkUpdateFunction(name string, args []*operand) *apierror.Error {
	if len(args) != 2 {
		return p.refuse("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args))
	}
	if name == "if_not_exists" {
		if args[0].path == nil {
			return p.refuse("Operator or function requires a document path; operator or function: if_not_exists")
		}
		return nil
	}
	for _, o := range args {
		if err := p.demand(name, o, attribute.List); err != nil {
			return err
		}
	}
	return nil
}
