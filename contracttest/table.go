package contracttest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// table is a physical table made for one scenario, with the models that live in it.
type table struct {
	name      string
	logical   string
	documents []*ModelDocument
	fromZero  bool
	keys      []string // names of the key attributes
}

// model is a model as a step uses it.
type model struct {
	*ModelDocument
	table *table
	scope []string // that the step is confined to; nil: none
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

// document gives the model document of a name; nil: the table has none.
func (t *table) document(name string) *ModelDocument {
	for _, document := range t.documents {
		if document.Name == name {
			return document
		}
	}
	return nil
}

// about is what a driver needs to know of the table.
func (t *table) about(region, endpoint string) (*protocol.Open, error) {
	about := &protocol.Open{Endpoint: endpoint, Region: region, LogicalTable: t.logical, TTLAttribute: "ttl"}
	for _, document := range t.documents {
		about.TTLAttribute = cmp.Or(document.TTL, about.TTLAttribute)
	}
	for _, document := range t.documents {
		about.TTLAttribute = cmp.Or(document.role("ttl"), about.TTLAttribute)
	}
	for _, document := range t.documents {
		text, err := document.json(t.name, t.fromZero)
		if err != nil {
			return nil, err
		}
		about.Models = append(about.Models, text)
	}
	return about, nil
}

// in confines a scoped model to the step's scope, or to the one of its surroundings when the step says none.
func (t *table) in(document *ModelDocument, step, surroundings []string) (*model, error) {
	m := &model{ModelDocument: document, table: t}
	switch {
	case document.role("scope") == "" && step != nil:
		return nil, fmt.Errorf("model %s has no scope", document.Name)
	case document.role("scope") == "":
	case step != nil:
		m.scope = step
	default:
		m.scope = surroundings
	}
	return m, nil
}

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
