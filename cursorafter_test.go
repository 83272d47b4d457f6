package theorydb_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

func TestCursorAfterIsTheCursorOfThePageThatEndsThere(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := jottings(t, e)
		for name, q := range map[string]theorydb.Query[jotting]{
			"all":        {Key: jotting{Owner: "ann"}},
			"descending": {Key: jotting{Owner: "ann"}, Descending: true},
			"a topic":    {Key: jotting{Owner: "ann", Topic: "b"}},
			"a range":    {Key: jotting{Owner: "ann", Topic: "a"}, Sort: theorydb.Between("2", "3")},
			"filtered":   {Key: jotting{Owner: "ann"}, Filter: theorydb.Equal("kind", "odd")},
			"before":     {Key: jotting{Owner: "ann", Topic: "a"}, Sort: theorydb.Before("4")},
		} {
			all, err := theorydb.Collect(m.Query(t.Context(), q))
			require.NoError(t, err)
			for i, record := range all {
				before := *record
				var cursor string
				require.Zero(t, e.sends(func() { cursor, err = m.CursorAfter(q, record) }))
				require.NoError(t, err, name)
				require.Equal(t, before, *record)
				limited := q
				limited.Limit = i + 1
				page, err := m.QueryPage(t.Context(), limited, "")
				require.NoError(t, err)
				if page.Next != "" {
					require.Equal(t, page.Next, cursor, name)
				}
				rest, err := m.QueryPage(t.Context(), q, cursor)
				require.NoError(t, err)
				require.Equal(t, all[i+1:], append([]*jotting{}, rest.Items...), name)
			}
		}
	})
}

// What is handed out with the last record finds what was written since.
func TestCursorAfterTheLastRecordFindsWhatComesLater(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := jottings(t, e)
		q := theorydb.Query[jotting]{Key: jotting{Owner: "ann"}}
		cursor, err := m.CursorAfter(q, &jotting{Owner: "ann", Topic: "b", ID: "4"})
		require.NoError(t, err)
		page, err := m.QueryPage(t.Context(), q, cursor)
		require.NoError(t, err)
		require.Empty(t, page.Items)
		require.NoError(t, m.Create(t.Context(), &jotting{Owner: "ann", Topic: "c", ID: "1"}))
		page, err = m.QueryPage(t.Context(), q, cursor)
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, "c", page.Items[0].Topic)
	})
}

func TestCursorAfterThroughIndexesAndScopes(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		acme := scopedModel[desk](t, e).In(scopeOf(t, "acme"))
		for i := range 4 {
			require.NoError(t, acme.Create(t.Context(), &desk{UserID: "u", ID: fmt.Sprint(i), Room: "r", Text: fmt.Sprint("t", i)}))
		}
		for _, q := range []theorydb.Query[desk]{
			{Key: desk{Room: "r"}, Index: "byRoom"}, {Key: desk{UserID: "u"}, Index: "byText", Sort: theorydb.AtLeast("t1")},
		} {
			all, err := theorydb.Collect(acme.Query(t.Context(), q))
			require.NoError(t, err)
			all[0].TenantID = "" // In fills it in
			cursor, err := acme.CursorAfter(q, all[0])
			require.NoError(t, err)
			require.Empty(t, all[0].TenantID)
			page, err := acme.QueryPage(t.Context(), q, cursor)
			require.NoError(t, err)
			require.Equal(t, all[1:], page.Items)
		}
		_, err := acme.CursorAfter(theorydb.Query[desk]{Key: desk{UserID: "u"}}, &desk{TenantID: "other", UserID: "u", ID: "1"})
		require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
	})
}

func TestCursorAfterARecordOutsideOfTheQueryIsRefused(t *testing.T) {
	e := embedded(t)
	m := jottings(t, e)
	topic := theorydb.Query[jotting]{Key: jotting{Owner: "ann", Topic: "a"}}
	sorted := func(condition theorydb.SortCondition) theorydb.Query[jotting] {
		q := topic
		q.Sort = condition
		return q
	}
	longest := strings.Repeat("x", 1024-len("N#a#"))
	for name, c := range map[string]struct {
		query  theorydb.Query[jotting]
		record *jotting
		err    error
	}{
		"nil":                {topic, nil, theorydb.ErrInvalidValue},
		"another partition":  {topic, &jotting{Owner: "bob", Topic: "a", ID: "1"}, theorydb.ErrInvalidQuery},
		"another topic":      {topic, &jotting{Owner: "ann", Topic: "b", ID: "1"}, theorydb.ErrInvalidQuery},
		"before the range":   {sorted(theorydb.After("1")), &jotting{Owner: "ann", Topic: "a", ID: "1"}, theorydb.ErrInvalidQuery},
		"behind the range":   {sorted(theorydb.AtMost("2")), &jotting{Owner: "ann", Topic: "a", ID: "3"}, theorydb.ErrInvalidQuery},
		"the excluded bound": {sorted(theorydb.Before("2")), &jotting{Owner: "ann", Topic: "a", ID: "2"}, theorydb.ErrInvalidQuery},
		"the longest key":    {sorted(theorydb.After(longest)), &jotting{Owner: "ann", Topic: "a", ID: longest}, theorydb.ErrInvalidQuery},
		"no component":       {topic, &jotting{Owner: "ann", Topic: "a"}, theorydb.ErrKeyIncomplete},
		"a query that is none": {
			theorydb.Query[jotting]{Key: jotting{Owner: "ann"}, Index: "none"}, &jotting{Owner: "ann", Topic: "a", ID: "1"}, theorydb.ErrInvalidQuery,
		},
	} {
		cursor, err := m.CursorAfter(c.query, c.record)
		require.ErrorIs(t, err, c.err, name)
		require.Empty(t, cursor)
		var op *theorydb.OpError
		require.ErrorAs(t, err, &op)
		require.Equal(t, "CursorAfter", op.Op)
	}
	_, err := (&theorydb.Model[jotting]{}).CursorAfter(topic, &jotting{})
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)

	parcels := model[parcel](t, embedded(t))
	record := fullParcel()
	q := theorydb.Query[parcel]{Key: parcel{State: "Open"}, Index: "byState"}
	_, err = parcels.CursorAfter(q, &record)
	require.NoError(t, err)
	for name, change := range map[string]func(*parcel){
		"no time":      func(p *parcel) { p.Due = time.Time{} },
		"no state":     func(p *parcel) { p.State = "" },
		"no table key": func(p *parcel) { p.ID = "" },
	} {
		absent := fullParcel()
		change(&absent)
		_, err := parcels.CursorAfter(q, &absent)
		require.ErrorIs(t, err, theorydb.ErrKeyIncomplete, name)
	}
	weighed := theorydb.Query[parcel]{Key: parcel{Zone: "north"}, Index: "byWeight"}
	_, err = parcels.CursorAfter(weighed, &record)
	require.NoError(t, err, "plain keys of an index")
	record.Zone = ""
	_, err = parcels.CursorAfter(weighed, &record)
	require.ErrorIs(t, err, theorydb.ErrKeyIncomplete)
}

// A record is in a query's range for CursorAfter exactly when the query finds it, whatever the condition. A cursor is
// never given that QueryPage then refuses.
func TestCursorAfterAgreesWithWhatTheQueryFinds(t *testing.T) {
	e := embedded(t)
	m := tasks(t, e)
	rapid.Check(t, func(rt *rapid.T) {
		q := theorydb.Query[task]{Key: task{List: "l"}}
		rank := rapid.IntRange(0, 2)
		switch rapid.IntRange(0, 7).Draw(rt, "sort") {
		case 0:
			q.Sort = theorydb.Is(rank.Draw(rt, "is"))
		case 1:
			q.Sort = theorydb.AtLeast(rank.Draw(rt, "at least"))
		case 2:
			q.Sort = theorydb.After(rank.Draw(rt, "after"))
		case 3:
			q.Sort = theorydb.Before(rank.Draw(rt, "before"))
		case 4:
			q.Sort = theorydb.AtMost(rank.Draw(rt, "at most"))
		case 5:
			q.Key.Rank, q.Sort = 1, theorydb.Before(rapid.StringMatching("[d-k]").Draw(rt, "id"))
		case 6:
			q.Key.Rank, q.Sort = 1, theorydb.HasPrefix(rapid.StringMatching("[d-k]?").Draw(rt, "prefix"))
		case 7:
			q.Key.Rank, q.Key.ID, q.Sort = 1, "f", theorydb.AtMost(rapid.SampledFrom([]string{"w", "x", "X", "y"}).Draw(rt, "label"))
		}
		found := map[string]bool{}
		for one, err := range m.Query(t.Context(), q) {
			require.NoError(rt, err)
			found[one.ID] = true
		}
		for i := range 10 {
			each := newTask(i)
			cursor, err := m.CursorAfter(q, each)
			if !found[each.ID] {
				require.ErrorIs(rt, err, theorydb.ErrInvalidQuery)
				continue
			}
			require.NoError(rt, err)
			_, err = m.QueryPage(t.Context(), q, cursor)
			require.NoError(rt, err)
		}
	})
}
