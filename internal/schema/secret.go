package schema

import (
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Hidden holds a value where no printer finds it: in a closure, whose
// variables reflection does not reach. A pointer would not do, since several
// printers follow pointers in unexported fields. It is the inside of
// theorydb.Secret, which embeds it and nothing else; by that, and by no name
// or tag, this package knows a Secret. The zero Hidden holds nothing.
type Hidden[T any] struct{ get func() T }

// Hide returns a Hidden that holds v itself, not a copy of what v refers to.
func Hide[T any](v T) Hidden[T] { return Hidden[T]{get: func() T { return v }} }

// Show returns what h holds and whether it holds anything.
func Show[T any](h Hidden[T]) (v T, ok bool) {
	if h.get == nil {
		return v, false
	}
	return h.get(), true
}

// hiding is how codecs reach into a Secret. Its methods are unexported, so
// that Secret's own method set stays what its users need.
type hiding interface {
	self() reflect.Type // the Hidden itself, also when asked through what embeds it
	inner() reflect.Type
	show() (v reflect.Value, ok bool) // addressable, a copy
	hide(v reflect.Value)             // v is not used afterwards
}

func (h *Hidden[T]) self() reflect.Type { return reflect.TypeFor[Hidden[T]]() }

func (h *Hidden[T]) inner() reflect.Type { return reflect.TypeFor[T]() }

func (h *Hidden[T]) show() (reflect.Value, bool) {
	v, ok := Show(*h)
	return reflect.ValueOf(&v).Elem(), ok
}

func (h *Hidden[T]) hide(v reflect.Value) {
	p, ok := v.Addr().Interface().(*T)
	if ok {
		*h = Hide(*p)
	}
}

var hidingType = reflect.TypeFor[hiding]()

// IsSecret reports whether t is a Secret: a struct that embeds a Hidden and
// has no other field. A struct that embeds a Secret is none.
func IsSecret(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t.NumField() != 1 {
		return false
	}
	f := t.Field(0)
	if !f.Anonymous || !reflect.PointerTo(f.Type).Implements(hidingType) {
		return false
	}
	h, ok := hiddenIn(reflect.New(f.Type).Elem())
	return ok && h.self() == f.Type
}

// hiddenIn gives the Hidden that v, which is addressable, is or embeds.
func hiddenIn(v reflect.Value) (hiding, bool) {
	h, ok := v.Addr().Interface().(hiding)
	return h, ok
}

// secretInner gives the type of what a Secret type holds.
func secretInner(t reflect.Type) (reflect.Type, bool) {
	if !IsSecret(t) {
		return nil, false
	}
	h, ok := hiddenIn(reflect.New(t).Elem())
	if !ok {
		return nil, false
	}
	return h.inner(), true
}

// misplacedSecret is the refusal of a Secret anywhere but in an encrypted
// field of the model itself, where it would be stored in clear or, by its own
// text form, as a mask.
func misplacedSecret(t reflect.Type) error {
	return fmt.Errorf(`type %s is a field of the model itself with the word "encrypted", never without it and never inside another value`, t)
}

// secretCodec serves an encrypted Secret by the codec of what it holds. A
// Secret that was never set is absent and empty; one that holds a zero value
// is neither.
func secretCodec(inner *codec) *codec {
	unset := func(v reflect.Value) bool {
		h, ok := hiddenIn(v)
		if !ok {
			return true
		}
		_, set := h.show()
		return !set
	}
	return &codec{
		kind:   inner.kind,
		format: inner.format,
		encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
			h, ok := hiddenIn(v)
			if !ok {
				return nil, refuse("is not a Secret")
			}
			value, set := h.show()
			if !set {
				return nil, nil
			}
			return inner.encode(value, depth)
		},
		decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
			h, ok := hiddenIn(v)
			if !ok {
				return refuse("is not a Secret")
			}
			fresh := reflect.New(h.inner()).Elem()
			if err := inner.decode(av, fresh, depth); err != nil {
				return err
			}
			h.hide(fresh)
			return nil
		},
		isZero:  unset,
		isEmpty: unset,
	}
}
