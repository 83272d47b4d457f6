package schema

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// problem is one thing wrong with a description, before the model's name is
// put on it.
type problem struct {
	field string
	text  string
	err   error // ErrInvalidModel or ErrInvalidTag
}

// problems is the error of a nested type: all that is wrong inside of it.
type problems []problem

func (p problems) Error() string { return fmt.Sprintf("%d problems in a nested type", len(p)) }

// member is one stored field of a struct.
type member struct {
	name  string // attribute name
	field string // Go field path, for messages
	index []int  // through embedded structs
	typ   reflect.Type
	tag   tag
	codec *codec
	omit  bool
	named bool // the name was given by attr:
}

// template is a Key marker: a key made of attributes.
type template struct {
	roles []keyRole
	text  string
}

// scanner walks the fields of one struct, through its embedded structs.
type scanner struct {
	compiler  *compiler
	at        place // onField or onNested
	options   Options
	members   []member
	templates []template
	entity    *tag
	settle    func(*member) bool // has a say in each member before its codec is built; false drops it. nil for none
	pointers  [][]int            // embedded pointers, outer ones first
	inside    []reflect.Type
	problems  problems
}

func (s *scanner) report(err error, field, text string) {
	s.problems = append(s.problems, problem{field: field, text: text, err: err})
}

func (s *scanner) walk(t reflect.Type, index []int, path string) {
	if slices.Contains(s.inside, t) {
		s.report(ErrInvalidModel, path, "struct embeds itself")
		return
	}
	s.inside = append(s.inside, t)
	defer func() { s.inside = s.inside[:len(s.inside)-1] }()
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Name
		if path != "" {
			name = path + "." + name
		}
		at := append(slices.Clone(index), i)
		if text := structTagProblem(f.Tag); text != "" {
			s.report(ErrInvalidTag, name, text)
		}
		switch {
		case f.Name == "_":
			s.blank(f, name, path != "")
		case f.Anonymous && isFlattened(f.Type):
			s.embedded(f, name, at)
		case !f.IsExported():
			if words, _ := s.words(f, name, s.at); words.present && !words.skip {
				s.report(ErrInvalidTag, name, "unexported field with words; export the field or remove the words")
			}
		default:
			s.member(f, name, at)
		}
	}
}

// words parses the tag of f and reports its problems.
func (s *scanner) words(f reflect.StructField, name string, at place) (tag, bool) {
	t, texts := parseTag(f.Tag.Get(tagKey), at)
	for _, text := range texts {
		s.report(ErrInvalidTag, name, text)
	}
	return t, len(texts) == 0
}

// blank reads a field named _: a marker, or nothing.
func (s *scanner) blank(f reflect.StructField, name string, embedded bool) {
	switch {
	case s.at == onField && s.options.EntityType != nil && f.Type == s.options.EntityType:
		if embedded {
			s.report(ErrInvalidModel, name, "an embedded struct has an Entity of its own; embed the fields without it")
			return
		}
		if s.entity != nil {
			s.report(ErrInvalidModel, name, "a second Entity; put all words into one")
			return
		}
		t, _ := s.words(f, name, onEntity)
		s.entity = &t
	case s.at == onField && s.options.KeyType != nil && f.Type == s.options.KeyType:
		t, ok := s.words(f, name, onKey)
		text, has := f.Tag.Lookup(templateKey)
		switch {
		case !has:
			s.report(ErrInvalidTag, name, `a Key needs its template: key:"..."`)
		case len(t.roles) == 0 && ok:
			s.report(ErrInvalidTag, name, `a Key needs a role: pk, sk, index:NAME or lsi:NAME`)
		default:
			s.templates = append(s.templates, template{roles: t.roles, text: text})
		}
	case f.Tag.Get(tagKey) != "":
		s.report(ErrInvalidTag, name, "a blank field with words is neither Entity nor Key")
	}
}

// isFlattened reports whether an embedded field's fields count as the outer
// struct's own: structs, but for those that are values of their own.
func isFlattened(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == timeType {
		return false
	}
	custom, err := customCodec(t)
	return custom == nil && err == nil
}

func (s *scanner) embedded(f reflect.StructField, name string, index []int) {
	t, _ := s.words(f, name, onEmbedded)
	if t.skip {
		return
	}
	inner := f.Type
	if inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
		if !f.IsExported() {
			s.report(ErrInvalidModel, name, "an embedded pointer to an unexported struct can't be set; embed the struct itself")
			return
		}
		s.pointers = append(s.pointers, index)
	}
	s.walk(inner, index, name)
}

func (s *scanner) member(f reflect.StructField, name string, index []int) {
	if f.Tag.Get(tagKey) == "" {
		if _, has := f.Tag.Lookup(templateKey); has && f.Type == s.options.KeyType {
			s.report(ErrInvalidTag, name, "a Key must be a blank field: write _ for its name")
			return
		}
	}
	t, _ := s.words(f, name, s.at)
	if t.skip {
		return
	}
	if f.Anonymous && t.has("encrypted") {
		s.report(ErrInvalidModel, name, "is embedded and encrypted; give the field a name, so that its methods are not taken for the model's")
	}
	m := member{name: t.attr, field: name, index: index, typ: f.Type, tag: t, omit: t.has("omitempty"), named: t.attr != ""}
	if m.name == "" {
		m.name = camelCase(f.Name)
		if s.compiler.snake {
			m.name = snakeCase(f.Name)
		}
	}
	if s.settle != nil && !s.settle(&m) {
		return
	}
	c, err := s.compiler.member(f.Type, m.tag)
	if err != nil {
		s.memberProblem(name, err)
		c = nil
	}
	m.codec = c
	s.members = append(s.members, m)
}

// memberProblem reports why a field's type can't be stored, or all that is
// wrong inside of it.
func (s *scanner) memberProblem(name string, err error) {
	var nested problems
	if !errors.As(err, &nested) {
		s.report(ErrInvalidModel, name, err.Error())
		return
	}
	for _, p := range nested {
		s.report(p.err, name+"."+p.field, p.text)
	}
}

// member builds the codec that the words of a field ask for.
func (c *compiler) member(t reflect.Type, words tag) (*codec, error) {
	if words.has("encrypted") {
		return c.encrypted(t, words)
	}
	return c.plain(t, words)
}

// plain builds the codec that the words other than encrypted ask for.
func (c *compiler) plain(t reflect.Type, words tag) (*codec, error) {
	switch {
	case words.has("json") && words.has("set"):
		return nil, errors.New(`words "json" and "set" exclude each other`)
	case words.has("json"):
		if IsSecret(t) {
			return nil, misplacedSecret(t)
		}
		if err := refuseSealed(t); err != nil {
			return nil, err
		}
		return refusingSealed(jsonCodec(t), t), nil
	case words.has("set"):
		return c.set(t)
	case words.has("ttl"):
		switch t {
		case timeType:
			return ttlTimeCodec, nil
		case reflect.TypeFor[int64]():
			return ttlSecondsCodec, nil
		}
		return nil, fmt.Errorf("a ttl is a time.Time or an int64 of epoch seconds, not %s", t)
	}
	return c.codec(t)
}
