package theorydb_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// event is listed over twelve shards of an index, and stored over four of the table.
type event struct {
	_    theorydb.Key `theorydb:"pk" key:"EVENT#{kind}#s{id|shard:4}"`
	_    theorydb.Key `theorydb:"sk" key:"{id}"`
	_    theorydb.Key `theorydb:"index:gsi1" key:"LIST#{list}#{id|shard:12}"`
	_    theorydb.Key `theorydb:"index:gsi1,sk" key:"{seq|pad:6}"`
	_    theorydb.Key `theorydb:"index:both" key:"{id|shard:4}#{kind|shard:4}"`
	_    theorydb.Key `theorydb:"index:whole" key:"{kind}"`
	_    theorydb.Key `theorydb:"lsi:byList" key:"{list}"`
	Kind string
	ID   string
	List string
	Seq  int64
}

// shardOf is the shard of a text, as the grammar of keys has it.
func shardOf(text string, shards uint64) int {
	sum := sha256.Sum256([]byte(text))
	return int(binary.BigEndian.Uint64(sum[:8]) % shards)
}

const eventCount = 60

func events(t testing.TB, e *engine) *theorydb.Model[event] {
	m := model[event](t, e)
	for i := range eventCount {
		require.NoError(t, m.Create(t.Context(), &event{Kind: "k", ID: fmt.Sprint("e", i), List: "l", Seq: int64(i)}))
	}
	return m
}

func TestShardsOfAListTogetherFindEveryRecordOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := events(t, e)
		for index, c := range map[string]struct {
			key  event
			want int
		}{"gsi1": {event{List: "l"}, 12}, "": {event{Kind: "k"}, 4}, "byList": {event{Kind: "k"}, 4}} {
			var shards int
			var err error
			require.Zero(t, e.sends(func() { shards, err = m.Shards(index) }))
			require.NoError(t, err)
			require.Equal(t, c.want, shards)
			found := map[string]bool{}
			for n := range shards {
				q := theorydb.Query[event]{Key: c.key, Index: index, Shard: theorydb.Shard(n), PageSize: 2}
				counted := 0
				for each, err := range m.Query(t.Context(), q) {
					require.NoError(t, err)
					require.Equal(t, n, shardOf(each.ID, uint64(shards)))
					require.False(t, found[each.ID])
					found[each.ID] = true
					counted++
				}
				n, err := m.Count(t.Context(), q)
				require.NoError(t, err)
				require.Equal(t, counted, n)
				paged, err := everyPage(t.Context(), m, q)
				require.NoError(t, err)
				require.Len(t, paged, counted)
				briefs, err := theorydb.Collect(theorydb.Select[struct{ Seq int64 }](t.Context(), m, q))
				require.NoError(t, err)
				require.Len(t, briefs, counted)
			}
			require.Len(t, found, eventCount, index)
		}
	})
}

func TestShardIsPaddedAsItStandsInTheKey(t *testing.T) {
	m := events(t, embedded(t))
	for n, want := range map[int]string{0: "LIST#l#00", 7: "LIST#l#07", 11: "LIST#l#11"} {
		request, err := m.Explain(theorydb.Query[event]{Key: event{List: "l"}, Index: "gsi1", Shard: theorydb.Shard(n), Sort: theorydb.AtLeast(3)})
		require.NoError(t, err)
		require.Contains(t, request.ExpressionAttributeValues, ":0")
		require.Equal(t, str(want), request.ExpressionAttributeValues[":0"])
	}
}

func TestShardOfAKeyThatHasNoneIsRefused(t *testing.T) {
	e := embedded(t)
	m := events(t, e)
	list := func(n int, key event) theorydb.Query[event] {
		return theorydb.Query[event]{Key: key, Index: "gsi1", Shard: theorydb.Shard(n)}
	}
	for name, c := range map[string]struct {
		query theorydb.Query[event]
		err   error
		text  string
	}{
		"below 0":         {list(-1, event{List: "l"}), theorydb.ErrInvalidQuery, "Shard is -1"},
		"behind the last": {list(12, event{List: "l"}), theorydb.ErrInvalidQuery, "12, counted from 0"},
		"given twice":     {list(1, event{List: "l", ID: "e1"}), theorydb.ErrInvalidQuery, `"id"`},
		"no list":         {list(1, event{}), theorydb.ErrKeyIncomplete, `"list"`},
		"no shard":        {theorydb.Query[event]{Key: event{Kind: "k"}, Index: "whole", Shard: theorydb.Shard(0)}, theorydb.ErrInvalidQuery, `"WHOLEPK"`},
		"two shards":      {theorydb.Query[event]{Index: "both", Shard: theorydb.Shard(0)}, theorydb.ErrInvalidQuery, `"BOTHPK"`},
		"none given":      {theorydb.Query[event]{Key: event{List: "l"}, Index: "gsi1"}, theorydb.ErrKeyIncomplete, `"id"`},
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, e, m, c.query, c.err, c.text) })
	}
	for _, index := range []string{"whole", "both", "none"} {
		_, err := m.Shards(index)
		require.ErrorIs(t, err, theorydb.ErrInvalidQuery, index)
		var op *theorydb.OpError
		require.ErrorAs(t, err, &op)
	}
	plain := model[plainTextKey](t, embedded(t))
	_, err := plain.Shards("")
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	requireRefused(t, e, plain, theorydb.Query[plainTextKey]{Key: plainTextKey{PK: "p"}, Shard: theorydb.Shard(0)}, theorydb.ErrInvalidQuery, "shard")
	_, err = (&theorydb.Model[event]{}).Shards("")
	require.ErrorIs(t, err, theorydb.ErrInvalidModel)
}

func TestCursorOfAnotherShardIsRefused(t *testing.T) {
	e := embedded(t)
	m := events(t, e)
	q := func(n int) theorydb.Query[event] {
		return theorydb.Query[event]{Key: event{Kind: "k"}, Shard: theorydb.Shard(n), Limit: 1}
	}
	cursor := firstCursor(t, m, q(1))
	for _, n := range []int{0, 2, 3} {
		refusesCursor(t, e, m, q(n), cursor, n)
	}
	page, err := m.QueryPage(t.Context(), q(1), cursor)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)

	// A shard is a place like any other: the cursor of the record's own key is that of its shard.
	all, err := theorydb.Collect(m.Query(t.Context(), q(1)))
	require.NoError(t, err)
	after, err := m.CursorAfter(q(1), all[0])
	require.NoError(t, err)
	require.Equal(t, cursor, after)
	for n := range 4 {
		if _, err = m.CursorAfter(q(n), all[0]); n != 1 {
			require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
		}
	}
}

func TestRowPlantedInAnotherShardFailsTheQuery(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := events(t, e)
		wrong := (shardOf("e1", 4) + 1) % 4
		row := e.stored(t, fmt.Sprintf("EVENT#k#s%d", shardOf("e1", 4)), "e1")
		require.NotNil(t, row)
		row["PK"] = str(fmt.Sprintf("EVENT#k#s%d", wrong))
		e.put(t, row)
		var failed []int
		for n := range 4 {
			if _, err := theorydb.Collect(m.Query(t.Context(), theorydb.Query[event]{Key: event{Kind: "k"}, Shard: theorydb.Shard(n)})); err != nil {
				require.ErrorIs(t, err, theorydb.ErrTypeMismatch)
				failed = append(failed, n)
			}
		}
		require.True(t, slices.Equal([]int{wrong}, failed), failed)
	})
}
