package theorydb_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// lent is written with Returning.
type lent struct {
	_ theorydb.Key `theorydb:"pk" key:"LENT#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID, Text  string
	ExpiresAt time.Time `theorydb:"ttl"`
	Version   int64     `theorydb:"version"`
	UpdatedAt time.Time `theorydb:"updated_at"`
}

// returningVerbs are the writes that take Returning; each sets the text to "new" or deletes.
func returningVerbs(t *testing.T, m *theorydb.Model[lent]) map[string]func(held lent, options ...theorydb.WriteOption) error {
	return map[string]func(lent, ...theorydb.WriteOption) error{
		"Put": func(held lent, options ...theorydb.WriteOption) error {
			held.Text = "new"
			return m.Put(t.Context(), &held, convert[theorydb.PutOption](options)...)
		},
		"Update": func(held lent, options ...theorydb.WriteOption) error {
			held.Text = "new"
			return m.Update(t.Context(), &held, convert[theorydb.UpdateOption](options)...)
		},
		"Delete": func(held lent, options ...theorydb.WriteOption) error {
			return m.Delete(t.Context(), &held, convert[theorydb.DeleteOption](options)...)
		},
		"Change": func(held lent, options ...theorydb.WriteOption) error {
			parts := append(convert[theorydb.ChangePart](options), theorydb.Set("text", "new"), theorydb.AnyVersion())
			changed, err := m.Change(t.Context(), lent{ID: held.ID}, parts...)
			require.Nil(t, changed, "with Returning it returns nothing else")
			return err
		},
		"Change,OrCreate": func(held lent, options ...theorydb.WriteOption) error {
			parts := append(convert[theorydb.ChangePart](options), theorydb.Set("text", "new"), theorydb.AnyVersion(), theorydb.OrCreate())
			_, err := m.Change(t.Context(), lent{ID: held.ID}, parts...)
			return err
		},
	}
}

func convert[To any](options []theorydb.WriteOption) []To {
	var converted []To
	for _, option := range options {
		if same, ok := option.(To); ok {
			converted = append(converted, same)
		}
	}
	return converted
}

func TestReturningFillsTheItemAsItWas(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		e.clock.Set(cellNow)
		m := model[lent](t, e)
		for verb, write := range returningVerbs(t, m) {
			t.Run(verb, func(t *testing.T) {
				held := lent{ID: verb, Text: "old"}
				require.NoError(t, m.Create(t.Context(), &held))
				before, err := m.Get(t.Context(), held, theorydb.Consistent())
				require.NoError(t, err)

				old := lent{Text: "untouched"}
				require.NoError(t, write(held, theorydb.Returning(&old)))
				require.Empty(t, cmp.Diff(*before, old))
			})
			t.Run(verb+" whose own condition failed", func(t *testing.T) {
				held := lent{ID: verb + "!", Text: "old"}
				require.NoError(t, m.Create(t.Context(), &held))
				before, err := m.Get(t.Context(), held, theorydb.Consistent())
				require.NoError(t, err)

				old := lent{Text: "untouched"}
				err = write(held, theorydb.Returning(&old), theorydb.OnlyIf(theorydb.Equal("text", "other")))
				require.ErrorIs(t, err, theorydb.ErrConditionFailed)
				require.Empty(t, cmp.Diff(*before, old), "it holds the item that failed the condition")

				if verb == "Put" || verb == "Update" || verb == "Delete" {
					old = lent{Text: "untouched"}
					held.Version += 5
					err = write(held, theorydb.Returning(&old), theorydb.OnlyIf(theorydb.Equal("text", "other")))
					require.ErrorIs(t, err, theorydb.ErrVersionConflict)
					require.Equal(t, lent{Text: "untouched"}, old, "another cause")
				}
			})
			t.Run(verb+" over an expired item", func(t *testing.T) {
				held := lent{ID: verb + "-", Text: "old", ExpiresAt: cellNow.Add(time.Minute)}
				require.NoError(t, m.Create(t.Context(), &held))
				e.clock.Advance(2 * time.Minute)
				defer e.clock.Set(cellNow)
				old := lent{Text: "untouched"}
				err := write(held, theorydb.Returning(&old))
				if verb == "Update" || verb == "Change" {
					require.ErrorIs(t, err, theorydb.ErrItemNotFound)
				} else {
					require.NoError(t, err)
				}
				require.Equal(t, lent{Text: "untouched"}, old, "what has expired is not returned")
			})
			t.Run(verb+" of nothing", func(t *testing.T) {
				old := lent{Text: "untouched"}
				err := write(lent{ID: verb + "0"}, theorydb.Returning(&old))
				if verb == "Update" || verb == "Change" {
					require.ErrorIs(t, err, theorydb.ErrItemNotFound)
				} else {
					require.NoError(t, err)
				}
				require.Equal(t, lent{Text: "untouched"}, old)
			})
			t.Run(verb+" into something else", func(t *testing.T) {
				for _, option := range []theorydb.WriteOption{
					theorydb.Returning(new(tallied)), theorydb.Returning(new(string)), theorydb.Returning((*lent)(nil)), theorydb.Returning(new(*lent)),
				} {
					var err error
					require.Zero(t, e.sends(func() { err = write(lent{ID: "x"}, option) }))
					require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
					require.ErrorContains(t, err, "lent")
				}
			})
		}
	})
}

func TestReturningIsUntouchedAfterALostAnswer(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[lent](t, e)
		for verb, write := range returningVerbs(t, m) {
			held := lent{ID: verb, Text: "old"}
			require.NoError(t, m.Create(t.Context(), &held))
			e.faults = &localaws.Faults{Next: e.faults.Next}
			rule := e.faults.On("").Attempt(1).CommitThenDrop()
			old := lent{Text: "untouched"}
			err := write(held, theorydb.Returning(&old))
			require.Equal(t, 1, rule.Fired())
			require.NoError(t, err, "it took effect, and that is known")
			require.Equal(t, lent{Text: "untouched"}, old, verb)
		}
	})
}

// The write took effect although the item before can't be read, and the error says so.
func TestReturningOfAnItemThatCanNotBeReadSaysThatTheWriteTookEffect(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[lent](t, e)
		for verb, write := range returningVerbs(t, m) {
			held := lent{ID: verb, Version: 1}
			e.put(t, theorydb.Item{
				"PK": str("LENT#" + verb), "SK": str("ROW"), "_t": str("lent"), "id": str(verb), "version": num("1"), "updatedAt": num("7"),
			})
			old := lent{Text: "untouched"}
			err := write(held, theorydb.Returning(&old))
			var where *theorydb.OpError
			require.ErrorAs(t, err, &where, verb)
			require.True(t, where.Applied)
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			require.Equal(t, lent{Text: "untouched"}, old)
			if stored := e.stored(t, "LENT#"+verb, "ROW"); verb == "Delete" {
				require.Nil(t, stored)
			} else {
				require.Equal(t, str("new"), stored["text"])
			}
		}
	})
}
