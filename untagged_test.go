package theorydb_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// diary has plain keys, so that every row fits it; happening has keys of its own, and its records are never deleted.
type diary struct {
	PK   string `theorydb:"pk"`
	SK   string `theorydb:"sk"`
	Text string `theorydb:"omitempty"`
}

type happening struct {
	_ theorydb.Entity `theorydb:"append_only"`
	_ theorydb.Key    `theorydb:"pk" key:"HAPPENING#{place}"`
	_ theorydb.Key    `theorydb:"sk" key:"AT#{at}"`

	Place, At string
}

// A row of another writer says not whose it is. It is a model's if it fits no other one of the table.
func TestARowWithoutAnEntityIsTheModelsThatItFitsAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		db := e.open(t)
		diaries, happenings := registered[diary](t, db), registered[happening](t, db)
		require.NoError(t, db.CreateTable(t.Context()))
		const pk = "HAPPENING#here"
		row := func(sk string) theorydb.Item { return theorydb.Item{"PK": str(pk), "SK": str(sk), "text": str("x")} }
		both, alone := row("AT#1"), row("NOTE")
		e.put(t, both)
		e.put(t, alone)

		_, after, err := diaries.Decode(t.Context(), nil, alone)
		require.NoError(t, err)
		require.Equal(t, &diary{PK: pk, SK: "NOTE", Text: "x"}, after)
		_, after, err = diaries.Decode(t.Context(), nil, both)
		require.ErrorIs(t, err, theorydb.ErrTypeMismatch)
		require.Nil(t, after)
		_, _, err = happenings.Decode(t.Context(), both, nil)
		require.ErrorIs(t, err, theorydb.ErrTypeMismatch)

		require.NoError(t, happenings.Create(t.Context(), &happening{Place: "here", At: "2"}))
		retire(t, diaries, theorydb.Query[diary]{Key: diary{PK: pk}})
		require.Equal(t, []string{"AT#1", "AT#2"}, e.rows(t, pk))
	})
}

func TestDecodeOfNoImageAtAllIsRefused(t *testing.T) {
	d := openDossier(t, embedded(t))
	for name, images := range map[string][2]theorydb.Item{
		"absent": {nil, nil}, "empty": {{}, {}}, "one of each": {{}, nil},
	} {
		d.requireSilent(t, func() {
			before, after, err := d.passkeys.Decode(t.Context(), images[0], images[1])
			require.ErrorIs(t, err, theorydb.ErrInvalidValue, name)
			require.Nil(t, before)
			require.Nil(t, after)
		})
	}
}
