package attribute

import (
	"encoding/base64"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// maxNesting is how many lists and maps may stand in one another: values may
// be 32 levels deep, and the innermost list or map stands on the one before
// the last. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxNesting = 31

// Decode reads a value from its parsed JSON form, such as {"S": "text"}.
//
// JSON of the wrong shape is a SerializationException, JSON that is no valid
// value a ValidationException.
func Decode(tree any) (Value, *apierror.Error) { return decode(tree, 0) }

// DecodeItem reads the attributes of an item from their parsed JSON form.
func DecodeItem(tree any) (Item, *apierror.Error) {
	members, err := decodeMembers(tree, 0)
	return Item(members), err
}

func decode(tree any, depth int) (Value, *apierror.Error) {
	object, ok := tree.(map[string]any)
	if !ok {
		return Value{}, apierror.Serialization("Unexpected value type in payload")
	}
	var value Value
	count := 0
	for code, content := range object {
		kind, known := KindOf(code)
		if !known || content == nil {
			continue // the service ignores unknown members and nulls
		}
		count++
		v, err := decodeKind(kind, content, depth)
		if err != nil {
			return Value{}, err
		}
		value = v
	}
	switch {
	case count == 0:
		return Value{}, apierror.Validation("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case count > 1:
		return Value{}, apierror.Validation("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	return value, nil
}

// decodeKind reads a value inside of depth lists and maps.
func decodeKind(kind Kind, content any, depth int) (Value, *apierror.Error) {
	if (kind == List || kind == Map) && depth >= maxNesting {
		return Value{}, apierror.Validation("Nesting Levels have exceeded supported limits")
	}
	switch kind {
	case String, Number, Binary:
		return decodeScalar(kind, content)
	case Bool:
		flag, ok := content.(bool)
		if !ok {
			return Value{}, wrongType(kind)
		}
		return Value{Kind: Bool, Bool: flag}, nil
	case Null:
		flag, ok := content.(bool)
		if !ok {
			return Value{}, wrongType(kind)
		}
		if !flag {
			return Value{}, apierror.Validation("One or more parameter values were invalid: Null attribute value types must have the value of true")
		}
		return Value{Kind: Null}, nil
	case List:
		return decodeList(content, depth)
	case Map:
		members, err := decodeMembers(content, depth+1)
		return Value{Kind: Map, Members: members}, err
	case StringSet, NumberSet, BinarySet:
		return decodeSet(kind, content)
	}
	return Value{}, wrongType(kind)
}

func decodeScalar(kind Kind, content any) (Value, *apierror.Error) {
	text, ok := content.(string)
	if !ok {
		return Value{}, wrongType(kind)
	}
	switch kind { //nolint:exhaustive // called for the three scalars only
	case Number:
		number, err := ParseDecimal(text)
		return Value{Kind: Number, Number: number}, err
	case Binary:
		raw, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return Value{}, apierror.Serialization("Base64 encoded value is invalid")
		}
		return Value{Kind: Binary, Text: string(raw)}, nil
	}
	return Value{Kind: String, Text: text}, nil
}

func decodeList(content any, depth int) (Value, *apierror.Error) {
	list, ok := content.([]any)
	if !ok {
		return Value{}, wrongType(List)
	}
	value := Value{Kind: List, Elements: make([]Value, 0, len(list))}
	for _, element := range list {
		v, err := decode(element, depth+1)
		if err != nil {
			return Value{}, err
		}
		value.Elements = append(value.Elements, v)
	}
	return value, nil
}

func decodeMembers(content any, depth int) (map[string]Value, *apierror.Error) {
	object, ok := content.(map[string]any)
	if !ok {
		return nil, apierror.Serialization("Unexpected value type in payload")
	}
	members := make(map[string]Value, len(object))
	for name, element := range object {
		if name == "" {
			return nil, apierror.Validation("Empty attribute name")
		}
		if len(name) > 65535 {
			return nil, apierror.Validation("One or more parameter values were invalid: attribute name is longer than 65535 bytes")
		}
		v, err := decode(element, depth)
		if err != nil {
			return nil, err
		}
		members[name] = v
	}
	return members, nil
}

func decodeSet(kind Kind, content any) (Value, *apierror.Error) {
	list, ok := content.([]any)
	if !ok {
		return Value{}, wrongType(kind)
	}
	if len(list) == 0 {
		return Value{}, apierror.Validation("One or more parameter values were invalid: An %s set may not be empty", kind.Element().Name())
	}
	elements := make([]Value, 0, len(list))
	seen := make(map[string]struct{}, len(list))
	for _, element := range list {
		v, err := decodeScalar(kind.Element(), element)
		if err != nil {
			return Value{}, err
		}
		if _, twice := seen[v.Sortable()]; twice {
			return Value{}, apierror.Validation("One or more parameter values were invalid: Input collection contains duplicates")
		}
		seen[v.Sortable()] = struct{}{}
		elements = append(elements, v)
	}
	return Value{Kind: kind, Elements: sorted(elements)}, nil
}

// Name is how error messages of the service call the kind.
func (k Kind) Name() string {
	return [...]string{String: "STRING", Number: "NUMBER", Binary: "BINARY", Bool: "BOOLEAN", Null: "NULL", List: "LIST", Map: "MAP", StringSet: "STRING_SET", NumberSet: "NUMBER_SET", BinarySet: "BINARY_SET"}[k]
}

func wrongType(kind Kind) *apierror.Error {
	return apierror.Serialization("Unexpected value type for %s", kind.Code())
}

// Encode gives the value in a form that encoding/json writes as DynamoDB JSON.
func Encode(v Value) any {
	switch v.Kind {
	case Bool:
		return map[string]bool{"BOOL": v.Bool}
	case Null:
		return map[string]bool{"NULL": true}
	case Map:
		return map[string]any{"M": EncodeItem(v.Members)}
	case List:
		list := make([]any, len(v.Elements))
		for i, e := range v.Elements {
			list[i] = Encode(e)
		}
		return map[string]any{"L": list}
	case StringSet, NumberSet, BinarySet:
		list := make([]string, len(v.Elements))
		for i, e := range v.Elements {
			list[i] = e.scalarText()
		}
		return map[string]any{v.Kind.Code(): list}
	case String, Number, Binary:
		return map[string]string{v.Kind.Code(): v.scalarText()}
	}
	return nil // the zero Value, which no item holds
}

// EncodeItem gives the item in a form that encoding/json writes as DynamoDB JSON.
func EncodeItem(item map[string]Value) map[string]any {
	object := make(map[string]any, len(item))
	for name, v := range item {
		object[name] = Encode(v)
	}
	return object
}

func (v Value) scalarText() string {
	switch v.Kind { //nolint:exhaustive // the other kinds are no scalars
	case Number:
		return v.Number.String()
	case Binary:
		return base64.StdEncoding.EncodeToString([]byte(v.Text))
	}
	return v.Text
}

// TooDeep tells whether lists and maps stand deeper in one another than the
// service allows.
func (i Item) TooDeep() bool {
	for _, v := range i {
		if v.depth() > maxNesting {
			return true
		}
	}
	return false
}

// depth is 0 for a scalar, and one more than its deepest part for a list or map.
func (v Value) depth() int {
	deepest := -1
	switch v.Kind { //nolint:exhaustive // the other kinds have no depth
	case List:
		deepest = 0
		for _, e := range v.Elements {
			deepest = max(deepest, e.depth())
		}
	case Map:
		deepest = 0
		for _, e := range v.Members {
			deepest = max(deepest, e.depth())
		}
	}
	return deepest + 1
}
