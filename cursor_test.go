package theorydb_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

type jotting struct {
	_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
	_     theorydb.Key `theorydb:"sk" key:"N#{topic}#{id}"`
	Owner string
	Topic string
	ID    string
	Kind  string
}

type memorandum struct {
	_     theorydb.Key `theorydb:"pk" key:"P#{owner}"`
	_     theorydb.Key `theorydb:"sk" key:"M#{topic}#{id}"`
	Owner string
	Topic string
	ID    string
}

// jottings makes a model of jottings with some of them: topics a and b, ids 1 to 4, every other of kind odd.
func jottings(t testing.TB, e *engine, change ...func(*theorydb.Config)) *theorydb.Model[jotting] {
	m := model[jotting](t, e, change...)
	for _, topic := range []string{"a", "b"} {
		for id := range 4 {
			n := jotting{Owner: "ann", Topic: topic, ID: fmt.Sprint(id + 1), Kind: []string{"odd", "even"}[id%2]}
			require.NoError(t, m.Create(t.Context(), &n))
		}
	}
	return m
}

func ofAnn(topic string) theorydb.Query[jotting] {
	return theorydb.Query[jotting]{Key: jotting{Owner: "ann", Topic: topic}, Limit: 1}
}

// firstCursor is the cursor behind the first page.
func firstCursor[T any](t testing.TB, m *theorydb.Model[T], q theorydb.Query[T]) string {
	page, err := m.QueryPage(t.Context(), q, "")
	require.NoError(t, err)
	require.NotEmpty(t, page.Next)
	return page.Next
}

// refusesCursor requires that a cursor is refused and nothing is sent.
func refusesCursor[T any](t testing.TB, e *engine, m *theorydb.Model[T], q theorydb.Query[T], cursor string, what ...any) {
	t.Helper()
	sent := e.sends(func() {
		_, err := m.QueryPage(t.Context(), q, cursor)
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor, what...)
	})
	require.Zero(t, sent, what...)
}

// cursorText is what a cursor holds.
func cursorText(t testing.TB, cursor string) string {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	require.NoError(t, err)
	return string(text)
}

func encodeCursor(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestCursorIsCompactJSONOfTheKeyAndADigestOfTheQuery(t *testing.T) {
	e := embedded(t)
	m := jottings(t, e, func(c *theorydb.Config) { c.LogicalTable = "notes" })
	for id := range 2 {
		require.NoError(t, m.Create(t.Context(), &jotting{Owner: "<b&>", Topic: `"`, ID: fmt.Sprint(id), Kind: "<"}))
	}
	q := theorydb.Query[jotting]{
		Key: jotting{Owner: "<b&>", Topic: `"`}, Filter: theorydb.Equal("kind", "<"), Descending: true, Limit: 1,
	}
	// The canonical query is said again here: other runtimes must find the same digest.
	canonical := `{"descending":true,"entity":"jotting","filter":["equal","kind",{"S":"<"}],"partition":{"S":"P#<b&>"},` +
		`"sort":["begins_with",{"S":"N#%22#"},null,null],"table":"notes"}`
	sum := sha256.Sum256([]byte(canonical))
	require.Equal(t,
		`{"lastKey":{"PK":{"S":"P#<b&>"},"SK":{"S":"N#%22#1"}},"q":"`+hex.EncodeToString(sum[:8])+`"}`,
		cursorText(t, firstCursor(t, m, q)))
}

func TestCursorOfAnotherQueryIsRefused(t *testing.T) {
	e := embedded(t)
	m := jottings(t, e)
	kind := theorydb.Equal("kind", "odd")
	base := ofAnn("a")
	base.Filter = kind
	cursor := firstCursor(t, m, base)

	others := map[string]func(q *theorydb.Query[jotting]){
		"partition":      func(q *theorydb.Query[jotting]) { q.Key.Owner = "bob" },
		"sort prefix":    func(q *theorydb.Query[jotting]) { q.Key.Topic = "" },
		"other topic":    func(q *theorydb.Query[jotting]) { q.Key.Topic = "b" },
		"whole key":      func(q *theorydb.Query[jotting]) { q.Key.ID = "1" },
		"sort condition": func(q *theorydb.Query[jotting]) { q.Sort = theorydb.AtLeast("1") },
		"direction":      func(q *theorydb.Query[jotting]) { q.Descending = true },
		"no filter":      func(q *theorydb.Query[jotting]) { q.Filter = theorydb.Condition{} },
		"filter's value": func(q *theorydb.Query[jotting]) { q.Filter = theorydb.Equal("kind", "even") },
		"filter's name":  func(q *theorydb.Query[jotting]) { q.Filter = theorydb.Equal("topic", "odd") },
		"filter's kind":  func(q *theorydb.Query[jotting]) { q.Filter = theorydb.Exists("kind") },
		"more filter":    func(q *theorydb.Query[jotting]) { q.Filter = theorydb.And(kind, theorydb.NotExists("topic")) },
	}
	for name, change := range others {
		q := base
		change(&q)
		refusesCursor(t, e, m, q, cursor, name)
	}

	t.Run("entity", func(t *testing.T) {
		memos, err := theorydb.NewModel[memorandum](e.open(t))
		require.NoError(t, err)
		refusesCursor(t, e, memos, theorydb.Query[memorandum]{Key: memorandum{Owner: "ann", Topic: "a"}}, cursor)
	})
	t.Run("logical table", func(t *testing.T) {
		elsewhere, err := theorydb.NewModel[jotting](e.open(t, func(c *theorydb.Config) { c.LogicalTable = "elsewhere" }))
		require.NoError(t, err)
		refusesCursor(t, e, elsewhere, base, cursor)
	})
	t.Run("every pair of sort conditions", func(t *testing.T) {
		conditions := []theorydb.SortCondition{
			{},
			theorydb.Is("1"), theorydb.Between("1", "3"), theorydb.AtLeast("1"), theorydb.After("0"), theorydb.AtMost("4"),
			theorydb.Before("4"), theorydb.HasPrefix("1"),
		}
		for i, given := range conditions {
			q := ofAnn("a")
			q.Sort, q.Limit, q.PageSize = given, 0, 1
			cursor := firstCursor(t, m, q)
			for j, other := range conditions {
				q.Sort = other
				if i != j {
					refusesCursor(t, e, m, q, cursor, i, j)
				}
			}
		}
	})
}

func TestCursorSurvivesARestoreIntoAnotherTable(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		logical := func(c *theorydb.Config) { c.LogicalTable = "notes" }
		before := jottings(t, e, logical)
		restored := e.table + "-restored"
		t.Cleanup(func() {
			_, _ = e.client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &restored})
		})
		after := jottings(t, e, logical, func(c *theorydb.Config) { c.Table = restored })
		page, err := after.QueryPage(t.Context(), ofAnn("a"), firstCursor(t, before, ofAnn("a")))
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, "2", page.Items[0].ID)
	})
}

func TestCursorGoesOnUnderAnotherLimit(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		fewerChecks(t, 5)
		m := jottings(t, e)
		rapid.Check(t, func(rt *rapid.T) {
			q := theorydb.Query[jotting]{Key: jotting{Owner: "ann"}, Descending: rapid.Bool().Draw(rt, "descending")}
			var ids []string
			for cursor := ""; ; {
				q.Limit = rapid.IntRange(0, 3).Draw(rt, "limit")
				q.PageSize = rapid.IntRange(1, 5).Draw(rt, "page size")
				q.Consistent = rapid.Bool().Draw(rt, "consistent")
				page, err := m.QueryPage(t.Context(), q, cursor)
				require.NoError(rt, err)
				for _, n := range page.Items {
					ids = append(ids, n.Topic+n.ID)
				}
				if cursor = page.Next; cursor == "" {
					break
				}
				require.LessOrEqual(rt, len(ids), 8)
			}
			want := []string{"a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4"}
			if q.Descending {
				want = []string{"b4", "b3", "b2", "b1", "a4", "a3", "a2", "a1"}
			}
			require.Equal(rt, want, ids)
		})
	})
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// A query for one key has one cursor, so that whatever differs from it in any way is refused.
func TestCursorWithAnyCharacterChangedIsRefused(t *testing.T) {
	e := embedded(t)
	m := jottings(t, e)
	require.NoError(t, m.Create(t.Context(), &jotting{Owner: "ann", Topic: "\x01é\U00010348<", ID: "\u2028"}))
	q := theorydb.Query[jotting]{Key: jotting{Owner: "ann", Topic: "\x01é\U00010348<", ID: "\u2028"}, PageSize: 1}
	cursor := firstCursor(t, m, q)
	for i := range cursor {
		refusesCursor(t, e, m, q, cursor[:i+1]+cursor[i:], "doubled", i)
		if i > 0 { // an empty cursor is the beginning
			refusesCursor(t, e, m, q, cursor[:i], "cut", i)
		}
		refusesCursor(t, e, m, q, cursor[i+1:]+"A", "shifted", i)
		refusesCursor(t, e, m, q, cursor[:i]+"+"+cursor[i+1:], "alphabet", i)
		refusesCursor(t, e, m, q, cursor[:i]+"\n"+cursor[i:], "line feed", i)
		for _, c := range base64url {
			if c != rune(cursor[i]) {
				refusesCursor(t, e, m, q, cursor[:i]+string(c)+cursor[i+1:], i, string(c))
			}
		}
	}
}

// A plain cursor is not sealed. One whose key was changed is refused, or continues the same query from another place.
func TestCursorWithAnyBitChangedNeverLeavesTheQuery(t *testing.T) {
	e := embedded(t)
	m := jottings(t, e)
	q := ofAnn("a")
	cursor := firstCursor(t, m, q)
	accepted := 0
	for i := range cursor {
		for bit := range 6 {
			changed := cursor[:i] + string(base64url[strings.IndexByte(base64url, cursor[i])^1<<bit]) + cursor[i+1:]
			page, err := m.QueryPage(t.Context(), q, changed)
			if err != nil {
				require.ErrorIs(t, err, theorydb.ErrInvalidCursor, changed)
				continue
			}
			accepted++
			requireCursorOf(t, cursor, changed, "P#ann", "N#a#")
			for _, n := range page.Items {
				require.Equal(t, "a", n.Topic)
			}
		}
	}
	require.Less(t, accepted, 30, "only the one character of the id may be changed")
}

// requireCursorOf requires that a cursor that was accepted is one of the same query, within its partition and range.
func requireCursorOf(t testing.TB, cursor, accepted, partition, prefix string) {
	type members struct {
		LastKey map[string]map[string]string `json:"lastKey"`
		Q       string                       `json:"q"`
	}
	var want, got members
	require.NoError(t, json.Unmarshal([]byte(cursorText(t, cursor)), &want))
	require.NoError(t, json.Unmarshal([]byte(cursorText(t, accepted)), &got))
	require.Equal(t, want.Q, got.Q)
	require.Len(t, got.LastKey, 2)
	require.Equal(t, map[string]string{"S": partition}, got.LastKey["PK"])
	require.Len(t, got.LastKey["SK"], 1)
	require.True(t, strings.HasPrefix(got.LastKey["SK"]["S"], prefix))
}

func TestForgedCursorIsRefused(t *testing.T) {
	e := embedded(t)
	m := jottings(t, e)
	q := ofAnn("a")
	q.Sort = theorydb.Between("2", "3")
	genuine := cursorText(t, firstCursor(t, m, q))
	forge := func(old, replacement string) string {
		require.Contains(t, genuine, old)
		return encodeCursor(strings.Replace(genuine, old, replacement, 1))
	}
	sk := `"SK":{"S":"N#a#2"}`
	forged := map[string]string{
		"another partition":     forge("P#ann", "P#bob"),
		"before the range":      forge("N#a#2", "N#a#1"),
		"behind the range":      forge("N#a#2", "N#a#4"),
		"another topic":         forge("N#a#2", "N#b#2"),
		"a key too long":        forge("N#a#2", "N#a#2"+strings.Repeat("0", 1020)),
		"no sort key":           forge(","+sk, ""),
		"an empty sort key":     forge("N#a#2", ""),
		"a third key attribute": forge(sk, sk+`,"id":{"S":"2"}`),
		"a number":              forge(sk, `"SK":{"N":"2"}`),
		"bytes":                 forge(sk, `"SK":{"B":"TiNhIzI="}`),
		"two types":             forge(sk, `"SK":{"N":"2","S":"N#a#2"}`),
		"null":                  forge(sk, `"SK":null`),
		"the null type":         forge(sk, `"SK":{"NULL":true}`),
		"another text of it":    forge("N#a#2", `N#\u0061#2`),
		"text that is no UTF-8": forge("N#a#2", "N#a#2\xff"),
		"an index":              encodeCursor(`{"index":"gsi1",` + genuine[1:]),
		"an empty index":        encodeCursor(`{"index":"",` + genuine[1:]),
		"an unknown member":     encodeCursor(`{"a":1,` + genuine[1:]),
		"a member twice":        encodeCursor(`{"q":"",` + genuine[1:]),
		"capital members":       forge("lastKey", "LASTKEY"),
		"white space":           encodeCursor(genuine + "\n"),
		"two documents":         encodeCursor(genuine + genuine),
		"another order":         forge(`"PK":{"S":"P#ann"},`+sk, sk+`,"PK":{"S":"P#ann"}`),
		"no key":                encodeCursor(`{"lastKey":null,` + genuine[strings.Index(genuine, `"q"`):]),
		"an array":              encodeCursor("[" + genuine + "]"),
		"nothing":               encodeCursor("null"),
		"padding":               encodeCursor(genuine) + "=",
		"a line feed":           encodeCursor(genuine) + "\n",
		"no base64":             genuine,
		"far too much":          strings.Repeat("A", 1<<20),
	}
	for name, cursor := range forged {
		refusesCursor(t, e, m, q, cursor, name)
	}
	sent := e.sends(func() {
		page, err := m.QueryPage(t.Context(), q, forge("N#a#2", "N#a#20"))
		require.NoError(t, err, "a key within the range, stored or not, is where a page may begin")
		require.Len(t, page.Items, 1)
		require.Equal(t, "3", page.Items[0].ID)
	})
	require.Equal(t, 1, sent)
}

func TestCursorCarriesNumbersAndBytes(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[plainNumberKey](t, e)
		for _, n := range []int64{-10, -9, 0, 2, 10} {
			require.NoError(t, m.Create(t.Context(), &plainNumberKey{PK: "p", SK: n}))
		}
		q := theorydb.Query[plainNumberKey]{Key: plainNumberKey{PK: "p"}, Sort: theorydb.Between(-9, 2), Limit: 1}
		found, err := everyPage(t.Context(), m, q)
		require.NoError(t, err)
		require.Len(t, found, 3)
		genuine := cursorText(t, firstCursor(t, m, q))
		for _, number := range []string{"-10", "10", "2.5", "x", "", "1e999"} {
			refusesCursor(t, e, m, q, encodeCursor(strings.Replace(genuine, `"N":"-9"`, `"N":"`+number+`"`, 1)), number)
		}
	})
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[plainBytesKey](t, e)
		for _, b := range []string{"\x00", "\x7f", "\x80", "\xff", "\xff\xff"} {
			require.NoError(t, m.Create(t.Context(), &plainBytesKey{PK: "p", SK: []byte(b)}))
		}
		q := theorydb.Query[plainBytesKey]{Key: plainBytesKey{PK: "p"}, Sort: theorydb.AtMost([]byte("\xff")), PageSize: 1}
		found, err := everyPage(t.Context(), m, q)
		require.NoError(t, err)
		require.Len(t, found, 4)
	})
}

func FuzzCursor(f *testing.F) {
	e := embedded(f)
	m := jottings(f, e)
	q := ofAnn("a")
	genuine := firstCursor(f, m, q)
	f.Add(genuine, false)
	f.Add(cursorText(f, genuine), true)
	f.Add(strings.Replace(cursorText(f, genuine), "#1", "#", 1), true)
	f.Add("", false)
	f.Add("null", true)
	f.Fuzz(func(t *testing.T, cursor string, encode bool) {
		if encode {
			cursor = encodeCursor(cursor)
		}
		before := e.requests.Load()
		_, err := m.QueryPage(t.Context(), q, cursor)
		sent := e.requests.Load() - before
		if err != nil {
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
			require.Zero(t, sent)
			return
		}
		if cursor != "" {
			requireCursorOf(t, genuine, cursor, "P#ann", "N#a#")
		}
	})
}
