package schema

import (
	"reflect"
)

// Holds reports whether v holds a Secret or a struct field with the word
// encrypted, and whether it holds itself. It looks as far as printers and
// marshalers do: through everything but pointers that are known to be neither
// and lie in unexported fields. exported is false for a v that lies in such a
// field itself. When sealed is true, cyclic tells nothing.
func Holds(v reflect.Value, exported bool) (sealed, cyclic bool) {
	s := search{seen: map[step]bool{}}
	sealed = s.holds(v, exported)
	return sealed, s.cyclic
}

// Visit identifies a pointer, map or slice that a walk over a value passes, so
// that it can tell when it comes back.
type Visit struct {
	typ     reflect.Type
	address uintptr
	length  int
}

// VisitOf gives the Visit of v; ok is false when no cycle passes v.
func VisitOf(v reflect.Value) (visit Visit, ok bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map:
		return Visit{v.Type(), v.Pointer(), 0}, !v.IsNil()
	case reflect.Slice:
		return Visit{v.Type(), v.Pointer(), v.Len()}, v.Len() > 0
	default:
		return Visit{}, false
	}
}

// Follows reports whether a walk goes through the pointer p. Printers show the
// address of a pointer inside a value, marshalers follow only exported fields;
// what lies behind others may be in use by its owner and is left alone, unless
// its type says that it is sealed.
func Follows(p reflect.Value, exported bool) bool {
	return exported || ReachOf(p.Type()) == ReachSealed
}

// search is one walk over a value.
type search struct {
	seen   map[step]bool // true while the walk is inside
	cyclic bool
}

// step is a Visit on one of the two ways a walk may come to it, which differ in
// how far it goes from there.
type step struct {
	Visit
	exported bool
}

func (s *search) holds(v reflect.Value, exported bool) bool {
	v = Follow(v)
	if !v.IsValid() {
		return false
	}
	switch ReachOf(v.Type()) {
	case ReachNone:
		return false
	case ReachSealed:
		return true
	case ReachOpen:
	}
	if visit, ok := VisitOf(v); ok {
		at := step{visit, exported}
		inside, before := s.seen[at]
		if before {
			s.cyclic = s.cyclic || inside
			return false
		}
		s.seen[at] = true
		defer func() { s.seen[at] = false }()
	}
	return s.inside(v, exported) || s.causes(v)
}

func (s *search) inside(v reflect.Value, exported bool) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && Follows(v, exported) && s.holds(v.Elem(), exported)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if s.holds(v.Field(i), exported && (f.IsExported() || f.Anonymous)) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if s.holds(v.Index(i), exported) {
				return true
			}
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			if s.holds(entries.Key(), exported) || s.holds(entries.Value(), exported) {
				return true
			}
		}
	default:
	}
	return false
}

// causes looks at the errors that an error wraps: its text most likely holds
// theirs.
func (s *search) causes(v reflect.Value) bool {
	if !v.CanInterface() || nillable(v.Type()) && v.IsNil() {
		return false
	}
	switch e := v.Interface().(type) {
	case interface{ Unwrap() error }:
		return s.holds(reflect.ValueOf(e.Unwrap()), true)
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			if s.holds(reflect.ValueOf(cause), true) {
				return true
			}
		}
	}
	return false
}
