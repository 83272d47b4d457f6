package theorydb_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// Change on each state of the row, in the codes of the table of verbs. Besides them
//
//	ex  the row had expired: a second request replaced it by a new one
//	A2  ErrAlreadyExists, of that second request, and a third that finds no live item either
//
// The change sets the text. IfVersion names the version that the live row has, OnlyIf asks for the text that it has.

const ledgerChanges = `
                              absent  live  expired  leftover  entity  version  no-ver  reborn  no-born  foreign  untyped  bad-ttl  no-ttl
Change                        IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ
Change,IfVersion              NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok
Change,IfVersion,OnlyIf       NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       ok       ok
Change,IfVersion,OnlyIf!      NF      CF    NF       NF        TM      VC       VC      CF      CF       CF       CF       CF       CF
Change,IfVersion,AnyVersion   IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ
Change,IfVersion,OrCreate     IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ
Change,AnyVersion             NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       ok       ok
Change,AnyVersion,OnlyIf      NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       ok       ok
Change,AnyVersion,OnlyIf!     NF      CF    NF       NF        TM      CF       CF      CF      CF       CF       CF       CF       CF
Change,OrCreate               IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ
Change,AnyVersion,OrCreate    ok      ok    ex       ex        TM      ok       ok      ok      ok       ok       ok       ok       ok
Change,AnyVersion,OrCreate,OnlyIf!  ok  CF  ex       ex        TM      CF       CF      CF      CF       CF       CF       CF       CF
`

const plainChanges = `
                              absent  live  expired  leftover  entity  version  no-ver  reborn  no-born  foreign  untyped  bad-ttl  no-ttl
Change                        NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       ok       ok
Change,OnlyIf                 NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       ok       ok
Change,OnlyIf!                NF      CF    NF       NF        TM      CF       CF      CF      CF       CF       CF       CF       CF
Change,OrCreate               ok      ok    ex       ex        TM      ok       ok      ok      ok       ok       ok       ok       ok
Change,OrCreate,OnlyIf!       ok      CF    ex       ex        TM      CF       CF      CF      CF       CF       CF       CF       CF
Change,IfVersion              IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ
Change,AnyVersion             IQ      IQ    IQ       IQ        IQ      IQ       IQ      IQ      IQ       IQ       IQ       IQ       IQ
`

// A required ttl: a row without one is not live, and neither is it expired, so that it can't be replaced either.
const leaseChanges = `
                              absent  live  expired  leftover  entity  version  no-ver  reborn  no-born  foreign  untyped  bad-ttl  no-ttl
Change,IfVersion              NF      ok    NF       NF        TM      VC       VC      ok      ok       ok       ok       NF       NF
Change,AnyVersion             NF      ok    NF       NF        TM      ok       ok      ok      ok       ok       ok       NF       NF
Change,AnyVersion,OrCreate    ok      ok    ex       ex        TM      ok       ok      ok      ok       ok       ok       A2       A2
`

// changeSubject is a model under test whose change sets the text, and what OrCreate needs besides.
type changeSubject struct {
	*subject
	change func(ctx context.Context, id string, parts ...theorydb.ChangePart) (any, error)
	old    func() (target any, option theorydb.ChangePart)
}

func changeSubjectOf[T any](t testing.TB, db *theorydb.DB) *changeSubject {
	m, err := theorydb.NewModel[T](db)
	require.NoError(t, err)
	return &changeSubject{
		subject: subjectOf[T](t, db),
		change: func(ctx context.Context, id string, parts ...theorydb.ChangePart) (any, error) {
			key := new(T)
			assign(key, "ID", id)
			changed, err := m.Change(ctx, *key, parts...)
			if changed == nil {
				return nil, err
			}
			return changed, err
		},
		old: func() (any, theorydb.ChangePart) {
			old := new(T)
			return old, theorydb.Returning(old)
		},
	}
}

func TestChangeOnEachRow(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		bench := &cellBench{engine: e}
		db := e.open(t, func(c *theorydb.Config) { c.Clock = func() time.Time { return cellNow } })
		subjects := map[string]*changeSubject{
			"CellLedger": changeSubjectOf[CellLedger](t, db), "CellFromZero": changeSubjectOf[CellFromZero](t, db),
			"CellPlain": changeSubjectOf[CellPlain](t, db), "CellLease": changeSubjectOf[CellLease](t, db),
		}
		require.NoError(t, db.CreateTable(t.Context()))
		cells := 0
		for entity, grid := range map[string]string{
			"CellLedger": ledgerChanges, "CellFromZero": ledgerChanges, "CellPlain": plainChanges, "CellLease": leaseChanges,
		} {
			eachCell(t, grid, func(t *testing.T, verb, state, want string) {
				for _, mode := range []string{"", "Blind", "Returning"} {
					require.Contains(t, rowStates, state)
					cell := &changeCell{bench: bench, subject: subjects[entity], words: strings.Split(verb, ",")[1:], mode: mode, id: bench.nextID()}
					cell.before = rowStates[state](bench.row(cell.subject.subject, cell.id))
					cell.check(t, want)
					cells++
				}
			})
		}
		t.Logf("%d cells on %s", cells, e.name)
	})
}

// changeCell is one Change over one row.
type changeCell struct {
	bench    *cellBench
	subject  *changeSubject
	words    []string // of the options
	mode, id string
	before   theorydb.Item
}

func (c *changeCell) has(word string) bool { return slices.Contains(c.words, word) }

func (c *changeCell) parts() []theorydb.ChangePart {
	parts := []theorydb.ChangePart{theorydb.Set("text", "new")}
	for _, word := range c.words {
		parts = append(parts, map[string]theorydb.ChangePart{
			"IfVersion": ifHeld, "AnyVersion": theorydb.AnyVersion(), "OrCreate": theorydb.OrCreate(), "OnlyIf": textIsOld, "OnlyIf!": textIsOther,
		}[word])
	}
	if c.subject.entity == "CellLease" {
		parts = append(parts, theorydb.Set("ttl", cellLater))
	}
	return parts
}

func (c *changeCell) check(t *testing.T, want string) {
	t.Helper()
	b, parts := c.bench, c.parts()
	old, returning := c.subject.old()
	switch c.mode {
	case "Blind":
		parts = append(parts, theorydb.Blind())
	case "Returning":
		parts = append(parts, returning)
	}
	var wantOld any
	if c.before != nil {
		b.put(t, c.before)
		key := c.subject.record()
		assign(key, "ID", c.id)
		if read, err := c.subject.get(t.Context(), key); err == nil && !errors.Is(err, theorydb.ErrTypeMismatch) {
			wantOld = read
		}
	}

	var changed any
	var err error
	requests := b.sends(func() { changed, err = c.subject.change(t.Context(), c.id, parts...) })
	after := b.stored(t, c.subject.entity+"#"+c.id, "ROW")

	sent := map[string]int{"IQ": 0, "ex": 2, "A2": 3}
	expected, listed := sent[want]
	if !listed {
		expected = 1
	}
	require.Equal(t, expected, requests, "requests")
	if c.mode == "Returning" && (want == "ok" || want == "CF") && wantOld != nil {
		require.Empty(t, cmp.Diff(wantOld, old), "the record that Returning fills")
	} else {
		require.Empty(t, cmp.Diff(c.subject.record(), old), "Returning without a live item before")
	}
	if want != "ok" && want != "ex" {
		require.Nil(t, changed)
		requireItem(t, c.before, after)
		if want == "A2" {
			require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
			return
		}
		requireCellError(t, err, "Change", c.subject.entity, c.before, want)
		return
	}
	require.NoError(t, err)
	requireNewWriter(t, after)
	left := c.left(want)
	left["_w"] = after["_w"]
	requireItem(t, left, after)
	if c.mode != "" {
		require.Nil(t, changed)
		return
	}
	read, err := c.subject.get(t.Context(), changed)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(read, changed), "the record that Change returns")
}

// left is what the change leaves, but for its write id.
func (c *changeCell) left(want string) theorydb.Item {
	record := c.subject.record()
	first := int64(1)
	if c.subject.entity == "CellFromZero" {
		first = 0
	}
	item := theorydb.Item{"PK": str(c.subject.entity + "#" + c.id), "SK": str("ROW")}
	version := first
	if c.before != nil && want == "ok" {
		item = maps.Clone(c.before)
		if stored, ok := item["version"].(*types.AttributeValueMemberN); ok {
			n, _ := strconv.ParseInt(stored.Value, 10, 64)
			version = n + 1
		} else if !c.has("OrCreate") {
			version = 1 // a row without a version counts as version 0
		}
	}
	item["_t"], item["id"], item["text"] = str(c.subject.entity), str(c.id), str("new")
	if has(record, "Version") {
		item["version"] = num(strconv.FormatInt(version, 10))
	}
	if has(record, "UpdatedAt") {
		item["updatedAt"] = storedTime(cellNow)
	}
	if has(record, "CreatedAt") && item["createdAt"] == nil && c.has("OrCreate") {
		item["createdAt"] = storedTime(cellNow)
	}
	if has(record, "ExpiresAt") {
		item["ttl"] = seconds(cellLater)
	}
	return item
}
