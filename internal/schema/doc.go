// Package schema turns the description of a model, a tagged Go struct or a
// model document, into a Plan, and moves records into and out of DynamoDB
// items by that plan. A description is read once, by Compile or
// CompileDocument; a Plan never looks at a tag again. Describe is the way back,
// from Plans to the document that other runtimes load.
//
// # Tags
//
// A model is a struct. Blank fields of the marker type Entity carry the words
// about the model as a whole, blank fields of the marker type Key declare the
// templated keys, every other exported field is an attribute:
//
//	type Session struct {
//		_ theorydb.Entity `theorydb:"name:Session"`
//		_ theorydb.Key    `theorydb:"pk" key:"TENANT#{tenantID}#USER#{userID}"`
//		_ theorydb.Key    `theorydb:"sk" key:"SESSION#{id}"`
//
//		TenantID  string    `theorydb:"scope"`
//		UserID    string
//		ID        string
//		ExpiresAt time.Time `theorydb:"ttl"`
//		Version   int64     `theorydb:"version"`
//	}
//
// The words of one tag are separated by commas. On a field:
//
//	pk, sk            the field's value is the primary key
//	index:NAME[,pk|sk] the field's value is a key of a global index
//	lsi:NAME          the field's value is the sort key of a local index
//	attr:NAME         the stored name
//	encrypted         sealed before it is stored; the only place for a Secret
//	version           the lock counter; version:0 starts at 0
//	ttl               expiry: time.Time, or int64 epoch seconds
//	created_at, updated_at  set by the library: time.Time
//	scope             a leading component of every partition key
//	required          a zero value is refused on write, absence on read
//	immutable         never changes after the item is created
//	set               a slice stored as SS, NS or BS
//	omitempty         an empty value is not stored
//	json              stored as JSON text
//	unique            no two items of the model share the value
//	enum:a|b|c        the only texts that may be written
//	-                 not an attribute
//
// On Entity: name:NAME, table:NAME, naming:snake_case, append_only and
// project:INDEX=all|keys|a+b. On Key: pk, sk, index:NAME[,pk|sk] and lsi:NAME,
// with the template in the struct tag key:"...". The words bind: blind:
// envelope: default: schema: and vector: are reserved and refused. Whatever
// else stands in a tag is refused too, with the word it may have meant, so
// that a misspelt "encrypted" never stores a secret in clear.
//
// Words inside a nested struct: attr:, json, set, omitempty and -.
package schema
