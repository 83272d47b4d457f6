package tlv

import (
	"encoding/binary"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Encode gives the canonical bytes of a value: the same for equal values, different for different ones. Sets may hold
// their members in any order and more than once. v is left unchanged and shares no memory with the result.
//
// A value that DynamoDB would not hold, a nil among them, is ErrInvalid; one of more than MaxSize bytes ErrTooLarge.
func Encode(v types.AttributeValue) ([]byte, error) {
	return appendValue(nil, v, 0)
}

// appendValue writes a value that stands in depth lists and maps. The size is checked here, after every value, so
// that a small value which holds one list many times over can't grow without bound, and so that no length that
// is written below can be too large for its four bytes without the whole being refused.
func appendValue(b []byte, v types.AttributeValue, depth int) ([]byte, error) {
	b, err := appendKind(b, v, depth)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxSize {
		return nil, ErrTooLarge
	}
	return b, nil
}

// appendKind writes a value of any kind. A nil pointer of a kind falls through to the refusal at the end.
func appendKind(b []byte, v types.AttributeValue, depth int) ([]byte, error) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		if v != nil {
			return appendText(append(b, kindText), v.Value)
		}
	case *types.AttributeValueMemberN:
		if v != nil {
			return appendNumber(append(b, kindNumber), v.Value)
		}
	case *types.AttributeValueMemberB:
		if v != nil {
			return append(append(b, kindBinary), v.Value...), nil
		}
	case *types.AttributeValueMemberBOOL:
		if v != nil {
			return append(b, kindBool, bit(v.Value)), nil
		}
	case *types.AttributeValueMemberNULL:
		if v != nil && v.Value { // DynamoDB refuses {"NULL": false}
			return append(b, kindNull), nil
		}
	case *types.AttributeValueMemberL:
		if v != nil {
			return appendList(append(b, kindList), v.Value, depth+1)
		}
	case *types.AttributeValueMemberM:
		if v != nil {
			return appendMap(append(b, kindMap), v.Value, depth+1)
		}
	case *types.AttributeValueMemberSS:
		if v != nil {
			return appendSet(append(b, kindTextSet), slices.Clone(v.Value), appendText)
		}
	case *types.AttributeValueMemberNS:
		if v != nil {
			return appendNumberSet(append(b, kindNumberSet), v.Value)
		}
	case *types.AttributeValueMemberBS:
		if v != nil {
			return appendBinarySet(append(b, kindBinarySet), v.Value)
		}
	}
	return nil, invalid("no value, or one of an unknown type")
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}

func appendText(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, invalid("text that is not valid UTF-8")
	}
	return append(b, s...), nil
}

func appendNumber(b []byte, s string) ([]byte, error) {
	canonical, err := Number(s)
	if err != nil {
		return nil, err
	}
	return append(b, canonical...), nil
}

func appendBytes(b []byte, s string) ([]byte, error) {
	return append(b, s...), nil
}

func appendList(b []byte, elements []types.AttributeValue, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, invalid("lists and maps nest too deep")
	}
	b = appendCount(b, len(elements))
	for _, element := range elements {
		var err error
		b, err = appendPrefixed(b, func(b []byte) ([]byte, error) { return appendValue(b, element, depth) })
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendMap(b []byte, members map[string]types.AttributeValue, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, invalid("lists and maps nest too deep")
	}
	b = appendCount(b, len(members))
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if key == "" {
			return nil, invalid("an empty map key")
		}
		var err error
		b, err = appendPrefixed(b, func(b []byte) ([]byte, error) { return appendText(b, key) })
		if err != nil {
			return nil, err
		}
		b, err = appendPrefixed(b, func(b []byte) ([]byte, error) { return appendValue(b, members[key], depth) })
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendNumberSet(b []byte, members []string) ([]byte, error) {
	canonical := make([]string, len(members))
	for i, member := range members {
		var err error
		if canonical[i], err = Number(member); err != nil {
			return nil, err
		}
	}
	return appendSet(b, canonical, appendBytes)
}

func appendBinarySet(b []byte, members [][]byte) ([]byte, error) {
	texts := make([]string, len(members))
	for i, member := range members {
		texts[i] = string(member)
	}
	return appendSet(b, texts, appendBytes)
}

// appendSet writes the members, whose slice it reorders.
func appendSet(b []byte, members []string, appendMember func([]byte, string) ([]byte, error)) ([]byte, error) {
	if len(members) == 0 {
		return nil, invalid("an empty set")
	}
	slices.Sort(members)
	members = slices.Compact(members)
	b = appendCount(b, len(members))
	for _, member := range members {
		var err error
		b, err = appendPrefixed(b, func(b []byte) ([]byte, error) { return appendMember(b, member) })
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendCount(b []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(n)) //nolint:gosec // appendValue refuses whatever does not fit
}

// appendPrefixed writes what content appends behind its length.
func appendPrefixed(b []byte, content func([]byte) ([]byte, error)) ([]byte, error) {
	start := len(b) + prefixSize
	b, err := content(append(b, make([]byte, prefixSize)...))
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(b[start-prefixSize:], uint32(len(b)-start)) //nolint:gosec // appendValue refuses whatever does not fit
	return b, nil
}
