package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
)

// schemaVersion is the version of the form that Describe writes, the value of
// its member theorydb_schema. A reader refuses one it does not know.
const schemaVersion = 1

// DescribeOptions is what a schema document says beside its models.
type DescribeOptions struct {
	Table        string // the table of models that name none; "" leaves it out
	TTLAttribute string // the ttl attribute of every table; "" is "ttl"
}

// Describe returns the schema document of the models: what a team checks in
// and other runtimes load.
//
//	{
//	  "models": [{"name": "Note", ...}],
//	  "theorydb_schema": 1,
//	  "ttl_attribute": "ttl"
//	}
//
// Each of models is what CompileDocument reads; they are sorted by table, then
// by name. The attributes and indexes of a model keep the order of their
// declaration, since the order of scope attributes has a meaning. All members
// of objects are sorted, and those that are false or empty are left out, but
// for a key's or an index's own. The document is indented by two spaces, has
// no HTML escapes and ends with a newline: the same models give the same bytes.
//
// There is no dms_version on purpose: where documents have one, versions count
// from 0. Here each model says by its role, version or version:0, from where.
// ttl_attribute counts for models without a ttl too, whose rows other models
// may have written.
//
// A model compiled from its description stores the same items. What a document
// can't say is lost: the width of integers and floats and the length of
// arrays; what lists and maps hold inside, so that a set inside of one reads
// as a list; the rules of types with their own marshaler, which are S without
// format, or any; that an encrypted pointer may be nil; and when a value that
// is not stored as text, number, bytes or set is empty for omitempty. Such an
// attribute, like a pointer, is optional without omit_empty; a ttl of type
// time.Time, which leaves 0 out by itself, is omit_empty. An encrypted
// attribute of a type with its own attribute value marshaler is described as
// an encrypted any, which CompileDocument refuses: only Go knows what it holds.
//
// Errors join *ModelError values, which match ErrInvalidModel: two models of
// one name in a table, a ttl attribute that is not the table's, a text that is
// not valid UTF-8. The plans are left unchanged.
func Describe(plans []*Plan, o DescribeOptions) ([]byte, error) {
	ttl := Options{TTLAttribute: o.TTLAttribute}.ttlName()
	table := func(p *Plan) string { return cmp.Or(p.Table, o.Table) }
	sorted := slices.SortedStableFunc(slices.Values(plans), func(a, b *Plan) int {
		return cmp.Or(cmp.Compare(table(a), table(b)), cmp.Compare(a.Entity, b.Entity))
	})
	var errs []error
	report := func(p *Plan, text string) {
		errs = append(errs, &ModelError{Model: p.Entity, Problem: text, Err: ErrInvalidModel})
	}
	models := make([]any, len(sorted))
	for i, p := range sorted {
		if i > 0 && table(sorted[i-1]) == table(p) && sorted[i-1].Entity == p.Entity {
			report(p, "is described twice for one table")
		}
		if p.TTL != nil && p.TTL.Name != ttl {
			report(p, "has the ttl attribute "+quote(p.TTL.Name)+", but the table's is "+quote(ttl))
		}
		model := describeModel(p, table(p))
		text, err := marshalJSON(model)
		if err != nil || mended(text) {
			report(p, "holds a name or an enum text that is not valid UTF-8")
		}
		models[i] = model
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var document bytes.Buffer
	e := json.NewEncoder(&document)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(object{"models": models, "theorydb_schema": schemaVersion, "ttl_attribute": ttl})
	if err != nil {
		return nil, &ModelError{Model: "document", Problem: "can't be written as JSON", Err: ErrInvalidModel}
	}
	return plainSeparators(document.Bytes()), nil
}

// object is a JSON object. encoding/json sorts the members of maps.
type object map[string]any

// flag adds a member that is true; false is left out.
func (d object) flag(name string, value bool) {
	if value {
		d[name] = true
	}
}

func describeModel(p *Plan, table string) object {
	attributes := make([]any, len(p.Attributes))
	for i, a := range p.Attributes {
		attributes[i] = describeAttribute(p, a)
	}
	model := object{"name": p.Entity, "keys": describeKey(p.PK, p.SK), "attributes": attributes}
	if table != "" {
		model["table"] = object{"name": table}
	}
	if p.Naming != "" {
		model["naming"] = object{"convention": p.Naming}
	}
	if p.AppendOnly {
		model["write_policy"] = object{"mode": "write_once"}
	}
	if len(p.Indexes) > 0 {
		indexes := make([]any, len(p.Indexes))
		for i, x := range p.Indexes {
			indexes[i] = describeIndex(x)
		}
		model["indexes"] = indexes
	}
	return model
}

func describeKey(partition, sort *KeyPart) object {
	key := object{}
	for name, half := range map[string]*KeyPart{"partition": partition, "sort": sort} {
		if half == nil {
			continue
		}
		d := object{"attribute": half.Name, "type": half.Type}
		if half.Template != nil {
			d["template"] = half.Template.String()
		}
		key[name] = d
	}
	return key
}

func describeIndex(x *Index) object {
	d := describeKey(x.PK, x.SK)
	d["name"], d["type"] = x.Name, "GSI"
	if x.Local {
		d["type"] = "LSI"
	}
	projection := object{"type": x.Projection}
	if len(x.Fields) > 0 {
		projection["fields"] = x.Fields
	}
	d["projection"] = projection
	return d
}

func describeAttribute(p *Plan, a *Attribute) object {
	d := object{"attribute": a.Name, "type": documentType(a)}
	if a.Format != FormatNone && a.Format != FormatJSON && a.Format != FormatText {
		d["format"] = a.Format
	}
	if roles := describeRoles(p, a); len(roles) > 0 {
		d["roles"] = roles
	}
	if a.Encrypted {
		d["encryption"] = object{"v": 1}
	}
	if len(a.Enum) > 0 {
		d["enum"] = a.Enum
	}
	omit := omitsByStoredForm(a) && !slices.Contains(p.keyed, a)
	d.flag("json", a.JSON)
	d.flag("immutable", a.Immutable)
	d.flag("unique", a.Unique)
	d.flag("required", a.Required)
	d.flag("zero_allowed", a.Required && tellsZeroFromAbsent(a))
	d.flag("optional", !a.Required && (a.Optional || omit))
	d.flag("omit_empty", omit)
	return d
}

func describeRoles(p *Plan, a *Attribute) []string {
	var roles []string
	for _, role := range []struct {
		name string
		has  bool
	}{
		{"pk", p.PK.Template == nil && p.PK.Components[0] == a},
		{"sk", p.SK != nil && p.SK.Template == nil && p.SK.Components[0] == a},
		{"version", a == p.Version && p.FirstVersion > 0},
		{"version:0", a == p.Version && p.FirstVersion == 0},
		{"ttl", a == p.TTL},
		{"created_at", a == p.CreatedAt},
		{"updated_at", a == p.UpdatedAt},
		{"scope", slices.Contains(p.Scope, a)},
	} {
		if role.has {
			roles = append(roles, role.name)
		}
	}
	return roles
}

// omitsByStoredForm reports whether a is left out exactly when its stored form
// is empty, which is what omit_empty means to a reader who knows no Go type.
func omitsByStoredForm(a *Attribute) bool {
	s, ok := a.slot.(*structSlot)
	switch {
	case !ok:
		return a.OmitEmpty
	case s.codec == ttlTimeCodec:
		return !a.Required
	case !a.OmitEmpty, a.Format == FormatText, s.codec == marshalerCodec:
		return false
	}
	k := s.typ.Kind()
	return k != reflect.Pointer && k != reflect.Array && (k != reflect.Struct || s.typ == timeType)
}

// tellsZeroFromAbsent reports whether a may hold a zero value that is not the
// absent one, as pointers and Secrets may.
func tellsZeroFromAbsent(a *Attribute) bool {
	switch s := a.slot.(type) {
	case *structSlot:
		return s.typ.Kind() == reflect.Pointer || IsSecret(s.typ)
	case *recordSlot:
		return s.zeroAllowed
	}
	return false
}
