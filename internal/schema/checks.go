package schema

import (
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// libraryNames are the attributes the library keeps for itself.
var libraryNames = []string{"_t", "_w", "_v"}

// nameProblem judges an attribute name on its own.
func nameProblem(name string) string {
	switch {
	case name == "":
		return "has an empty attribute name"
	case !utf8.ValidString(name):
		return "has an attribute name that is not valid UTF-8"
	case len(name) > 65535:
		return "has an attribute name over 65,535 bytes"
	}
	return ""
}

// roleNames gives the fields whose name follows from their role that name:
// the ttl attribute, which a table has one of, and plain keys called like the
// key attributes in any letter case.
func (b *builder) roleNames() {
	keyNames := []string{partitionName, sortName}
	for _, index := range b.indexes {
		if prefix := indexPrefix(index); prefix != "" {
			keyNames = append(keyNames, prefix+partitionName, prefix+sortName)
		}
	}
	for _, d := range b.attrs {
		ttl := b.options.ttlName()
		switch {
		case d.ttl && d.named && d.Name != ttl:
			b.report(ErrInvalidModel, d.Field, "names the ttl attribute "+quote(d.Name)+", but the table's is "+quote(ttl)+
				"; remove attr: or configure the table's ttl attribute")
		case d.ttl:
			d.Name = ttl
		case d.named || len(d.roles) == 0:
		default:
			last := d.Field[strings.LastIndex(d.Field, ".")+1:]
			if i := slices.IndexFunc(keyNames, func(n string) bool { return strings.EqualFold(n, last) }); i >= 0 {
				d.Name = keyNames[i]
			}
		}
		if s, ok := d.slot.(*structSlot); ok {
			s.name = d.Name
		}
	}
}

// checkNames refuses names that are taken or used twice.
func (b *builder) checkNames() {
	keyNames := map[string]bool{}
	for i := range b.templates {
		t := &b.templates[i]
		if keyNames[t.name] {
			b.report(ErrInvalidModel, t.name, "two keys are stored under one name; rename an index")
		}
		keyNames[t.name] = true
		if t.name == b.options.ttlName() || slices.Contains(libraryNames, t.name) {
			b.report(ErrInvalidModel, t.name, "the name of the key belongs to the library or the table's ttl")
		}
	}
	seen := map[string]string{}
	for _, d := range b.attrs {
		if text := nameProblem(d.Name); text != "" {
			b.report(ErrInvalidModel, d.Field, text)
		}
		if len(d.roles) > 0 && len(d.Name) > 255 {
			b.report(ErrInvalidModel, d.Field, "is a key with a name over 255 bytes")
		}
		switch other, twice := seen[d.Name]; {
		case slices.Contains(libraryNames, d.Name):
			b.report(ErrInvalidModel, d.Field, "has the attribute name "+quote(d.Name)+", which the library uses; give it another with attr:NAME")
		case keyNames[d.Name]:
			b.report(ErrInvalidModel, d.Field, "has the attribute name "+quote(d.Name)+" of a key template; give it another with attr:NAME")
		case d.Name == b.options.ttlName() && !d.ttl:
			b.report(ErrInvalidModel, d.Field, "has the attribute name "+quote(d.Name)+" of the table's ttl without being the ttl; add the word ttl or give it another with attr:NAME")
		case twice:
			b.report(ErrInvalidModel, d.Field, "has the attribute name "+quote(d.Name)+" of "+other+"; give one of them attr:NAME")
		}
		seen[d.Name] = d.Field
	}
}

// checkWords refuses words that exclude each other or do not suit the type.
func (b *builder) checkWords(d *draftAttribute) {
	refuse := func(text string) { b.report(ErrInvalidModel, d.Field, text) }
	roles := d.roleWords()
	if d.Encrypted {
		for _, r := range append(roles, d.keyWords()...) {
			refuse(`is both encrypted and ` + r + `; what is compared or indexed can't be sealed`)
		}
		if d.Unique || d.Immutable {
			refuse("is encrypted, so unique and immutable, which compare it, are not possible")
		}
	}
	if len(roles) > 1 {
		refuse("has several roles: " + strings.Join(roles, ", "))
	}
	if d.Required && d.OmitEmpty {
		refuse(`words "required" and "omitempty" exclude each other`)
	}
	if d.version || d.created || d.updated {
		if d.Required || d.OmitEmpty || d.Immutable || d.Unique || len(d.keyWords()) > 0 && d.version {
			refuse("is set by the library as " + roles[0] + "; remove the other words")
		}
	}
	if d.ttl && (d.Immutable || d.Unique) {
		refuse("is the ttl; it can be neither immutable nor unique")
	}
	if d.broken {
		return
	}
	if d.version && !wideInteger(d) {
		refuse("a version is an integer of 32 bits or more")
	}
	if d.ttl && d.Format != FormatUnixSeconds && d.Format != FormatInt { // DynamoDB passes over an expiry of any other form
		refuse("a ttl is a number of whole seconds since 1970")
	}
	if (d.created || d.updated) && (d.Format != FormatTime || d.typ != nil && d.typ != timeType) {
		refuse("a timestamp is a time.Time")
	}
	if d.scope && (d.Type != kindS || d.Format != FormatNone || d.Optional) {
		refuse("a scope attribute is a string that is always there")
	}
	if d.Enum != nil && (d.Type != kindS || d.Format != FormatNone) {
		refuse(`word "enum" needs a string`)
	}
}

// roleWords lists the roles of a field that exclude each other.
func (d *draftAttribute) roleWords() []string {
	var words []string
	for _, r := range []struct {
		has  bool
		word string
	}{{d.version, "version"}, {d.ttl, "ttl"}, {d.created, "created_at"}, {d.updated, "updated_at"}, {d.scope, "scope"}} {
		if r.has {
			words = append(words, r.word)
		}
	}
	return words
}

func (d *draftAttribute) keyWords() []string {
	var words []string
	for _, r := range d.roles {
		words = append(words, r.String())
	}
	return words
}

// String names the role as a tag would.
func (r keyRole) String() string {
	side := "pk"
	if r.sort {
		side = "sk"
	}
	switch {
	case r.index == "":
		return side
	case r.local:
		return "lsi:" + r.index
	}
	return "index:" + r.index + "," + side
}

func wideInteger(d *draftAttribute) bool {
	if d.typ == nil {
		return d.Type == kindN && (d.Format == FormatInt || d.Format == FormatUint)
	}
	switch d.typ.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint32, reflect.Uint64:
		return d.Format == FormatInt || d.Format == FormatUint
	default:
		return false
	}
}
