package theorydb_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

type task struct {
	_        theorydb.Key `theorydb:"pk" key:"LIST#{list}#{board|int}"`
	_        theorydb.Key `theorydb:"sk" key:"TASK#{rank|pad:4}#{id}#{label|lower}"`
	List     string
	Board    int64
	Rank     uint16
	ID       string
	Label    string
	State    string
	Due      time.Time `theorydb:"ttl"`
	Sealable []byte    `theorydb:"omitempty"`
}

// tasks makes a model of tasks with ten of them, a to j; every third is done.
func tasks(t testing.TB, e *engine) *theorydb.Model[task] {
	m := model[task](t, e)
	for i := range 10 {
		require.NoError(t, m.Create(t.Context(), newTask(i)))
	}
	return m
}

func newTask(i int) *task {
	return &task{List: "l", Rank: uint16(i / 5), ID: string(rune('a' + i)), Label: "X", State: []string{"done", "open", "open"}[i%3]}
}

func allTasks() theorydb.Query[task] { return theorydb.Query[task]{Key: task{List: "l"}} }

// seenTasks are the ids of what an iterator yields, with its error as the last one.
func seenTasks(t testing.TB, records func(func(*task, error) bool)) (ids string, err error) {
	records(func(found *task, each error) bool {
		require.NoError(t, err, "something follows the error")
		err = each
		if each != nil {
			require.Nil(t, found)
			return true
		}
		ids += found.ID
		return true
	})
	return ids, err
}

func TestQueryIsRefusedBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	m := tasks(t, e)
	tooLong := strings.Repeat("x", 1024)
	key := func(change func(*task)) theorydb.Query[task] {
		k := task{List: "l"}
		change(&k)
		return theorydb.Query[task]{Key: k}
	}
	sorted := func(condition theorydb.SortCondition, change func(*task)) theorydb.Query[task] {
		q := key(change)
		q.Sort = condition
		return q
	}
	filtered := func(c theorydb.Condition) theorydb.Query[task] {
		return theorydb.Query[task]{Key: task{List: "l"}, Filter: c}
	}
	none := func(*task) {}
	rank := func(k *task) { k.Rank = 1 }
	id := func(k *task) { k.Rank, k.ID = 1, "a" }
	whole := func(k *task) { k.Rank, k.ID, k.Label = 1, "a", "x" }

	cases := map[string]struct {
		query theorydb.Query[task]
		err   error
		text  string // in the message
	}{
		"Between in the wrong order":    {sorted(theorydb.Between(2, 1), none), theorydb.ErrInvalidQuery, `"rank"`},
		"no component left":             {sorted(theorydb.Is("x"), whole), theorydb.ErrInvalidQuery, "none left"},
		"a hole":                        {key(func(k *task) { k.ID = "a" }), theorydb.ErrInvalidQuery, `"id" but not "rank"`},
		"a hole behind a component":     {key(func(k *task) { k.Rank, k.Label = 1, "x" }), theorydb.ErrInvalidQuery, `"label" but not "id"`},
		"a hole and a condition":        {sorted(theorydb.Is(1), func(k *task) { k.Label = "x" }), theorydb.ErrInvalidQuery, `"label"`},
		"text for a number":             {sorted(theorydb.Is("1"), none), theorydb.ErrInvalidQuery, `"rank"`},
		"a number for text":             {sorted(theorydb.Is(1), rank), theorydb.ErrInvalidQuery, `"id"`},
		"a float for a number":          {sorted(theorydb.AtLeast(1.5), none), theorydb.ErrInvalidQuery, `"rank"`},
		"nil":                           {sorted(theorydb.AtMost(nil), none), theorydb.ErrInvalidQuery, `"rank"`},
		"a nil upper bound":             {sorted(theorydb.Between(1, nil), none), theorydb.ErrInvalidQuery, `"rank"`},
		"a negative number":             {sorted(theorydb.After(-1), none), theorydb.ErrInvalidQuery, `"rank"`},
		"a number over its type":        {sorted(theorydb.After(70_000), none), theorydb.ErrInvalidQuery, `"rank"`},
		"a number over its pad":         {sorted(theorydb.After(10_000), none), theorydb.ErrInvalidQuery, `"rank"`},
		"empty text":                    {sorted(theorydb.Is(""), rank), theorydb.ErrInvalidQuery, `"id"`},
		"text that is no UTF-8":         {sorted(theorydb.HasPrefix("\xff"), rank), theorydb.ErrInvalidQuery, `"id"`},
		"text too long":                 {sorted(theorydb.AtLeast(tooLong), rank), theorydb.ErrKeyTooLong, `"id"`},
		"a prefix too long":             {sorted(theorydb.HasPrefix(tooLong), rank), theorydb.ErrInvalidQuery, `"id"`},
		"an upper bound too long":       {sorted(theorydb.Between("a", tooLong), rank), theorydb.ErrInvalidQuery, `"id"`},
		"HasPrefix on a number":         {sorted(theorydb.HasPrefix("1"), none), theorydb.ErrInvalidQuery, `"rank"`},
		"an empty prefix of a number":   {sorted(theorydb.HasPrefix(""), none), theorydb.ErrInvalidQuery, `"rank"`},
		"Before on a lossy last":        {sorted(theorydb.Before("x"), id), theorydb.ErrInvalidQuery, `"label"`},
		"Key text too long":             {key(func(k *task) { k.Rank, k.ID = 1, tooLong }), theorydb.ErrKeyTooLong, ""},
		"Key text that is no UTF-8":     {key(func(k *task) { k.Rank, k.ID = 1, "\xff" }), theorydb.ErrInvalidValue, "id"},
		"Key number over its pad":       {key(func(k *task) { k.Rank = 10_000 }), theorydb.ErrInvalidValue, `"rank"`},
		"no partition component":        {theorydb.Query[task]{Key: task{Board: 1}}, theorydb.ErrKeyIncomplete, `"list"`},
		"a negative Limit":              {theorydb.Query[task]{Key: task{List: "l"}, Limit: -1}, theorydb.ErrInvalidQuery, "Limit"},
		"a negative PageSize":           {theorydb.Query[task]{Key: task{List: "l"}, PageSize: -1}, theorydb.ErrInvalidQuery, "PageSize"},
		"Filter on the sort key":        {filtered(theorydb.Equal("SK", "TASK#")), theorydb.ErrInvalidQuery, `"SK"`},
		"Filter on the partition key":   {filtered(theorydb.And(theorydb.Exists("state"), theorydb.Exists("PK"))), theorydb.ErrInvalidQuery, `"PK"`},
		"Filter on an unknown name":     {filtered(theorydb.Equal("sttae", "open")), theorydb.ErrInvalidQuery, `did you mean "state"?`},
		"Filter on a Go name":           {filtered(theorydb.And(theorydb.Exists("State"))), theorydb.ErrInvalidQuery, `did you mean "state"?`},
		"Filter on a name far from any": {filtered(theorydb.Exists("zzzzzzzzzz")), theorydb.ErrInvalidQuery, `"zzzzzzzzzz"`},
		"Filter of another type":        {filtered(theorydb.Equal("state", 1)), theorydb.ErrInvalidValue, "state"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { requireRefused(t, e, m, c.query, c.err, c.text) })
	}
}

// requireRefused requires that every way to run a query fails with an error before a request is sent.
func requireRefused[T any](t *testing.T, e *engine, m *theorydb.Model[T], q theorydb.Query[T], err error, text string) {
	sent := e.sends(func() {
		_, queried := theorydb.Collect(m.Query(t.Context(), q))
		_, paged := m.QueryPage(t.Context(), q, "")
		_, counted := m.Count(t.Context(), q)
		for _, failed := range []error{queried, paged, counted} {
			require.ErrorIs(t, failed, err)
			require.ErrorContains(t, failed, text)
			var op *theorydb.OpError
			require.ErrorAs(t, failed, &op)
			require.Zero(t, op.Attempts)
		}
	})
	require.Zero(t, sent)
}

func TestSortOnAHashedComponentIsOnlyIs(t *testing.T) {
	e := embedded(t)
	m := model[textThenHash](t, e)
	for name, condition := range map[string]theorydb.SortCondition{
		"Between": theorydb.Between("a", "b"), "AtLeast": theorydb.AtLeast("a"), "After": theorydb.After("a"),
		"AtMost": theorydb.AtMost("a"), "Before": theorydb.Before("a"), "HasPrefix": theorydb.HasPrefix("a"),
		"HasPrefix of nothing": theorydb.HasPrefix(""),
	} {
		t.Run(name, func(t *testing.T) {
			q := theorydb.Query[textThenHash]{Key: textThenHash{Owner: "o", ID: "i"}, Sort: condition}
			requireRefused(t, e, m, q, theorydb.ErrInvalidQuery, `"secret"`)
		})
	}
}

func TestSortOnAPlainKeyIsRefusedWhereDynamoDBWould(t *testing.T) {
	e := embedded(t)
	m := model[plainTextKey](t, e)
	given := theorydb.Query[plainTextKey]{Key: plainTextKey{PK: "p", SK: "s"}, Sort: theorydb.Is("s")}
	requireRefused(t, e, m, given, theorydb.ErrInvalidQuery, "no component left")
	tooLong := strings.Repeat("x", 1025)
	for name, condition := range map[string]theorydb.SortCondition{
		"reversed": theorydb.Between("b", "a"), "number": theorydb.Is(1), "empty": theorydb.AtLeast(""),
		"empty bound": theorydb.Between("", "a"), "too long": theorydb.Is(tooLong), "bound too long": theorydb.Between("a", tooLong),
		"prefix too long": theorydb.HasPrefix(tooLong),
	} {
		t.Run(name, func(t *testing.T) {
			q := theorydb.Query[plainTextKey]{Key: plainTextKey{PK: "p"}, Sort: condition}
			requireRefused(t, e, m, q, theorydb.ErrInvalidQuery, `"SK"`)
		})
	}

	numbers := embedded(t)
	numbered := model[plainNumberKey](t, numbers)
	for name, condition := range map[string]theorydb.SortCondition{
		"reversed": theorydb.Between(10, 9), "HasPrefix": theorydb.HasPrefix("1"), "empty HasPrefix": theorydb.HasPrefix(""),
		"text": theorydb.Is("1"), "fraction": theorydb.AtMost(1.5),
	} {
		t.Run("number: "+name, func(t *testing.T) {
			q := theorydb.Query[plainNumberKey]{Key: plainNumberKey{PK: "p"}, Sort: condition}
			requireRefused(t, numbers, numbered, q, theorydb.ErrInvalidQuery, `"SK"`)
		})
	}
}

func TestQuerySendsNothingUntilRanged(t *testing.T) {
	e := embedded(t)
	m := tasks(t, e)
	q := allTasks()
	q.PageSize = 3
	records := m.Query(t.Context(), q)
	require.Zero(t, e.sends(func() { _ = m.Query(t.Context(), q) }))
	for range 2 { // an iterator can be ranged over again, and starts anew
		require.Equal(t, 4, e.sends(func() {
			ids, err := seenTasks(t, records)
			require.NoError(t, err)
			require.Equal(t, "abcdefghij", ids)
		}))
	}
}

func TestQueryStopsPagingWhenTheLoopIsLeft(t *testing.T) {
	e := embedded(t)
	m := tasks(t, e)
	q := allTasks()
	q.PageSize = 3
	for taken, requests := range map[int]int{1: 1, 3: 1, 4: 2, 9: 3, 10: 4} {
		sent := e.sends(func() {
			n := 0
			for _, err := range m.Query(t.Context(), q) {
				require.NoError(t, err)
				if n++; n == taken {
					break
				}
			}
		})
		require.Equal(t, requests, sent, "%d taken", taken)
	}
}

func TestQueryStopsPagingAtItsLimit(t *testing.T) {
	e := embedded(t)
	m := tasks(t, e)
	q := allTasks()
	q.Limit, q.PageSize = 4, 3
	require.Equal(t, 2, e.sends(func() {
		ids, err := seenTasks(t, m.Query(t.Context(), q))
		require.NoError(t, err)
		require.Equal(t, "abcd", ids)
	}))
	require.Equal(t, 2, e.sends(func() {
		n, err := m.Count(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, 4, n)
	}))
	q.PageSize = 0 // then it is the Limit
	require.Equal(t, 1, e.sends(func() {
		page, err := m.QueryPage(t.Context(), q, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 4)
	}))
	q.Limit, q.PageSize = 10, 20
	page, err := m.QueryPage(t.Context(), q, "")
	require.NoError(t, err)
	require.Len(t, page.Items, 10)
	require.Empty(t, page.Next, "nothing follows the last record")
}

func TestQueryEndsWithItsErrorOnce(t *testing.T) {
	e := embedded(t)
	m := tasks(t, e)
	q := allTasks()
	q.PageSize = 3
	gone := func() { // from the second page on
		e.faults.On("Query").Nth(2).Error(http.StatusBadRequest, "ResourceNotFoundException", "gone")
	}

	gone()
	ids, err := seenTasks(t, m.Query(t.Context(), q))
	require.ErrorIs(t, err, theorydb.ErrTableNotFound)
	require.Equal(t, "abc", ids)

	gone()
	all, err := theorydb.Collect(m.Query(t.Context(), q))
	require.ErrorIs(t, err, theorydb.ErrTableNotFound)
	require.Nil(t, all)

	gone()
	_, err = m.Count(t.Context(), q)
	require.ErrorIs(t, err, theorydb.ErrTableNotFound)

	q.Limit = 5
	gone()
	page, err := m.QueryPage(t.Context(), q, "")
	require.ErrorIs(t, err, theorydb.ErrTableNotFound)
	require.Nil(t, page, "a page fails whole")
	require.Empty(t, e.faults.Unfired())
}

func TestQueryEndsWithTheErrorOfARowItCannotRead(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := tasks(t, e)
		damaged := e.stored(t, "LIST#l#09223372036854775808", "TASK#0000#d#x")
		require.NotNil(t, damaged)
		damaged["due"] = str("no attribute of a task")
		damaged["state"] = num("1")
		e.put(t, damaged)
		q := allTasks()
		q.PageSize = 2
		ids, err := seenTasks(t, m.Query(t.Context(), q))
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		require.ErrorContains(t, err, "state")
		require.Equal(t, "abc", ids)
		q.Limit = 4
		_, err = m.QueryPage(t.Context(), q, "")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	})
}

func TestQueryEndsWithTheErrorOfItsContext(t *testing.T) {
	e := embedded(t)
	m := tasks(t, e)
	q := allTasks()
	q.PageSize = 3
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range m.Query(ctx, q) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	require.Equal(t, 4, n)
	require.ErrorIs(t, last, context.Canceled)
}

func TestQueryResendsWhatWasRefusedOrLost(t *testing.T) {
	e := embedded(t)
	m := tasks(t, e)
	q := allTasks()
	q.PageSize = 4
	e.faults.On("Query").Nth(1).Error(http.StatusBadRequest, "ThrottlingException", "slow down")
	e.faults.On("Query").Nth(3).CutBody()
	e.faults.On("Query").Nth(5).CommitThenDrop()
	ids, err := seenTasks(t, m.Query(t.Context(), q))
	require.NoError(t, err)
	require.Equal(t, "abcdefghij", ids)
	require.Empty(t, e.faults.Unfired())
}

func TestFilterLeavesOutRecordsBeforeTheLimitCounts(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		fewerChecks(t, 4)
		m := tasks(t, e)
		expired := newTask(1)
		expired.ID, expired.Due = "bb", e.clock.Now().Add(-time.Hour)
		require.NoError(t, m.Create(t.Context(), expired))
		rapid.Check(t, func(rt *rapid.T) {
			state := rapid.SampledFrom([]string{"", "done", "open", "none"}).Draw(rt, "state")
			q := allTasks()
			q.Limit = rapid.IntRange(0, 5).Draw(rt, "limit")
			q.PageSize = rapid.IntRange(0, 5).Draw(rt, "page size")
			q.Descending = rapid.Bool().Draw(rt, "descending")
			if state != "" {
				q.Filter = theorydb.And(theorydb.Equal("state", state), theorydb.NotExists("sealable"))
			}
			var want []string
			for i := range 10 {
				if each := newTask(i); state == "" || each.State == state {
					want = append(want, each.ID)
				}
			}
			if q.Descending {
				slices.Reverse(want)
			}
			paged, err := everyPage(t.Context(), m, q)
			require.NoError(rt, err)
			require.Len(rt, paged, len(want))
			if q.Limit > 0 {
				want = want[:min(q.Limit, len(want))]
			}
			ids, err := seenTasks(t, m.Query(t.Context(), q))
			require.NoError(rt, err)
			require.Equal(rt, strings.Join(want, ""), ids)
			n, err := m.Count(t.Context(), q)
			require.NoError(rt, err)
			require.Equal(rt, len(want), n)
		})
	})
}

func TestCountReadsKeysOnly(t *testing.T) {
	e := embedded(t)
	m := model[task](t, e)
	for i := range 3 {
		big := newTask(i)
		big.Sealable = make([]byte, 350_000)
		require.NoError(t, m.Create(t.Context(), big))
	}
	n, err := m.Count(t.Context(), allTasks())
	require.NoError(t, err)
	require.Equal(t, 3, n, "of two pages")
	require.Equal(t, 2, e.sends(func() { _, _ = m.Count(t.Context(), allTasks()) }))
}

func TestQueryTakesZeroAsAValueInThePartitionAndAsTheEndInTheSortKey(t *testing.T) {
	e := embedded(t)
	m := tasks(t, e)
	for board := range int64(2) {
		require.NoError(t, m.Create(t.Context(), &task{List: "z", Board: board, Rank: 0, ID: fmt.Sprint(board), Label: "x"}))
		require.NoError(t, m.Create(t.Context(), &task{List: "z", Board: board, Rank: 1, ID: fmt.Sprint(board), Label: "x"}))
	}
	count := func(key task, condition theorydb.SortCondition) int {
		n, err := m.Count(t.Context(), theorydb.Query[task]{Key: key, Sort: condition})
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 2, count(task{List: "z"}, theorydb.SortCondition{}))
	require.Equal(t, 1, count(task{List: "z", Rank: 1}, theorydb.SortCondition{}))
	require.Equal(t, 1, count(task{List: "z"}, theorydb.Is(0)))
	require.Equal(t, 2, count(task{List: "z", Board: 1}, theorydb.AtLeast(0)))
}
