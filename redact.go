package theorydb

import (
	"fmt"
	"log/slog"
	"reflect"
)

// Redacted is a value as Redact shows it. It prints under every verb of fmt as the value itself would, in JSON as
// encoding/json would write it, but for what is masked.
type Redacted struct{ get func() any } // a closure, so that printers that pass over methods find nothing

// Redact returns v in a form to print and to log: fields tagged encrypted are shown as [REDACTED], in structs, pointers,
// slices, arrays, maps and interfaces at any depth, embedded or unexported, set or not.
//
//	log.Printf("stored %+v", theorydb.Redact(credential))
//
// A type that holds such a field is printed field by field and none of its own methods is called, since its String,
// Error, LogValue or MarshalJSON might print the field; an error that holds one, or wraps an error that does, is
// [REDACTED] as a whole. Everything else prints as ever. Pointers are followed, and where a value leads back to itself
// stands <cycle>. v is read when it is printed, and not changed.
//
// Not masked is text that was made of a secret before, as by fmt.Sprint(credential), and what a type's own methods fetch
// from behind a pointer in an unexported field whose type does not tell of it.
func Redact(v any) Redacted { return Redacted{get: func() any { return v }} }

func (r Redacted) value() reflect.Value {
	if r.get == nil {
		return reflect.Value{}
	}
	return reflect.ValueOf(r.get())
}

// Format writes the value under verb, masked.
func (r Redacted) Format(f fmt.State, verb rune) {
	v := r.value()
	if !v.IsValid() { // fmt has several forms for nil
		_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), nil)
		return
	}
	p := redactPrinter{out: f, format: fmt.FormatString(f, verb), named: verb == 'v' && (f.Flag('+') || f.Flag('#')), goSyntax: verb == 'v' && f.Flag('#')}
	p.print(v, true)
}

// String returns the value as %+v shows it, masked.
func (r Redacted) String() string { return fmt.Sprintf("%+v", r) }

// GoString returns the value in Go syntax, masked.
func (r Redacted) GoString() string { return fmt.Sprintf("%#v", r) }

// MarshalJSON returns the value as JSON, masked. Of two fields with one name in embedded structs the outer one stands.
func (r Redacted) MarshalJSON() ([]byte, error) {
	var j redactJSON
	j.write(r.value())
	return j.out.Bytes(), nil
}

// LogValue returns the value for log/slog, masked: text handlers print it as %+v does, JSON handlers as JSON.
func (r Redacted) LogValue() slog.Value { return slog.AnyValue(maskedAny{r}) }

// maskedAny is a Redacted that is no slog.LogValuer, which would be resolved again.
type maskedAny struct{ redacted Redacted }

// Format writes the value under verb, masked.
func (m maskedAny) Format(f fmt.State, verb rune) { m.redacted.Format(f, verb) }

// MarshalJSON returns the value as JSON, masked.
func (m maskedAny) MarshalJSON() ([]byte, error) { return m.redacted.MarshalJSON() }
