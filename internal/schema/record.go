package schema

import (
	"errors"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// recordShape serves records that are pointers to one type of map[string]any.
type recordShape struct {
	typ     reflect.Type
	pointer reflect.Type
	names   []string
}

func (*recordShape) collapse(reflect.Value, func(string) bool) {}

func (s *recordShape) make() any {
	p := reflect.New(s.typ)
	p.Elem().Set(reflect.MakeMap(s.typ))
	return p.Interface()
}

func (s *recordShape) open(rec any) (reflect.Value, error) {
	v := reflect.ValueOf(rec)
	if !v.IsValid() || v.Type() != s.pointer || v.IsNil() {
		return reflect.Value{}, &ValueError{Problem: "the record is not a *" + s.typ.String()}
	}
	return v.Elem(), nil
}

// check refuses entries that no attribute would take.
func (s *recordShape) check(rec reflect.Value) error {
	for _, key := range rec.MapKeys() {
		if name := key.String(); !slices.Contains(s.names, name) {
			return &ValueError{Problem: "the record has the unknown attribute " + quote(name) + didYouMean(name, s.names)}
		}
	}
	return nil
}

func (s *recordShape) blank(reflect.Value) reflect.Value { return reflect.MakeMap(s.typ) }

func (s *recordShape) duplicate(rec reflect.Value) reflect.Value {
	fresh := reflect.MakeMapWithSize(s.typ, rec.Len())
	for entries := rec.MapRange(); entries.Next(); {
		fresh.SetMapIndex(entries.Key(), entries.Value())
	}
	return fresh
}

// recordSlot is an attribute in a map entry. Values are read as one Go type
// for each type and format, and written from that type and its equivalents.
type recordSlot struct {
	key   reflect.Value // the name, as the map's key type has it
	codec *codec
	typ   reflect.Type
	omit  bool
	// sealed makes an entry that is there and nil NULL, and NULL such an entry:
	// of an encrypted attribute absent and nil are two things.
	sealed bool
	// zeroAllowed makes only an entry that is not held a zero one.
	zeroAllowed bool
}

// recordTypes are the Go types of a document's types and formats; L, M and any
// are read and written by their dynamic type.
var recordTypes = map[string]reflect.Type{
	kindS + " " + FormatNone:        reflect.TypeFor[string](),
	kindS + " " + FormatTime:        timeType,
	kindS + " " + FormatJSON:        anyType,
	kindN + " " + FormatNone:        numberType,
	kindN + " " + FormatInt:         reflect.TypeFor[int64](),
	kindN + " " + FormatUint:        reflect.TypeFor[uint64](),
	kindN + " " + FormatFloat:       reflect.TypeFor[float64](),
	kindN + " " + FormatUnixSeconds: reflect.TypeFor[int64](),
	kindB + " " + FormatNone:        reflect.TypeFor[[]byte](),
	kindBOOL + " " + FormatNone:     reflect.TypeFor[bool](),
	kindL + " " + FormatNone:        anyType,
	kindM + " " + FormatNone:        anyType,
	kindSS + " " + FormatNone:       reflect.TypeFor[[]string](),
	kindNS + " " + FormatNone:       reflect.TypeFor[[]attributevalue.Number](),
	kindBS + " " + FormatNone:       reflect.TypeFor[[][]byte](),
	documentAny + " " + FormatNone:  anyType,
}

// newRecordSlot serves an attribute of a document; ok is false when the format
// does not suit the type.
func newRecordSlot(shape *recordShape, name, kind, format string, omit, sealed bool) (*recordSlot, bool) {
	t, ok := recordTypes[kind+" "+format]
	if !ok {
		return nil, false
	}
	words := tag{flags: map[string]bool{
		"json": format == FormatJSON,
		"ttl":  format == FormatUnixSeconds,
		"set":  kind == kindSS || kind == kindNS || kind == kindBS,
	}}
	c, err := (&compiler{}).member(t, words)
	if err != nil {
		return nil, false
	}
	if kind == kindL || kind == kindM {
		c = only(kind, c)
	}
	if sealed {
		c = sealedCodec(c, t)
	}
	return &recordSlot{key: reflect.ValueOf(name).Convert(shape.typ.Key()), codec: c, typ: t, omit: omit, sealed: sealed}, true
}

// only narrows the dynamic codec to one kind.
func only(kind string, c *codec) *codec {
	return &codec{
		kind: kind,
		encode: func(v reflect.Value, depth int) (types.AttributeValue, error) {
			av, err := c.encode(v, depth)
			if err == nil && av != nil && kindOf(av) != kind {
				return nil, refuse("is not a value that is stored as " + kind)
			}
			return av, err
		},
		decode: func(av types.AttributeValue, v reflect.Value, depth int) error {
			if k := kindOf(av); k != kind && k != kindNULL {
				return wrongKind(kind, av)
			}
			return c.decode(av, v, depth)
		},
		isZero:  c.isZero,
		isEmpty: c.isEmpty,
	}
}

var errNotHeld = errors.New("absent")

// get gives the entry as the attribute's Go type, errNotHeld when there is none.
func (s *recordSlot) get(rec reflect.Value) (reflect.Value, error) {
	entry := rec.MapIndex(s.key)
	if !entry.IsValid() || entry.IsNil() {
		return reflect.Value{}, errNotHeld
	}
	return s.typed(entry.Elem())
}

// heldAsNil reports an entry that is there, holds nil and is stored so.
func (s *recordSlot) heldAsNil(rec reflect.Value) bool {
	return s.sealed && !s.omit && nillable(s.typ) && rec.MapIndex(s.key).IsValid()
}

func (s *recordSlot) form() (reflect.Type, *codec) { return s.typ, s.codec }

func (s *recordSlot) typed(from reflect.Value) (reflect.Value, error) {
	to := reflect.New(s.typ).Elem()
	if !convertLoosely(from, to, s.codec.format) {
		return reflect.Value{}, refuse("takes a " + s.typ.String() + ", not this value of type " + from.Type().String())
	}
	return to, nil
}

func (s *recordSlot) value(rec reflect.Value) (types.AttributeValue, error) {
	v, err := s.get(rec)
	switch {
	case errors.Is(err, errNotHeld) && s.heldAsNil(rec):
		return null, nil
	case errors.Is(err, errNotHeld):
		return nil, nil
	case err != nil:
		return nil, err
	case s.omit && s.codec.isEmpty(v):
		return nil, nil
	}
	return s.codec.encode(v, 0)
}

func (s *recordSlot) isZero(rec reflect.Value) bool {
	v, err := s.get(rec)
	return errors.Is(err, errNotHeld) || err == nil && !s.zeroAllowed && s.codec.isZero(v)
}

func (s *recordSlot) set(rec reflect.Value, av types.AttributeValue) error {
	switch {
	case av == nil, isNull(av) && nillable(s.typ) && !s.sealed:
		rec.SetMapIndex(s.key, reflect.Value{})
		return nil
	case isNull(av) && nillable(s.typ):
		rec.SetMapIndex(s.key, reflect.Zero(anyType))
		return nil
	}
	v := reflect.New(s.typ).Elem()
	if err := s.codec.decode(av, v, 0); err != nil {
		return err
	}
	rec.SetMapIndex(s.key, v)
	return nil
}

func (s *recordSlot) operand(v any) (types.AttributeValue, error) {
	if v == nil {
		return nil, refuse("is compared with nil")
	}
	to, err := s.typed(reflect.ValueOf(v))
	if err != nil {
		return nil, err
	}
	return s.codec.encode(to, 0)
}

func (s *recordSlot) element(v any) (types.AttributeValue, error) {
	switch s.codec.kind {
	case kindS:
		if s.codec.format == FormatNone {
			return s.operand(v)
		}
	case kindL, "":
		return encodeOperand(v, anyType, dynamicCodec())
	case kindSS, kindNS, kindBS:
		if v == nil {
			return nil, refuse("is compared with nil")
		}
		to := reflect.New(s.typ.Elem()).Elem()
		if !convertLoosely(reflect.ValueOf(v), to, FormatNone) {
			return nil, refuse("takes elements of type " + s.typ.Elem().String())
		}
		return s.codec.elem.encode(to, 0)
	}
	return nil, refuse("is stored as " + s.codec.kind + ", which has no elements")
}
