package theorydb_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// dossierCard has a sealed attribute that may be absent, and one that may not.
type dossierCard struct {
	_ theorydb.Key `theorydb:"pk" key:"CARD#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"CARD"`

	ID      string
	Alias   theorydb.Secret[string]            `theorydb:"encrypted,omitempty"`
	Numbers theorydb.Secret[map[string]string] `theorydb:"encrypted,omitempty"`
	Pin     theorydb.Secret[string]            `theorydb:"encrypted"`
	Version int64                              `theorydb:"version"`
}

// What a Go model may leave out, a model of its description may too, and nothing else.
func TestDescribedModelLeavesOutTheSealedAttributesThatGoLeavesOut(t *testing.T) {
	e := embedded(t)
	keyed := func(c *theorydb.Config) {
		c.KMS, c.KeyID, c.LogicalTable = e.aws.KMS(), e.aws.KMSKey("alias/cards"), "cards"
	}
	db := e.open(t, keyed)
	cards, err := theorydb.NewModel[dossierCard](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	document, err := db.Describe()
	require.NoError(t, err)
	var described struct{ Models []json.RawMessage }
	require.NoError(t, json.Unmarshal(document, &described))
	records, err := theorydb.NewRecordModel(e.open(t, keyed), described.Models[0])
	require.NoError(t, err)

	require.NoError(t, cards.Create(t.Context(), &dossierCard{ID: "go", Pin: theorydb.NewSecret("1234")}))
	read, err := records.Get(t.Context(), theorydb.Record{"id": "go"})
	require.NoError(t, err)
	require.NotContains(t, *read, "alias")
	(*read)["alias"] = "al"
	require.NoError(t, records.Update(t.Context(), read))
	card, err := cards.Get(t.Context(), dossierCard{ID: "go"})
	require.NoError(t, err)
	require.Equal(t, "al", card.Alias.Reveal())
	_, err = records.Change(t.Context(), theorydb.Record{"id": "go"}, theorydb.Remove("alias"), theorydb.AnyVersion())
	require.NoError(t, err)

	made := theorydb.Record{"id": "record", "pin": "1234"}
	require.NoError(t, records.Create(t.Context(), &made))
	card, err = cards.Get(t.Context(), dossierCard{ID: "record"})
	require.NoError(t, err)
	require.False(t, card.Alias.IsSet())
	require.Equal(t, "1234", card.Pin.Reveal())

	require.ErrorIs(t, records.Create(t.Context(), &theorydb.Record{"id": "none", "alias": "al"}), theorydb.ErrEncryptedFieldMissing)
	_, err = records.Change(t.Context(), theorydb.Record{"id": "go"}, theorydb.Remove("pin"), theorydb.AnyVersion())
	require.ErrorIs(t, err, theorydb.ErrEncryptedFieldNotUpdatable)
	item := e.stored(t, "CARD#record", "CARD")
	delete(item, "pin")
	e.put(t, item)
	_, err = records.Get(t.Context(), theorydb.Record{"id": "record"})
	require.ErrorIs(t, err, theorydb.ErrEncryptedFieldMissing, "somebody took it away")
}
