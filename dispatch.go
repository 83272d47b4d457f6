package theorydb

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// modelsOf are the models registered for a table, in order of their names. Those of scoped models have no scope.
func (db *DB) modelsOf(table string) []*model {
	db.mu.Lock()
	defer db.mu.Unlock()
	known := db.tables[table]
	if known == nil {
		return nil
	}
	models := make([]*model, 0, len(known.models))
	for _, entity := range slices.Sorted(maps.Keys(known.models)) {
		models = append(models, known.models[entity].model)
	}
	return models
}

// fits reports whether a row may stand under its key as a record of the model: both halves are there with the right type,
// and the templates can produce them. A model with plain keys fits every such key.
func (m *model) fits(row Item) bool {
	for _, half := range m.halves() {
		if keyType, _, err := keyBytes(row[half.Name]); err != nil || string(keyType) != half.Type {
			return false
		}
	}
	_, err := m.plan.FromKey(row)
	return err == nil
}

// entityOf is the entity of a row: the one it names or, when another writer stored it without naming one, that of the
// only model whose keys it fits. It is empty where none or several fit: nothing is guessed.
func entityOf(row Item, models []*model) string {
	if stored := row[entityAttribute]; stored != nil {
		name, _ := stored.(*types.AttributeValueMemberS)
		if name == nil {
			return ""
		}
		return name.Value
	}
	entity := ""
	for _, m := range models {
		switch {
		case entity == m.plan.Entity || !m.fits(row):
		case entity != "":
			return ""
		default:
			entity = m.plan.Entity
		}
	}
	return entity
}
