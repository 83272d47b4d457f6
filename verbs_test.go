package theorydb_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/internal/schema"
)

func TestEachVerbOnEachRow(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		bench := newCellBench(t, e)
		cells := 0
		for _, model := range []struct{ entity, grid string }{
			{"CellLedger", ledgerGrid},
			{"CellFromZero", fromZeroGrid},
			{"CellCounter", counterGrid},
			{"CellJournal", journalGrid},
			{"CellPlain", plainGrid},
			{"CellOwned", ownedGrid},
			{"CellLease", leaseGrid},
		} {
			t.Run(model.entity, func(t *testing.T) {
				eachCell(t, model.grid, func(t *testing.T, verb, state, want string) {
					require.Contains(t, cellVerbs, verb)
					require.Contains(t, rowStates, state)
					cells++
					bench.checkCell(t, bench.subjects[model.entity], cellVerbs[verb], rowStates[state], want)
				})
			})
		}
		t.Logf("%d cells on %s", cells, e.name)
	})
}

// eachCell runs a test for each cell of a grid: names of columns in the first line, then a name and its cells a line.
func eachCell(t *testing.T, grid string, test func(t *testing.T, line, column, cell string)) {
	lines := strings.Split(strings.TrimSpace(grid), "\n")
	columns := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		words := strings.Fields(line)
		require.Len(t, words, len(columns)+1)
		for i, column := range columns {
			t.Run(words[0]+"/"+column, func(t *testing.T) { test(t, words[0], column, words[i+1]) })
		}
	}
}

// cellVerb is a verb with its options.
type cellVerb struct {
	op        string
	fields    bool // Update writes the text alone
	ifVersion bool // the record itself holds another version
	run       func(ctx context.Context, s *subject, record any) error
}

var (
	textIsOld   = theorydb.OnlyIf(theorydb.Equal("text", "old"))
	textIsOther = theorydb.OnlyIf(theorydb.Equal("text", "other"))
	ifHeld      = theorydb.IfVersion(heldVersion)
)

var cellVerbs = map[string]cellVerb{
	"Create": {op: "Create", run: func(ctx context.Context, s *subject, r any) error { return s.create(ctx, r) }},

	"Put":           putVerb(),
	"Put,OnlyIf":    putVerb(textIsOld),
	"Put,OnlyIf!":   putVerb(textIsOther),
	"Put,IfVersion": {op: "Put", ifVersion: true, run: putVerb(ifHeld).run},

	"Update":           updateVerb(),
	"Update,Fields":    {op: "Update", fields: true, run: updateVerb(theorydb.Fields("text")).run},
	"Update,OnlyIf":    updateVerb(textIsOld),
	"Update,OnlyIf!":   updateVerb(textIsOther),
	"Update,IfVersion": {op: "Update", ifVersion: true, run: updateVerb(ifHeld).run},

	"Delete":            deleteVerb(),
	"Delete,OnlyIf":     deleteVerb(textIsOld),
	"Delete,OnlyIf!":    deleteVerb(textIsOther),
	"Delete,IfVersion":  {op: "Delete", ifVersion: true, run: deleteVerb(ifHeld).run},
	"Delete,AnyVersion": deleteVerb(theorydb.AnyVersion()),
}

func putVerb(o ...theorydb.PutOption) cellVerb {
	return cellVerb{op: "Put", run: func(ctx context.Context, s *subject, r any) error { return s.put(ctx, r, o...) }}
}

func updateVerb(o ...theorydb.UpdateOption) cellVerb {
	return cellVerb{op: "Update", run: func(ctx context.Context, s *subject, r any) error { return s.update(ctx, r, o...) }}
}

func deleteVerb(o ...theorydb.DeleteOption) cellVerb {
	return cellVerb{op: "Delete", run: func(ctx context.Context, s *subject, r any) error { return s.delete(ctx, r, o...) }}
}

// checkCell stores a row, runs a verb over it and checks everything that can be seen of it.
func (b *cellBench) checkCell(t *testing.T, s *subject, verb cellVerb, state rowState, want string) {
	id := b.nextID()
	record := b.holds(s, id)
	if verb.ifVersion {
		assign(record, "Version", int64(heldVersion+6))
	}
	b.checkWrite(t, s, verb, state(b.row(s, id)), record, heldVersion, want)
}

// checkWrite runs a verb with a record over a row, and checks the error, the requests, what is stored then and what the
// caller's record holds then. held is the version that the write names.
func (b *cellBench) checkWrite(t *testing.T, s *subject, verb cellVerb, before theorydb.Item, record any, held int64, want string) {
	if before != nil {
		b.put(t, before)
	}
	id := reflect.ValueOf(record).Elem().FieldByName("ID").String()
	given, reads := copyOf(record), b.reads
	var err error
	requests := b.sends(func() { err = verb.run(t.Context(), s, record) })
	require.Equal(t, 1, b.reads-reads, "reads of the clock")
	after := b.stored(t, s.entity+"#"+id, "ROW")

	requireCellError(t, err, verb.op, s.entity, before, want)
	if want != "IQ" {
		require.Equal(t, 1, requests, "requests")
	} else {
		require.Zero(t, requests, "requests")
	}
	if want != "ok" {
		requireItem(t, before, after)
		require.Empty(t, cmp.Diff(given, record), "the record after a refusal")
		return
	}
	if verb.op == "Delete" {
		require.Nil(t, after)
		require.Empty(t, cmp.Diff(given, record), "the record after a Delete")
		return
	}
	requireNewWriter(t, after)
	expected := itemAfter(verb, s, before, given, held)
	expected["_w"] = after["_w"]
	requireItem(t, expected, after)

	read, err := s.get(t.Context(), given)
	if _, isText := after["createdAt"].(*types.AttributeValueMemberS); after["createdAt"] != nil && !isText {
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, "an Update leaves a created_at of another writer as it is")
		return
	}
	require.NoError(t, err)
	if has(read, "CreatedAt") && verb.op == "Update" {
		// Nor does it ask for it: the record keeps the one it holds.
		assign(read, "CreatedAt", reflect.ValueOf(given).Elem().FieldByName("CreatedAt").Interface())
	}
	if verb.fields {
		// Of a partial Update only what was written is read back.
		for _, written := range []string{"Text", "Version", "UpdatedAt"} {
			if has(read, written) {
				assign(given, written, reflect.ValueOf(read).Elem().FieldByName(written).Interface())
			}
		}
		read = given
	}
	require.Empty(t, cmp.Diff(read, record), "the record after a write")
}

// itemAfter is what a write stores that took effect, but for its id.
func itemAfter(verb cellVerb, s *subject, before theorydb.Item, given any, held int64) theorydb.Item {
	field := func(name string) reflect.Value { return reflect.ValueOf(given).Elem().FieldByName(name) }
	id := field("ID").String()
	item := theorydb.Item{"PK": str(s.entity + "#" + id), "SK": str("ROW")}
	if verb.op == "Update" {
		item = maps.Clone(before)
	}
	item["_t"], item["id"], item["text"] = str(s.entity), str(id), str(field("Text").String())
	if !verb.fields {
		delete(item, "note") // the record has none
	}
	if has(given, "Owner") && !verb.fields {
		delete(item, "owner")
		if owner := field("Owner").String(); owner != "" {
			item["owner"] = str(owner)
		}
	}
	if has(given, "ExpiresAt") && !verb.fields {
		item["ttl"] = seconds(cellLater)
	}
	if has(given, "UpdatedAt") {
		item["updatedAt"] = storedTime(cellNow)
	}
	if has(given, "Version") {
		item["version"] = num(strconv.FormatInt(held+1, 10))
	}
	if has(given, "Version") && verb.op == "Create" {
		item["version"] = num(map[bool]string{true: "0", false: "1"}[s.entity == "CellFromZero"])
	}
	if has(given, "CreatedAt") && verb.op != "Update" {
		item["createdAt"] = storedTime(cellNow)
		if born, ok := field("CreatedAt").Interface().(time.Time); ok && verb.op == "Put" && !born.IsZero() {
			item["createdAt"] = storedTime(born)
		}
	}
	return item
}

// cellErrors are the sentinels that each letter pair of a grid stands for: these and no others.
var cellErrors = map[string][]error{
	"NF": {theorydb.ErrItemNotFound, theorydb.ErrConditionFailed},
	"AE": {theorydb.ErrAlreadyExists, theorydb.ErrConditionFailed},
	"TM": {theorydb.ErrTypeMismatch, theorydb.ErrConditionFailed},
	"VC": {theorydb.ErrVersionConflict, theorydb.ErrConditionFailed},
	"IM": {theorydb.ErrImmutable, theorydb.ErrConditionFailed},
	"CF": {theorydb.ErrConditionFailed},
	"IQ": {theorydb.ErrInvalidQuery},
	"??": {theorydb.ErrOutcomeUnknown},
}

// everySentinel is what the error of a verb may match.
var everySentinel = []error{
	theorydb.ErrItemNotFound, theorydb.ErrConditionFailed, theorydb.ErrAlreadyExists, theorydb.ErrTypeMismatch,
	theorydb.ErrVersionConflict, theorydb.ErrImmutable, theorydb.ErrInvalidQuery, theorydb.ErrInvalidValue,
	theorydb.ErrOutcomeUnknown, theorydb.ErrThrottled, theorydb.ErrTableNotFound, theorydb.ErrKeyIncomplete,
	theorydb.ErrItemTooLarge, theorydb.ErrInvalidCursor, theorydb.ErrEncryption,
}

func requireSentinels(t *testing.T, err error, want ...error) {
	t.Helper()
	for _, sentinel := range everySentinel {
		expected := false
		for _, w := range want {
			expected = expected || errors.Is(w, sentinel)
		}
		require.Equal(t, expected, errors.Is(err, sentinel), "%v: does it match %v?", err, sentinel)
	}
}

func requireCellError(t *testing.T, err error, op, entity string, before theorydb.Item, want string) {
	t.Helper()
	if want == "ok" {
		require.NoError(t, err)
		return
	}
	require.Contains(t, cellErrors, want)
	requireSentinels(t, err, cellErrors[want]...)
	var where *theorydb.OpError
	require.ErrorAs(t, err, &where)
	wanted := theorydb.OpError{Op: op, Model: entity, Attempts: 1, Err: where.Err}
	if want == "IQ" {
		wanted.Attempts = 0
	}
	if stored, ok := before["version"].(*types.AttributeValueMemberN); ok && want == "VC" {
		wanted.StoredVersion, _ = strconv.ParseInt(stored.Value, 10, 64)
	}
	require.Equal(t, wanted, *where)
	for _, secret := range []string{"row-", "kept", "not ours", "Elsewhere", storedWriter, "2096-11"} {
		require.NotContains(t, err.Error(), secret, "an error text holds no value")
	}
}

func requireNewWriter(t *testing.T, item theorydb.Item) {
	t.Helper()
	id, ok := item["_w"].(*types.AttributeValueMemberB)
	require.True(t, ok, "_w is binary")
	require.Len(t, id.Value, 16)
	require.NotEqual(t, storedWriter, string(id.Value))
}

// requireItem compares stored items as DynamoDB compares values.
func requireItem(t *testing.T, want, got theorydb.Item) {
	t.Helper()
	if !schema.EqualItems(want, got) {
		require.Empty(t, cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })), "the stored item")
	}
}
