package theorydb

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/theorydb/theorydb/internal/schema"
)

// redactJSON writes a value as encoding/json does, masked.
type redactJSON struct {
	out  bytes.Buffer
	path walkPath
}

func (j *redactJSON) quote(s string) { j.marshal(reflect.ValueOf(s)) }

// marshal leaves a value to encoding/json.
func (j *redactJSON) marshal(v reflect.Value) {
	if !v.CanInterface() {
		j.out.WriteString("null")
		return
	}
	data, err := json.Marshal(v.Interface())
	if err != nil { // the error may quote the value
		j.quote("!ERROR: " + v.Type().String() + " can't be written as JSON")
		return
	}
	j.out.Write(data)
}

func (j *redactJSON) write(v reflect.Value) {
	v = schema.Follow(v)
	switch {
	case !v.IsValid():
		j.out.WriteString("null")
		return
	case isPlain(v, true):
		j.marshal(v)
		return
	case isMasked(v, true):
		j.quote(redactedText)
		return
	}
	leave, ok := j.path.enter(v)
	if !ok {
		j.quote(cycleText)
		return
	}
	defer leave()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			j.out.WriteString("null")
			return
		}
		j.write(v.Elem())
	case reflect.Struct:
		j.structure(v)
	case reflect.Map:
		j.mapping(v)
	case reflect.Slice, reflect.Array:
		j.list(v)
	default: // nothing else holds other values
		j.quote(redactedText)
	}
}

func (j *redactJSON) list(v reflect.Value) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		j.out.WriteString("null")
		return
	}
	j.out.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			j.out.WriteByte(',')
		}
		j.write(v.Index(i))
	}
	j.out.WriteByte(']')
}

func (j *redactJSON) mapping(v reflect.Value) {
	if v.IsNil() {
		j.out.WriteString("null")
		return
	}
	keys := redactPrinter{format: "%v"}
	j.out.WriteByte('{')
	for i, entry := range keys.entries(v, true) {
		j.name(i, entry.key)
		j.write(entry.value)
	}
	j.out.WriteByte('}')
}

// name writes the name of member i.
func (j *redactJSON) name(i int, name string) {
	if i > 0 {
		j.out.WriteByte(',')
	}
	j.quote(name)
	j.out.WriteByte(':')
}

func (j *redactJSON) structure(v reflect.Value) {
	members := jsonMembers(v, 0)
	slices.SortStableFunc(members, func(a, b jsonMember) int { return cmp.Compare(a.depth, b.depth) })
	seen := map[string]bool{}
	written := 0
	j.out.WriteByte('{')
	for _, m := range members {
		if seen[m.name] {
			continue
		}
		seen[m.name] = true
		j.name(written, m.name)
		written++
		if m.sealed {
			j.quote(redactedText)
			continue
		}
		j.write(m.value)
	}
	j.out.WriteByte('}')
}

// jsonMember is a field as a member of a JSON object.
type jsonMember struct {
	name   string
	value  reflect.Value
	sealed bool
	depth  int // in embedded structs
}

// maxEmbedded bounds the walk into embedded pointers, which may lead back to where they stand.
const maxEmbedded = 16

// jsonMembers gives the fields of the struct v that encoding/json would write, by the names it would give them.
func jsonMembers(v reflect.Value, depth int) []jsonMember {
	var members []jsonMember
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Tag.Get("json") == "-" {
			continue
		}
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		m := jsonMember{name: cmp.Or(tag, f.Name), value: v.Field(i), sealed: schema.IsSealed(f), depth: depth}
		if f.Anonymous && tag == "" && !m.sealed {
			if inner, ok := embeddedStruct(m.value); ok {
				if inner.IsValid() && depth < maxEmbedded {
					members = append(members, jsonMembers(inner, depth+1)...)
				}
				continue
			}
		}
		if !f.IsExported() || !m.sealed && leftOut(m.value, options) {
			continue
		}
		members = append(members, m)
	}
	return members
}

// embeddedStruct gives the struct whose fields count as the outer one's own; invalid behind a nil pointer. What brings
// its own JSON and holds nothing to mask is a member itself.
func embeddedStruct(v reflect.Value) (reflect.Value, bool) {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || schema.IsSecret(t) {
		return reflect.Value{}, false
	}
	if schema.ReachOf(t) == schema.ReachNone && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Marshaler]()) {
		return reflect.Value{}, false
	}
	if v.Kind() == reflect.Pointer {
		return v.Elem(), true
	}
	return v, true
}

// leftOut reports what omitempty and omitzero leave out. The IsZero of the value itself is not asked.
func leftOut(v reflect.Value, options string) bool {
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitzero":
			if v.IsZero() {
				return true
			}
		case "omitempty":
			switch v.Kind() {
			case reflect.Array, reflect.Map, reflect.Slice:
				if v.Len() == 0 {
					return true
				}
			case reflect.Struct:
			default:
				if v.IsZero() {
					return true
				}
			}
		}
	}
	return false
}
