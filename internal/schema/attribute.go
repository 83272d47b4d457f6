package schema

import (
	"reflect"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Formats of attributes: what the type alone does not tell.
const (
	FormatNone        = ""             // nothing beyond the type; N is an exact decimal
	FormatInt         = "int"          // N, signed whole number
	FormatUint        = "uint"         // N, whole number from 0
	FormatFloat       = "float"        // N, binary floating point
	FormatTime        = "rfc3339nano"  // S, UTC time with nine digits of fraction
	FormatUnixSeconds = "unix_seconds" // N, whole seconds since 1970
	FormatJSON        = "json"         // S, JSON text
	FormatText        = "text"         // S, text of the Go type's own making
)

// Attribute is one stored attribute of a model. It is immutable.
type Attribute struct {
	Name   string // stored name
	Field  string // Go field path for messages; the name again for documents
	Type   string // "S", "N", "B", "BOOL", "L", "M", "SS", "NS", "BS"; "" when it depends on the value
	Format string // one of the Format constants

	Encrypted bool     // sealed by the core; the codec here sees the open value, NULL where that is nil
	Required  bool     // zero is refused on write, absence on read
	Immutable bool     // never changes after Create
	OmitEmpty bool     // an empty value is not stored
	JSON      bool     // stored as JSON text
	Set       bool     // stored as a set
	Unique    bool     // no two items of the model share the value
	Optional  bool     // may be absent: omitempty, or a pointer that is not encrypted
	Enum      []string // the only texts that may be written; nil when any may

	shape shape
	slot  slot
}

// slot is where an attribute lives in a record: a struct field or a map entry.
type slot interface {
	value(rec reflect.Value) (types.AttributeValue, error)
	isZero(rec reflect.Value) bool
	set(rec reflect.Value, av types.AttributeValue) error // nil sets zero
	operand(v any) (types.AttributeValue, error)
	element(v any) (types.AttributeValue, error)
	form() (reflect.Type, *codec)
}

// shape is what a kind of record has in common: how to reach into it and how
// to build a new one aside.
type shape interface {
	open(rec any) (reflect.Value, error)
	check(rec reflect.Value) error             // what no single attribute can see
	blank(rec reflect.Value) reflect.Value     // without attributes, the rest kept
	duplicate(rec reflect.Value) reflect.Value // with attributes
	make() any
	// collapse drops what holds nothing but absent attributes.
	collapse(rec reflect.Value, absent func(name string) bool)
}

// Value returns the attribute's stored form in rec, nil when it is absent.
// Errors are *ValueError.
func (a *Attribute) Value(rec any) (types.AttributeValue, error) {
	v, err := a.shape.open(rec)
	if err != nil {
		return nil, err
	}
	return a.encode(v)
}

// encode is Value on an opened record.
func (a *Attribute) encode(rec reflect.Value) (types.AttributeValue, error) {
	av, err := a.slot.value(rec)
	if err == nil {
		err = a.checkEnum(av)
	}
	if err != nil {
		return nil, valueError(a.Name, err)
	}
	return av, nil
}

// IsZero reports whether the attribute is zero in rec: the Go zero value, a
// zero time, an empty set. It is true for a record that is not of the model.
func (a *Attribute) IsZero(rec any) bool {
	v, err := a.shape.open(rec)
	return err != nil || a.slot.isZero(v)
}

// Encode returns the stored form of v, a value given on its own, as for a
// condition. v has the field's Go type or one that converts to it without
// loss: an int for an int64 field, a string for a named string, a time.Time or
// whole seconds for a ttl. Errors are *ValueError: nil, another type, a value
// that would be absent, one out of range. Required is not judged here.
func (a *Attribute) Encode(v any) (types.AttributeValue, error) {
	av, err := a.slot.operand(v)
	if err == nil && av == nil {
		err = refuse("has a value that is not stored")
	}
	if err == nil {
		err = a.checkEnum(av)
	}
	if err != nil {
		return nil, valueError(a.Name, err)
	}
	return av, nil
}

// EncodeElement returns the stored form of one element of a list or set, or of
// a part of a text, as a test for containment needs it. Errors are *ValueError.
func (a *Attribute) EncodeElement(v any) (types.AttributeValue, error) {
	av, err := a.slot.element(v)
	if err == nil && av == nil {
		err = refuse("has an element that is not stored")
	}
	if err != nil {
		return nil, valueError(a.Name, err)
	}
	return av, nil
}

func (a *Attribute) checkEnum(av types.AttributeValue) error {
	if a.Enum == nil || av == nil {
		return nil
	}
	s, ok := av.(*types.AttributeValueMemberS)
	if !ok {
		return nil
	}
	for _, e := range a.Enum {
		if s.Value == e {
			return nil
		}
	}
	return refuse("is not one of the texts its enum lists")
}

// Text returns the text by which a key template writes av: the text itself of
// S, the plain digits of N, nine digits of fraction for a time, "" for nil.
// Errors are *ValueError.
func (a *Attribute) Text(av types.AttributeValue) (string, error) {
	text, err := a.text(av)
	if err != nil {
		return "", valueError(a.Name, err)
	}
	return text, nil
}

func (a *Attribute) text(av types.AttributeValue) (string, error) {
	if av == nil {
		return "", nil
	}
	if kindOf(av) != a.Type {
		return "", wrongKind(a.Type, av)
	}
	switch v := av.(type) {
	case *types.AttributeValueMemberS:
		if a.Format != FormatTime {
			return v.Value, checkText(v.Value)
		}
		t, err := parseTime(v.Value)
		if err != nil {
			return "", err
		}
		return timeText(t)
	case *types.AttributeValueMemberN:
		return a.digits(v.Value)
	case *types.AttributeValueMemberB:
		return string(v.Value), nil
	}
	return "", refuse("has no text: it is stored as " + a.Type)
}

func (a *Attribute) digits(s string) (string, error) {
	switch a.Format {
	case FormatInt, FormatUnixSeconds:
		n, err := parseInt(s, 64)
		if err != nil {
			return "", err
		}
		return strconv.FormatInt(n, 10), nil
	case FormatUint:
		n, err := parseUint(s, 64)
		if err != nil {
			return "", err
		}
		return strconv.FormatUint(n, 10), nil
	}
	return canonicalNumber(s)
}
