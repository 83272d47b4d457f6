package theorydb_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// plainRow has plain keys, which can be any model's.
type plainRow struct {
	_  theorydb.Entity `theorydb:"name:PlainRow"`
	PK string          `theorydb:"pk"`
	SK string          `theorydb:"sk"`

	Text string
}

// personRow is a row under a person's key, as another writer would store one: it names no entity.
func personRow(sk string, more theorydb.Item) theorydb.Item {
	row := theorydb.Item{"PK": str("PERSON#1"), "SK": str(sk)}
	maps.Copy(row, more)
	return row
}

func TestCollectionDispatchesRowsThatNameNoEntityByTheirKey(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		e.put(t, personRow("PERSON", theorydb.Item{"name": str("Bob")}))
		e.put(t, personRow("ENTRY#000007", theorydb.Item{"kind": str("sell")}))
		for sk, more := range map[string]theorydb.Item{
			"PERSON#more":   nil,                                         // fits no model
			"ENTRY#7":       nil,                                         // not as the template writes it
			"PASSKEY#1":     {"secret": str("in clear"), "_t": num("1")}, // its name is no text
			"ENTRY#000008":  {"_t": str("Stranger")},
			"ENTRY#000009":  {"ttl": num("1")},
			"SOMETHING#1":   {"_t": str("Something")},
			"PASSKEY#stray": {"_t": str("Entry2"), "secret": str("in clear")},
		} {
			e.put(t, personRow(sk, more))
		}
		var people []*person
		var entries []*entry
		var passkeys []*passkey
		var asked map[string]int
		collect := func() error {
			var err error
			asked = d.asks(func() {
				err = d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people), d.entries.Into(&entries), d.passkeys.Into(&passkeys))
			})
			return err
		}
		require.NoError(t, collect())
		require.Equal(t, []*person{{ID: "1", Name: "Bob"}}, people)
		require.Equal(t, []*entry{{PersonID: "1", Seq: 7, Kind: "sell"}}, entries)
		require.Nil(t, passkeys)
		require.Empty(t, asked)

		// Two models could have written every row now, so that none of those without a name is anybody's.
		plain := registered[plainRow](t, d.db)
		var plains []*plainRow
		require.NoError(t, collect())
		require.Nil(t, people)
		require.Nil(t, entries)
		require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), plain.Into(&plains)))
		require.Len(t, plains, 2, "only those that fit no template")
	})
}

func TestCollectionOfAModelWithPlainKeysTakesRowsWithoutAName(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[plainRow](t, e)
		db := e.open(t)
		mine := registered[plainRow](t, db)
		require.NoError(t, m.Create(t.Context(), &plainRow{PK: "P", SK: "1", Text: "ours"}))
		e.put(t, theorydb.Item{"PK": str("P"), "SK": str("2"), "text": str("theirs")})
		var found []*plainRow
		require.NoError(t, db.Collection(t.Context(), mine.Partition(plainRow{PK: "P"}, theorydb.Consistent()), mine.Into(&found)))
		require.Equal(t, []*plainRow{{PK: "P", SK: "1", Text: "ours"}, {PK: "P", SK: "2", Text: "theirs"}}, found)
	})
}

// Whatever a read of one record refuses fails the whole collection, and what was collected before is not given out.
func TestCollectionFailsWholeOnABadRecord(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		d.fill(t, "1", 2)
		d.fill(t, "2", 1)
		sealed := e.stored(t, "PERSON#1", "PASSKEY#0")
		moved := e.stored(t, "PERSON#2", "PASSKEY#0")
		changed := func(row theorydb.Item, name string, value string) theorydb.Item {
			row = maps.Clone(row)
			row[name] = str(value)
			return row
		}
		without := maps.Clone(sealed)
		delete(without, "secret")
		for name, c := range map[string]struct {
			row  theorydb.Item
			want error
		}{
			"a secret in clear":             {changed(sealed, "secret", "in clear"), theorydb.ErrInvalidEncryptedEnvelope},
			"a secret of another item":      {changed(changed(moved, "PK", "PERSON#1"), "personID", "1"), theorydb.ErrDecryptAuth},
			"no secret":                     {without, theorydb.ErrEncryptedFieldMissing},
			"attributes of another key":     {changed(sealed, "id", "7"), theorydb.ErrTypeMismatch},
			"a key of another model":        {changed(changed(sealed, "_t", "Passkey"), "SK", "PERSON#0"), theorydb.ErrTypeMismatch},
			"a ttl that is no number":       {changed(sealed, "ttl", "soon"), theorydb.ErrInvalidValue},
			"an attribute of another type":  {changed(e.stored(t, "PERSON#1", "ENTRY#000001"), "seq", "one"), theorydb.ErrInvalidValue},
			"no name and a secret in clear": {personRow("PASSKEY#0", theorydb.Item{"secret": str("in clear")}), theorydb.ErrInvalidEncryptedEnvelope},
		} {
			t.Run(name, func(t *testing.T) {
				before := e.stored(t, keyText(c.row["PK"]), keyText(c.row["SK"]))
				e.put(t, c.row)
				people, passkeys, entries := []*person(nil), []*passkey(nil), []*entry(nil)
				err := d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people), d.passkeys.Into(&passkeys), d.entries.Into(&entries))
				require.ErrorIs(t, err, c.want)
				var op *theorydb.OpError
				require.ErrorAs(t, err, &op)
				require.Equal(t, "Person, Passkey, Entry", op.Model)
				require.Equal(t, 1, op.Attempts)
				require.NotContains(t, err.Error(), "clear")
				require.Nil(t, people)
				require.Nil(t, passkeys)
				require.Nil(t, entries)
				require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), d.people.Into(&people)), "nobody asked for that row")
				e.restore(t, c.row, before)
			})
		}
	})
}
