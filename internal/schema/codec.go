package schema

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// maxDepth is how many lists and maps DynamoDB lets stand in one another: what is in the innermost is at level 32.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxDepth = 31

// codec moves values of one Go type, written in one way, into and out of
// attribute values. It is built once and then used without looking at tags.
type codec struct {
	kind   string // "S", "N", ..., "" when it depends on the value
	format string
	// encode gives the stored form, nil when the value is absent. v must be addressable.
	encode func(v reflect.Value, depth int) (types.AttributeValue, error)
	// decode sets v, which must be settable, and never reaches memory that v held before.
	decode func(av types.AttributeValue, v reflect.Value, depth int) error
	// isZero reports a value that "required" refuses.
	isZero func(v reflect.Value) bool
	// isEmpty reports a value that "omitempty" leaves out.
	isEmpty func(v reflect.Value) bool
	// elem is the codec of an element of a list or set, or what a pointer points to.
	elem *codec
}

var (
	timeType            = reflect.TypeFor[time.Time]()
	numberType          = reflect.TypeFor[attributevalue.Number]()
	jsonNumberType      = reflect.TypeFor[json.Number]()
	anyType             = reflect.TypeFor[any]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
	marshalerType       = reflect.TypeFor[attributevalue.Marshaler]()
	unmarshalerType     = reflect.TypeFor[attributevalue.Unmarshaler]()
	null                = &types.AttributeValueMemberNULL{Value: true}
)

// compiler builds codecs; it remembers the types it is inside of, since a type
// that holds itself has no finite plan.
type compiler struct {
	snake bool
	stack []reflect.Type
}

// codec builds the codec of t.
func (c *compiler) codec(t reflect.Type) (*codec, error) {
	for _, outer := range c.stack {
		if outer == t {
			return nil, fmt.Errorf("type %s holds itself; a recursive type can't be stored", t)
		}
	}
	c.stack = append(c.stack, t)
	defer func() { c.stack = c.stack[:len(c.stack)-1] }()

	switch t {
	case timeType:
		return timeCodec, nil
	case numberType, jsonNumberType:
		return decimalCodec, nil
	case anyType:
		return dynamicCodec(), nil
	}
	if IsSecret(t) {
		return nil, misplacedSecret(t)
	}
	if t.Kind() != reflect.Pointer {
		custom, err := customCodec(t)
		if custom != nil || err != nil {
			return custom, err
		}
	}
	switch t.Kind() {
	case reflect.String:
		return stringCodec, nil
	case reflect.Bool:
		return boolCodec, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intCodec, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return uintCodec, nil
	case reflect.Float32, reflect.Float64:
		return floatCodec(t.Bits()), nil
	case reflect.Pointer:
		return c.pointer(t)
	case reflect.Slice:
		return c.slice(t)
	case reflect.Array:
		return c.array(t)
	case reflect.Map:
		return c.mapping(t)
	case reflect.Struct:
		return c.structure(t)
	case reflect.Invalid, reflect.Uintptr, reflect.Complex64, reflect.Complex128, reflect.Chan, reflect.Func,
		reflect.Interface, reflect.UnsafePointer:
	}
	return nil, fmt.Errorf("type %s can't be stored", t)
}

// customCodec serves types that bring their own marshaler; nil when t has none.
func customCodec(t reflect.Type) (*codec, error) {
	pt := reflect.PointerTo(t)
	out, in := pt.Implements(marshalerType), pt.Implements(unmarshalerType)
	switch {
	case out && in:
		return marshalerCodec, refuseSealed(t)
	case out:
		return nil, fmt.Errorf("type %s has MarshalDynamoDBAttributeValue but no UnmarshalDynamoDBAttributeValue", t)
	case in:
		return nil, fmt.Errorf("type %s has UnmarshalDynamoDBAttributeValue but no MarshalDynamoDBAttributeValue", t)
	}
	out, in = pt.Implements(textMarshalerType), pt.Implements(textUnmarshalerType)
	switch {
	case out && in:
		return textCodec, refuseSealed(t)
	case out:
		return nil, fmt.Errorf("type %s has MarshalText but no UnmarshalText", t)
	case in:
		return nil, fmt.Errorf("type %s has UnmarshalText but no MarshalText", t)
	}
	return nil, nil
}

// The kinds of attribute value, as Attribute.Type and messages name them.
const (
	kindS    = "S"
	kindN    = "N"
	kindB    = "B"
	kindBOOL = "BOOL"
	kindL    = "L"
	kindM    = "M"
	kindSS   = "SS"
	kindNS   = "NS"
	kindBS   = "BS"
	kindNULL = "NULL"
)

// kindOf names the kind of av.
func kindOf(av types.AttributeValue) string {
	switch av.(type) {
	case *types.AttributeValueMemberS:
		return kindS
	case *types.AttributeValueMemberN:
		return kindN
	case *types.AttributeValueMemberB:
		return kindB
	case *types.AttributeValueMemberBOOL:
		return kindBOOL
	case *types.AttributeValueMemberL:
		return kindL
	case *types.AttributeValueMemberM:
		return kindM
	case *types.AttributeValueMemberSS:
		return kindSS
	case *types.AttributeValueMemberNS:
		return kindNS
	case *types.AttributeValueMemberBS:
		return kindBS
	case *types.AttributeValueMemberNULL:
		return kindNULL
	}
	return "unknown"
}

func wrongKind(want string, av types.AttributeValue) error {
	return refuse("is stored as " + kindOf(av) + ", not as " + want)
}

// isNull reports the stored null. It reads as nil where Go has one; other
// writers store it for nil pointers and empty sets.
func isNull(av types.AttributeValue) bool {
	_, ok := av.(*types.AttributeValueMemberNULL)
	return ok
}

// checkDepth stops values that DynamoDB would refuse, and values that hold themselves.
func checkDepth(depth int) error {
	if depth > maxDepth {
		return refuse("nests deeper than the 32 levels that DynamoDB has")
	}
	return nil
}
