package theorydb_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// Two writers hold version 1 of one record. The first one's write takes effect and its answer is lost; a third deletes the
// item; the second one's Put finds nothing in its way, keeps the created_at that it holds, and makes version 2 of the same
// life of the key anew. What is stored then looks as if the first had lost, and the first is told so. The manual says that
// this can't be told apart; a transaction can.
func TestARecordPutBackAfterADeleteLooksLikeARivalsUpdate(t *testing.T) {
	for name, write := range map[string]func(*theorydb.Model[counter], *testing.T, *counter) error{
		"Update": func(m *theorydb.Model[counter], t *testing.T, c *counter) error { return m.Update(t.Context(), c) },
		"Put":    func(m *theorydb.Model[counter], t *testing.T, c *counter) error { return m.Put(t.Context(), c) },
	} {
		t.Run(name, func(t *testing.T) {
			e := embedded(t)
			m, rivals := model[counter](t, e), rivalModel(t, e)
			first := counter{ID: "r"}
			require.NoError(t, m.Create(t.Context(), &first))
			second := first

			e.faults.On("").CommitThenDrop().Then(func() {
				seen, err := rivals.Get(t.Context(), counter{ID: "r"}, theorydb.Consistent())
				require.NoError(t, err)
				require.Equal(t, "first", seen.Writer, "the write took effect, and was seen")
				require.NoError(t, rivals.Delete(t.Context(), seen))
				second.Writer = "second"
				require.NoError(t, rivals.Put(t.Context(), &second))
			})
			first.Writer = "first"
			err := write(m, t, &first)
			require.ErrorIs(t, err, theorydb.ErrVersionConflict)
		})
	}
}

func TestATransactionKnowsItsOwnWriteWhateverWasPutBack(t *testing.T) {
	e := embedded(t)
	rivals := rivalModel(t, e)
	db := e.open(t)
	m, err := theorydb.NewModel[counter](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	first := counter{ID: "r"}
	require.NoError(t, m.Create(t.Context(), &first))
	second := first
	e.faults.On("TransactWriteItems").CommitThenDrop().Then(func() {
		seen, err := rivals.Get(t.Context(), counter{ID: "r"}, theorydb.Consistent())
		require.NoError(t, err)
		require.NoError(t, rivals.Delete(t.Context(), seen))
		require.NoError(t, rivals.Put(t.Context(), &second))
	})
	first.Writer = "first"
	require.NoError(t, db.Transact(t.Context(), m.UpdateOp(&first)))
}
