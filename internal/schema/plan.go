package schema

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Item is an item as DynamoDB has it, by attribute name.
type Item = map[string]types.AttributeValue

// Plan is a compiled model. It is immutable and safe for concurrent use. The
// records handed to its methods are always pointers to the type it was
// compiled for.
type Plan struct {
	Entity     string // the entity name
	Table      string // the table the model asks for, "" for the default one
	Naming     string // "snake_case", or "" for lower camel case; the names are settled, this only tells how
	AppendOnly bool

	Attributes []*Attribute // in order of declaration, plain keys among them, template keys not
	PK, SK     *KeyPart     // SK is nil without a sort key
	Indexes    []*Index     // in order of declaration
	Scope      []*Attribute // in order of declaration

	Version, TTL, CreatedAt, UpdatedAt *Attribute // nil when the model has no such role

	FirstVersion int64 // what Create stores: 1, or 0 for models that count from 0

	shape  shape
	byName map[string]*Attribute
	names  []string
	keyed  []*Attribute
}

// Attribute returns the attribute of that stored name, nil when there is none.
func (p *Plan) Attribute(name string) *Attribute { return p.byName[name] }

// Nearest returns the attribute name that name most likely meant, "" when none is near.
func (p *Plan) Nearest(name string) string { return nearest(name, p.names) }

// New returns a new zero record.
func (p *Plan) New() any { return p.shape.make() }

// Check refuses entries of rec that no attribute would take, as a *ValueError. A
// struct has none: what it has is what its type has.
func (p *Plan) Check(rec any) error {
	v, err := p.shape.open(rec)
	if err != nil {
		return err
	}
	return p.shape.check(v)
}

// Encode returns every attribute that is present in rec, without template
// keys. Errors are *ValueError: a required attribute that is zero, a text
// outside its enum or not valid UTF-8, a number DynamoDB can't hold.
func (p *Plan) Encode(rec any) (Item, error) {
	v, err := p.shape.open(rec)
	if err != nil {
		return nil, err
	}
	if err := p.shape.check(v); err != nil {
		return nil, err
	}
	// Room for the rendered keys and the library's own attributes, which the
	// caller adds.
	item := make(Item, len(p.Attributes)+4+2*len(p.Indexes))
	for _, a := range p.Attributes {
		if a.Required && a.slot.isZero(v) {
			return nil, &ValueError{Attr: a.Name, Problem: "is required and has no value"}
		}
		av, err := a.encode(v)
		if err != nil {
			return nil, err
		}
		if av != nil {
			item[a.Name] = av
		}
	}
	return item, nil
}

// Decode sets every attribute of rec from item; those absent from item become
// zero, attributes of item that the model does not know are ignored. Fields
// that are no attributes keep their values. Slices, maps and pointers are
// fresh. Errors are *ValueError, also for a required attribute that is absent;
// rec is untouched then.
func (p *Plan) Decode(item Item, rec any) error {
	return decode(p.shape, p.Attributes, item, rec)
}

func decode(s shape, attributes []*Attribute, item Item, rec any) error {
	v, err := s.open(rec)
	if err != nil {
		return err
	}
	aside := s.blank(v)
	for _, a := range attributes {
		av := item[a.Name]
		if av == nil && a.Required {
			return &ValueError{Attr: a.Name, Problem: "is required and absent"}
		}
		if err := a.slot.set(aside, av); err != nil {
			return valueError(a.Name, err)
		}
	}
	s.collapse(aside, func(name string) bool { return item[name] == nil })
	v.Set(aside)
	return nil
}

// Merge sets only the named attributes of rec from item, absent ones to zero.
// Names that are no attributes of the model are ignored. On an error, a
// *ValueError, rec is untouched.
func (p *Plan) Merge(item Item, rec any, names []string) error {
	v, err := p.shape.open(rec)
	if err != nil {
		return err
	}
	aside := p.shape.duplicate(v)
	for _, name := range names {
		a := p.byName[name]
		if a == nil {
			continue
		}
		if err := a.slot.set(aside, item[name]); err != nil {
			return valueError(name, err)
		}
	}
	p.shape.collapse(aside, func(name string) bool { return item[name] == nil && slices.Contains(names, name) })
	v.Set(aside)
	return nil
}
