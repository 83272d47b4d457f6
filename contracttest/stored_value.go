package contracttest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// storedValue stands in a raw item for a stored value that a raw_get saved, and may damage it on the way: that is how a
// scenario moves a sealed value to another place, or bends one, without knowing what one looks like inside.
type storedValue struct {
	variable string
	flip     string         // member of a map whose last bit is changed
	cut      string         // member of a map that loses its last byte
	without  string         // member of a map that is left out
	with     map[string]any // members of a map that are put in, in DynamoDB JSON
}

func (s *storedValue) readers(readers map[string]func(place) error) {
	readers["$stored"], readers["$flip"] = textInto(&s.variable), textInto(&s.flip)
	readers["$cut"], readers["$without"] = textInto(&s.cut), textInto(&s.without)
	readers["$with"] = itemInto(&s.with)
}

// resolve gives the value to be stored.
func (s storedValue) resolve(w *world) (types.AttributeValue, error) {
	saved, err := w.variable(s.variable)
	if err != nil {
		return nil, err
	}
	value, ok := saved.(types.AttributeValue)
	if !ok {
		return nil, fmt.Errorf("variable %q is no stored value; save it in a raw_get", s.variable)
	}
	if s.flip == "" && s.cut == "" && s.without == "" && s.with == nil {
		return value, nil
	}
	members, ok := value.(*types.AttributeValueMemberM)
	if !ok {
		return nil, fmt.Errorf("variable %q is no map, so nothing in it can be changed", s.variable)
	}
	damaged := maps.Clone(members.Value)
	for _, damage := range []struct {
		member string
		bend   func([]byte) []byte
	}{{s.flip, flipLastBit}, {s.cut, func(b []byte) []byte { return b[:len(b)-1] }}} {
		if damage.member == "" {
			continue
		}
		bytes, ok := damaged[damage.member].(*types.AttributeValueMemberB)
		if !ok || len(bytes.Value) == 0 {
			return nil, fmt.Errorf("variable %q has no bytes called %q", s.variable, damage.member)
		}
		damaged[damage.member] = &types.AttributeValueMemberB{Value: damage.bend(slices.Clone(bytes.Value))}
	}
	if s.without != "" && damaged[s.without] == nil {
		return nil, fmt.Errorf("variable %q has no member %q", s.variable, s.without)
	}
	delete(damaged, s.without)
	with, err := itemFromJSON(s.with)
	if err != nil {
		return nil, err
	}
	maps.Copy(damaged, with)
	return &types.AttributeValueMemberM{Value: damaged}, nil
}

func flipLastBit(b []byte) []byte {
	b[len(b)-1] ^= 1
	return b
}

// withStored puts saved values into a raw item.
func (w *world) withStored(value any) (any, error) {
	switch v := value.(type) {
	case storedValue:
		return v.resolve(w)
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, member := range v {
			var err error
			if members[name], err = w.withStored(member); err != nil {
				return nil, err
			}
		}
		return members, nil
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			var err error
			if list[i], err = w.withStored(element); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return value, nil
}
