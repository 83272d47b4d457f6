package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

// Number is a number as exact decimal digits.
type Number = attributevalue.Number

// Item has values by attribute name. On the line a value is DynamoDB JSON, {"S": text}, {"N": digits}, {"B": base64} and so
// on, with one form more: {"HEX": digits} is a text whose bytes are not UTF-8, which JSON can't hold.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html#Programming.LowLevelAPI.DataTypeDescriptors
//
// In Go a value is string, Number, []byte, bool, nil, []any, map[string]any, or a set: []string, []Number, [][]byte.
type Item map[string]any

// Values is a list of values as in an Item.
type Values []any

var errNoValue = errors.New("is no value of the protocol")

// MarshalJSON writes the values in their form on the line; no item is null. A value of another Go type is an error.
func (i Item) MarshalJSON() ([]byte, error) {
	if i == nil {
		return []byte("null"), nil
	}
	encoded, err := encodeMembers(i)
	if err != nil {
		return nil, err
	}
	return json.Marshal(encoded)
}

// UnmarshalJSON reads values from their form on the line; null is no item.
func (i *Item) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return fmt.Errorf("an item %w", errNoValue)
	}
	if members == nil {
		*i = nil
		return nil
	}
	decoded, err := decodeMembers(members)
	*i = decoded
	return err
}

// MarshalJSON writes the values in their form on the line.
func (v Values) MarshalJSON() ([]byte, error) {
	encoded, err := encodeList(v)
	if err != nil {
		return nil, err
	}
	return json.Marshal(encoded)
}

// UnmarshalJSON reads values from their form on the line.
func (v *Values) UnmarshalJSON(text []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("a list %w", errNoValue)
	}
	decoded, err := decodeList(list)
	*v = decoded
	return err
}

// JSONNumbers returns the value with every Number in it as a json.Number, which encoding/json writes as a number and not as
// a text. The value itself is left as it is.
func JSONNumbers(value any) any {
	switch v := value.(type) {
	case Number:
		return json.Number(v)
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = JSONNumbers(element)
		}
		return list
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, member := range v {
			members[name] = JSONNumbers(member)
		}
		return members
	}
	return value
}

func encodeMembers(members map[string]any) (map[string]any, error) {
	encoded := make(map[string]any, len(members))
	for name, value := range members {
		var err error
		if encoded[name], err = encode(value); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
	}
	return encoded, nil
}

func encodeList(list []any) ([]any, error) {
	encoded := make([]any, len(list))
	for i, value := range list {
		var err error
		if encoded[i], err = encode(value); err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return encoded, nil
}

func encode(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return map[string]any{"NULL": true}, nil
	case string:
		if !utf8.ValidString(v) {
			return map[string]any{"HEX": hex.EncodeToString([]byte(v))}, nil
		}
		return map[string]any{"S": v}, nil
	case Number:
		return map[string]any{"N": string(v)}, nil
	case bool:
		return map[string]any{"BOOL": v}, nil
	case []byte:
		return map[string]any{"B": some(v)}, nil
	case []string:
		return map[string]any{"SS": some(v)}, nil
	case []Number:
		return map[string]any{"NS": some(v)}, nil
	case [][]byte:
		return map[string]any{"BS": some(v)}, nil
	case []any:
		list, err := encodeList(v)
		return map[string]any{"L": list}, err
	case map[string]any:
		members, err := encodeMembers(v)
		return map[string]any{"M": members}, err
	case Item:
		return encode(map[string]any(v))
	}
	return nil, fmt.Errorf("a %T %w", value, errNoValue)
}

// some is the list, and an empty one instead of nil, which JSON would write as null.
func some[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}

func decodeMembers(members map[string]json.RawMessage) (map[string]any, error) {
	decoded := make(map[string]any, len(members))
	for name, text := range members {
		var err error
		if decoded[name], err = decode(text); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
	}
	return decoded, nil
}

func decodeList(list []json.RawMessage) ([]any, error) {
	decoded := make([]any, len(list))
	for i, text := range list {
		var err error
		if decoded[i], err = decode(text); err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return decoded, nil
}

// decode reads {KIND: inner} with one member.
func decode(text json.RawMessage) (any, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil || len(members) != 1 {
		return nil, errNoValue
	}
	for kind, inner := range members {
		value, err := decodeKind(kind, inner)
		if err != nil {
			return nil, fmt.Errorf("%s %w", kind, errNoValue)
		}
		return value, nil
	}
	return nil, errNoValue
}

func decodeKind(kind string, inner json.RawMessage) (any, error) {
	switch kind {
	case "S":
		return as[string](inner)
	case "HEX":
		digits, err := as[string](inner)
		if err != nil {
			return nil, err
		}
		text, err := hex.DecodeString(digits)
		return string(text), err
	case "N":
		digits, err := as[string](inner)
		return Number(digits), err
	case "B":
		return decodeBytes(inner)
	case "BOOL":
		return as[bool](inner)
	case "NULL":
		isNull, err := as[bool](inner)
		if err == nil && !isNull {
			err = errNoValue
		}
		return nil, err
	case "SS":
		return as[[]string](inner)
	case "NS":
		return as[[]Number](inner)
	case "BS":
		return decodeBytesList(inner)
	case "L":
		list, err := as[[]json.RawMessage](inner)
		if err != nil {
			return nil, err
		}
		return decodeList(list)
	case "M":
		members, err := as[map[string]json.RawMessage](inner)
		if err != nil {
			return nil, err
		}
		return decodeMembers(members)
	}
	return nil, errNoValue
}

// as reads what is there, of that type and not null.
func as[T any](text json.RawMessage) (T, error) {
	var value T
	if bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		return value, errNoValue
	}
	err := json.Unmarshal(text, &value)
	return value, err
}

// decodeBytes reads base64 as RFC 4648, section 4, has it: padded, and nothing else between its letters.
func decodeBytes(text json.RawMessage) ([]byte, error) {
	encoded, err := as[string](text)
	if err != nil || strings.ContainsAny(encoded, "\r\n") { // which Go's decoder passes over
		return nil, errNoValue
	}
	return base64.StdEncoding.Strict().DecodeString(encoded)
}

func decodeBytesList(text json.RawMessage) ([][]byte, error) {
	encoded, err := as[[]json.RawMessage](text)
	if err != nil {
		return nil, err
	}
	list := make([][]byte, len(encoded))
	for i, element := range encoded {
		if list[i], err = decodeBytes(element); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// unmarshalLine reads one JSON value and refuses members that the protocol does not know: a misspelt one would go unseen.
func unmarshalLine(line []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more on the line than one JSON value")
	}
	return nil
}
