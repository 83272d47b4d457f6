package schema

import (
	"log/slog"
	"reflect"
	"strings"
	"sync"
)

// Reach tells whether values of a type can hold what must not be shown: a
// Secret, or a struct field with the word encrypted.
type Reach int

// The reaches, in rising order.
const (
	ReachNone   Reach = iota + 1 // no value does
	ReachOpen                    // only the value can tell: the type has an interface in it, or holds itself
	ReachSealed                  // the type has such a field or is a Secret
)

var (
	reaches          sync.Map // Reach by reflect.Type
	reflectValueType = reflect.TypeFor[reflect.Value]()
	slogValueType    = reflect.TypeFor[slog.Value]()
)

// ReachOf returns the reach of t. Pointers, slices, arrays, maps, embedded and
// unexported fields all count.
func ReachOf(t reflect.Type) Reach {
	if known, ok := reaches.Load(t); ok {
		if r, ok := known.(Reach); ok {
			return r
		}
	}
	r := reachOf(t, map[reflect.Type]Reach{})
	reaches.Store(t, r)
	return r
}

// reachOf is exact for the type it is first called with. seen holds what was
// met on the way; a type met inside of itself is open, for its values may
// hold themselves.
func reachOf(t reflect.Type, seen map[reflect.Type]Reach) Reach {
	if r, ok := seen[t]; ok {
		return r
	}
	seen[t] = ReachOpen
	r := ReachNone
	switch {
	case IsSecret(t):
		r = ReachSealed
	case t.Kind() == reflect.Interface, t == reflectValueType, t == slogValueType:
		r = ReachOpen
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		r = reachOf(t.Elem(), seen)
	case t.Kind() == reflect.Map:
		r = max(reachOf(t.Key(), seen), reachOf(t.Elem(), seen))
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if IsSealed(f) {
				r = ReachSealed
				break
			}
			r = max(r, reachOf(f.Type, seen))
		}
	}
	seen[t] = r
	return r
}

// IsSealed reports whether f has the word encrypted. It is more lenient than
// the grammar of tags: a tag that NewModel would refuse still tells that the
// field is not to be shown.
func IsSealed(f reflect.StructField) bool {
	for word := range strings.SplitSeq(f.Tag.Get(tagKey), ",") {
		name, _, _ := strings.Cut(word, ":")
		if strings.EqualFold(strings.TrimSpace(name), "encrypted") {
			return true
		}
	}
	return false
}

// Follow returns what v stands for where v is an interface, a reflect.Value or
// a slog.Value, which printers look through; v itself otherwise. The result is
// invalid for nil.
func Follow(v reflect.Value) reflect.Value {
	for v.IsValid() {
		switch {
		case v.Kind() == reflect.Interface:
			v = v.Elem()
		case v.Type() == reflectValueType && v.CanInterface():
			inner, ok := v.Interface().(reflect.Value)
			if !ok {
				return reflect.Value{}
			}
			v = inner
		case v.Type() == slogValueType && v.CanInterface():
			value, ok := v.Interface().(slog.Value)
			if !ok {
				return reflect.Value{}
			}
			v = reflect.ValueOf(value.Any())
		default:
			return v
		}
	}
	return v
}
