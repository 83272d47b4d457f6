package contracttest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/theorydb/theorydb"
)

// table is a physical table made for one scenario, with the models that live in it.
type table struct {
	name      string
	logical   string
	documents []*ModelDocument
	fromZero  bool
	keys      []string // names of the key attributes
	db        *theorydb.DB
	models    map[string]*model
}

// model is a model as steps use it.
type model struct {
	*theorydb.Model[theorydb.Record] // nil for a scoped model until in
	*ModelDocument
	table   *table
	scoped  *theorydb.ScopedModel[theorydb.Record]
	refused error // of the library, when it did not take the step's scope
}

// newTable plans a table for the model and all models beside it. fromZero is what the scenario says of their versions.
func newTable(document *ModelDocument, beside []*ModelDocument, fromZero bool) *table {
	suffix := make([]byte, 8)
	_, _ = rand.Read(suffix) // crypto/rand.Read never fails; it ends the program instead
	t := &table{
		name: document.Table + "-" + hex.EncodeToString(suffix), logical: document.Table, documents: beside,
		fromZero: fromZero || document.DMSVersion != "", keys: []string{document.partition.attribute},
	}
	if document.Table == "" {
		t.name = "scenario" + t.name
	}
	if document.sort != nil {
		t.keys = append(t.keys, document.sort.attribute)
	}
	return t
}

// open makes the library's side of the table: a DB and its models.
func (t *table) open(w *world) (err error) {
	config := theorydb.Config{
		DynamoDB: w.client, Table: t.name, LogicalTable: t.logical, TTLAttribute: "ttl", Clock: w.engine.Clock.Now,
		Wait: w.wire.wait,
	}
	for _, document := range t.documents {
		config.TTLAttribute = cmp.Or(document.TTL, config.TTLAttribute)
	}
	for _, document := range t.documents {
		if name := document.role("ttl"); name != "" {
			config.TTLAttribute = name
		}
	}
	if err := w.keys.configure(&config, w.scenario.Encryption); err != nil {
		return err
	}
	if t.db, err = theorydb.New(config); err != nil {
		return err
	}
	t.models = map[string]*model{}
	for _, document := range t.documents {
		if err := t.register(document); err != nil {
			return fmt.Errorf("model %s of %s: %w", document.Name, document.File, err)
		}
	}
	return nil
}

func (t *table) register(document *ModelDocument) error {
	text, err := document.json(t.name, t.fromZero)
	if err != nil {
		return err
	}
	m := &model{ModelDocument: document, table: t}
	if document.role("scope") != "" {
		m.scoped, err = theorydb.NewScopedRecordModel(t.db, text)
	} else {
		m.Model, err = theorydb.NewRecordModel(t.db, text)
	}
	t.models[document.Name] = m
	return err
}

// in confines a scoped model to the step's scope, or to the one of its surroundings when the step says none.
func (m *model) in(step, surroundings []string) (*model, error) {
	if m.scoped == nil {
		if step != nil {
			return nil, fmt.Errorf("model %s has no scope", m.Name)
		}
		return m, nil
	}
	components := step
	if step == nil {
		components = surroundings
	}
	confined := *m
	var scope theorydb.Scope
	if len(components) > 0 {
		scope, confined.refused = theorydb.NewScope(components...)
	}
	confined.Model = m.scoped.In(scope)
	return &confined, nil
}

// create makes the physical table with its indexes and with expiry enabled.
func (t *table) create(ctx context.Context) error { return t.db.CreateTable(ctx) }

func (t *table) drop(ctx context.Context, client *dynamodb.Client) error {
	_, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &t.name})
	return err
}

// keyOf takes the key out of an item.
func (t *table) keyOf(stored item) item {
	key := item{}
	for _, name := range t.keys {
		if value := stored[name]; value != nil {
			key[name] = value
		}
	}
	return key
}
