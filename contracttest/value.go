package contracttest

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// Number is a number as a scenario writes it: exact decimal digits.
type Number = protocol.Number

// maxRepeated bounds what {$repeat, $times} makes: more than an item may hold.
const maxRepeated = 1 << 20

var decimal = regexp.MustCompile(`^[+-]?[0-9]{1,200}(\.[0-9]{1,200})?([eE][+-]?[0-9]{1,3})?$`)

// logical reads a value: string, Number, bool, nil, []byte, []any or map[string]any. Two mappings stand for texts that
// YAML can't hold or nobody wants to read: {$repeat: a, $times: 2049} and {$hex: "ff"}. A third
// one stands in raw items for a value that a step saved.
func (p place) logical() (any, error) {
	switch p.node.Kind {
	case yaml.ScalarNode:
		return p.scalar()
	case yaml.SequenceNode:
		list := make([]any, len(p.node.Content))
		for i, node := range p.node.Content {
			var err error
			if list[i], err = p.at(node).logical(); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.MappingNode:
		return p.mapping()
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return nil, p.errorf("anchors and aliases are not part of the form")
}

func (p place) scalar() (any, error) {
	text := p.node.Value
	switch p.node.ShortTag() {
	case "!!str", "!!timestamp":
		return text, nil
	case "!!int", "!!float":
		if !decimal.MatchString(text) {
			return nil, p.errorf("a number is written in decimal digits")
		}
		return Number(strings.TrimPrefix(text, "+")), nil
	case "!!bool":
		var b bool
		if err := p.node.Decode(&b); err != nil {
			return nil, p.errorf("want true or false")
		}
		return b, nil
	case "!!null":
		return nil, nil
	case "!!binary":
		bytes, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return nil, p.errorf("binary is written in base64")
		}
		return bytes, nil
	}
	return nil, p.errorf("values of the YAML type %s are not part of the form", p.node.ShortTag())
}

func (p place) mapping() (any, error) {
	list, err := p.members()
	if err != nil {
		return nil, err
	}
	if len(list) > 0 && strings.HasPrefix(list[0].name, "$") {
		return p.generated()
	}
	values := make(map[string]any, len(list))
	for _, m := range list {
		if values[m.name], err = m.value.logical(); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (p place) generated() (any, error) {
	var repeat, hexDigits string
	var times *int
	var saved storedValue
	readers := map[string]func(place) error{
		"$repeat": textInto(&repeat), "$times": countInto(&times), "$hex": textInto(&hexDigits),
	}
	if p.raw {
		saved.readers(readers)
	}
	err := p.each(readers)
	if err != nil {
		return nil, err
	}
	if saved.variable != "" && hexDigits == "" && times == nil && repeat == "" {
		return saved, nil
	}
	if hexDigits != "" && times == nil && repeat == "" {
		bytes, err := hex.DecodeString(hexDigits)
		if err != nil {
			return nil, p.errorf("$hex takes pairs of hexadecimal digits")
		}
		return string(bytes), nil
	}
	if hexDigits != "" || repeat == "" || times == nil || len(repeat)**times > maxRepeated {
		return nil, p.errorf("want {$repeat, $times} of at most %d bytes, or {$hex}", maxRepeated)
	}
	return strings.Repeat(repeat, *times), nil
}

// itemInto reads logical values by attribute name.
func itemInto(to *map[string]any) func(place) error {
	return func(p place) error {
		value, err := p.mapping()
		if err != nil {
			return err
		}
		item, ok := value.(map[string]any)
		if !ok {
			return p.errorf("want values by attribute name")
		}
		*to = item
		return nil
	}
}
