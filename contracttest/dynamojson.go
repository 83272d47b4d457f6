package contracttest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Raw steps speak DynamoDB JSON: {S: text}, {N: "1"}, {B: base64} and so on.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html#Programming.LowLevelAPI.DataTypeDescriptors

type item = map[string]types.AttributeValue

var errNotDynamoJSON = errors.New("is not DynamoDB JSON")

func itemFromJSON(values map[string]any) (item, error) {
	items := make(item, len(values))
	for name, value := range values {
		var err error
		if items[name], err = valueFromJSON(value); err != nil {
			return nil, fmt.Errorf("attribute %q %w", name, err)
		}
	}
	return items, nil
}

func valueFromJSON(value any) (types.AttributeValue, error) {
	if stored, ok := value.(types.AttributeValue); ok {
		return stored, nil // a saved one
	}
	member, ok := value.(map[string]any)
	if !ok || len(member) != 1 {
		return nil, errNotDynamoJSON
	}
	for kind, inner := range member {
		if decode := jsonKinds[kind]; decode != nil {
			return decode(inner)
		}
	}
	return nil, errNotDynamoJSON
}

// jsonKinds is filled by init, since lists and maps lead back to it.
var jsonKinds map[string]func(any) (types.AttributeValue, error)

func init() {
	jsonKinds = map[string]func(any) (types.AttributeValue, error){
		"S": func(v any) (types.AttributeValue, error) {
			s, err := textOf(v)
			return &types.AttributeValueMemberS{Value: s}, err
		},
		"N": func(v any) (types.AttributeValue, error) {
			n, err := digitsOf(v)
			return &types.AttributeValueMemberN{Value: n}, err
		},
		"B": func(v any) (types.AttributeValue, error) {
			b, err := bytesOf(v)
			return &types.AttributeValueMemberB{Value: b}, err
		},
		"BOOL": func(v any) (types.AttributeValue, error) {
			b, ok := v.(bool)
			return &types.AttributeValueMemberBOOL{Value: b}, unless(ok)
		},
		"NULL": func(v any) (types.AttributeValue, error) {
			return &types.AttributeValueMemberNULL{Value: true}, unless(v == true)
		},
		"SS": func(v any) (types.AttributeValue, error) {
			list, err := listOf(v, textOf)
			return &types.AttributeValueMemberSS{Value: list}, err
		},
		"NS": func(v any) (types.AttributeValue, error) {
			list, err := listOf(v, digitsOf)
			return &types.AttributeValueMemberNS{Value: list}, err
		},
		"BS": func(v any) (types.AttributeValue, error) {
			list, err := listOf(v, bytesOf)
			return &types.AttributeValueMemberBS{Value: list}, err
		},
		"L": func(v any) (types.AttributeValue, error) {
			list, err := listOf(v, valueFromJSON)
			return &types.AttributeValueMemberL{Value: list}, err
		},
		"M": func(v any) (types.AttributeValue, error) {
			members, ok := v.(map[string]any)
			if !ok {
				return nil, errNotDynamoJSON
			}
			inner, err := itemFromJSON(members)
			return &types.AttributeValueMemberM{Value: inner}, err
		},
	}
}

func unless(ok bool) error {
	if ok {
		return nil
	}
	return errNotDynamoJSON
}

func textOf(v any) (string, error) {
	s, ok := v.(string)
	return s, unless(ok)
}

func digitsOf(v any) (string, error) {
	switch n := v.(type) {
	case string:
		return n, unless(decimal.MatchString(n))
	case Number:
		return string(n), nil
	}
	return "", errNotDynamoJSON
}

func bytesOf(v any) ([]byte, error) {
	switch b := v.(type) {
	case []byte:
		return b, nil
	case string:
		decoded, err := base64.StdEncoding.DecodeString(b)
		return decoded, unless(err == nil)
	}
	return nil, errNotDynamoJSON
}

func listOf[T any](v any, element func(any) (T, error)) ([]T, error) {
	values, ok := v.([]any)
	if !ok {
		return nil, errNotDynamoJSON
	}
	list := make([]T, len(values))
	for i, value := range values {
		var err error
		if list[i], err = element(value); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// rawValue is a stored value in the comparable form of compare.go, with its DynamoDB type.
func rawValue(value types.AttributeValue) string {
	switch v := value.(type) {
	case nil:
		return "absent"
	case *types.AttributeValueMemberS:
		return "S " + canonical(v.Value)
	case *types.AttributeValueMemberN:
		return "N " + canonicalNumber(v.Value)
	case *types.AttributeValueMemberB:
		return "B " + canonical(v.Value)
	case *types.AttributeValueMemberBOOL:
		return "BOOL " + canonical(v.Value)
	case *types.AttributeValueMemberSS:
		return "SS " + canonicalSet(v.Value)
	case *types.AttributeValueMemberNS:
		numbers := make([]Number, len(v.Value))
		for i, n := range v.Value {
			numbers[i] = Number(n)
		}
		return "NS " + canonicalSet(numbers)
	case *types.AttributeValueMemberBS:
		return "BS " + canonicalSet(v.Value)
	case *types.AttributeValueMemberL:
		text := "L ["
		for _, element := range v.Value {
			text += " " + rawValue(element)
		}
		return text + " ]"
	case *types.AttributeValueMemberM:
		text := "M {"
		for _, name := range sortedNames(v.Value) {
			text += " " + name + ":" + rawValue(v.Value[name])
		}
		return text + " }"
	}
	return "NULL"
}

// rawType is the DynamoDB type of a stored value, "" for none.
func rawType(value types.AttributeValue) string {
	if value == nil {
		return ""
	}
	text := rawValue(value)
	for i := range text {
		if text[i] == ' ' {
			return text[:i]
		}
	}
	return text
}

// decodeJSON reads DynamoDB JSON as it travels.
func decodeJSON(encoded map[string]json.RawMessage) (item, error) {
	values := make(map[string]any, len(encoded))
	for name, raw := range encoded {
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, errNotDynamoJSON
		}
		values[name] = value
	}
	return itemFromJSON(values)
}

// storedOf turns a stored item, as a driver tells it, into what it is in the SDK.
func storedOf(values map[string]any) item {
	stored := make(item, len(values))
	for name, value := range values {
		stored[name] = storedAs(value)
	}
	return stored
}

func storedAs(value any) types.AttributeValue {
	switch v := value.(type) {
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case Number:
		return &types.AttributeValueMemberN{Value: string(v)}
	case []byte:
		return &types.AttributeValueMemberB{Value: v}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case []string:
		return &types.AttributeValueMemberSS{Value: v}
	case []Number:
		numbers := make([]string, len(v))
		for i, digits := range v {
			numbers[i] = string(digits)
		}
		return &types.AttributeValueMemberNS{Value: numbers}
	case [][]byte:
		return &types.AttributeValueMemberBS{Value: v}
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i, element := range v {
			list[i] = storedAs(element)
		}
		return &types.AttributeValueMemberL{Value: list}
	case map[string]any:
		return &types.AttributeValueMemberM{Value: storedOf(v)}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}
