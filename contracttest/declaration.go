package contracttest

import (
	"encoding/base64"
	"strconv"

	"github.com/theorydb/theorydb"
)

// declaration is what a model document says about an attribute.
type declaration struct {
	Attribute string
	Type      string
	Format    string
	JSON      bool
	Roles     []string
}

// value turns a logical value into what a caller of the library would put into a record for the declared type. What
// does not fit is left as it is, so that the library gets to refuse it.
func (d declaration) value(logical any) any {
	switch d.Type {
	case "S":
		if d.JSON {
			return plain(logical) // JSON text has numbers of its own
		}
	case "N":
		return d.number(logical)
	case "B":
		return blob(logical)
	case "NS":
		return elements(logical, func(v any) any {
			if text, ok := v.(string); ok && decimal.MatchString(text) {
				return Number(text)
			}
			return v
		})
	case "BS":
		return elements(logical, blob)
	}
	return logical
}

func (d declaration) number(logical any) any {
	text, ok := logical.(Number)
	if s, isText := logical.(string); isText && decimal.MatchString(s) {
		text, ok = Number(s), true // other runtimes write exact decimals as texts
	}
	if !ok {
		return logical
	}
	switch d.Format {
	case "float":
		if f, err := strconv.ParseFloat(string(text), 64); err == nil {
			return f
		}
	case "uint":
		if n, err := strconv.ParseUint(string(text), 10, 64); err == nil {
			return n
		}
	case "int", "unix_seconds":
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return n
		}
	}
	return text
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

// record turns logical values into a record. null is an attribute that the record does not have.
func (d *ModelDocument) record(values map[string]any) theorydb.Record {
	record := theorydb.Record{}
	for name, value := range values {
		if value != nil {
			record[name] = d.attributes[name].value(value)
		}
	}
	return record
}
