package contracttest

import (
	"bytes"
	"slices"
	"strings"
)

// Promises are the ids of what the library promises, in the order of reports. OPS stands for the plain meaning of the
// verbs.
var Promises = []string{"ENC", "LOCK", "TTL", "KEY", "SCOPE", "SAME", "OPS"}

// Scenario is one file: a story told in steps against one table.
type Scenario struct {
	File       string // as it was loaded
	Name       string
	ID         string   // such as "TTL-03"; "" in files of other projects
	Promise    string   // one of Promises, or ""
	Why        string   // what breaks where it fails, in one sentence
	Shows      []string // the verbs about which it shows its promise; nil: not said
	DMSVersion string   // "0.1" or "0.2" for files whose versions start at 0, otherwise ""
	Model      string   // the model of every step that names none
	Table      string   // the table as the model documents name it; "" for the model's own
	Scope      []string // of every step that says none; nil: none
	Encryption Encryption
	Steps      []Step
}

// Title is the id where there is one, and the name.
func (s *Scenario) Title() string {
	return strings.TrimSpace(s.ID + " " + s.Name)
}

// Step is one operation and what is expected of it. Members that its operation does not use are refused by the parser.
type Step struct {
	Line         int
	Op           string
	Model        string   // "" for the scenario's
	Scope        []string // nil: the scenario's; empty: none
	IfNotExists  bool
	Fields       []string // nil: every attribute
	Item         map[string]any
	Key          map[string]any
	Held         map[string]string // attribute -> variable: values saved by an earlier step
	Milliseconds int64
	Save         map[string]string // variable -> attribute; the attribute $next is a page's cursor
	OnlyIf       []Condition
	Filter       []Condition
	IfVersion    *int64
	AnyVersion   bool
	Returning    bool // ask for the item as it was before
	Change       Change
	Meanwhile    *Change // of modify: what somebody else does between its first read and its write
	Consistent   bool
	Descending   bool
	Index        string
	Sort         *Sort
	Limit        *int
	PageSize     *int
	Segments     *int    // of a scan
	Shard        *int    // of a query, of a partition that is divided
	Cursor       *string // variable that holds a cursor; "" for a first page
	Race         *Race
	Keys         []map[string]any // of a batch_get or a transact_get, instead of operations
	Operations   []Step           // of a batch or a transaction; nil: none given
	Models       []string         // of a collection
	Keep         []string         // names of models whose rows a clear leaves
	Retention    *string          // the reason of a clear of one model's records
	Unchecked    bool             // of an operation: it is for a batch, which checks nothing
	Fault        Fault
	Document     *ModelDocument // of declare
	KMS          KeyStep
	Expect       Expect
}

// Change is what a change or a modify does to attributes.
type Change struct {
	Set, SetIfAbsent, Add, Append, Prepend, DeleteFromSet map[string]any
	Remove                                                []string
	OrCreate, Blind                                       bool
}

// Race is the same write by several writers at once, all of which hold the same record.
type Race struct {
	Writers int
	Write   Step
}

// Condition is a condition on one attribute, or a group of conditions.
type Condition struct {
	Operator  string // as in a scenario: "equal", "size_of", "or" and so on
	Attribute string
	Values    []any       // one; none for exists and not_exists; two for in_range; any number for in
	Comparer  string      // of size_of
	Operands  []Condition // of and, or and not
}

// Sort is a condition on the next component of a sort key.
type Sort struct {
	Operator string // "is", "between", "at_least", "after", "at_most", "before" or "has_prefix"
	Values   []any  // two for between, otherwise one
}

// Expect is what a step must give. A step without "error" must succeed.
type Expect struct {
	Errors                []string // names of sentinels, all of which the error is; none: there is no error
	ItemContains          map[string]any
	ItemNotContains       map[string]any
	ItemHasFields         []string
	ItemMissingFields     []string
	RawAttributeTypes     map[string]string
	ItemFieldEqualsVar    map[string]string
	ItemFieldNotEqualsVar map[string]string
	OldContains           map[string]any   // of the item as it was before; nil: not asked
	ReturnedNothing       bool             // there was no item before
	Items                 []map[string]any // nil: not asked; a nil item is one that is absent
	ItemsContains         []map[string]any // nil: not asked
	Count                 *int
	Winners               *int
	Requests              *int
	DataKeys              *int
	Causes                []string // names of sentinels by operation, "" for one that was no cause; nil: not asked
	SentOperations        []string // of DynamoDB, in order; nil: not asked
	ExpiresBy             string   // attribute by which the service deletes; "": not asked
	SentHas, SentLacks    []string
	SentConsistent        *bool // of every read that the step sent; nil: not asked
	StoredHas             []string
	StoredLacks           []string
}

// ParseScenario reads a scenario file. Members that the form does not know, operations and error names that do not
// exist, and members that a step's operation would ignore are errors that name file and line.
func ParseScenario(file string, content []byte) (*Scenario, error) {
	root, err := parseYAML(file, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	s := &Scenario{File: file}
	var shows *place
	err = root.each(map[string]func(place) error{
		"name": textInto(&s.Name), "id": textInto(&s.ID), "promise": textInto(&s.Promise), "why": textInto(&s.Why),
		"shows":       func(p place) error { shows = &p; return textsInto(&s.Shows)(p) },
		"dms_version": textInto(&s.DMSVersion), "model": textInto(&s.Model),
		"scope": textsInto(&s.Scope), "encryption": s.Encryption.parse,
		"table": func(p place) error { return p.each(map[string]func(place) error{"name": textInto(&s.Table)}) },
		"steps": func(p place) (err error) {
			s.Steps, err = parseSteps(p)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	switch {
	case s.Name == "":
		return nil, root.errorf("the scenario has no name")
	case s.Model == "":
		return nil, root.errorf("the scenario names no model")
	case len(s.Steps) == 0:
		return nil, root.errorf("the scenario has no steps")
	case s.Promise != "" && !slices.Contains(Promises, s.Promise):
		return nil, root.errorf("unknown promise %q", s.Promise)
	}
	if err := checkDMSVersion(s.DMSVersion); err != nil {
		return nil, root.errorf("%w", err)
	}
	if err := s.checkShows(shows); err != nil {
		return nil, err
	}
	return s, nil
}
