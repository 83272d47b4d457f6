package theorydb

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/theorydb/theorydb/internal/schema"
)

// cycleText stands where a value leads back to itself.
const cycleText = "<cycle>"

var errorType = reflect.TypeFor[error]()

// isPlain reports that v can be left to its own methods and to printers that know nothing of encrypted fields. These
// would not come back from a value that holds itself.
func isPlain(v reflect.Value, exported bool) bool {
	if schema.ReachOf(v.Type()) == schema.ReachNone {
		return true
	}
	sealed, cyclic := schema.Holds(v, exported)
	return !sealed && !cyclic
}

// isMasked reports that v, which is not plain, is not shown at all: a Secret, or an error, whose text was most likely
// made of what it holds.
func isMasked(v reflect.Value, exported bool) bool {
	if schema.IsSecret(v.Type()) {
		return true
	}
	sealed, _ := schema.Holds(v, exported)
	return sealed && (v.Type().Implements(errorType) || reflect.PointerTo(v.Type()).Implements(errorType))
}

// walkPath is where a walk over a value is, to tell when it comes back.
type walkPath map[schema.Visit]bool

// enter reports whether the walk is not inside of v already. leave undoes it.
func (p *walkPath) enter(v reflect.Value) (leave func(), ok bool) {
	visit, can := schema.VisitOf(v)
	if !can {
		return func() {}, true
	}
	if (*p)[visit] {
		return nil, false
	}
	if *p == nil {
		*p = walkPath{}
	}
	(*p)[visit] = true
	return func() { delete(*p, visit) }, true
}

// redactPrinter prints a value as fmt does, masked, but for pointers inside of it, which it follows.
type redactPrinter struct {
	out      io.Writer
	format   string // of what is not walked into
	named    bool   // %+v and %#v name the fields
	goSyntax bool   // %#v
	path     walkPath
}

func (p *redactPrinter) text(s string) { _, _ = io.WriteString(p.out, s) }

func (p *redactPrinter) print(v reflect.Value, exported bool) {
	v = schema.Follow(v)
	switch {
	case !v.IsValid():
		p.text("<nil>")
		return
	case v.Kind() == reflect.Pointer && !schema.Follows(v, exported):
		_, _ = fmt.Fprintf(p.out, "%#x", v.Pointer())
		return
	case isPlain(v, exported):
		_, _ = fmt.Fprintf(p.out, p.format, v)
		return
	case isMasked(v, exported):
		p.text(redactedText)
		return
	}
	leave, ok := p.path.enter(v)
	if !ok {
		p.text(cycleText)
		return
	}
	defer leave()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			p.text("<nil>")
			return
		}
		p.text("&")
		p.print(v.Elem(), exported)
	case reflect.Struct:
		p.structure(v, exported)
	case reflect.Map:
		p.mapping(v, exported)
	case reflect.Slice, reflect.Array:
		p.list(v, exported)
	default: // nothing else holds other values
		p.text(redactedText)
	}
}

// open writes what stands in front of the parts of v, and gives what stands between and behind them.
func (p *redactPrinter) open(v reflect.Value, plain, plainEnd string) (separator, end string) {
	if p.goSyntax {
		p.text(v.Type().String() + "{")
		return ", ", "}"
	}
	p.text(plain)
	return " ", plainEnd
}

func (p *redactPrinter) structure(v reflect.Value, exported bool) {
	separator, end := p.open(v, "{", "}")
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if i > 0 {
			p.text(separator)
		}
		if p.named {
			p.text(f.Name + ":")
		}
		if schema.IsSealed(f) {
			p.text(redactedText)
			continue
		}
		p.print(v.Field(i), exported && (f.IsExported() || f.Anonymous))
	}
	p.text(end)
}

func (p *redactPrinter) list(v reflect.Value, exported bool) {
	separator, end := p.open(v, "[", "]")
	for i := range v.Len() {
		if i > 0 {
			p.text(separator)
		}
		p.print(v.Index(i), exported)
	}
	p.text(end)
}

func (p *redactPrinter) mapping(v reflect.Value, exported bool) {
	separator, end := p.open(v, "map[", "]")
	for i, entry := range p.entries(v, exported) {
		if i > 0 {
			p.text(separator)
		}
		p.text(entry.key + ":")
		p.print(entry.value, exported)
	}
	p.text(end)
}

// mapEntry is an entry of a map with its key printed.
type mapEntry struct {
	key   string
	value reflect.Value
}

// entries gives the entries of a map by the order of their printed keys.
func (p *redactPrinter) entries(v reflect.Value, exported bool) []mapEntry {
	var entries []mapEntry
	for each := v.MapRange(); each.Next(); {
		var key strings.Builder
		inner := *p
		inner.out = &key
		inner.print(each.Key(), exported)
		entries = append(entries, mapEntry{key.String(), each.Value()})
	}
	slices.SortFunc(entries, func(a, b mapEntry) int { return strings.Compare(a.key, b.key) })
	return entries
}
