package theorydb_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// What was not made by its constructor refuses; nothing panics.
func TestZeroValuesRefuse(t *testing.T) {
	var m theorydb.Model[wide]
	record := goodWide()
	for _, err := range []error{
		m.Create(t.Context(), &record), m.Put(t.Context(), &record), m.Update(t.Context(), &record), m.Delete(t.Context(), &record),
		func() error { _, err := m.Get(t.Context(), record); return err }(),
		func() error { _, err := m.Raw(t.Context(), record); return err }(),
		func() error { _, err := m.Count(t.Context(), theorydb.Query[wide]{Key: record}); return err }(),
		func() error { _, err := m.Change(t.Context(), record, theorydb.Set("text", "x")); return err }(),
		func() error { _, err := m.Modify(t.Context(), record, func(*wide) error { return nil }); return err }(),
		func() error { _, err := theorydb.Collect(m.Query(t.Context(), theorydb.Query[wide]{})); return err }(),
		func() error {
			_, err := (&theorydb.ScopedModel[wide]{}).In(theorydb.Scope{}).Get(t.Context(), record)
			return err
		}(),
		func() error { _, err := theorydb.NewModel[wide](nil); return err }(),
		func() error { _, err := theorydb.NewRecordModel(nil, []byte(`{"name":"X"}`)); return err }(),
	} {
		require.ErrorIs(t, err, theorydb.ErrInvalidModel)
	}
	require.NotEmpty(t, (&theorydb.OpError{}).Error())

	_, err := theorydb.New(theorydb.Config{DynamoDB: (*dynamodb.Client)(nil), Table: "t", TTLAttribute: "_t"})
	require.ErrorContains(t, err, "Config.DynamoDB")
	require.ErrorContains(t, err, "Config.TTLAttribute")
}

func TestNilOptionsAskForNothing(t *testing.T) {
	m := model[wide](t, embedded(t))
	record := goodWide()
	require.NoError(t, m.Create(t.Context(), &record))
	require.NoError(t, m.Put(t.Context(), &record, nil))
	require.NoError(t, m.Update(t.Context(), &record, nil))
	_, err := m.Get(t.Context(), record, nil)
	require.NoError(t, err)
	_, err = m.Change(t.Context(), record, theorydb.Set("text", "x"), theorydb.AnyVersion(), nil)
	require.NoError(t, err)
	require.NoError(t, m.Delete(t.Context(), &record, theorydb.AnyVersion(), nil))
}
