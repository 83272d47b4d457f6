package identity

import (
	_ "embed"
)

// A string, so that what Schema gives is always a copy.
//
//go:embed schema.json
var schemaText string

// Schema returns the schema document of this package's models, as theorydb's DB.Describe gives it: attributes, roles, key
// templates and indexes, in JSON. It is schema.json, which other runtimes load, and which a test holds to the models. The
// bytes are the caller's own.
func Schema() []byte { return []byte(schemaText) }
