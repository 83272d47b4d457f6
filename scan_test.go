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

// leaf is a record of many partitions.
type leaf struct {
	_     theorydb.Key `theorydb:"pk" key:"TREE#{tree}"`
	_     theorydb.Key `theorydb:"sk" key:"LEAF#{id}"`
	_     theorydb.Key `theorydb:"index:byKind" key:"KIND#{kind}"`
	Tree  string
	ID    string
	Kind  string
	Due   time.Time `theorydb:"ttl"`
	Notes string    `theorydb:"omitempty"`
}

// bough is another entity of the same table.
type bough struct {
	_    theorydb.Key `theorydb:"pk" key:"TREE#{tree}"`
	_    theorydb.Key `theorydb:"sk" key:"BOUGH#{id}"`
	Tree string
	ID   string
}

const leafCount = 31

// leaves makes a model of leaves with thirty-one of them, among rows that are none: expired ones, other entities', and
// other writers' under keys of no template. It gives the names of the leaves.
func leaves(t testing.TB, e *engine, change ...func(*theorydb.Config)) (*theorydb.Model[leaf], []string) {
	m := model[leaf](t, e, change...)
	boughs, err := theorydb.NewModel[bough](e.open(t))
	require.NoError(t, err)
	var names []string
	for i := range leafCount {
		l := leaf{Tree: fmt.Sprint(i % 7), ID: fmt.Sprint(i), Kind: []string{"green", "red"}[i%2]}
		require.NoError(t, m.Create(t.Context(), &l))
		names = append(names, l.Tree+"/"+l.ID)
		if i%3 == 0 {
			require.NoError(t, boughs.Create(t.Context(), &bough{Tree: l.Tree, ID: l.ID}))
			l.ID, l.Due = "old"+l.ID, e.clock.Now().Add(-time.Hour)
			require.NoError(t, m.Create(t.Context(), &l))
			e.put(t, theorydb.Item{"PK": str("STRANGER#" + l.ID), "SK": str("ROW"), "kind": str("green")})
		}
	}
	// One that another writer stored under a key of a leaf, without naming an entity.
	e.put(t, theorydb.Item{"PK": str("TREE#x"), "SK": str("LEAF#y"), "kind": str("green")})
	names = append(names, "x/y")
	slices.Sort(names)
	return m, names
}

func leafName(l *leaf) string { return l.Tree + "/" + l.ID }

// seenLeaves are the names of what a scan yields, sorted.
func seenLeaves(ctx context.Context, m *theorydb.Model[leaf], scan theorydb.Scan) ([]string, error) {
	var names []string
	for l, err := range m.Scan(ctx, scan) {
		if err != nil {
			return names, err
		}
		names = append(names, leafName(l))
	}
	slices.Sort(names)
	return names, nil
}

// pagedLeaves are the names of what the pages of a scan hold, sorted. change is told the number of the next page.
func pagedLeaves(ctx context.Context, m *theorydb.Model[leaf], scan theorydb.Scan, change func(*theorydb.Scan)) ([]string, error) {
	var names []string
	cursor := ""
	for range 1000 {
		change(&scan)
		page, err := m.ScanPage(ctx, scan, cursor)
		if err != nil {
			return names, err
		}
		for _, l := range page.Items {
			names = append(names, leafName(l))
		}
		if page.Next == "" {
			slices.Sort(names)
			return names, nil
		}
		if scan.Limit > 0 && len(page.Items) != scan.Limit {
			return nil, fmt.Errorf("a page that is not the last has %d records, Limit is %d", len(page.Items), scan.Limit)
		}
		if page.Next == cursor {
			return nil, fmt.Errorf("a page gave its own cursor again")
		}
		cursor = page.Next
	}
	return nil, fmt.Errorf("the pages never end")
}

func TestScanFindsEveryRecordOnceInPagesOfEverySize(t *testing.T) {
	e := embedded(t)
	m, names := leaves(t, e)
	combinations := 0
	for _, segments := range []int{0, 2, 3, 8, 17} {
		for _, limit := range []int{0, 1, 2, 5, 16, 32, 33} {
			for _, size := range []int{0, 1, 3, 7, 1000} {
				combinations++
				scan := theorydb.Scan{Segments: segments, Limit: limit, PageSize: size, Consistent: true}
				what := fmt.Sprintf("%+v", scan)
				found, err := seenLeaves(t.Context(), m, scan)
				require.NoError(t, err, what)
				if limit == 0 || limit >= len(names) {
					require.Equal(t, names, found, what)
				} else {
					require.Len(t, found, limit, what)
					require.Len(t, slices.Compact(found), limit, what)
				}
				found, err = pagedLeaves(t.Context(), m, scan, func(*theorydb.Scan) {})
				require.NoError(t, err, what)
				require.Equal(t, names, found, what)
			}
		}
	}
	t.Logf("%d combinations", combinations)
}

func TestScanGoesOnUnderAnotherLimit(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		if e.aws == nil {
			fewerChecks(t, 10)
		}
		m, names := leaves(t, e)
		var red []string
		for l, err := range m.Scan(t.Context(), theorydb.Scan{}) {
			require.NoError(t, err)
			if l.Kind == "red" {
				red = append(red, leafName(l))
			}
		}
		slices.Sort(red)
		rapid.Check(t, func(rt *rapid.T) {
			scan := theorydb.Scan{Segments: rapid.IntRange(0, 20).Draw(rt, "segments")}
			want := names
			if rapid.Bool().Draw(rt, "filtered") {
				scan.Filter, want = theorydb.Equal("kind", "red"), red
			}
			if rapid.Bool().Draw(rt, "by index") {
				scan.Index = "byKind"
			}
			found, err := pagedLeaves(t.Context(), m, scan, func(s *theorydb.Scan) {
				s.Limit = rapid.IntRange(0, 9).Draw(rt, "limit")
				s.PageSize = rapid.IntRange(0, 6).Draw(rt, "page size")
				s.Consistent = s.Index == "" && rapid.Bool().Draw(rt, "consistent")
			})
			require.NoError(rt, err)
			if scan.Index != "" {
				want = slices.DeleteFunc(slices.Clone(want), func(name string) bool { return name == "x/y" })
			}
			require.Equal(rt, want, found)
		})
	})
}

func TestScanPageReadsAPageOfEverySegmentThatIsNotFinished(t *testing.T) {
	e := embedded(t)
	m, _ := leaves(t, e)
	cursor := ""
	var sent []int
	for {
		sent = append(sent, e.sends(func() {
			page, err := m.ScanPage(t.Context(), theorydb.Scan{Segments: 4, PageSize: 12}, cursor)
			require.NoError(t, err)
			cursor = page.Next
		}))
		if cursor == "" {
			break
		}
	}
	require.Equal(t, 4, sent[0])
	require.True(t, slices.IsSortedFunc(sent, func(a, b int) int { return b - a }), "no more requests than unfinished segments: %v", sent)
	for _, segments := range []int{0, 1, 3, 50} {
		require.Equal(t, max(1, segments), e.sends(func() {
			_, err := seenLeaves(t.Context(), m, theorydb.Scan{Segments: segments})
			require.NoError(t, err)
		}), segments)
	}
}

func TestScanSendsNothingUntilRangedAndStopsWhenTheLoopIsLeft(t *testing.T) {
	e := embedded(t)
	m, names := leaves(t, e)
	scan := theorydb.Scan{Segments: 40}
	found := m.Scan(t.Context(), scan)
	require.Zero(t, e.sends(func() { _ = m.Scan(t.Context(), scan) }))
	require.Equal(t, 16, e.sends(func() {
		for _, err := range found {
			require.NoError(t, err)
			break
		}
	}), "one group of segments")
	all, err := theorydb.Collect(found)
	require.NoError(t, err, "an iterator can be ranged over again")
	require.Len(t, all, len(names))
	require.Equal(t, 2, e.sends(func() {
		two, err := theorydb.Collect(m.Scan(t.Context(), theorydb.Scan{Segments: 2, Limit: 2, PageSize: 20}))
		require.NoError(t, err)
		require.Len(t, two, 2)
	}))
}

func TestScanIsRefusedBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	m, _ := leaves(t, e)
	partial := model[file](t, embedded(t))
	scoped := scopedModel[desk](t, embedded(t)).In(scopeOf(t, "acme"))
	for name, c := range map[string]struct {
		scan theorydb.Scan
		err  error
		text string
	}{
		"negative segments":  {theorydb.Scan{Segments: -1}, theorydb.ErrInvalidQuery, "Segments"},
		"too many segments":  {theorydb.Scan{Segments: 1_000_001}, theorydb.ErrInvalidQuery, "1000000"},
		"a negative Limit":   {theorydb.Scan{Limit: -1}, theorydb.ErrInvalidQuery, "Limit"},
		"a negative size":    {theorydb.Scan{PageSize: -1}, theorydb.ErrInvalidQuery, "PageSize"},
		"an unknown index":   {theorydb.Scan{Index: "bykind"}, theorydb.ErrInvalidQuery, `"byKind"`},
		"consistent index":   {theorydb.Scan{Index: "byKind", Consistent: true}, theorydb.ErrInvalidQuery, "consistently"},
		"an unknown name":    {theorydb.Scan{Filter: theorydb.Exists("kinds")}, theorydb.ErrInvalidQuery, `did you mean "kind"?`},
		"a value of a type":  {theorydb.Scan{Filter: theorydb.Equal("kind", 1)}, theorydb.ErrInvalidValue, "kind"},
		"too long a filter":  {theorydb.Scan{Filter: longFilter()}, theorydb.ErrInvalidQuery, "limit is 4096"},
		"a group of nothing": {theorydb.Scan{Filter: theorydb.Or()}, theorydb.ErrInvalidQuery, "Or"},
	} {
		requireScanRefused(t, e, m, c.scan, c.err, c.text, name)
	}
	requireScanRefused(t, e, partial, theorydb.Scan{Index: "byState"}, theorydb.ErrInvalidQuery, "does not project every attribute")
	requireScanRefused(t, e, scoped, theorydb.Scan{}, theorydb.ErrInvalidQuery, "scope")
	requireScanRefused(t, e, scoped, theorydb.Scan{Index: "byRoom"}, theorydb.ErrInvalidQuery, "scope")
	requireScanRefused(t, e, scopedModel[desk](t, embedded(t)).In(theorydb.Scope{}), theorydb.Scan{}, theorydb.ErrScopeRequired, "")
	requireScanRefused(t, e, &theorydb.Model[leaf]{}, theorydb.Scan{}, theorydb.ErrInvalidModel, "")
}

func longFilter() theorydb.Condition {
	conditions := make([]theorydb.Condition, 301)
	for i := range conditions {
		conditions[i] = theorydb.Exists("kind")
	}
	return theorydb.And(conditions...)
}

func requireScanRefused[T any](t *testing.T, e *engine, m *theorydb.Model[T], scan theorydb.Scan, want error, text string, what ...any) {
	t.Helper()
	sent := e.sends(func() {
		_, scanned := theorydb.Collect(m.Scan(t.Context(), scan))
		_, paged := m.ScanPage(t.Context(), scan, "")
		for _, err := range []error{scanned, paged} {
			require.ErrorIs(t, err, want, what...)
			require.ErrorContains(t, err, text, what...)
			var op *theorydb.OpError
			require.ErrorAs(t, err, &op)
			require.Zero(t, op.Attempts)
		}
	})
	require.Zero(t, sent, what...)
}

func TestScanResendsWhatWasRefusedOrLost(t *testing.T) {
	for name, lose := range map[string]attempt{
		"throttled": throttled, "dropped": dropped, "committed": committed, "cut": cut, "failed": failed,
	} {
		t.Run(name, func(t *testing.T) {
			e := embedded(t)
			m, names := leaves(t, e)
			for _, n := range []int{1, 2, 5, 9} {
				lose(e.faults.On("Scan").Nth(n))
			}
			found, err := pagedLeaves(t.Context(), m, theorydb.Scan{Segments: 3, PageSize: 7}, func(*theorydb.Scan) {})
			require.NoError(t, err)
			require.Equal(t, names, found)
			lose(e.faults.On("Scan").Times(2))
			found, err = seenLeaves(t.Context(), m, theorydb.Scan{Segments: 5, PageSize: 7})
			require.NoError(t, err)
			require.Equal(t, names, found)
			require.Empty(t, e.faults.Unfired())
		})
	}
}

func TestScanEndsWithTheErrorOfARowItCannotRead(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m, _ := leaves(t, e)
		damaged := e.stored(t, "TREE#3", "LEAF#3")
		damaged["kind"] = num("1")
		e.put(t, damaged)
		_, err := seenLeaves(t.Context(), m, theorydb.Scan{Segments: 3})
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		page, err := m.ScanPage(t.Context(), theorydb.Scan{Segments: 3}, "")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		require.Nil(t, page, "a page fails whole")

		damaged["kind"], damaged["id"] = str("green"), str("4")
		e.put(t, damaged)
		_, err = seenLeaves(t.Context(), m, theorydb.Scan{})
		require.ErrorIs(t, err, theorydb.ErrTypeMismatch, "a row that names another key")
	})
}

func TestScanReadsIndexesAndWhatTheirKeysAre(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		e.clock.Set(cellNow)
		m := model[parcel](t, e)
		alive, dead := fullParcel(), fullParcel()
		alive.ID, dead.ID = "alive", "dead"
		dead.ExpiresAt = cellNow.Add(time.Minute)
		require.NoError(t, m.Create(t.Context(), &alive))
		require.NoError(t, m.Create(t.Context(), &dead))
		e.clock.Advance(2 * time.Minute)
		for _, index := range []string{"", "byState", "inverse", "byDelta", "byWeight", "byExpiry"} {
			for _, filter := range []theorydb.Condition{{}, theorydb.Greater("weight", 1)} {
				all, err := theorydb.Collect(m.Scan(t.Context(), theorydb.Scan{Index: index, Segments: 2, PageSize: 1, Filter: filter}))
				require.NoError(t, err, index)
				require.Len(t, all, 1, index)
				require.Equal(t, "alive", all[0].ID, index)
			}
		}
	})
}

func TestScanOpensWhatIsSealed(t *testing.T) {
	v := openVault(t)
	m := model[manySecrets](t, v.engine, v.sealed)
	for i := range 9 {
		require.NoError(t, m.Create(t.Context(), ptr(manySecretsAt(fmt.Sprint(i)))))
	}
	asked := v.asks(func() {
		all, err := theorydb.Collect(m.Scan(t.Context(), theorydb.Scan{Segments: 3}))
		require.NoError(t, err)
		require.Len(t, all, 9)
		for _, one := range all {
			require.Equal(t, "d", one.D.Reveal())
		}
	})
	require.Equal(t, map[string]int{"Decrypt": 9}, asked, "one for each item's data key")
	require.Equal(t, 2, v.asks(func() {
		_, err := theorydb.Collect(m.Scan(t.Context(), theorydb.Scan{Segments: 3, Limit: 2}))
		require.NoError(t, err)
	})["Decrypt"], "and none for what is not returned")
}

func TestScanEndsWithItsErrorOnce(t *testing.T) {
	e := embedded(t)
	m, _ := leaves(t, e)
	e.faults.On("Scan").Nth(3).Error(http.StatusBadRequest, "ResourceNotFoundException", "gone")
	errs := 0
	for l, err := range m.Scan(t.Context(), theorydb.Scan{PageSize: 8}) {
		require.Zero(t, errs, "something follows the error")
		if err != nil {
			require.Nil(t, l)
			require.ErrorIs(t, err, theorydb.ErrTableNotFound)
			var op *theorydb.OpError
			require.ErrorAs(t, err, &op)
			require.Equal(t, 3, op.Attempts)
			require.True(t, strings.HasPrefix(err.Error(), "theorydb: Scan leaf: "), err)
			errs++
		}
	}
	require.Equal(t, 1, errs)
}
