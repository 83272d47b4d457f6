package schema

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// namingSnake is the naming a model may ask for instead of lower camel case.
const namingSnake = "snake_case"

// Options is what a model's description does not say itself.
type Options struct {
	TTLAttribute string       // the table's ttl attribute; "" is "ttl"
	EntityType   reflect.Type // the marker type of blank Entity fields; nil for none
	KeyType      reflect.Type // the marker type of blank Key fields; nil for none
}

func (o Options) ttlName() string {
	if o.TTLAttribute == "" {
		return defaultTTL
	}
	return o.TTLAttribute
}

// Compile reads the tags of the struct type t into a Plan whose records are
// *t. All problems are reported together: the error joins *ModelError values,
// which match ErrInvalidModel.
func Compile(t reflect.Type, o Options) (*Plan, error) {
	if t == nil || t.Kind() != reflect.Struct {
		name := "nil"
		if t != nil {
			name = t.String()
		}
		return nil, &ModelError{Model: name, Problem: "a model is a struct type", Err: ErrInvalidModel}
	}
	naming := preferredNaming(t, o)
	s := &scanner{compiler: &compiler{snake: naming == namingSnake, stack: []reflect.Type{t}}, at: onField, options: o}
	s.walk(t, nil, "")

	b := &builder{options: o, model: t.Name(), problems: s.problems}
	b.plan.Entity, b.plan.Naming = t.Name(), naming
	if s.entity != nil {
		b.entityWords(*s.entity)
	}
	if b.plan.Entity == "" || strings.ContainsAny(b.plan.Entity, "[]") {
		b.report(ErrInvalidModel, "", `the type's name can't name an entity; give it one with an Entity field and name:NAME`)
	}
	shape := &structShape{typ: t, pointer: reflect.PointerTo(t)}
	b.plan.shape = shape
	for _, m := range s.members {
		b.attrs = append(b.attrs, attributeOf(m, shape))
	}
	for _, k := range s.templates {
		for _, role := range k.roles {
			b.templates = append(b.templates, draftTemplate{role: role, text: k.text})
		}
	}
	plan, err := b.finish()
	if err == nil {
		shape.embedded = embeddedPointers(s.pointers, plan.Attributes)
	}
	return plan, err
}

// embeddedPointers finds which attributes live behind each embedded pointer.
func embeddedPointers(indexes [][]int, attributes []*Attribute) []embeddedPointer {
	pointers := make([]embeddedPointer, len(indexes))
	for i, index := range indexes {
		pointers[i].index = index
		for _, a := range attributes {
			if s, ok := a.slot.(*structSlot); ok && len(s.index) > len(index) && slices.Equal(s.index[:len(index)], index) {
				pointers[i].names = append(pointers[i].names, a.Name)
			}
		}
	}
	return pointers
}

// preferredNaming looks ahead for naming:snake_case, which may stand behind
// the fields it is about.
func preferredNaming(t reflect.Type, o Options) string {
	for i := range t.NumField() {
		f := t.Field(i)
		if o.EntityType != nil && f.Name == "_" && f.Type == o.EntityType {
			words, _ := parseTag(f.Tag.Get(tagKey), onEntity)
			return words.entity["naming"]
		}
	}
	return ""
}

func (b *builder) entityWords(t tag) {
	if name := t.entity["name"]; name != "" {
		b.plan.Entity, b.model = name, name
	}
	b.plan.Table = t.entity["table"]
	b.plan.AppendOnly = t.has("append_only")
	b.projections = t.projection
}

// attributeOf makes the attribute of a struct field.
func attributeOf(m member, shape shape) *draftAttribute {
	a := &Attribute{
		Name:      m.name,
		Field:     m.field,
		Encrypted: m.tag.has("encrypted"),
		Required:  m.tag.has("required"),
		Immutable: m.tag.has("immutable"),
		OmitEmpty: m.omit,
		JSON:      m.tag.has("json"),
		Set:       m.tag.has("set"),
		Unique:    m.tag.has("unique"),
		Optional:  m.omit || m.typ.Kind() == reflect.Pointer && !m.tag.has("encrypted"),
		Enum:      m.tag.enum,
		shape:     shape,
	}
	if m.codec != nil {
		a.Type, a.Format = m.codec.kind, m.codec.format
	}
	d := &draftAttribute{
		Attribute: a,
		roles:     m.tag.roles,
		scope:     m.tag.has("scope"),
		version:   m.tag.has("version"),
		zeroBased: m.tag.zeroBased,
		ttl:       m.tag.has("ttl"),
		created:   m.tag.has("created_at"),
		updated:   m.tag.has("updated_at"),
		named:     m.named,
		broken:    m.codec == nil,
		typ:       m.typ,
	}
	m.omit = m.omit || indexTextKey(d)
	a.slot = &structSlot{m}
	return d
}

// indexTextKey reports a plain index key whose empty value DynamoDB would
// refuse, so that it is left out instead and the item is not in the index.
func indexTextKey(d *draftAttribute) bool {
	return (d.Type == kindS || d.Type == kindB) &&
		slices.ContainsFunc(d.roles, func(r keyRole) bool { return r.index != "" })
}

// builder puts a plan together from what was read of a description, checking
// the rules that hold for structs and documents alike.
type builder struct {
	options     Options
	model       string
	plan        Plan
	attrs       []*draftAttribute
	templates   []draftTemplate
	projections []projectionWord
	problems    problems

	halves  map[keyHalf]*half
	indexes []string // names in order of declaration
	local   map[string]bool
}

// draftAttribute is an attribute with the roles it was given.
type draftAttribute struct {
	*Attribute

	roles                                 []keyRole
	scope, version, ttl, created, updated bool
	zeroBased                             bool
	named                                 bool         // the stored name was chosen, not derived
	broken                                bool         // its type can't be stored; reported already
	typ                                   reflect.Type // nil in documents
}

// draftTemplate is one templated half of a key.
type draftTemplate struct {
	role keyRole
	text string
	name string // stored name; "" derives it from the role
}

// keyHalf names one half of one key; half is what fills it.
type keyHalf struct {
	index string
	sort  bool
}

type half struct {
	attr     *draftAttribute
	template *draftTemplate
}

func (b *builder) report(err error, field, text string) {
	b.problems = append(b.problems, problem{field: field, text: text, err: err})
}

// finish checks and assembles.
func (b *builder) finish() (*Plan, error) {
	b.collectHalves()
	b.roleNames()
	b.checkNames()
	for _, d := range b.attrs {
		b.checkWords(d)
		b.assignRoles(d)
	}
	b.index()
	b.primaryKey()
	b.secondaryKeys()
	b.project()
	if b.plan.PK != nil {
		b.checkPrimary()
		b.checkScope()
	}
	if len(b.problems) > 0 {
		return nil, b.joined()
	}
	plan := b.plan
	return &plan, nil
}

func (b *builder) joined() error {
	errs := make([]error, len(b.problems))
	for i, p := range b.problems {
		errs[i] = &ModelError{Model: b.model, Field: p.field, Problem: p.text, Err: p.err}
	}
	return errors.Join(errs...)
}

// index fills the lists of attributes.
func (b *builder) index() {
	b.plan.byName = make(map[string]*Attribute, len(b.attrs))
	for _, d := range b.attrs {
		b.plan.Attributes = append(b.plan.Attributes, d.Attribute)
		b.plan.byName[d.Name] = d.Attribute
		b.plan.names = append(b.plan.names, d.Name)
		if d.scope {
			b.plan.Scope = append(b.plan.Scope, d.Attribute)
		}
	}
}

func (b *builder) assignRoles(d *draftAttribute) {
	assign := func(has bool, role string, to **Attribute) {
		if !has {
			return
		}
		if *to != nil {
			b.report(ErrInvalidModel, d.Field, fmt.Sprintf("is a second %s; %s is one already", role, (*to).Field))
			return
		}
		*to = d.Attribute
	}
	assign(d.version, "version", &b.plan.Version)
	assign(d.ttl, "ttl", &b.plan.TTL)
	assign(d.created, "created_at", &b.plan.CreatedAt)
	assign(d.updated, "updated_at", &b.plan.UpdatedAt)
	if d.version && !d.zeroBased {
		b.plan.FirstVersion = 1
	}
}
