package theorydb_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

const tooOld = "older than 90 days"

// retire runs a Retention to its end and returns how many calls that took.
func retire[T any](t testing.TB, m *theorydb.Model[T], query theorydb.Query[T]) (calls int) {
	t.Helper()
	for cursor := ""; calls == 0 || cursor != ""; calls++ {
		var err error
		cursor, err = m.Retention(tooOld).Clear(t.Context(), query, cursor)
		require.NoError(t, err)
	}
	return calls
}

func TestRetentionDeletesAppendOnlyRecordsThatTheQueryFinds(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		d.fill(t, "1", 4)
		for sk, more := range map[string]theorydb.Item{
			"ENTRY#000000": {"_t": str("Entry"), "ttl": num("1")},
			"ENTRY#000009": {"_t": str("Entry"), "seq": str("not to be decoded")},
			"ENTRY#000010": nil, // of another writer
			"ENTRY#11":     nil, // of another writer, under no key of ours
			"ENTRY#000012": {"_t": str("Stranger")},
		} {
			e.put(t, personRow(sk, more))
		}
		query := theorydb.Query[entry]{Key: entry{PersonID: "1"}, Sort: theorydb.AtMost(uint32(1)), Consistent: true}
		sent := d.sends(func() { require.Equal(t, 1, retire(t, d.entries, query)) })
		require.Equal(t, 2, sent)
		told := d.only(t)
		require.Positive(t, told.Capacity)
		told.Capacity, told.Duration = 0, 0
		require.Equal(t, theorydb.Observation{Op: "Retention.Clear", Model: "Entry", Reason: tooOld, Attempts: 2, Items: 2}, told)
		kept := []string{"ENTRY#000002", "ENTRY#000003", "ENTRY#000009", "ENTRY#000010", "ENTRY#000012", "ENTRY#11"}
		require.Equal(t, append(kept, "PASSKEY#0", "PASSKEY#1", "PASSKEY#2", "PASSKEY#3", "PERSON"), e.rows(t, "PERSON#1"))

		retire(t, d.entries, theorydb.Query[entry]{Key: entry{PersonID: "1"}, Filter: theorydb.Equal("kind", "sell"), Consistent: true})
		require.Len(t, e.rows(t, "PERSON#1"), 11)
		retire(t, d.entries, theorydb.Query[entry]{Key: entry{PersonID: "1"}, Consistent: true})
		require.Equal(t, []string{"ENTRY#000012", "ENTRY#11", "PASSKEY#0", "PASSKEY#1", "PASSKEY#2", "PASSKEY#3", "PERSON"}, e.rows(t, "PERSON#1"))
	})
}

// Nothing of a sealed record is opened, and no model without append_only is refused.
func TestRetentionOpensNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		d.fill(t, "1", 2)
		damaged := e.stored(t, "PERSON#1", "PASSKEY#0")
		damaged["secret"] = str("in clear")
		e.put(t, damaged)
		d.kmsFaults.On("").Always().Error(400, "AccessDeniedException", "no")
		require.Empty(t, d.asks(func() {
			retire(t, d.passkeys, theorydb.Query[passkey]{Key: passkey{PersonID: "1"}, Consistent: true})
		}))
		require.Equal(t, []string{"ENTRY#000000", "ENTRY#000001", "PERSON"}, e.rows(t, "PERSON#1"))
	})
}

func TestRetentionGoesPageByPage(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		fill := func(n int) {
			for i := range n {
				e.put(t, personRow(fmt.Sprintf("ENTRY#%06d", i), theorydb.Item{"_t": str("Entry"), "kind": str([]string{"a", "b"}[i%2])}))
			}
		}
		all := theorydb.Query[entry]{Key: entry{PersonID: "1"}, Consistent: true}
		with := func(change func(*theorydb.Query[entry])) theorydb.Query[entry] {
			query := all
			change(&query)
			return query
		}
		for name, c := range map[string]struct {
			query       theorydb.Query[entry]
			first, left int // deleted by the first call, left after all
			calls       int
		}{
			"a hundred looked at": {all, 100, 0, 2},
			"a page size":         {with(func(q *theorydb.Query[entry]) { q.PageSize = 50 }), 50, 0, 3},
			"a limit":             {with(func(q *theorydb.Query[entry]) { q.Limit = 70 }), 70, 0, 2},
			"a filter":            {with(func(q *theorydb.Query[entry]) { q.Filter = theorydb.Equal("kind", "a") }), 50, 60, 2},
			"a filter and a limit": {with(func(q *theorydb.Query[entry]) {
				q.Filter, q.Limit, q.PageSize = theorydb.Equal("kind", "a"), 45, 30
			}), 45, 60, 2},
			"backwards": {with(func(q *theorydb.Query[entry]) { q.Descending, q.Limit = true, 110 }), 110, 0, 2},
		} {
			t.Run(name, func(t *testing.T) {
				fill(120)
				d.told = nil
				require.Equal(t, c.calls, retire(t, d.entries, c.query))
				require.Equal(t, c.first, d.told[0].Items)
				require.Len(t, e.rows(t, "PERSON#1"), c.left)
				retire(t, d.entries, all)
			})
		}
	})
}

func TestRetentionWorksOnAnIndexThatProjectsLittle(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		d.fill(t, "1", 3)
		d.fill(t, "2", 3)
		require.NoError(t, d.entries.Create(t.Context(), &entry{PersonID: "1", Seq: 9, Kind: "sell"}))
		byKind := theorydb.Query[entry]{Key: entry{Kind: "buy"}, Index: "byKind", Sort: theorydb.AtMost(uint32(1)), Limit: 3}
		d.told = nil
		require.Equal(t, 2, retire(t, d.entries, byKind))
		require.Equal(t, "byKind", d.told[0].Index)
		require.Equal(t, 3, d.told[0].Items)
		require.Equal(t, []string{"ENTRY#000002", "ENTRY#000009", "PASSKEY#0", "PASSKEY#1", "PASSKEY#2", "PERSON"}, e.rows(t, "PERSON#1"))
		require.Equal(t, []string{"ENTRY#000002", "PASSKEY#0", "PASSKEY#1", "PASSKEY#2", "PERSON"}, e.rows(t, "PERSON#2"))
	})
}

func TestRetentionStaysInItsScope(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		o := openOffice(t, e)
		a := o.desks.In(scopeOf(t, "a"))
		_, err := a.Retention(tooOld).Clear(t.Context(), theorydb.Query[desk]{Key: desk{TenantID: "b", UserID: "u"}}, "")
		require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
		_, err = o.desks.In(theorydb.Scope{}).Retention(tooOld).Clear(t.Context(), theorydb.Query[desk]{Key: desk{UserID: "u"}}, "")
		require.ErrorIs(t, err, theorydb.ErrScopeRequired)

		// Of scope b, but for the key of the index.
		planted := plantedDesk("TENANT#b#USER#u", "b")
		planted["SK"], planted["id"] = str("DESK#2"), str("2")
		e.put(t, planted)
		_, err = a.Retention(tooOld).Clear(t.Context(), theorydb.Query[desk]{Key: desk{Room: "r"}, Index: "byRoom"}, "")
		require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
		require.Len(t, e.rows(t, "TENANT#a#USER#u"), 3)
		require.Len(t, e.rows(t, "TENANT#b#USER#u"), 4)

		retire(t, a, theorydb.Query[desk]{Key: desk{UserID: "u"}, Consistent: true})
		require.Equal(t, []string{"AUDIT#1", "LAMP#1"}, e.rows(t, "TENANT#a#USER#u"))
		require.Len(t, e.rows(t, "TENANT#b#USER#u"), 4)
	})
}

// A row that says that it is of the entity, under a key that the templates can't produce, was put there by somebody else:
// nothing of the page is deleted.
func TestRetentionFailsOnARowThatIsNotWhatItSays(t *testing.T) {
	e := embedded(t)
	d := openDossier(t, e)
	d.fill(t, "1", 2)
	e.put(t, personRow("ENTRY#7", theorydb.Item{"_t": str("Entry")}))
	d.told = nil
	next, err := d.entries.Retention(tooOld).Clear(t.Context(), theorydb.Query[entry]{Key: entry{PersonID: "1"}}, "")
	require.ErrorIs(t, err, theorydb.ErrTypeMismatch)
	require.Empty(t, next)
	require.Len(t, e.rows(t, "PERSON#1"), 6)
	require.Zero(t, d.only(t).Items)
}

func TestRetentionIsRefusedBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	d := openDossier(t, e)
	d.fill(t, "1", 1)
	query := theorydb.Query[entry]{Key: entry{PersonID: "1"}}
	for name, c := range map[string]struct {
		reason, cursor string
		query          theorydb.Query[entry]
		want           error
	}{
		"no reason":                 {"", "", query, theorydb.ErrInvalidQuery},
		"a blank reason":            {" \t\n", "", query, theorydb.ErrInvalidQuery},
		"no partition":              {tooOld, "", theorydb.Query[entry]{}, theorydb.ErrKeyIncomplete},
		"an unknown index":          {tooOld, "", theorydb.Query[entry]{Key: query.Key, Index: "byKnd"}, theorydb.ErrInvalidQuery},
		"an unknown attribute":      {tooOld, "", theorydb.Query[entry]{Key: query.Key, Filter: theorydb.Exists("knd")}, theorydb.ErrInvalidQuery},
		"what is not projected":     {tooOld, "", theorydb.Query[entry]{Key: entry{Kind: "buy"}, Index: "byKind", Filter: theorydb.Exists("personID")}, theorydb.ErrInvalidQuery},
		"a damaged cursor":          {tooOld, "x", query, theorydb.ErrInvalidCursor},
		"a negative page":           {tooOld, "", theorydb.Query[entry]{Key: query.Key, PageSize: -1}, theorydb.ErrInvalidQuery},
		"a global index, strongly":  {tooOld, "", theorydb.Query[entry]{Key: entry{Kind: "buy"}, Index: "byKind", Consistent: true}, theorydb.ErrInvalidQuery},
		"a cursor of another query": {tooOld, firstCursor(t, d.passkeys, theorydb.Query[passkey]{Key: passkey{PersonID: "1"}, PageSize: 1}), query, theorydb.ErrInvalidCursor},
	} {
		t.Run(name, func(t *testing.T) {
			d.told = nil
			d.requireSilent(t, func() {
				next, err := d.entries.Retention(c.reason).Clear(t.Context(), c.query, c.cursor)
				require.ErrorIs(t, err, c.want)
				require.Equal(t, c.cursor, next)
			})
			told := d.only(t)
			require.Equal(t, "Retention.Clear", told.Op)
			require.Equal(t, c.reason, told.Reason)
		})
	}
	_, err := (&theorydb.Model[entry]{}).Retention(tooOld).Clear(t.Context(), query, "")
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
	_, err = (&theorydb.Retention[entry]{}).Clear(t.Context(), query, "")
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
}

func TestRetentionSurvivesLostAnswers(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		row := personRow("", theorydb.Item{"_t": str("Entry")})
		for i := range 60 {
			each := maps.Clone(row)
			each["SK"] = str(fmt.Sprintf("ENTRY#%06d", i))
			e.put(t, each)
		}
		query := theorydb.Query[entry]{Key: entry{PersonID: "1"}, Consistent: true, PageSize: 55}
		d.faults.On("BatchWriteItem").Nth(2).CommitThenDrop()
		cursor, err := d.entries.Retention(tooOld).Clear(t.Context(), query, "")
		require.NoError(t, err)
		require.Len(t, e.rows(t, "PERSON#1"), 5)
		require.Equal(t, 55, d.only(t).Items)

		d.faults.On("BatchWriteItem").Error(http.StatusBadRequest, "AccessDeniedException", "no")
		next, err := d.entries.Retention(tooOld).Clear(t.Context(), query, cursor)
		require.Error(t, err)
		require.Equal(t, cursor, next)
		told := d.only(t)
		require.Zero(t, told.Items)
		require.Equal(t, "AccessDeniedException", told.Error)
		next, err = d.entries.Retention(tooOld).Clear(t.Context(), query, cursor)
		require.NoError(t, err)
		require.Empty(t, next)
		require.Empty(t, e.rows(t, "PERSON#1"))
		require.Empty(t, d.faults.Unfired())
	})
}

// Every other way to delete an append_only record is refused.
func TestAppendOnlyRecordsAreDeletedByRetentionAlone(t *testing.T) {
	e := embedded(t)
	d := openDossier(t, e)
	d.fill(t, "1", 1)
	require.ErrorIs(t, d.entries.Delete(t.Context(), &entry{PersonID: "1"}), theorydb.ErrInvalidQuery)
	_, err := d.db.ClearPartition(t.Context(), d.partition("1"), "", "Passkey", "Person")
	require.NoError(t, err)
	require.Len(t, e.rows(t, "PERSON#1"), 3)
	d.clock.Advance(time.Hour)
	_, err = d.entries.Get(t.Context(), entry{PersonID: "1"}, theorydb.Consistent())
	require.NoError(t, err)
}
