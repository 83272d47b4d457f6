package theorydb_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// clearAll clears a partition page by page, and returns how many calls that took.
func (d *dossier) clearAll(t testing.TB, partition theorydb.Partition, keep ...string) (calls int) {
	t.Helper()
	for cursor := ""; calls == 0 || cursor != ""; calls++ {
		var err error
		cursor, err = d.db.ClearPartition(t.Context(), partition, cursor, keep...)
		require.NoError(t, err)
	}
	return calls
}

// strangers are rows of a person's partition that no model has a name for, and expired ones.
func strangers() []theorydb.Item {
	return []theorydb.Item{
		personRow("ELSE", nil),                                 // of another writer, under a key of nobody's
		personRow("PASSKEY#old", theorydb.Item{"a": num("1")}), // of another writer, under a key of ours
		personRow("PASSKEY#sealed", theorydb.Item{"_t": str("Passkey"), "secret": str("damaged")}),
		personRow("PASSKEY#expired", theorydb.Item{"_t": str("Passkey"), "ttl": num("1")}),
		personRow("STRANGER", theorydb.Item{"_t": str("Stranger")}),
		personRow("ZZZ", theorydb.Item{"_t": num("1")}),
	}
}

func TestClearPartitionDeletesEveryRowButThoseThatStay(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		d.fill(t, "1", 2)
		d.fill(t, "10", 1)
		for _, row := range append(strangers(),
			personRow("ENTRY#000007", nil), // of another writer, under a key of an append_only model
			personRow("ENTRY#000008", theorydb.Item{"_t": str("Entry"), "ttl": num("1")}),
			personRow("ENTRY#000009", theorydb.Item{"_t": num("1")}),
			personRow("PERSON#", theorydb.Item{"_t": str("Person")}),
		) {
			e.put(t, row)
		}
		entries := []string{"ENTRY#000000", "ENTRY#000001", "ENTRY#000007", "ENTRY#000008", "ENTRY#000009"}
		people := []string{"PERSON", "PERSON#"}
		d.kmsFaults.On("").Always().Error(400, "AccessDeniedException", "no")
		var sent int
		asked := d.asks(func() {
			sent = d.sends(func() { require.Equal(t, 1, d.clearAll(t, d.partition("1"), "Person")) })
		})
		require.Empty(t, asked)
		require.Equal(t, 2, sent)
		require.Equal(t, append(slices.Clone(entries), people...), e.rows(t, "PERSON#1"))
		told := d.only(t)
		require.Positive(t, told.Capacity)
		told.Capacity, told.Duration = 0, 0
		require.Equal(t, theorydb.Observation{Op: "ClearPartition", Model: "Person", Attempts: 2, Items: 8}, told)

		require.Equal(t, 1, d.clearAll(t, d.passkeys.Partition(passkey{PersonID: "1"})))
		require.Equal(t, entries, e.rows(t, "PERSON#1"))
		require.Equal(t, 1, d.sends(func() { d.clearAll(t, d.partition("1"), "Entry") }))
		require.Len(t, e.rows(t, "PERSON#10"), 3, "another partition")
	})
}

func TestClearPartitionKeepsRowsWithoutANameForEveryModelTheyFit(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		registered[plainRow](t, d.db)
		for _, row := range strangers() {
			e.put(t, row)
		}
		e.put(t, personRow("PASSKEY#ours", theorydb.Item{"_t": str("Passkey")}))
		d.clearAll(t, d.partition("1"), "Passkey")
		require.Equal(t, []string{"PASSKEY#expired", "PASSKEY#old", "PASSKEY#ours", "PASSKEY#sealed"}, e.rows(t, "PERSON#1"))
		e.put(t, personRow("ELSE", nil))
		d.clearAll(t, d.partition("1"), "PlainRow")
		require.Equal(t, []string{"ELSE", "PASSKEY#old"}, e.rows(t, "PERSON#1"), "plain keys fit every row")
	})
}

func TestClearPartitionGoesOnWhereThePageBeforeEnded(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		for i := range 250 {
			e.put(t, personRow(fmt.Sprintf("ROW#%03d", i), nil))
		}
		var cursor string
		var err error
		for page, left := range []int{150, 50, 0} {
			sent := d.sends(func() { cursor, err = d.db.ClearPartition(t.Context(), d.partition("1"), cursor) })
			require.NoError(t, err)
			require.Equal(t, page == 2, cursor == "")
			require.Len(t, e.rows(t, "PERSON#1"), left)
			told := d.told[page]
			require.Equal(t, sent, told.Attempts)
			require.Equal(t, []int{5, 5, 3}[page], sent, "a query, and 25 rows a request")
			require.Equal(t, []int{100, 100, 50}[page], told.Items)
		}
	})
}

func TestClearPartitionOfATableWithoutASortKey(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[Counter](t, e)
		db := e.open(t)
		mine := registered[Counter](t, db)
		for _, name := range []string{"a", "b"} {
			require.NoError(t, m.Create(t.Context(), &Counter{Name: name}))
		}
		next, err := db.ClearPartition(t.Context(), mine.Partition(Counter{Name: "a"}), "")
		require.NoError(t, err)
		require.Empty(t, next)
		_, err = m.Get(t.Context(), Counter{Name: "a"}, theorydb.Consistent())
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = m.Get(t.Context(), Counter{Name: "b"}, theorydb.Consistent())
		require.NoError(t, err)
	})
}

func TestClearPartitionRefusesNamesItCannotKeep(t *testing.T) {
	e := embedded(t)
	d := openDossier(t, e)
	registered[annex](t, d.db)
	e.put(t, personRow("PERSON", nil))
	for name, c := range map[string]struct{ keep, text string }{
		"a typo":                   {"Persn", `did you mean "Person"?`},
		"another case":             {"person", `did you mean "Person"?`},
		"no name":                  {"", `it has ["Entry" "Passkey" "Person"]`},
		"a model of another table": {"Elsewhere", `"Elsewhere"`},
	} {
		t.Run(name, func(t *testing.T) {
			d.told = nil
			d.requireSilent(t, func() {
				_, err := d.db.ClearPartition(t.Context(), d.partition("1"), "", "Passkey", c.keep)
				require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
				require.ErrorContains(t, err, c.text)
			})
			require.Equal(t, "ErrInvalidQuery", d.only(t).Error)
		})
	}
	require.Len(t, e.rows(t, "PERSON#1"), 1)
}

func TestClearPartitionReachesItsScopeOnly(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		o := openOffice(t, e)
		next, err := o.db.ClearPartition(t.Context(), o.lamps.In(scopeOf(t, "a")).Partition(lamp{UserID: "u"}), "", "Desk")
		require.NoError(t, err)
		require.Empty(t, next)
		require.Equal(t, []string{"DESK#1"}, e.rows(t, "TENANT#a#USER#u"))
		require.Len(t, e.rows(t, "TENANT#b#USER#u"), 3)
	})
}

// Deleting again is harmless, so a lost answer is no error. What is not done goes on at the same page.
func TestClearPartitionSurvivesLostAnswers(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		for i := range 120 {
			e.put(t, personRow(fmt.Sprintf("ROW#%03d", i), nil))
		}
		d.faults.On("Query").Attempt(1).CommitThenDrop()
		d.faults.On("BatchWriteItem").Nth(2).CommitThenDrop()
		d.faults.On("BatchWriteItem").Nth(4).DropBefore()
		d.faults.On("BatchWriteItem").Nth(5).CutBody()
		cursor, err := d.db.ClearPartition(t.Context(), d.partition("1"), "")
		require.NoError(t, err)
		require.NotEmpty(t, cursor)
		require.Len(t, e.rows(t, "PERSON#1"), 20)
		told := d.only(t)
		require.Equal(t, 100, told.Items)
		require.Equal(t, 2+4+3, told.Attempts)
		require.Empty(t, d.faults.Unfired())

		d.faults.On("BatchWriteItem").Always().CommitThenDrop()
		next, err := d.db.ClearPartition(t.Context(), d.partition("1"), cursor)
		require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
		require.NotErrorIs(t, err, theorydb.ErrThrottled)
		require.Equal(t, cursor, next, "the page that failed is the one to begin with")
		told = d.only(t)
		require.Equal(t, "ErrOutcomeUnknown", told.Error)
		require.Zero(t, told.Items)
	})
}

func TestClearPartitionSendsAgainWhatWasLeftUndone(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		throttled := &reluctant{Client: e.client}
		var waits []time.Duration
		d := openDossier(t, e, func(c *theorydb.Config) {
			c.DynamoDB, c.Attempts = throttled, 3
			c.Wait = func(_ context.Context, wait time.Duration) error {
				waits = append(waits, wait)
				return nil
			}
		})
		for i := range 20 {
			e.put(t, personRow(fmt.Sprintf("ROW#%03d", i), nil))
		}
		throttled.does = []int{10, 0, 0, 4}
		cursor, err := d.db.ClearPartition(t.Context(), d.partition("1"), "")
		require.NoError(t, err)
		require.Empty(t, cursor)
		require.Empty(t, e.rows(t, "PERSON#1"))
		require.Len(t, waits, 4)
		told := d.only(t)
		require.Equal(t, 20, told.Items)
		require.Equal(t, 1+5, told.Attempts)

		for i := range 20 {
			e.put(t, personRow(fmt.Sprintf("ROW#%03d", i), nil))
		}
		throttled.does = []int{10, 0, 0, 0}
		cursor, err = d.db.ClearPartition(t.Context(), d.partition("1"), "")
		require.ErrorIs(t, err, theorydb.ErrThrottled)
		require.ErrorContains(t, err, "10 of 20 operations failed")
		require.Empty(t, cursor)
		require.Len(t, e.rows(t, "PERSON#1"), 10)
		require.Equal(t, 10, d.only(t).Items)

		ctx, cancel := context.WithCancel(t.Context())
		stopped := e.open(t, func(c *theorydb.Config) {
			c.DynamoDB = throttled
			c.Wait = func(context.Context, time.Duration) error {
				cancel()
				return ctx.Err()
			}
		})
		throttled.does = []int{5}
		_, err = stopped.ClearPartition(ctx, registered[person](t, stopped).Partition(person{ID: "1"}), "")
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, e.rows(t, "PERSON#1"), 5)
	})
}

func TestClearPartitionReportsWhatDynamoDBRefuses(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		e.put(t, personRow("ROW", nil))
		for operation, c := range map[string]struct {
			code     string
			want     error
			attempts int
		}{
			"Query":          {"ResourceNotFoundException", theorydb.ErrTableNotFound, 1},
			"BatchWriteItem": {"ThrottlingException", theorydb.ErrThrottled, 9},
		} {
			d.faults.On(operation).Times(8).Error(http.StatusBadRequest, c.code, "no")
			next, err := d.db.ClearPartition(t.Context(), d.partition("1"), "")
			require.ErrorIs(t, err, c.want)
			require.NotErrorIs(t, err, theorydb.ErrOutcomeUnknown)
			require.Empty(t, next)
			var op *theorydb.OpError
			require.ErrorAs(t, err, &op)
			require.Equal(t, c.attempts, op.Attempts)
			e.faults = &localaws.Faults{Next: e.faults.Next}
			require.Len(t, e.rows(t, "PERSON#1"), 1)
		}
	})
}
