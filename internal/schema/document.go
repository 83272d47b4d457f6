package schema

import (
	"reflect"
	"slices"
)

// modelDocument is one model of a schema document:
//
//	{"name": "Note",
//	 "table": {"name": "notes"},
//	 "naming": {"convention": "camelCase"},
//	 "keys": {"partition": {"attribute": "PK", "type": "S", "template": "NOTE#{id}"},
//	          "sort": {"attribute": "SK", "type": "S", "template": "NOTE"}},
//	 "attributes": [{"attribute": "id", "type": "S", "required": true},
//	                {"attribute": "version", "type": "N", "format": "int", "roles": ["version"]}],
//	 "indexes": [{"name": "gsi1", "type": "GSI", "partition": {...}, "sort": {...},
//	              "projection": {"type": "INCLUDE", "fields": ["title"]}}],
//	 "write_policy": {"mode": "write_once", "protected_attributes": ["title"]}}
//
// An attribute may also have "immutable": true, "unique": true, "enum": ["a",
// "b"], the only texts that may be written, and beside required
// "zero_allowed": true, by which only absence is refused and an empty text, 0
// or false is a value. Type any is stored by the value's own type. Members
// that are left out are false or empty.
//
// A key with a template is no attribute, and neither listed nor in records; a
// key without one is plain and must be listed. Roles are pk, sk, version,
// version:0 (counts from 0), ttl, created_at, updated_at and scope. json on a
// type other than S only tells that the value is JSON-like and changes
// nothing. In write_policy, which may be left out, mode write_once means
// append_only and protected_attributes are immutable.
type modelDocument struct {
	Name  string `json:"name"`
	Table struct {
		Name string `json:"name"`
	} `json:"table"`
	Naming *struct {
		Convention string `json:"convention"`
	} `json:"naming"`
	Keys struct {
		Partition *keyDocument `json:"partition"`
		Sort      *keyDocument `json:"sort"`
	} `json:"keys"`
	Attributes  []attributeDocument `json:"attributes"`
	Indexes     []indexDocument     `json:"indexes"`
	WritePolicy *struct {
		Mode                string   `json:"mode"`
		ProtectedAttributes []string `json:"protected_attributes"`
	} `json:"write_policy"`
}

type keyDocument struct {
	Attribute string  `json:"attribute"`
	Type      string  `json:"type"`
	Template  *string `json:"template"`
}

type attributeDocument struct {
	Attribute  string   `json:"attribute"`
	Type       string   `json:"type"`
	Format     string   `json:"format"`
	Required   bool     `json:"required"`
	Optional   bool     `json:"optional"`
	OmitEmpty  bool     `json:"omit_empty"`
	JSON       bool     `json:"json"`
	Roles      []string `json:"roles"`
	Encryption *struct {
		V int `json:"v"`
	} `json:"encryption"`
	Immutable   bool     `json:"immutable"`
	Unique      bool     `json:"unique"`
	Enum        []string `json:"enum"`
	ZeroAllowed bool     `json:"zero_allowed"`
}

type indexDocument struct {
	Name       string       `json:"name"`
	Type       string       `json:"type"`
	Partition  *keyDocument `json:"partition"`
	Sort       *keyDocument `json:"sort"`
	Projection *struct {
		Type   string   `json:"type"`
		Fields []string `json:"fields"`
	} `json:"projection"`
}

// decimalFormat is another name of an exact decimal in documents.
const decimalFormat = "decimal_string"

var documentRoles = []string{"pk", "sk", "version", "version:0", "ttl", "created_at", "updated_at", "scope"}

// CompileDocument reads one model of a schema document, JSON as modelDocument
// shows it, into a Plan whose records are pointers to recordType, a type of
// map[string]any. Unknown, misspelt and repeated members are refused. All
// problems are reported together: the error joins *ModelError values, which
// match ErrInvalidModel.
//
// Records hold for each type and format: S string, S rfc3339nano time.Time,
// S with json what encoding/json gives with json.Number, N int int64, N uint
// uint64, N float float64, N unix_seconds int64, N without format
// attributevalue.Number, B []byte, BOOL bool, L []any, M map[string]any, SS
// []string, NS []attributevalue.Number, BS [][]byte, any what its stored type
// gives without a format. On write they take
// natural equivalents too: any integer, whole floats, json.Number, text for
// exact decimals, RFC 3339 text for times, []any for lists and sets.
func CompileDocument(doc []byte, recordType reflect.Type, o Options) (*Plan, error) {
	if recordType == nil || recordType.Kind() != reflect.Map || recordType.Key().Kind() != reflect.String || recordType.Elem() != anyType {
		return nil, &ModelError{Model: "document", Problem: "records are a type of map[string]any", Err: ErrInvalidModel}
	}
	var d modelDocument
	if err := readStrictly(doc, &d); err != nil {
		return nil, &ModelError{Model: "document", Problem: err.Error(), Err: ErrInvalidModel}
	}
	b := &builder{options: o, model: d.Name}
	if d.Name == "" {
		b.model = "document"
		b.report(ErrInvalidModel, "", "has no name")
	}
	b.plan.Entity, b.plan.Table = d.Name, d.Table.Name
	shape := &recordShape{typ: recordType, pointer: reflect.PointerTo(recordType)}
	b.plan.shape = shape
	if d.Naming != nil && d.Naming.Convention == namingSnake {
		b.plan.Naming = namingSnake
	}
	if d.Naming != nil && d.Naming.Convention != "camelCase" && d.Naming.Convention != namingSnake {
		b.report(ErrInvalidModel, "", "unknown naming convention "+quote(d.Naming.Convention)+"; camelCase and snake_case are known")
	}
	for _, a := range d.Attributes {
		shape.names = append(shape.names, a.Attribute)
		b.attrs = append(b.attrs, b.documentAttribute(a, shape))
	}
	b.documentKey(d.Keys.Partition, keyRole{})
	b.documentKey(d.Keys.Sort, keyRole{sort: true})
	b.documentRolesMatch(d)
	for _, x := range d.Indexes {
		b.documentIndex(x, d.Keys.Partition)
	}
	b.writePolicy(d)
	for _, a := range b.attrs {
		if s, ok := a.slot.(*recordSlot); ok {
			s.omit = s.omit || indexTextKey(a)
		}
	}
	return b.finish()
}

func (b *builder) documentAttribute(doc attributeDocument, shape *recordShape) *draftAttribute {
	a := &Attribute{
		Name:      doc.Attribute,
		Field:     doc.Attribute,
		Type:      doc.Type,
		Encrypted: doc.Encryption != nil,
		OmitEmpty: doc.OmitEmpty,
		Optional:  doc.Optional || doc.OmitEmpty,
		JSON:      doc.JSON && doc.Type == kindS,
		Set:       doc.Type == kindSS || doc.Type == kindNS || doc.Type == kindBS,
		shape:     shape,
	}
	d := &draftAttribute{Attribute: a, named: true}
	for i, role := range doc.Roles {
		if !slices.Contains(documentRoles, role) {
			b.report(ErrInvalidModel, a.Field, "unknown role "+quote(role)+didYouMean(role, documentRoles))
		}
		if slices.Contains(doc.Roles[:i], role) {
			b.report(ErrInvalidModel, a.Field, "role "+quote(role)+" stands twice")
		}
		d.version = d.version || role == "version" || role == "version:0"
		d.zeroBased = d.zeroBased || role == "version:0"
		d.ttl = d.ttl || role == "ttl"
		d.created = d.created || role == "created_at"
		d.updated = d.updated || role == "updated_at"
		d.scope = d.scope || role == "scope"
	}
	// The library sets these itself, so that "required" says nothing and
	// "omit_empty" leaves nothing out.
	library := d.version || d.created || d.updated
	a.Required = doc.Required && !library
	if library {
		a.OmitEmpty = false
	}
	if doc.Required && doc.Optional {
		b.report(ErrInvalidModel, a.Field, "is both required and optional")
	}
	if doc.Encryption != nil && doc.Encryption.V != 1 {
		b.report(ErrInvalidModel, a.Field, `"encryption" is {"v": 1}; no other version is known`)
	}
	a.Format = documentFormat(doc, d)
	b.documentWords(a, doc)
	slot, ok := newRecordSlot(shape, a.Name, doc.Type, a.Format, a.OmitEmpty, a.Encrypted)
	if ok {
		slot.zeroAllowed = doc.ZeroAllowed
		a.slot = slot
	} else {
		d.broken = true
		b.report(ErrInvalidModel, a.Field, "type "+quote(doc.Type)+" with format "+quote(doc.Format)+" is not known; "+
			"S takes rfc3339nano, N takes int, uint, float, unix_seconds or decimal_string")
	}
	return d
}

// documentFormat fills in the format that a role or json implies.
func documentFormat(doc attributeDocument, d *draftAttribute) string {
	switch {
	case doc.Format == decimalFormat && doc.Type == kindN:
		return FormatNone
	case doc.Format == FormatJSON || doc.Format == FormatText:
		return "?" // Go types have these, documents say json: true
	case doc.Format != "":
		return doc.Format
	case d.JSON:
		return FormatJSON
	case d.version && doc.Type == kindN:
		return FormatInt
	case d.ttl && doc.Type == kindN:
		return FormatUnixSeconds
	case (d.created || d.updated) && doc.Type == kindS:
		return FormatTime
	}
	return FormatNone
}
