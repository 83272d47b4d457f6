package theorydb_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// paper is of a tenant, and is listed with the tenant's members on one index.
type paper struct {
	_ theorydb.Key `theorydb:"pk" key:"T#{tenantID}#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"PAPER"`
	_ theorydb.Key `theorydb:"index:gsi1" key:"T#{tenantID}#ALL"`
	_ theorydb.Key `theorydb:"index:gsi1,sk" key:"{at}"`

	TenantID string `theorydb:"scope"`
	ID, At   string
}

// listedMember is of no tenant: only the index knows which one lists it.
type listedMember struct {
	_ theorydb.Key `theorydb:"pk" key:"MEMBER#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"MEMBER"`
	_ theorydb.Key `theorydb:"index:gsi1" key:"T#{org}#ALL"`
	_ theorydb.Key `theorydb:"index:gsi1,sk" key:"{at}"`

	ID, Org, At string
}

// openShared stores papers and members of two tenants by turns: rows 1, 4 and 7 of each are papers.
func openShared(t *testing.T, e *engine) *theorydb.ScopedModel[paper] {
	db := e.open(t)
	papers, err := theorydb.NewScopedModel[paper](db)
	require.NoError(t, err)
	members := registered[listedMember](t, db)
	require.NoError(t, db.CreateTable(t.Context()))
	for _, tenant := range []string{"a", "b"} {
		for i := range 9 {
			at := fmt.Sprint(i + 1)
			if i%3 == 0 {
				require.NoError(t, papers.In(scopeOf(t, tenant)).Create(t.Context(), &paper{ID: at, At: at}))
			} else {
				require.NoError(t, members.Create(t.Context(), &listedMember{ID: tenant + at, Org: tenant, At: at}))
			}
		}
	}
	return papers
}

func TestPagesOfASharedIndexGoOnBehindRowsOfAnotherEntity(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		papers := openShared(t, e).In(scopeOf(t, "a"))
		for _, descending := range []bool{false, true} {
			query := theorydb.Query[paper]{Index: "gsi1", PageSize: 1, Descending: descending}
			var ids []string
			empty := 0
			for cursor := "begin"; cursor != ""; {
				if cursor == "begin" {
					cursor = ""
				}
				page, err := papers.QueryPage(t.Context(), query, cursor)
				require.NoError(t, err)
				for _, record := range page.Items {
					ids = append(ids, record.TenantID+record.ID)
				}
				if len(page.Items) == 0 && page.Next != "" {
					empty++
				}
				cursor = page.Next
			}
			want := []string{"a1", "a4", "a7"}
			if descending {
				want = []string{"a7", "a4", "a1"}
			}
			require.Equal(t, want, ids)
			require.Positive(t, empty, "pages that ended with a member's row")
		}
	})
}

func TestRetentionOfASharedIndexGoesOnBehindRowsOfAnotherEntity(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		papers := openShared(t, e)
		calls := retire(t, papers.In(scopeOf(t, "a")), theorydb.Query[paper]{Index: "gsi1", PageSize: 1})
		require.GreaterOrEqual(t, calls, 9)
		for i := range 9 {
			at := fmt.Sprint(i + 1)
			if i%3 == 0 {
				require.Nil(t, e.stored(t, "T#a#"+at, "PAPER"))
				require.NotNil(t, e.stored(t, "T#b#"+at, "PAPER"), "of another scope")
			} else {
				require.NotNil(t, e.stored(t, "MEMBER#a"+at, "MEMBER"), "of another entity")
			}
		}
	})
}

// A row that is changed while a page is gathered can come up again, further on in the index.
func TestARowThatMovesBetweenPagesOfAnIndexIsDeletedOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		for _, seq := range []uint32{1, 2, 9} {
			require.NoError(t, d.entries.Create(t.Context(), &entry{PersonID: "1", Seq: seq, Kind: "buy"}))
		}
		d.told = nil
		throttled(e.faults.On("Query").Nth(2)).Then(func() {
			moved := e.stored(t, "PERSON#1", "ENTRY#000001")
			moved["BYKINDSK"] = str("000005")
			e.put(t, moved)
		})
		query := theorydb.Query[entry]{Key: entry{Kind: "buy"}, Index: "byKind", Limit: 3, PageSize: 1}
		next, err := d.entries.Retention(tooOld).Clear(t.Context(), query, "")
		require.NoError(t, err)
		require.Equal(t, 3, d.only(t).Items, "of four rows that were seen")
		require.Empty(t, e.rows(t, "PERSON#1"))
		if next != "" {
			next, err = d.entries.Retention(tooOld).Clear(t.Context(), query, next)
			require.NoError(t, err)
			require.Empty(t, next)
		}
		require.Empty(t, e.faults.Unfired())
	})
}

func TestCursorsOfListsAndOfDeletionsAreNotEachOthers(t *testing.T) {
	e := embedded(t)
	d := openDossier(t, e)
	d.fill(t, "1", 3)
	query := theorydb.Query[passkey]{Key: passkey{PersonID: "1"}, PageSize: 1}
	page, err := d.passkeys.QueryPage(t.Context(), query, "")
	require.NoError(t, err)
	after, err := d.passkeys.CursorAfter(query, page.Items[0])
	require.NoError(t, err)
	require.NotEmpty(t, page.Next)
	before := e.rows(t, "PERSON#1")
	for name, cursor := range map[string]string{"QueryPage": page.Next, "CursorAfter": after} {
		require.Zero(t, d.sends(func() {
			next, err := d.passkeys.Retention(tooOld).Clear(t.Context(), query, cursor)
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor, name)
			require.Equal(t, cursor, next, name)
		}))
	}
	require.Equal(t, before, e.rows(t, "PERSON#1"))
	_, err = d.passkeys.QueryPage(t.Context(), query, after)
	require.NoError(t, err)

	cleared, err := d.passkeys.Retention(tooOld).Clear(t.Context(), query, "")
	require.NoError(t, err)
	require.NotEmpty(t, cleared)
	require.Zero(t, d.sends(func() {
		_, err = d.passkeys.QueryPage(t.Context(), query, cleared)
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
	}))
	_, err = d.passkeys.Retention("another reason").Clear(t.Context(), query, cleared)
	require.NoError(t, err)
}
