package schema

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Part is a compiled struct type that holds some attributes of a model. It only
// decodes. It is immutable and safe for concurrent use.
type Part struct {
	Attributes []*Attribute // in order of declaration

	shape *structShape
}

// Decode is Plan.Decode for the attributes of the part: one that is required
// and absent is an error, others than its own are ignored.
func (p *Part) Decode(item Item, rec any) error { return decode(p.shape, p.Attributes, item, rec) }

// Part compiles the struct type t, whose fields name attributes of p. All
// problems are reported together, as by Compile.
//
// A field is the attribute that attr: names, else the one that the naming of
// the model makes of the field's name, else the one that the model's own field
// of that name has. Where the last two differ and both exist the field has to
// say attr:. How an attribute is stored is the model's to say: json, set, ttl
// and all roles are inherited, and a word may only be repeated. The one word
// that must be is encrypted: redaction knows a plain field by it.
//
// A field must have the stored type and format of its attribute, inside of
// lists, sets and maps too. A Secret can only be read into a Secret.
func (p *Plan) Part(t reflect.Type, o Options) (*Part, error) {
	if t == nil || t.Kind() != reflect.Struct {
		name := "nil"
		if t != nil {
			name = t.String()
		}
		return nil, &ModelError{Model: name, Problem: "a part of a record is a struct type", Err: ErrInvalidModel}
	}
	r := &partReader{plan: p, of: map[string]*Attribute{}}
	r.scanner = &scanner{
		compiler: &compiler{snake: p.Naming == namingSnake, stack: []reflect.Type{t}},
		at:       onField, options: o, settle: r.settle,
	}
	r.scanner.walk(t, nil, "")
	r.check()
	if len(r.scanner.problems) > 0 {
		b := &builder{model: cmp.Or(t.Name(), "part of "+p.Entity), problems: r.scanner.problems}
		return nil, b.joined()
	}
	shape := &structShape{typ: t, pointer: reflect.PointerTo(t)}
	part := &Part{shape: shape}
	for _, m := range r.scanner.members {
		a := *r.of[m.field]
		a.Field, a.shape, a.slot = m.field, shape, &structSlot{m}
		part.Attributes = append(part.Attributes, &a)
	}
	shape.embedded = embeddedPointers(r.scanner.pointers, part.Attributes)
	return part, nil
}

// partReader finds the attribute of each field of a part.
type partReader struct {
	plan    *Plan
	scanner *scanner
	of      map[string]*Attribute // by field
}

func (r *partReader) report(field, format string, args ...any) {
	r.scanner.report(ErrInvalidModel, field, fmt.Sprintf(format, args...))
}

// settle gives a field the name and the words of its attribute.
func (r *partReader) settle(m *member) bool {
	a := r.attribute(m)
	if a == nil {
		return false
	}
	for field, other := range r.of {
		if other == a {
			r.report(m.field, "is the attribute %q, as is %s; leave one of them out", a.Name, field)
			return false
		}
	}
	r.of[m.field] = a
	r.checkWords(m, a)
	m.name = a.Name
	m.tag.flags = map[string]bool{
		"encrypted": a.Encrypted, "ttl": a == r.plan.TTL, "set": a.Set,
		"json": a.JSON, "omitempty": a.OmitEmpty, "required": a.Required,
	}
	return true
}

func (r *partReader) attribute(m *member) *Attribute {
	named := r.plan.byName[m.name]
	if !m.named {
		fields := slices.DeleteFunc(slices.Clone(r.plan.Attributes), func(a *Attribute) bool { return lastField(a.Field) != lastField(m.field) })
		switch {
		case len(fields) == 1 && named == nil:
			return fields[0]
		case len(fields) == 1 && fields[0] != named:
			r.report(m.field, "may be %q by its name or %q as the field of %s has it; say which with attr:NAME", named.Name, fields[0].Name, r.plan.Entity)
			return nil
		}
	}
	if named == nil {
		r.report(m.field, "%s has no attribute %q%s", r.plan.Entity, m.name, didYouMean(m.name, r.plan.names))
	}
	return named
}

func lastField(path string) string { return path[strings.LastIndex(path, ".")+1:] }

// checkWords refuses words that the attribute has not, and a field that hides
// that its attribute is encrypted.
func (r *partReader) checkWords(m *member, a *Attribute) {
	for _, word := range sortedKeys(m.tag.flags) {
		if !r.plan.says(a, word) {
			r.report(m.field, "has the word %q, which the attribute %q of %s has not; remove it", word, a.Name, r.plan.Entity)
		}
	}
	for _, role := range m.tag.roles {
		if !r.plan.isPlainKey(a, role) {
			r.report(m.field, "has the word %q, which the attribute %q of %s has not; remove it", role.String(), a.Name, r.plan.Entity)
		}
	}
	if m.tag.enum != nil && !slices.Equal(m.tag.enum, a.Enum) {
		r.report(m.field, "has another enum than the attribute %q of %s; remove the word", a.Name, r.plan.Entity)
	}
	if a.Encrypted && !m.tag.has("encrypted") {
		r.report(m.field, "is the encrypted attribute %q; add the word encrypted, by which redaction knows it", a.Name)
	}
}

// says reports whether an attribute has a bare word, or would have it in a tag.
func (p *Plan) says(a *Attribute, word string) bool {
	switch word {
	case "encrypted":
		return a.Encrypted
	case "required":
		return a.Required
	case "immutable":
		return a.Immutable
	case "omitempty":
		return a.OmitEmpty
	case "json":
		return a.JSON
	case "set":
		return a.Set
	case "unique":
		return a.Unique
	case "version":
		return a == p.Version
	case "ttl":
		return a == p.TTL
	case "created_at":
		return a == p.CreatedAt
	case "updated_at":
		return a == p.UpdatedAt
	case "scope":
		return slices.Contains(p.Scope, a)
	}
	return false
}

// isPlainKey reports whether an attribute is the half of a key that a role names.
func (p *Plan) isPlainKey(a *Attribute, role keyRole) bool {
	pk, sk := p.PK, p.SK
	if role.index != "" {
		pk, sk = nil, nil
		for _, x := range p.Indexes {
			if x.Name == role.index && x.Local == role.local {
				pk, sk = x.PK, x.SK
			}
		}
	}
	half := pk
	if role.sort {
		half = sk
	}
	return half != nil && half.Template == nil && half.Components[0] == a
}

// check is what can be said once every field has its codec.
func (r *partReader) check() {
	if r.scanner.entity != nil || len(r.scanner.templates) > 0 {
		r.report("_", "an Entity or Key is for models; a part takes those of %s", r.plan.Entity)
	}
	if len(r.scanner.members) == 0 && len(r.scanner.problems) == 0 {
		r.report("", "has no exported field, so that nothing of %s would be read", r.plan.Entity)
	}
	for _, m := range r.scanner.members {
		a := r.of[m.field]
		if m.codec == nil {
			continue
		}
		t, c := a.slot.form()
		switch {
		case !sameForm(t, c, m.typ, m.codec):
			r.report(m.field, "can't be the attribute %q of %s, which is stored %s; %s is stored %s",
				a.Name, r.plan.Entity, formText(c), m.typ.String(), formText(m.codec))
		case IsSecret(t) && !IsSecret(m.typ):
			r.report(m.field, "is the attribute %q, which is a Secret in %s; make it one here too", a.Name, r.plan.Entity)
		}
	}
}

// sameForm reports whether two types are stored alike, as far as types tell:
// in kind and format, and those of their elements.
func sameForm(s reflect.Type, c *codec, t reflect.Type, d *codec) bool {
	s, c = behindPointers(s, c)
	t, d = behindPointers(t, d)
	if c.kind != d.kind || c.format != d.format {
		return false
	}
	if c.elem == nil || d.elem == nil {
		return true
	}
	return sameForm(s.Elem(), c.elem, t.Elem(), d.elem)
}

func behindPointers(t reflect.Type, c *codec) (reflect.Type, *codec) {
	for t.Kind() == reflect.Pointer && c.elem != nil {
		t, c = t.Elem(), c.elem
	}
	return t, c
}

func formText(c *codec) string {
	kind := "as " + c.kind
	if c.kind == "" {
		kind = "as its value is"
	}
	if c.format != FormatNone {
		kind += " (" + c.format + ")"
	}
	if c.elem != nil && (c.kind == kindL || c.kind == kindM) {
		kind += " of elements " + formText(c.elem)
	}
	return kind
}
