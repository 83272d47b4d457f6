package schema

import "slices"

// documentAny is how documents write the type of an attribute whose values
// say themselves how they are stored; Attribute.Type is "" then.
const documentAny = "any"

// documentType is the type of a, as documents write it.
func documentType(a *Attribute) string {
	if a.Type == "" {
		return documentAny
	}
	return a.Type
}

// documentWords reads what a document says of an attribute as the words of a
// tag do.
func (b *builder) documentWords(a *Attribute, doc attributeDocument) {
	a.Immutable = a.Immutable || doc.Immutable
	a.Unique = doc.Unique
	a.Enum = doc.Enum
	switch {
	case doc.Enum != nil && len(doc.Enum) == 0:
		b.report(ErrInvalidModel, a.Field, `"enum" lists no text; leave it out`)
	case slices.Contains(doc.Enum, ""):
		b.report(ErrInvalidModel, a.Field, `"enum" lists an empty text`)
	}
	for i, text := range doc.Enum {
		if slices.Contains(doc.Enum[:i], text) {
			b.report(ErrInvalidModel, a.Field, `"enum" lists `+quote(text)+" twice")
		}
	}
	if doc.ZeroAllowed {
		// As with a pointer: the value may be one that keeps an item out of an
		// index. What is encrypted is in none.
		a.Optional = a.Optional || !a.Encrypted
		if !a.Required {
			b.report(ErrInvalidModel, a.Field, `"zero_allowed" has no meaning without "required"`)
		}
	}
	if doc.Type == documentAny {
		a.Type = ""
		if a.Encrypted {
			b.report(ErrInvalidModel, a.Field, `has the type "any", which does not tell what is stored, so what is opened could not be checked; an encrypted attribute has a type of its own`)
		}
	}
}

// samePartition reports whether a local index names the partition key of the
// table; it may leave the template out.
func samePartition(table, local *keyDocument) bool {
	if table == nil || local.Attribute != table.Attribute || local.Type != table.Type {
		return false
	}
	return local.Template == nil || table.Template != nil && *local.Template == *table.Template
}
