package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
	"github.com/theorydb/theorydb/localaws/internal/expression"
)

// request reads the members of a JSON object by name. The first error is kept
// and checked once, by failed; after it every read gives a zero value. Members
// that no read asks for are ignored, as the service ignores them.
type request struct {
	fields map[string]any
	first  *firstError
}

type firstError struct{ err *apierror.Error }

// parseRequest reads a body, which is refused when it is not one JSON object.
func parseRequest(body []byte) (*request, *apierror.Error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil || fields == nil || !utf8.Valid(body) {
		return nil, apierror.Serialization("Unable to parse the request body")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, apierror.Serialization("Unable to parse the request body")
	}
	return &request{fields: fields, first: &firstError{}}, nil
}

func (r *request) failed() *apierror.Error { return r.first.err }

func (r *request) refuse(err *apierror.Error) {
	if r.first.err == nil {
		r.first.err = err
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
		r.refuse(apierror.Serialization("Unexpected value type for %s", name))
	}
	return v
}

func (r *request) text(name string) string { return member[string](r, name) }
func (r *request) flag(name string) bool   { return member[bool](r, name) }

// required reads a text that may not be absent or empty.
func (r *request) required(name string) string {
	text := r.text(name)
	if text == "" {
		r.refuse(apierror.Validation("The parameter '%s' is required but was not present in the request", name))
	}
	return text
}

// oneOf reads a text that is one of the given ones; the first one when absent.
func (r *request) oneOf(name string, allowed ...string) string {
	text := r.text(name)
	if !r.has(name) {
		return allowed[0]
	}
	for _, a := range allowed {
		if text == a {
			return text
		}
	}
	r.refuse(apierror.Validation("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must satisfy enum value set: %v", name, allowed))
	return allowed[0]
}

// atLeastOne reads a number; 0 when it is absent.
func (r *request) atLeastOne(name string) int {
	if !r.has(name) {
		return 0
	}
	n, err := member[json.Number](r, name).Int64()
	if err != nil {
		r.refuse(apierror.Serialization("Unexpected value type for %s", name))
	}
	if n < 1 || n > 1<<31-1 {
		r.refuse(apierror.Validation("%s must be greater than or equal to 1", name))
	}
	return int(n)
}

// object reads a nested object; one without members when it is absent.
func (r *request) object(name string) *request {
	return &request{fields: member[map[string]any](r, name), first: r.first}
}

// objects reads a list of objects.
func (r *request) objects(name string) []*request {
	var list []*request
	for _, element := range member[[]any](r, name) {
		fields, ok := element.(map[string]any)
		if !ok {
			r.refuse(apierror.Serialization("Unexpected value type for %s", name))
		}
		list = append(list, &request{fields: fields, first: r.first})
	}
	return list
}

// texts reads a list of texts.
func (r *request) texts(name string) []string {
	var list []string
	for _, element := range member[[]any](r, name) {
		text, ok := element.(string)
		if !ok {
			r.refuse(apierror.Serialization("Unexpected value type for %s", name))
		}
		list = append(list, text)
	}
	return list
}

// item reads attributes that may not be absent.
func (r *request) item(name string) attribute.Item {
	if !r.has(name) {
		r.refuse(apierror.Validation("The parameter '%s' is required but was not present in the request", name))
		return nil
	}
	item, err := attribute.DecodeItem(r.fields[name])
	if err != nil {
		r.refuse(err)
	}
	return item
}

// legacy are the parameters that expressions replaced in 2014.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
var legacy = []string{"Expected", "ConditionalOperator", "AttributesToGet", "AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter"}

// placeholders reads the names and values of the request's expressions.
// expressions are the parameters that can use them.
func (r *request) placeholders(expressions ...string) *expression.Placeholders {
	for _, name := range legacy {
		if r.has(name) {
			r.refuse(apierror.Validation("This engine does not support the legacy parameter %s; use an expression", name))
		}
	}
	usable := false
	for _, name := range expressions {
		usable = usable || r.has(name)
	}
	for _, name := range []string{"ExpressionAttributeNames", "ExpressionAttributeValues"} {
		switch {
		case r.has(name) && !usable:
			r.refuse(apierror.Validation("%s can only be specified when using expressions", name))
		case r.has(name) && len(member[map[string]any](r, name)) == 0:
			r.refuse(apierror.Validation("%s must not be empty", name))
		}
	}
	names := map[string]string{}
	given := r.object("ExpressionAttributeNames")
	for key := range given.fields {
		names[key] = given.text(key)
	}
	var values attribute.Item
	if r.has("ExpressionAttributeValues") {
		values = r.item("ExpressionAttributeValues")
	}
	p, err := expression.NewPlaceholders(names, values)
	if err != nil {
		r.refuse(err)
	}
	return p
}

// condition parses a condition or filter; nil when it is absent or the
// request has failed already.
func (r *request) condition(name string, placeholders *expression.Placeholders) *expression.Condition {
	text := r.text(name)
	if !r.has(name) || r.failed() != nil {
		return nil
	}
	c, err := expression.ParseCondition(name, text, placeholders)
	if err != nil {
		r.refuse(err)
	}
	return c
}

// projection parses a ProjectionExpression; nil as with condition.
func (r *request) projection(placeholders *expression.Placeholders) *expression.Projection {
	text := r.text("ProjectionExpression")
	if !r.has("ProjectionExpression") || r.failed() != nil {
		return nil
	}
	p, err := expression.ParseProjection(text, placeholders)
	if err != nil {
		r.refuse(err)
	}
	return p
}

// finish refuses placeholders that no expression used, and paths into key
// attributes, which have no parts. It comes when all expressions are parsed.
func (r *request) finish(placeholders *expression.Placeholders, key schema) {
	if r.failed() != nil {
		return
	}
	for _, k := range key {
		if placeholders.Nested(k.name) {
			r.refuse(apierror.Validation("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: %s", k.name))
		}
	}
	if err := placeholders.Unused(); err != nil {
		r.refuse(err)
	}
}
