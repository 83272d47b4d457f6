package expression

import (
	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
)

// Projection is a parsed projection expression.
type Projection struct{ tree *node }

// ParseProjection parses a ProjectionExpression.
func ParseProjection(text string, placeholders *Placeholders) (*Projection, *apierror.Error) {
	p, err := newParser("ProjectionExpression", text, placeholders)
	if err != nil {
		return nil, err
	}
	tree := newTree()
	for {
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		if err := tree.add(p.parameter, path, nil); err != nil {
			return nil, err
		}
		if !p.accept(",") {
			return &Projection{tree: tree}, p.expectEnd()
		}
	}
}

// Names calls use with every top-level attribute that the projection names.
func (p *Projection) Names(use func(name string)) {
	for s := range p.tree.children {
		use(s.name)
	}
}

// Apply gives the parts of the item that the projection names.
func (p *Projection) Apply(item attribute.Item) attribute.Item {
	return p.tree.projectMembers(item)
}
