package theorydb_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

// longPartition is a partition of two pages from which nothing is deleted, and the cursor behind its first page.
func longPartition(t *testing.T, e *engine) (d *dossier, cursor string) {
	d = openDossier(t, e, func(c *theorydb.Config) { c.LogicalTable = "people" })
	for i := range 101 {
		e.put(t, personRow(fmt.Sprintf("ENTRY#%06d", i), theorydb.Item{"_t": str("Entry")}))
	}
	cursor, err := d.db.ClearPartition(t.Context(), d.partition("1"), "", "Person", "Passkey")
	require.NoError(t, err)
	require.NotEmpty(t, cursor)
	d.told = nil
	return d, cursor
}

func TestClearCursorIsCompactJSONOfTheKeyAndADigestOfWhatStays(t *testing.T) {
	_, cursor := longPartition(t, embedded(t))
	// The canonical form is said again here: other runtimes must find the same digest.
	canonical := `{"keep":["Passkey","Person"],"partition":{"S":"PERSON#1"},"table":"people","verb":"ClearPartition"}`
	sum := sha256.Sum256([]byte(canonical))
	require.Equal(t,
		`{"lastKey":{"PK":{"S":"PERSON#1"},"SK":{"S":"ENTRY#000099"}},"q":"`+hex.EncodeToString(sum[:8])+`"}`,
		cursorText(t, cursor))
}

func TestClearCursorIsTakenForThePartitionAndTheNamesItWasGivenFor(t *testing.T) {
	d, cursor := longPartition(t, embedded(t))
	next, err := d.db.ClearPartition(t.Context(), d.passkeys.Partition(passkey{PersonID: "1"}), cursor, "Person", "Passkey", "Person")
	require.NoError(t, err, "whatever model, order or repetition names the same")
	require.Empty(t, next)

	elsewhere := d.open(t, d.sealed, func(c *theorydb.Config) { c.LogicalTable = "elsewhere" })
	registered[passkey](t, elsewhere)
	genuine := cursorText(t, cursor)
	forge := func(old, replacement string) string {
		require.Contains(t, genuine, old)
		return encodeCursor(strings.Replace(genuine, old, replacement, 1))
	}
	kept := []string{"Person", "Passkey"}
	sk := `"SK":{"S":"ENTRY#000099"}`
	for name, c := range map[string]struct {
		db        *theorydb.DB
		partition theorydb.Partition
		cursor    string
		keep      []string
	}{
		"another partition":     {d.db, d.partition("2"), cursor, kept},
		"fewer names":           {d.db, d.partition("1"), cursor, kept[:1]},
		"no names":              {d.db, d.partition("1"), cursor, nil},
		"more names":            {d.db, d.partition("1"), cursor, append([]string{"Entry"}, kept...)},
		"another table":         {elsewhere, registered[person](t, elsewhere).Partition(person{ID: "1"}), cursor, kept},
		"a forged partition":    {d.db, d.partition("1"), forge("PERSON#1", "PERSON#2"), kept},
		"no sort key":           {d.db, d.partition("1"), forge(","+sk, ""), kept},
		"an empty sort key":     {d.db, d.partition("1"), forge("ENTRY#000099", ""), kept},
		"a number":              {d.db, d.partition("1"), forge(sk, `"SK":{"N":"2"}`), kept},
		"a key too long":        {d.db, d.partition("1"), forge("000099", strings.Repeat("0", 1024)), kept},
		"a third key attribute": {d.db, d.partition("1"), forge(sk, sk+`,"id":{"S":"2"}`), kept},
		"an index":              {d.db, d.partition("1"), encodeCursor(`{"index":"byKind",` + genuine[1:]), kept},
		"an unknown member":     {d.db, d.partition("1"), encodeCursor(`{"a":1,` + genuine[1:]), kept},
		"white space":           {d.db, d.partition("1"), encodeCursor(genuine + " "), kept},
		"another text of it":    {d.db, d.partition("1"), forge("ENTRY", `\u0045NTRY`), kept},
		"nothing":               {d.db, d.partition("1"), encodeCursor("null"), kept},
		"no base64":             {d.db, d.partition("1"), genuine, kept},
		"a line feed":           {d.db, d.partition("1"), cursor + "\n", kept},
		"padding":               {d.db, d.partition("1"), cursor + "=", kept},
		"far too much":          {d.db, d.partition("1"), strings.Repeat("A", 1<<20), kept},
	} {
		t.Run(name, func(t *testing.T) {
			require.Zero(t, d.sends(func() {
				next, err := c.db.ClearPartition(t.Context(), c.partition, c.cursor, c.keep...)
				require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
				require.Equal(t, c.cursor, next)
				require.NotContains(t, err.Error(), "PERSON#")
			}))
		})
	}
}

// The cursor of a query is none of ClearPartition's, and the other way round.
func TestClearCursorAndQueryCursorAreKeptApart(t *testing.T) {
	d := openDossier(t, embedded(t))
	d.fill(t, "1", 101)
	cleared, err := d.db.ClearPartition(t.Context(), d.partition("1"), "", "Person", "Passkey")
	require.NoError(t, err)
	query := theorydb.Query[entry]{Key: entry{PersonID: "1"}}
	refusesCursor(t, d.engine, d.entries, query, cleared)
	queried := firstCursor(t, d.entries, theorydb.Query[entry]{Key: query.Key, PageSize: 1})
	_, err = d.db.ClearPartition(t.Context(), d.partition("1"), queried, "Person", "Passkey")
	require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
}

func FuzzClearCursor(f *testing.F) {
	e := embedded(f)
	db := e.open(f)
	people, entries := registered[person](f, db), registered[entry](f, db)
	require.NoError(f, db.CreateTable(f.Context()))
	for i := range 101 {
		require.NoError(f, entries.Create(f.Context(), &entry{PersonID: "1", Seq: uint32(i), Kind: "k"}))
	}
	partition := people.Partition(person{ID: "1"})
	genuine, err := db.ClearPartition(f.Context(), partition, "")
	require.NoError(f, err)
	f.Add(genuine, false)
	f.Add(cursorText(f, genuine), true)
	f.Add(strings.Replace(cursorText(f, genuine), "99", "9", 1), true)
	f.Add("null", true)
	f.Fuzz(func(t *testing.T, cursor string, encode bool) {
		if encode {
			cursor = encodeCursor(cursor)
		}
		var err error
		sent := e.sends(func() { _, err = db.ClearPartition(t.Context(), partition, cursor) })
		if err != nil {
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
			require.Zero(t, sent)
			return
		}
		if cursor != "" {
			requireCursorOf(t, genuine, cursor, "PERSON#1", "")
		}
	})
}

// Whatever is stored, and whatever is to be kept: what stays is what a plain reading of the rule says, and a collection
// finds of it what it found before.
func TestClearPartitionKeepsWhatItSays(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		d := openDossier(t, e)
		partition := 0
		names := []string{"", "Person", "Passkey", "Entry", "Stranger"}
		keys := []string{"PERSON", "PASSKEY#a", "PASSKEY#b", "ENTRY#000001", "ENTRY#2", "ELSE"}
		fits := map[string]string{"PERSON": "Person", "PASSKEY#a": "Passkey", "PASSKEY#b": "Passkey", "ENTRY#000001": "Entry"}
		rapid.Check(t, func(rt *rapid.T) {
			partition++
			id := fmt.Sprint(partition)
			keep := rapid.SliceOfNDistinct(rapid.SampledFrom(names[1:4]), 0, 3, rapid.ID[string]).Draw(rt, "keep")
			var want []string
			for _, sk := range keys {
				name := rapid.SampledFrom(append([]string{"-"}, names...)).Draw(rt, sk)
				if name == "-" { // no such row
					continue
				}
				row := theorydb.Item{"PK": str("PERSON#" + id), "SK": str(sk)}
				entity := fits[sk]
				if name != "" {
					row["_t"], entity = str(name), name
				}
				if rapid.Bool().Draw(rt, "expired") {
					row["ttl"] = num("1")
				}
				e.put(t, row)
				if entity == "Entry" || slices.Contains(keep, entity) {
					want = append(want, sk)
				}
			}
			slices.Sort(want)
			d.clearAll(t, d.partition(id), keep...)
			require.Equal(rt, want, e.rows(t, "PERSON#"+id))
		})
	})
}

func TestClearCursorHasNoSecondForm(t *testing.T) {
	d, cursor := longPartition(t, embedded(t))
	for i := range cursor {
		for bit := range 6 {
			changed := cursor[:i] + string(base64url[strings.IndexByte(base64url, cursor[i])^1<<bit]) + cursor[i+1:]
			_, err := d.db.ClearPartition(t.Context(), d.partition("1"), changed, "Person", "Passkey")
			if err != nil {
				require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
				continue
			}
			requireCursorOf(t, cursor, changed, "PERSON#1", "")
			var again map[string]any
			require.NoError(t, json.Unmarshal([]byte(cursorText(t, changed)), &again))
			sorted, err := json.Marshal(again)
			require.NoError(t, err)
			require.Equal(t, string(sorted), cursorText(t, changed))
		}
	}
}
