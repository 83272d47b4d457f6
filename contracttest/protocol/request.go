package protocol

import (
	"encoding/json"
	"time"
)

// Version is the version of the protocol. A driver that speaks another one is refused.
const Version = 1

// Operations that are no verbs of a library.
const (
	OpHello       = "hello"        // who are you
	OpOpen        = "open"         // get ready for a table; with the same table again: begin anew
	OpCreateTable = "create_table" // make an opened table with what the library knows of its models
	OpClose       = "close"        // forget a table
)

// Request is one line to a driver: one use of a verb, or one of the operations above.
type Request struct {
	// ID is the request's own number, which its answer repeats.
	ID int64 `json:"id"`
	// Now is the time. Until the next request says more the driver's clock may move by nanoseconds only.
	Now time.Time `json:"now"`
	// NoWait asks not to wait between attempts of this request: the service is not busy, a fault stands in the way.
	NoWait bool `json:"no_wait,omitzero"`
	// Table names an opened table, as DynamoDB knows it.
	Table string `json:"table,omitzero"`
	// Open says what an OpOpen opens.
	Open *Open `json:"open,omitzero"`
	Use
}

// Open is what a driver needs to know of a table.
type Open struct {
	// Endpoint is the URL of DynamoDB and of KMS, which X-Amz-Target tells apart. It checks no signatures. "" in the
	// runner's own process.
	Endpoint string `json:"endpoint,omitzero"`
	Region   string `json:"region"`
	// LogicalTable is the name that sealed values are bound to.
	LogicalTable string `json:"logical_table"`
	TTLAttribute string `json:"ttl_attribute"`
	// Key is what to seal with: the alias, id or ARN of a KMS key. "" with no ScopeKeys: the library has no KMS and no key.
	Key string `json:"key,omitzero"`
	// ScopeKeys are the ARNs of the keys of scopes, by their components joined by "/"; nothing else has a key then.
	ScopeKeys map[string]string `json:"scope_keys,omitzero"`
	// Models are model documents, as a schema document lists them, of this table alone.
	Models []json.RawMessage `json:"models"`
}

// Use is one use of a verb. It is also an operation of a batch or a transaction, where Model and Scope are its own.
type Use struct {
	Op    string `json:"op"`
	Model string `json:"model,omitzero"`
	// Scope has the components of the model's scope; nil: none is given.
	Scope []string `json:"scope,omitzero"`
	// Item is the record that the caller holds, Key a record of which only the key is meant.
	Item Item `json:"item,omitzero"`
	Key  Item `json:"key,omitzero"`
	// Keys are those of a batch_get or a transact_get of one model. Operations are what a batch or a transaction does, and
	// what a collection reads: "into" a model.
	Keys       []Item `json:"keys,omitzero"`
	Operations []Use  `json:"operations,omitzero"`
	// Fields are the attributes that an update writes; nil: all.
	Fields []string `json:"fields,omitzero"`
	Change
	// Meanwhile is what a modify does as another writer between its first read and its write, whatever the version.
	Meanwhile  *Change     `json:"meanwhile,omitzero"`
	OnlyIf     []Condition `json:"only_if,omitzero"`
	IfVersion  *int64      `json:"if_version,omitzero"`
	AnyVersion bool        `json:"any_version,omitzero"`
	Returning  bool        `json:"returning,omitzero"`
	Unchecked  bool        `json:"unchecked,omitzero"`
	Consistent bool        `json:"consistent,omitzero"`
	Index      string      `json:"index,omitzero"`
	Sort       *Sort       `json:"sort,omitzero"`
	Filter     []Condition `json:"filter,omitzero"`
	Descending bool        `json:"descending,omitzero"`
	Limit      int         `json:"limit,omitzero"`
	PageSize   int         `json:"page_size,omitzero"`
	Segments   int         `json:"segments,omitzero"`
	Shard      *int        `json:"shard,omitzero"`
	// Cursor asks for one page: the one after it, "" for the first. Nil: all of the list.
	Cursor *string `json:"cursor,omitzero"`
	// Keep are the names of the models whose rows a clear leaves.
	Keep []string `json:"keep,omitzero"`
	// Retention is the reason for clearing records that nobody may delete otherwise. Nil: a clear of a partition.
	Retention *string `json:"retention,omitzero"`
}

// Change is what a change or a modify does to attributes.
type Change struct {
	Set           Item     `json:"set,omitzero"`
	SetIfAbsent   Item     `json:"set_if_absent,omitzero"`
	Add           Item     `json:"add,omitzero"`
	Append        Item     `json:"append,omitzero"`
	Prepend       Item     `json:"prepend,omitzero"`
	DeleteFromSet Item     `json:"delete_from_set,omitzero"`
	Remove        []string `json:"remove,omitzero"`
	OrCreate      bool     `json:"or_create,omitzero"`
	Blind         bool     `json:"blind,omitzero"`
}

// Condition is a condition on one attribute, or a group of conditions.
type Condition struct {
	// Operator is equal, not_equal, less, less_equal, greater, greater_equal, begins_with, contains, in, in_range, size_of,
	// exists, not_exists, and, or, not.
	Operator  string `json:"operator"`
	Attribute string `json:"attribute,omitzero"`
	Values    Values `json:"values,omitzero"`
	// Comparer is =, <>, <, <=, > or >=, of size_of.
	Comparer string      `json:"comparer,omitzero"`
	Operands []Condition `json:"operands,omitzero"`
}

// Sort is a condition on the next component of a sort key.
type Sort struct {
	// Operator is is, between, at_least, after, at_most, before or has_prefix.
	Operator string `json:"operator"`
	Values   Values `json:"values"`
}
