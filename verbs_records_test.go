package theorydb_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// CellAudit is embedded by pointer: its attributes are the record's own.
type CellAudit struct {
	By    string
	Notes []string
}

// CellTree is a record that points to memory which the caller may still hold elsewhere.
type CellTree struct {
	_ theorydb.Key `theorydb:"pk" key:"CellTree#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID      string
	Text    *string
	Tags    []string `theorydb:"set"`
	Counts  map[string]int64
	Version int64 `theorydb:"version"`
	*CellAudit
}

func cellTree() *CellTree {
	return &CellTree{
		ID: "1", Text: ptr("new"), Tags: []string{"z", "a", "z"}, Counts: map[string]int64{"n": 1}, Version: 1,
		CellAudit: &CellAudit{By: "ann", Notes: []string{"first"}},
	}
}

// treeWrites are the writes that store a record.
var treeWrites = map[string]func(*testing.T, *theorydb.Model[CellTree], *CellTree) error{
	"Create": func(t *testing.T, m *theorydb.Model[CellTree], r *CellTree) error { return m.Create(t.Context(), r) },
	"Put":    func(t *testing.T, m *theorydb.Model[CellTree], r *CellTree) error { return m.Put(t.Context(), r) },
	"Update": func(t *testing.T, m *theorydb.Model[CellTree], r *CellTree) error { return m.Update(t.Context(), r) },
	"Delete": func(t *testing.T, m *theorydb.Model[CellTree], r *CellTree) error { return m.Delete(t.Context(), r) },
}

func TestFailedWriteLeavesAllThatARecordPointsTo(t *testing.T) {
	for name, write := range treeWrites {
		t.Run(name, func(t *testing.T) {
			e := embedded(t)
			m := model[CellTree](t, e)
			e.put(t, theorydb.Item{
				"PK": str("CellTree#1"), "SK": str("ROW"), "_t": str("CellTree"), "id": str("1"), "version": num("7"), "text": str("old"),
			})
			record := cellTree()
			held := *record // what a caller may have kept of it
			require.ErrorIs(t, write(t, m, record), theorydb.ErrConditionFailed)
			require.Empty(t, cmp.Diff(cellTree(), record))
			require.Same(t, held.Text, record.Text)
			require.Same(t, held.CellAudit, record.CellAudit)
		})
	}
}

func TestWriteLeavesMemoryThatTheRecordSharesWithOthers(t *testing.T) {
	for _, name := range []string{"Create", "Put", "Update"} {
		t.Run(name, func(t *testing.T) {
			e := embedded(t)
			m := model[CellTree](t, e)
			if name != "Create" {
				require.NoError(t, m.Create(t.Context(), &CellTree{ID: "1"}))
			}
			record := cellTree()
			shared := *record
			require.NoError(t, treeWrites[name](t, m, record))
			read, err := m.Get(t.Context(), CellTree{ID: "1"})
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(read, record))
			require.Equal(t, []string{"a", "z"}, record.Tags)

			given := cellTree()
			require.Equal(t, given.Tags, shared.Tags)
			require.Equal(t, given.Counts, shared.Counts)
			require.Equal(t, given.CellAudit, shared.CellAudit)
			require.Equal(t, *given.Text, *shared.Text)
		})
	}
}

const cellDocument = `{
	"name": "CellDocument", "table": {"name": "cells"},
	"keys": {"partition": {"attribute": "PK", "type": "S"}, "sort": {"attribute": "SK", "type": "S"}},
	"attributes": [
		{"attribute": "PK", "type": "S", "roles": ["pk"]},
		{"attribute": "SK", "type": "S", "roles": ["sk"]},
		{"attribute": "text", "type": "S", "optional": true},
		{"attribute": "version", "type": "N", "roles": ["version"]}
	]
}`

func TestWriteOfARecordWithoutAStruct(t *testing.T) {
	e := embedded(t)
	db := e.open(t)
	m, err := theorydb.NewRecordModel(db, []byte(cellDocument))
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))

	record := theorydb.Record{"PK": "a", "SK": "b", "text": "new"}
	kept := record // a map: another name for the same one
	require.NoError(t, m.Create(t.Context(), &record))
	read, err := m.Get(t.Context(), record)
	require.NoError(t, err)
	require.Equal(t, *read, record)
	require.Equal(t, theorydb.Record{"PK": "a", "SK": "b", "text": "new"}, kept, "what others hold stays")

	again := theorydb.Record{"PK": "a", "SK": "b", "text": "newer"}
	for name, write := range map[string]func() error{
		"Create": func() error { return m.Create(t.Context(), &again) },
		"Put":    func() error { return m.Put(t.Context(), &again) },
		"Update": func() error { return m.Update(t.Context(), &again) },
		"Delete": func() error { return m.Delete(t.Context(), &again) },
	} {
		require.ErrorIs(t, write(), theorydb.ErrConditionFailed, name)
		require.Equal(t, theorydb.Record{"PK": "a", "SK": "b", "text": "newer"}, again, name)
	}
}
