package theorydb_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// cursorKey is a key whose bytes are found anywhere.
func cursorKey() []byte { return []byte("cursor-key-canary-0123456789abcd") }

func sealCursors(c *theorydb.Config) { c.CursorKey = cursorKey() }

// sealedJottings are jottings whose cursors are sealed, and the same model with plain ones.
func sealedJottings(t testing.TB, e *engine) (sealed, plain *theorydb.Model[jotting]) {
	plain = jottings(t, e)
	sealed, err := theorydb.NewModel[jotting](e.open(t, sealCursors))
	require.NoError(t, err)
	return sealed, plain
}

func TestSealedCursorsPageAsPlainOnesDo(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		sealed, plain := sealedJottings(t, e)
		for _, q := range []theorydb.Query[jotting]{ofAnn("a"), {Key: jotting{Owner: "ann"}, Limit: 3, Descending: true}} {
			want, err := everyPage(t.Context(), plain, q)
			require.NoError(t, err)
			got, err := everyPage(t.Context(), sealed, q)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		var ids []string
		scan := theorydb.Scan{Segments: 3, Limit: 2}
		for cursor := ""; ; {
			page, err := sealed.ScanPage(t.Context(), scan, cursor)
			require.NoError(t, err)
			for _, j := range page.Items {
				ids = append(ids, j.Topic+j.ID)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
			require.NotContains(t, cursorText(t, cursor), "ann")
		}
		require.ElementsMatch(t, []string{"a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4"}, ids)
	})
}

// The form is said again here, in terms of a plain AES-GCM: other runtimes must open the same bytes.
func TestSealedCursorIsThePlainOneUnderAESGCM(t *testing.T) {
	e := embedded(t)
	sealed, plain := sealedJottings(t, e)
	cursor := firstCursor(t, sealed, ofAnn("a"))
	decoded := []byte(cursorText(t, cursor))
	block, err := aes.NewCipher(cursorKey())
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	content, err := gcm.Open(nil, decoded[:12], decoded[12:], []byte("theorydb cursor 1\x00"+e.table))
	require.NoError(t, err)
	require.Equal(t, cursorText(t, firstCursor(t, plain, ofAnn("a"))), string(content))
	require.Len(t, decoded, 12+len(content)+16)

	require.NotEqual(t, cursor, firstCursor(t, sealed, ofAnn("a")), "a nonce of its own for each")
	for _, shown := range []string{"ann", "N#a", "lastKey", hex.EncodeToString([]byte("ann"))} {
		require.NotContains(t, string(decoded), shown)
	}
}

func TestCursorOfTheOtherFormOrKeyIsRefused(t *testing.T) {
	e := embedded(t)
	sealed, plain := sealedJottings(t, e)
	q, scan := ofAnn("a"), theorydb.Scan{Limit: 1}
	open := func(change func(*theorydb.Config)) *theorydb.Model[jotting] {
		m, err := theorydb.NewModel[jotting](e.open(t, sealCursors, change))
		require.NoError(t, err)
		return m
	}
	otherKey := open(func(c *theorydb.Config) { c.CursorKey[31] ^= 1 })
	otherTable := open(func(c *theorydb.Config) { c.LogicalTable = "elsewhere" })
	same := open(func(*theorydb.Config) {})
	_, err := same.QueryPage(t.Context(), q, firstCursor(t, sealed, q))
	require.NoError(t, err)
	for name, pair := range map[string][2]*theorydb.Model[jotting]{
		"plain for sealed": {plain, sealed}, "sealed for plain": {sealed, plain}, "another key": {sealed, otherKey},
		"the key before": {otherKey, sealed}, "another table": {sealed, otherTable},
	} {
		refusesCursor(t, e, pair[1], q, firstCursor(t, pair[0], q), name)
		refusesScanCursor(t, e, pair[1], scan, firstScanCursor(t, pair[0], scan), name)
	}
	// What was sealed for something else is refused by what it holds.
	refusesCursor(t, e, sealed, q, firstScanCursor(t, sealed, scan))
	refusesCursor(t, e, sealed, ofAnn("b"), firstCursor(t, sealed, q))
	refusesScanCursor(t, e, sealed, scan, firstCursor(t, sealed, q))
}

func TestSealedCursorWithAnyBitChangedIsRefused(t *testing.T) {
	e := embedded(t)
	sealed, _ := sealedJottings(t, e)
	q, scan := ofAnn("a"), theorydb.Scan{Limit: 1, Segments: 2}
	for _, cursor := range []string{firstCursor(t, sealed, q), firstScanCursor(t, sealed, scan)} {
		refuse := func(forged string, what ...any) {
			refusesCursor(t, e, sealed, q, forged, what...)
			refusesScanCursor(t, e, sealed, scan, forged, what...)
		}
		decoded := []byte(cursorText(t, cursor))
		for i := range decoded {
			for bit := range 8 {
				flipped := bytes.Clone(decoded)
				flipped[i] ^= 1 << bit
				refuse(encodeCursor(string(flipped)), i, bit)
			}
			if i > 0 { // an empty cursor is the beginning
				refuse(encodeCursor(string(decoded[:i])), "cut", i)
				refuse(encodeCursor(string(decoded[i:])), "shifted", i)
			}
		}
		for i := range cursor {
			for _, c := range base64url {
				if c != rune(cursor[i]) {
					refuse(cursor[:i]+string(c)+cursor[i+1:], i, string(c))
				}
			}
			refuse(cursor[:i]+"\n"+cursor[i:], "line feed", i)
		}
		refuse(cursor+"A", "longer")
		refuse(cursor+"=", "padding")
	}
}

func TestNewRefusesACursorKeyOfAnotherLength(t *testing.T) {
	for _, length := range []int{0, 1, 16, 24, 31, 33, 64} {
		_, err := theorydb.New(theorydb.Config{
			DynamoDB: embedded(t).client, Table: "t", CursorKey: bytes.Repeat([]byte("canary"), 11)[:length],
		})
		require.ErrorContains(t, err, "Config.CursorKey", length)
		require.NotContains(t, err.Error(), "canary")
	}
	_, err := theorydb.New(theorydb.Config{DynamoDB: embedded(t).client, Table: "t"})
	require.NoError(t, err)
}

func TestNewCopiesTheCursorKey(t *testing.T) {
	e := embedded(t)
	_, plain := sealedJottings(t, e)
	key := cursorKey()
	m, err := theorydb.NewModel[jotting](e.open(t, func(c *theorydb.Config) { c.CursorKey = key }))
	require.NoError(t, err)
	clear(key)
	same, err := theorydb.NewModel[jotting](e.open(t, sealCursors))
	require.NoError(t, err)
	cursor := firstCursor(t, m, ofAnn("a"))
	_, err = same.QueryPage(t.Context(), ofAnn("a"), cursor)
	require.NoError(t, err)
	refusesCursor(t, e, plain, ofAnn("a"), cursor)
}

// Nothing that a program holds of a DB shows the key: not to printers, and not to what follows pointers.
func TestCursorKeyIsNeverShown(t *testing.T) {
	e := embedded(t)
	db := e.open(t, sealCursors)
	m, err := theorydb.NewModel[jotting](db)
	require.NoError(t, err)
	_, failed := m.QueryPage(t.Context(), ofAnn("a"), "AAAA")
	require.ErrorIs(t, failed, theorydb.ErrInvalidCursor)

	shows := func(text string) bool {
		key := cursorKey()
		for _, form := range []string{
			string(key), hex.EncodeToString(key), strings.ToUpper(hex.EncodeToString(key)), base64.StdEncoding.EncodeToString(key),
			strings.Trim(fmt.Sprintf("%d", key), "[]"), strings.Trim(fmt.Sprintf("%#v", key), "[]byte{}"),
		} {
			if strings.Contains(text, form) {
				return true
			}
		}
		return false
	}
	config := theorydb.Config{Table: "t", CursorKey: cursorKey()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{db, *m, failed, theorydb.Redact(config), theorydb.Redact(&config)} {
			require.False(t, shows(fmt.Sprintf(verb, value)), "%s of %T", verb, value)
		}
	}
	require.True(t, shows(fmt.Sprintf("%v", config)), "the control: a Config itself does")
	d := depths{seen: map[uintptr]bool{}}
	d.walk(reflect.ValueOf(db))
	d.walk(reflect.ValueOf(m))
	for wrapped := failed; wrapped != nil; wrapped = errors.Unwrap(wrapped) {
		d.walk(reflect.ValueOf(wrapped))
	}
	require.False(t, shows(d.out.String()))
	d.walk(reflect.ValueOf(config))
	require.True(t, shows(d.out.String()), "the control: it would be found")
}

func FuzzSealedCursor(f *testing.F) {
	e := embedded(f)
	sealed, plain := sealedJottings(f, e)
	q := ofAnn("a")
	genuine := firstCursor(f, sealed, q)
	f.Add(genuine, false)
	f.Add(cursorText(f, genuine), true)
	f.Add(firstCursor(f, plain, q), false)
	f.Add(strings.Repeat("\x00", 28), true)
	f.Add("", false)
	f.Fuzz(func(t *testing.T, cursor string, encode bool) {
		if encode {
			cursor = encodeCursor(cursor)
		}
		if cursor == genuine || cursor == "" {
			return
		}
		refusesCursor(t, e, sealed, q, cursor)
	})
}
