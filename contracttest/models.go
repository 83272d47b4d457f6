package contracttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// Models are model documents, where scenarios find theirs by name.
type Models struct{ all []*ModelDocument }

// ModelDocument is one model of a model file, in the form that theorydb.NewRecordModel takes.
type ModelDocument struct {
	File       string
	DMSVersion string // of the file; "" where versions start at 1
	Name       string
	Table      string
	TTL        string // the attribute by which items end, as the file says; "" where it does not

	document   map[string]any
	attributes map[string]declaration
	partition  keyDeclaration
	sort       *keyDeclaration
}

type keyDeclaration struct{ attribute, kind string }

// LoadModels reads every .yaml, .yml and .json file below a folder. A file has the members dms_version, namespace and
// models, or is a schema document as theorydb's Describe gives it; each model is strict only when it is compiled.
func LoadModels(folder fs.FS) (*Models, error) {
	models := &Models{}
	err := eachFile(folder, []string{".yaml", ".yml", ".json"}, func(file string, content []byte) error {
		list, err := parseModels(file, content)
		models.all = append(models.all, list...)
		return err
	})
	return models, err
}

// ParseModels reads one model file.
func ParseModels(file string, content []byte) (*Models, error) {
	list, err := parseModels(file, content)
	return &Models{all: list}, err
}

func parseModels(file string, content []byte) ([]*ModelDocument, error) {
	root, err := parseYAML(file, bytes.NewReader(content)) // JSON is YAML
	if err != nil {
		return nil, err
	}
	var dmsVersion, namespace, ttl string
	var list []*ModelDocument
	err = root.each(map[string]func(place) error{
		"dms_version": textInto(&dmsVersion), "namespace": textInto(&namespace),
		"theorydb_schema": checkSchemaVersion, "ttl_attribute": textInto(&ttl),
		"models": func(p place) error {
			elements, err := p.elements()
			for _, element := range elements {
				model, err := parseModel(element)
				if err != nil {
					return err
				}
				list = append(list, model)
			}
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	if err := checkDMSVersion(dmsVersion); err != nil {
		return nil, root.errorf("%w", err)
	}
	for _, model := range list {
		model.DMSVersion, model.TTL = dmsVersion, ttl
	}
	return list, nil
}

func parseModel(p place) (*ModelDocument, error) {
	value, err := p.logical()
	if err != nil {
		return nil, err
	}
	document, ok := protocol.JSONNumbers(value).(map[string]any)
	if !ok {
		return nil, p.errorf("want a model")
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		return nil, p.errorf("is no model: %w", err)
	}
	var read struct {
		Name  string
		Table struct{ Name string }
		Keys  struct {
			Partition, Sort *struct{ Attribute, Type string }
		}
		Attributes []declaration
	}
	if err := json.Unmarshal(encoded, &read); err != nil {
		return nil, p.errorf("is no model: %w", err)
	}
	if read.Name == "" || read.Keys.Partition == nil {
		return nil, p.errorf("a model has a name and a partition key")
	}
	model := &ModelDocument{
		File: p.file, Name: read.Name, Table: read.Table.Name, document: document,
		attributes: map[string]declaration{},
		partition:  keyDeclaration{read.Keys.Partition.Attribute, read.Keys.Partition.Type},
	}
	if read.Keys.Sort != nil {
		model.sort = &keyDeclaration{read.Keys.Sort.Attribute, read.Keys.Sort.Type}
	}
	for _, attribute := range read.Attributes {
		model.attributes[attribute.Attribute] = attribute
	}
	return model, nil
}

// checkDMSVersion knows the declarations whose versions start at 0. Without one versions start at 1.
func checkDMSVersion(version string) error {
	switch version {
	case "", "0.1", "0.2":
		return nil
	}
	return fmt.Errorf("dms_version %q is not known; 0.1, 0.2 or none", version)
}

// checkSchemaVersion refuses a schema document whose form may mean something else.
func checkSchemaVersion(p place) error {
	if p.node.Value != "1" {
		return p.errorf("theorydb_schema %q is not known; 1", p.node.Value)
	}
	return nil
}

// find gives the model of a name in a table (any, when table is ""). Where several files declare it, the one with the
// scenario's dms_version is meant.
func (m *Models) find(name, table, dmsVersion string) (*ModelDocument, error) {
	var found []*ModelDocument
	for _, model := range m.all {
		if model.Name == name && (table == "" || model.Table == table) {
			found = append(found, model)
		}
	}
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(d *ModelDocument) bool { return d.DMSVersion != dmsVersion })
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no model file declares model %q in table %q", name, table)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("model %q is declared in %s and in %s", name, found[0].File, found[1].File)
}

// beside gives the models that share a model's file and table, itself among them, in the order of the file.
func (m *Models) beside(model *ModelDocument) []*ModelDocument {
	var models []*ModelDocument
	for _, other := range m.all {
		if other.File == model.File && other.Table == model.Table {
			models = append(models, other)
		}
	}
	return models
}

// json gives the document for a physical table. fromZero makes its versions start at 0. The indexes of a file with a
// dms_version are made with everything in them: other projects have some that leave out what theorydb judges rows by, and
// what an index leaves out no scenario can tell but by reading less.
func (d *ModelDocument) json(table string, fromZero bool) ([]byte, error) {
	document := maps.Clone(d.document)
	document["table"] = map[string]any{"name": table}
	list, _ := document["attributes"].([]any)
	attributes := make([]any, len(list))
	for i, element := range list {
		attributes[i] = element
		if attribute, ok := element.(map[string]any); ok && fromZero {
			attributes[i] = countingFromZero(attribute)
		}
	}
	document["attributes"] = attributes
	if indexes, ok := document["indexes"].([]any); ok && d.DMSVersion != "" {
		document["indexes"] = projectingAll(indexes)
	}
	return json.Marshal(document)
}

func projectingAll(indexes []any) []any {
	whole := make([]any, len(indexes))
	for i, element := range indexes {
		whole[i] = element
		if index, ok := element.(map[string]any); ok {
			index = maps.Clone(index)
			index["projection"] = map[string]any{"type": "ALL"}
			whole[i] = index
		}
	}
	return whole
}

// countingFromZero says in a document's own words that a version starts at 0.
func countingFromZero(attribute map[string]any) map[string]any {
	roles, _ := attribute["roles"].([]any)
	i := slices.Index(roles, any("version"))
	if i < 0 {
		return attribute
	}
	attribute, roles = maps.Clone(attribute), slices.Clone(roles)
	roles[i] = "version:0"
	attribute["roles"] = roles
	return attribute
}

// role gives the attribute with a role, "" when the model has none.
func (d *ModelDocument) role(role string) string {
	for _, name := range sortedNames(d.attributes) {
		if slices.Contains(d.attributes[name].Roles, role) || slices.Contains(d.attributes[name].Roles, role+":0") {
			return name
		}
	}
	return ""
}
