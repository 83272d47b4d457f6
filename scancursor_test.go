package theorydb_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// refusesScanCursor requires that a cursor is refused and nothing is sent.
func refusesScanCursor[T any](t testing.TB, e *engine, m *theorydb.Model[T], scan theorydb.Scan, cursor string, what ...any) {
	t.Helper()
	sent := e.sends(func() {
		_, err := m.ScanPage(t.Context(), scan, cursor)
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor, what...)
	})
	require.Zero(t, sent, what...)
}

// firstScanCursor is the cursor behind the first page of a scan.
func firstScanCursor[T any](t testing.TB, m *theorydb.Model[T], scan theorydb.Scan) string {
	page, err := m.ScanPage(t.Context(), scan, "")
	require.NoError(t, err)
	require.NotEmpty(t, page.Next)
	return page.Next
}

// scanMembers are what the cursor of a scan holds.
type scanMembers struct {
	Index    string                         `json:"index"`
	Q        string                         `json:"q"`
	Segments []map[string]map[string]string `json:"segments"`
}

func scanMembersOf(t testing.TB, cursor string) scanMembers {
	var members scanMembers
	require.NoError(t, json.Unmarshal([]byte(cursorText(t, cursor)), &members))
	return members
}

func TestScanCursorHoldsWhereEachSegmentGoesOn(t *testing.T) {
	e := embedded(t)
	m := model[leaf](t, e, func(c *theorydb.Config) { c.LogicalTable = "forest" })
	for _, id := range []string{"1", "2", "<3&>"} {
		require.NoError(t, m.Create(t.Context(), &leaf{Tree: "t", ID: id, Kind: "green"}))
	}
	// The canonical scan is said again here: other runtimes must find the same digest.
	sum := sha256.Sum256([]byte(`{"entity":"leaf","filter":["equal","kind",{"S":"green"}],"segments":1,"table":"forest"}`))
	scan := theorydb.Scan{Filter: theorydb.Equal("kind", "green"), Limit: 2}
	require.Equal(t, `{"q":"`+hex.EncodeToString(sum[:8])+`","segments":[{"PK":{"S":"TREE#t"},"SK":{"S":"LEAF#2"}}]}`,
		cursorText(t, firstScanCursor(t, m, scan)))

	sum = sha256.Sum256([]byte(`{"entity":"leaf","filter":null,"index":"byKind","segments":4,"table":"forest"}`))
	whole := cursorText(t, firstScanCursor(t, m, theorydb.Scan{Index: "byKind", Segments: 4, Limit: 1}))
	begin := `{"index":"byKind","q":"` + hex.EncodeToString(sum[:8]) + `","segments":[`
	require.True(t, strings.HasPrefix(whole, begin), whole)
	entries := strings.TrimSuffix(strings.TrimPrefix(whole, begin), "]}")
	key := `{"BYKINDPK":{"S":"KIND#green"},"PK":{"S":"TREE#t"},"SK":{"S":"LEAF#1"}}`
	at := slices.Index([]string{
		key + ",{},{},{}", "null," + key + ",{},{}", "null,null," + key + ",{}", "null,null,null," + key,
	}, entries)
	require.NotEqual(t, -1, at, entries)
}

func TestScanCursorOfAnotherScanIsRefused(t *testing.T) {
	e := embedded(t)
	m, _ := leaves(t, e)
	green := theorydb.Scan{Segments: 3, Filter: theorydb.Equal("kind", "green"), Limit: 2}
	cursor := firstScanCursor(t, m, green)
	for name, change := range map[string]func(*theorydb.Scan){
		"fewer segments": func(s *theorydb.Scan) { s.Segments = 2 },
		"more segments":  func(s *theorydb.Scan) { s.Segments = 4 },
		"no filter":      func(s *theorydb.Scan) { s.Filter = theorydb.Condition{} },
		"another filter": func(s *theorydb.Scan) { s.Filter = theorydb.Equal("kind", "red") },
		"an index":       func(s *theorydb.Scan) { s.Index = "byKind" },
	} {
		other := green
		change(&other)
		refusesScanCursor(t, e, m, other, cursor, name)
	}
	boughs, err := theorydb.NewModel[bough](e.open(t))
	require.NoError(t, err)
	refusesScanCursor(t, e, boughs, theorydb.Scan{Segments: 3}, cursor, "another entity")
	elsewhere, err := theorydb.NewModel[leaf](e.open(t, func(c *theorydb.Config) { c.LogicalTable = "elsewhere" }))
	require.NoError(t, err)
	refusesScanCursor(t, e, elsewhere, green, cursor, "another table")

	query := theorydb.Query[leaf]{Key: leaf{Tree: "1"}, Limit: 1}
	refusesCursor(t, e, m, query, cursor, "a query")
	refusesScanCursor(t, e, m, theorydb.Scan{}, firstCursor(t, m, query), "the cursor of a query")
	_, err = m.ScanPage(t.Context(), green, cursor)
	require.NoError(t, err)
}

// aScanCursor gives a cursor of three segments: one under way, one finished and one that has not begun.
func aScanCursor(t testing.TB, m *theorydb.Model[leaf]) (theorydb.Scan, string) {
	scan := theorydb.Scan{Segments: 3, PageSize: 4}
	genuine := scanMembersOf(t, firstScanCursor(t, m, scan))
	require.Len(t, genuine.Segments, 3)
	at := slices.IndexFunc(genuine.Segments, func(key map[string]map[string]string) bool { return len(key) > 0 })
	key, err := json.Marshal(genuine.Segments[at])
	require.NoError(t, err)
	entries := []string{"null", "null", "null"}
	entries[at], entries[(at+1)%3] = string(key), "{}"
	return scan, `{"q":"` + genuine.Q + `","segments":[` + strings.Join(entries, ",") + `]}`
}

func TestForgedScanCursorIsRefused(t *testing.T) {
	e := embedded(t)
	m, _ := leaves(t, e)
	scan, genuine := aScanCursor(t, m)
	_, err := m.ScanPage(t.Context(), scan, encodeCursor(genuine))
	require.NoError(t, err)
	members := scanMembersOf(t, encodeCursor(genuine))
	var key string
	for _, each := range members.Segments {
		if len(each) > 0 {
			text, err := json.Marshal(each)
			require.NoError(t, err)
			key = string(text)
		}
	}
	list := genuine[strings.Index(genuine, "[") : len(genuine)-1]
	forge := func(old, replacement string) string {
		require.Contains(t, genuine, old)
		return encodeCursor(strings.Replace(genuine, old, replacement, 1))
	}
	for name, cursor := range map[string]string{
		"a segment less":        forge(",null", ""),
		"a segment more":        forge("null", "null,null"),
		"no segments":           forge(list, "[]"),
		"no list":               forge(list, "null"),
		"a finished scan":       forge(list, "[null,null,null]"),
		"the beginning":         forge(list, "[{},{},{}]"),
		"no sort key":           forge(key, key[:strings.Index(key, `,"SK"`)]+"}"),
		"a third key attribute": forge(key, key[:len(key)-1]+`,"id":{"S":"2"}}`),
		"a number":              forge(key, `{"PK":{"N":"1"},"SK":{"S":"a"}}`),
		"an empty key":          forge(key, `{"PK":{"S":""},"SK":{"S":"a"}}`),
		"a key too long":        forge(key, `{"PK":{"S":"`+strings.Repeat("a", 2049)+`"},"SK":{"S":"a"}}`),
		"null for a key":        forge(key, `{"PK":null,"SK":null}`),
		"text for a segment":    forge("null", `"null"`),
		"a flag for a segment":  forge("null", `false`),
		"white space":           forge("null", " null"),
		"another text of it":    forge("TREE", `TR\u0045E`),
		"an index":              encodeCursor(`{"index":"byKind",` + genuine[1:]),
		"an empty index":        encodeCursor(`{"index":"",` + genuine[1:]),
		"an unknown member":     encodeCursor(`{"a":1,` + genuine[1:]),
		"a member twice":        encodeCursor(`{"q":"",` + genuine[1:]),
		"another digest":        forge(`"q":"`, `"q":"0`),
		"two documents":         encodeCursor(genuine + genuine),
		"no JSON":               encodeCursor(genuine[1:]),
		"padding":               encodeCursor(genuine) + "=",
		"no base64":             genuine,
		"far too much":          strings.Repeat("A", 1<<20),
	} {
		refusesScanCursor(t, e, m, scan, cursor, name)
	}
}

// Only DynamoDB knows which keys are in a segment.
func TestScanCursorWithAKeyOfAnotherSegmentIsRefused(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m, _ := leaves(t, e)
		scan, genuine := aScanCursor(t, m)
		list := genuine[strings.Index(genuine, "[") : len(genuine)-1]
		key := list[strings.Index(list, `{"P`) : strings.Index(list, "}}")+2]
		refused := 0
		for _, moved := range []string{"[" + key + ",{},{}]", "[{}," + key + ",{}]", "[{},{}," + key + "]"} {
			_, err := m.ScanPage(t.Context(), scan, encodeCursor(strings.Replace(genuine, list, moved, 1)))
			if err != nil {
				require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
				refused++
			}
		}
		require.Equal(t, 2, refused)
	})
}

// The cursor is blamed for what DynamoDB says of the key to begin at, and for nothing else.
func TestARefusedScanBlamesItsCursorOnlyForItsKey(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m, _ := leaves(t, e)
		scan := theorydb.Scan{Limit: 2}
		cursor := firstScanCursor(t, m, scan)
		for message, forged := range map[string]bool{
			"The provided starting key is invalid":                           true,
			"The provided starting key is outside query boundaries":          true,
			"Exclusive Start Key must have same size as table's key schema":  true,
			"Invalid FilterExpression: Expression size has exceeded the max": false,
			"The table does not have the specified index":                    false,
		} {
			e.faults.On("Scan").Error(400, "ValidationException", message)
			_, err := m.ScanPage(t.Context(), scan, cursor)
			require.Error(t, err)
			require.Equal(t, forged, errors.Is(err, theorydb.ErrInvalidCursor), message)
			e.faults.On("Scan").Error(400, "ValidationException", message)
			_, err = m.ScanPage(t.Context(), scan, "")
			require.Error(t, err)
			require.NotErrorIs(t, err, theorydb.ErrInvalidCursor, "there is no cursor")
		}
		_, err := m.ScanPage(t.Context(), scan, cursor)
		require.NoError(t, err)
	})
}

func TestScanCursorGoesOnFromAnyKey(t *testing.T) {
	e := embedded(t)
	m, names := leaves(t, e)
	genuine := scanMembersOf(t, firstScanCursor(t, m, theorydb.Scan{Limit: 1}))
	page, err := m.ScanPage(t.Context(), theorydb.Scan{},
		encodeCursor(`{"q":"`+genuine.Q+`","segments":[{"PK":{"S":"nothing is here"},"SK":{"S":"x"}}]}`))
	require.NoError(t, err, "a key, stored or not, is where a page may begin")
	require.Less(t, len(page.Items), len(names))
}

func FuzzScanCursor(f *testing.F) {
	e := embedded(f)
	m, _ := leaves(f, e)
	scan, genuine := aScanCursor(f, m)
	digest := scanMembersOf(f, encodeCursor(genuine)).Q
	f.Add(encodeCursor(genuine), false)
	f.Add(genuine, true)
	f.Add(strings.Replace(genuine, "null", "{}", 1), true)
	f.Add(strings.Replace(genuine, "LEAF", "", 1), true)
	f.Add("", false)
	f.Add(`{"q":"`+digest+`","segments":[null,null,{}]}`, true)
	f.Fuzz(func(t *testing.T, cursor string, encode bool) {
		if encode {
			cursor = encodeCursor(cursor)
		}
		_, err := m.ScanPage(t.Context(), scan, cursor)
		if err != nil {
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
			return
		}
		if cursor == "" {
			return
		}
		members := scanMembersOf(t, cursor)
		require.Equal(t, digest, members.Q)
		require.Len(t, members.Segments, 3)
		for _, key := range members.Segments {
			require.True(t, len(key) == 0 || len(key) == 2 && key["PK"]["S"] != "" && key["SK"]["S"] != "", cursor)
		}
	})
}
