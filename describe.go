package theorydb

import (
	"maps"
	"slices"

	"github.com/theorydb/theorydb/internal/schema"
)

// Describe returns the schema document of the models registered so far: canonical JSON with their attributes, types and
// roles, key templates, indexes with projections, encryption, ttl and version. The same models give the same bytes.
// Tables are named as they are logically. It is what other runtimes load, what a team checks in, and each of its
// models is what NewRecordModel reads.
func (db *DB) Describe() ([]byte, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	var plans []*schema.Plan
	for _, table := range slices.Sorted(maps.Keys(db.tables)) {
		known := db.tables[table]
		for _, entity := range slices.Sorted(maps.Keys(known.models)) {
			plans = append(plans, known.models[entity].plan)
		}
	}
	return schema.Describe(plans, schema.DescribeOptions{Table: db.config.LogicalTable, TTLAttribute: db.config.TTLAttribute})
}
