package theorydb_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

const noteDocument = `{"name":"Note","keys":{"partition":{"attribute":"PK","type":"S"}},"attributes":[
	{"attribute":"PK","type":"S","roles":["pk"]},{"attribute":"text","type":"S"},{"attribute":"version","type":"N","format":"int","roles":["version"]}]}`

// A Record is a map: the caller may go on and use the one that it gave as a key for the next operation.
func TestOperationsKeepTheKeyThatTheyWereGiven(t *testing.T) {
	e := embedded(t)
	db := e.open(t)
	m, err := theorydb.NewRecordModel(db, []byte(noteDocument))
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	for _, pk := range []string{"1", "2", "3"} {
		require.NoError(t, m.Create(t.Context(), &theorydb.Record{"PK": pk, "text": "of " + pk}))
	}
	key := theorydb.Record{"PK": "1"}
	change := m.ChangeOp(key, theorydb.Set("text", "changed"), theorydb.AnyVersion())
	get := m.GetOp(key)
	check := m.CheckOp(key, theorydb.Equal("text", "changed"))
	key["PK"] = "2"
	other := m.CheckOp(key, theorydb.Equal("text", "of 2"))
	key["PK"] = "absent"

	require.NoError(t, db.Transact(t.Context(), change, other))
	require.NoError(t, db.Transact(t.Context(), check))
	for name, read := range map[string]func() error{
		"TransactGet": func() error { return db.TransactGet(t.Context(), get) },
		"BatchGet":    func() error { return db.BatchGet(t.Context(), []theorydb.ReadOp{get}) },
	} {
		require.NoError(t, read(), name)
		got, err := get.Item()
		require.NoError(t, err, name)
		require.Equal(t, "1", (*got)["PK"], name)
		require.Equal(t, "changed", (*got)["text"], name)
	}
	require.Equal(t, theorydb.Record{"PK": "absent"}, key, "the caller's map is left alone")
}

func TestItemOfNoGetOpIsAnError(t *testing.T) {
	var none *theorydb.GetOp[account]
	item, err := none.Item()
	require.Error(t, err)
	require.NotErrorIs(t, err, theorydb.ErrItemNotFound)
	require.Nil(t, item)
}
