package keystore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
)

// request reads the members of a JSON object by name. The first error is kept
// and checked once, by failed; after it every read gives a zero value. Members
// that no read asks for are ignored, as the service ignores them.
type request struct {
	region *region
	fields map[string]any
	first  *apierror.Error
}

const wrongShape = "SerializationException"

// parseRequest reads a body, which is refused when it is not one JSON object.
func parseRequest(body []byte, in *region) (*request, *apierror.Error) {
	broken := refuse(wrongShape, "Unable to parse the request body")
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil || fields == nil || !utf8.Valid(body) {
		return nil, broken
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, broken
	}
	return &request{region: in, fields: fields}, nil
}

func (r *request) failed() *apierror.Error { return r.first }

// refuse keeps the first error, but a body of the wrong shape is refused
// before anything in it is judged.
func (r *request) refuse(err *apierror.Error) {
	if r.first == nil || err.Code == wrongShape && r.first.Code != wrongShape {
		r.first = err
	}
}

func (r *request) has(name string) bool { return r.fields[name] != nil }

// member reads a member of one JSON type; the zero value when it is absent.
func member[T any](r *request, name string) T {
	var zero T
	content := r.fields[name]
	if content == nil {
		return zero
	}
	v, ok := content.(T)
	if !ok {
		r.refuse(refuse(wrongShape, "Unexpected value type for %s", name))
	}
	return v
}

func (r *request) text(name string) string { return member[string](r, name) }
func (r *request) flag(name string) bool   { return member[bool](r, name) }

// required reads a text that may not be absent or empty.
func (r *request) required(name string) string {
	text := r.text(name)
	if len(text) < 1 || len(text) > 2048 {
		r.refuse(invalid("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length between 1 and 2048", name))
	}
	return text
}

// oneOf reads a text that is one of the given ones; the first one when absent.
func (r *request) oneOf(name string, allowed ...string) string {
	if !r.has(name) {
		return allowed[0]
	}
	text := r.text(name)
	if !slices.Contains(allowed, text) {
		r.refuse(invalid("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must satisfy enum value set: %v", name, allowed))
	}
	return text
}

// between reads a whole number; 0 when it is absent.
func (r *request) between(name string, low, high int) int {
	if !r.has(name) {
		return 0
	}
	n, err := member[json.Number](r, name).Int64()
	if err != nil {
		r.refuse(refuse(wrongShape, "Unexpected value type for %s", name))
	}
	if n < int64(low) || n > int64(high) {
		r.refuse(invalid("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must be between %d and %d", name, low, high))
	}
	return int(n)
}

// bytes reads from one byte to most of them.
func (r *request) bytes(name string, most int) []byte {
	raw, err := base64.StdEncoding.Strict().DecodeString(r.text(name))
	if err != nil {
		r.refuse(refuse(wrongShape, "Base64 encoded value is invalid for %s", name))
	}
	if len(raw) < 1 || len(raw) > most {
		r.refuse(invalid("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length between 1 and %d", name, most))
	}
	return raw
}

// context reads an encryption context; nil when it is absent.
func (r *request) context(name string) map[string]string {
	var context map[string]string
	for key, value := range member[map[string]any](r, name) {
		text, ok := value.(string)
		if !ok {
			r.refuse(refuse(wrongShape, "Unexpected value type in %s", name))
		}
		if context == nil {
			context = map[string]string{}
		}
		context[key] = text
	}
	return context
}
