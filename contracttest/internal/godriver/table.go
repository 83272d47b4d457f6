package godriver

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// table is an opened table: a DB and its models.
type table struct {
	db     *theorydb.DB
	clock  *clock
	models map[string]*model
}

// model is a model with what its document says of its attributes.
type model struct {
	*theorydb.Model[theorydb.Record] // nil for a scoped model until in
	name                             string
	scoped                           *theorydb.ScopedModel[theorydb.Record]
	attributes                       map[string]attribute
}

// open makes the library's side of a table anew.
func (d *Driver) open(request *protocol.Request) error {
	about := request.Open
	if about == nil || request.Table == "" {
		return problem("an open says which table and what there is to know of it")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	opened := &table{clock: &clock{}, models: map[string]*model{}}
	if before := d.tables[request.Table]; before != nil {
		opened.clock = before.clock // its time goes on
	}
	opened.clock.tell(request.Now)
	client, keys := d.connect(about)
	config := theorydb.Config{
		DynamoDB: client, Table: request.Table, LogicalTable: about.LogicalTable, TTLAttribute: about.TTLAttribute,
		Clock: opened.clock.Now, Wait: wait,
	}
	if about.Key != "" || about.ScopeKeys != nil {
		config.KMS, config.KeyID = keys, about.Key
	}
	if about.ScopeKeys != nil {
		sets := map[theorydb.Scope]theorydb.KeySet{}
		for name, arn := range about.ScopeKeys {
			scope, err := theorydb.NewScope(strings.Split(name, "/")...)
			if err != nil {
				return problem("scope_keys: %v", err)
			}
			sets[scope] = theorydb.KeySet{Current: arn}
		}
		config.Keys = theorydb.ScopeKeys(sets)
	}
	var err error
	if opened.db, err = theorydb.New(config); err != nil {
		return err
	}
	for _, document := range about.Models {
		if err := opened.register(document); err != nil {
			return err
		}
	}
	d.tables[request.Table] = opened
	return nil
}

func (t *table) register(text []byte) (err error) {
	var read struct {
		Name       string
		Attributes []attribute
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return problem("a model document: %v", err)
	}
	m := &model{name: read.Name, attributes: map[string]attribute{}}
	isScoped := false
	for _, a := range read.Attributes {
		m.attributes[a.Attribute] = a
		isScoped = isScoped || slices.Contains(a.Roles, "scope")
	}
	if isScoped {
		m.scoped, err = theorydb.NewScopedRecordModel(t.db, text)
	} else {
		m.Model, err = theorydb.NewRecordModel(t.db, text)
	}
	if err != nil {
		return fmt.Errorf("model %s: %w", read.Name, err)
	}
	t.models[read.Name] = m
	return nil
}

// use is one use of a verb, or an operation of one, on its model.
type use struct {
	*model
	*protocol.Use
	table *table
}

// use finds the model of a request, or of an operation inside one, and confines it to the scope.
func (t *table) use(said *protocol.Use) (use, error) {
	name, scope := said.Model, said.Scope
	m := t.models[name]
	if m == nil {
		return use{}, problem("the table has no model %q", name)
	}
	if m.scoped == nil {
		if scope != nil {
			return use{}, problem("model %q has no scope", name)
		}
		return use{m, said, t}, nil
	}
	confined := *m
	var within theorydb.Scope // none: the library refuses every verb
	if len(scope) > 0 {
		var err error
		if within, err = theorydb.NewScope(scope...); err != nil {
			return use{}, err
		}
	}
	confined.Model = m.scoped.In(within)
	return use{&confined, said, t}, nil
}

// operations are the uses inside a use.
func (u use) operations() ([]use, error) {
	list := make([]use, len(u.Operations))
	for i := range u.Operations {
		var err error
		if list[i], err = u.table.use(&u.Operations[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}
