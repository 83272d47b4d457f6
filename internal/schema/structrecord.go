package schema

import (
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// structShape serves records that are pointers to one struct type.
type structShape struct {
	typ      reflect.Type
	pointer  reflect.Type
	embedded []embeddedPointer // outer ones first
}

// embeddedPointer is an embedded pointer to a struct, and the attributes that live behind it.
type embeddedPointer struct {
	index []int
	names []string
}

func (s *structShape) make() any { return reflect.New(s.typ).Interface() }

func (s *structShape) open(rec any) (reflect.Value, error) {
	v := reflect.ValueOf(rec)
	if !v.IsValid() || v.Type() != s.pointer {
		return reflect.Value{}, &ValueError{Problem: "the record is not a *" + s.typ.String()}
	}
	if v.IsNil() {
		return reflect.Value{}, &ValueError{Problem: "the record is a nil *" + s.typ.String()}
	}
	return v.Elem(), nil
}

func (*structShape) check(reflect.Value) error { return nil }

func (s *structShape) blank(rec reflect.Value) reflect.Value { return s.duplicate(rec) }

// duplicate copies rec with its embedded structs, so that setting fields of
// the copy leaves rec alone while fields that are no attributes keep their
// values.
func (s *structShape) duplicate(rec reflect.Value) reflect.Value {
	fresh := reflect.New(s.typ).Elem()
	fresh.Set(rec)
	for _, e := range s.embedded {
		p, ok := field(fresh, e.index)
		if !ok || p.IsNil() {
			continue
		}
		inner := reflect.New(p.Type().Elem())
		inner.Elem().Set(p.Elem())
		p.Set(inner)
	}
	return fresh
}

// collapse makes embedded pointers nil behind which nothing is left, so that a
// record that was written looks as one that was read.
func (s *structShape) collapse(rec reflect.Value, absent func(name string) bool) {
	for _, e := range slices.Backward(s.embedded) {
		p, ok := field(rec, e.index)
		if !ok || p.IsNil() || !p.Elem().IsZero() || slices.ContainsFunc(e.names, func(n string) bool { return !absent(n) }) {
			continue
		}
		p.SetZero()
	}
}

// structSlot is an attribute in a struct field.
type structSlot struct{ member }

func (s *structSlot) form() (reflect.Type, *codec) { return s.typ, s.codec }

func (s *structSlot) value(rec reflect.Value) (types.AttributeValue, error) { return s.encode(rec, 0) }

func (s *structSlot) isZero(rec reflect.Value) bool {
	f, ok := field(rec, s.index)
	return !ok || s.codec.isZero(f)
}

func (s *structSlot) set(rec reflect.Value, av types.AttributeValue) error {
	if av == nil {
		if f, ok := field(rec, s.index); ok {
			f.SetZero()
		}
		return nil
	}
	return s.codec.decode(av, fieldMade(rec, s.index), 0)
}

func (s *structSlot) operand(v any) (types.AttributeValue, error) {
	return encodeOperand(v, s.typ, s.codec)
}

func (s *structSlot) element(v any) (types.AttributeValue, error) {
	t, c := s.typ, s.codec
	if t.Kind() == reflect.Pointer {
		t, c = t.Elem(), c.elem
	}
	switch {
	case c.kind == kindS && c.format == FormatNone:
		return encodeOperand(v, t, c)
	case c.kind == "":
		return encodeOperand(v, anyType, dynamicCodec())
	case c.elem == nil || c.kind == kindM:
		return nil, refuse("is stored as " + c.kind + ", which has no elements")
	}
	return encodeOperand(v, t.Elem(), c.elem)
}

// encodeOperand converts v to t and encodes it.
func encodeOperand(v any, t reflect.Type, c *codec) (types.AttributeValue, error) {
	if v == nil {
		return nil, refuse("is compared with nil")
	}
	to := reflect.New(t).Elem()
	if !convert(reflect.ValueOf(v), to, c.format) {
		return nil, refuse("takes a " + t.String() + ", not a " + reflect.TypeOf(v).String())
	}
	return c.encode(to, 0)
}
