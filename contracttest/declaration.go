package contracttest

import (
	"encoding/base64"
	"maps"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// declaration is what a model document says about an attribute.
type declaration struct {
	Attribute string
	Type      string
	Format    string
	JSON      bool
	Roles     []string
	// Encryption is anything but nil where the attribute is stored encrypted.
	Encryption any
}

// value turns a logical value, as a file writes it, into one of the protocol for the declared type: base64 becomes bytes,
// and decimals that other runtimes write as texts become numbers. What does not fit is left as it is, so that the library
// gets to refuse it.
func (d declaration) value(logical any) any {
	switch d.Type {
	case "N":
		return digits(logical)
	case "B":
		return blob(logical)
	case "NS":
		return elements(logical, digits)
	case "BS":
		return elements(logical, blob)
	}
	return logical
}

// element turns a logical value into a member of a set or a list, or a part of a text.
func (d declaration) element(logical any) any {
	switch d.Type {
	case "NS":
		return digits(logical)
	case "B", "BS":
		return blob(logical)
	}
	return logical
}

func digits(logical any) any {
	if text, ok := logical.(string); ok && decimal.MatchString(text) {
		return Number(text)
	}
	return logical
}

// blob reads base64, the form of binary in JSON and YAML.
func blob(logical any) any {
	if text, ok := logical.(string); ok {
		if bytes, err := base64.StdEncoding.DecodeString(text); err == nil {
			return bytes
		}
	}
	return logical
}

func elements(logical any, convert func(any) any) any {
	list, ok := logical.([]any)
	if !ok {
		return logical
	}
	converted := make([]any, len(list))
	for i, element := range list {
		converted[i] = convert(element)
	}
	return converted
}

// item turns logical values into those of the protocol, nil into nil. null is an attribute that the item does not have.
func (d *ModelDocument) item(values map[string]any) protocol.Item {
	item := d.operands(values)
	maps.DeleteFunc(item, func(_ string, value any) bool { return value == nil })
	return item
}

// operands turns the logical values of a change into those of the protocol. There null is a value.
func (d *ModelDocument) operands(values map[string]any) protocol.Item {
	if values == nil {
		return nil
	}
	item := make(protocol.Item, len(values))
	for name, value := range values {
		item[name] = d.attributes[name].value(value)
	}
	return item
}
