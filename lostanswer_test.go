package theorydb_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// What a write says after its first attempt's answer was lost, and a rival did something before anything else was
// sent. A line names the verb and the model; PutNew is a Put where nothing is stored. A cell is the outcome in the
// codes of the table of verbs (?? is ErrOutcomeUnknown alone), the requests that the verb sent, and how often it took
// effect in all.
//
// The rival did nothing; updated the row; deleted it; deleted it and created it again; did so and updated the new row
// once; did so and updated it up to the version after the one that the caller holds.

// The first attempt took effect. Twice in all is only possible where a rival deleted what the first attempt wrote, or
// wrote anew what it had deleted.
const committedGrid = `
                          none    update  delete  reborn  reborn2  catchup
Create/Ledger             ok:2:1  ??:2:1  ok:2:2  AE:2:1  ??:2:1   ??:2:1
Create/FromZero           ok:2:1  ??:2:1  ok:2:2  AE:2:1  ??:2:1   ??:2:1
Create/Counter            ok:2:1  ??:2:1  ok:2:2  AE:2:1  ??:2:1   ??:2:1
Create/Journal            ok:2:1  ??:2:1  ok:2:2  ??:2:1  ??:2:1   ??:2:1
Create/Plain              ok:2:1  ??:2:1  ok:2:2  ??:2:1  ??:2:1   ??:2:1
PutNew/Ledger             ok:2:1  ??:2:1  ok:2:2  ??:2:1  ??:2:1   ??:2:1
PutNew/Counter            ok:2:1  ??:2:1  ok:2:2  VC:2:1  ??:2:1   VC:2:1
PutNew/Plain              ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Put/Ledger                ok:2:1  ??:2:1  ok:2:2  ??:2:1  ??:2:1   ??:2:1
Put/FromZero              ok:2:1  ??:2:1  ok:2:2  ??:2:1  ??:2:1   ??:2:1
Put/Counter               ok:2:1  ??:2:1  ok:2:2  ??:2:1  ??:2:1   VC:2:1
Put/Journal               ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Put/Plain                 ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Update/Ledger             ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Update/FromZero           ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Update/Counter            ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   VC:2:1
Update/Journal            ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Update/Plain              ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Delete/Ledger             ok:2:1  ok:2:1  ok:2:1  ??:2:1  ??:2:1   ??:2:1
Delete/Counter            ok:2:1  ok:2:1  ok:2:1  ??:2:1  ??:2:1   ??:2:1
Delete/Journal            ok:2:1  ok:2:1  ok:2:1  ??:2:1  ??:2:1   ??:2:1
Delete/Plain              ok:2:1  ok:2:1  ok:2:1  ok:2:2  ok:2:2   ok:2:2
Put,OnlyIf/Ledger         ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Put,OnlyIf/Plain          ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Update,Fields/Ledger      ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Update,IfVersion/Counter  ok:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   VC:2:1
Delete,OnlyIf/Ledger      ??:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Delete,OnlyIf/Plain       ??:2:1  ??:2:1  ??:2:1  ??:2:1  ??:2:1   ??:2:1
Delete,AnyVersion/Ledger  ok:2:1  ok:2:1  ok:2:1  ok:2:2  ok:2:2   ok:2:2
`

// The first attempt did nothing.
const droppedGrid = `
                          none    update  delete  reborn  reborn2  catchup
Create/Ledger             ok:2:1  ok:2:1  ok:2:1  AE:2:0  ??:2:0   ??:2:0
Create/FromZero           ok:2:1  ok:2:1  ok:2:1  AE:2:0  ??:2:0   ??:2:0
Create/Counter            ok:2:1  ok:2:1  ok:2:1  AE:2:0  ??:2:0   ??:2:0
Create/Journal            ok:2:1  ok:2:1  ok:2:1  ??:2:0  ??:2:0   ??:2:0
Create/Plain              ok:2:1  ok:2:1  ok:2:1  ??:2:0  ??:2:0   ??:2:0
PutNew/Ledger             ok:2:1  ok:2:1  ok:2:1  ??:2:0  ??:2:0   ??:2:0
PutNew/Counter            ok:2:1  ok:2:1  ok:2:1  VC:2:0  ??:2:0   VC:2:0
PutNew/Plain              ??:2:0  ??:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Put/Ledger                ok:2:1  VC:2:0  ok:2:1  ??:2:0  ??:2:0   ??:2:0
Put/FromZero              ok:2:1  VC:2:0  ok:2:1  ??:2:0  ??:2:0   ??:2:0
Put/Counter               ok:2:1  VC:2:0  ok:2:1  ??:2:0  ??:2:0   VC:2:0
Put/Journal               ??:2:0  ??:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Put/Plain                 ??:2:0  ??:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Update/Ledger             ok:2:1  VC:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Update/FromZero           ok:2:1  VC:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Update/Counter            ok:2:1  VC:2:0  ??:2:0  ??:2:0  ??:2:0   VC:2:0
Update/Journal            ??:2:0  ??:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Update/Plain              ??:2:0  ??:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Delete/Ledger             ok:2:1  ??:2:0  ok:2:0  ??:2:0  ??:2:0   ??:2:0
Delete/Counter            ok:2:1  ??:2:0  ok:2:0  ??:2:0  ??:2:0   ??:2:0
Delete/Journal            ok:2:1  ok:2:1  ok:2:0  ??:2:0  ??:2:0   ??:2:0
Delete/Plain              ok:2:1  ok:2:1  ok:2:0  ok:2:1  ok:2:1   ok:2:1
Put,OnlyIf/Ledger         ok:2:1  VC:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Put,OnlyIf/Plain          ??:2:0  ??:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Update,Fields/Ledger      ok:2:1  VC:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Update,IfVersion/Counter  ok:2:1  VC:2:0  ??:2:0  ??:2:0  ??:2:0   VC:2:0
Delete,OnlyIf/Ledger      ok:2:1  ??:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Delete,OnlyIf/Plain       ok:2:1  ??:2:0  ??:2:0  ??:2:0  ??:2:0   ??:2:0
Delete,AnyVersion/Ledger  ok:2:1  ok:2:1  ok:2:0  ok:2:1  ok:2:1   ok:2:1
`

func TestWriteWhoseAnswerIsLost(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		bench, cells := newCellBench(t, e), 0
		for _, fault := range []struct {
			name, grid string
			set        func(*localaws.Rule) *localaws.Rule
		}{
			{"CommitThenDrop", committedGrid, (*localaws.Rule).CommitThenDrop},
			{"CutBody", committedGrid, (*localaws.Rule).CutBody},
			{"DropBefore", droppedGrid, (*localaws.Rule).DropBefore},
			{"Error500", droppedGrid, internalError},
		} {
			t.Run(fault.name, func(t *testing.T) {
				eachCell(t, fault.grid, func(t *testing.T, line, rival, want string) {
					cells++
					newLostAnswer(t, bench, line, rival).check(t, fault.set, want)
				})
			})
		}
		t.Logf("%d cells on %s", cells, e.name)
	})
}

func internalError(r *localaws.Rule) *localaws.Rule {
	return r.Error(500, "InternalServerError", "an internal error")
}

// lostAnswer is one case: a verb, the row it finds, and what a rival does when the first answer is lost.
type lostAnswer struct {
	bench     *cellBench
	subject   *subject
	verb      cellVerb
	isNew     bool // nothing is stored, and the record says so
	id        string
	record    any
	rival     func(row theorydb.Item) []theorydb.Item
	held      int64
	deletions int // made by the rival
}

// operations are what the verbs send.
var operations = map[string]string{"Create": "PutItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}

const rivalWriter = "rival-write-id--" // sixteen bytes, as every write id

func newLostAnswer(t *testing.T, b *cellBench, line, rival string) *lostAnswer {
	verb, entity, _ := strings.Cut(line, "/")
	l := &lostAnswer{bench: b, subject: b.subjects["Cell"+entity], id: b.nextID()}
	require.NotNil(t, l.subject)
	l.verb, l.isNew = cellVerbs[strings.TrimSuffix(verb, "New")], strings.HasSuffix(verb, "New")
	require.NotNil(t, l.verb.run)
	l.record = b.holds(l.subject, l.id)
	if l.verb.fields {
		assign(l.record, "Note", "kept") // as the row has it
	}
	switch {
	case l.isNew:
		assign(l.record, "Version", int64(0))
		assign(l.record, "CreatedAt", time.Time{})
	case l.verb.op != "Create":
		l.held = heldVersion
		b.put(t, b.row(l.subject, l.id))
	}
	l.rival = l.rivals()[rival]
	require.NotNil(t, l.rival)
	return l
}

// rivals are what a rival makes of a row: the rows that it stores one after the other, nil where it deletes.
func (l *lostAnswer) rivals() map[string]func(row theorydb.Item) []theorydb.Item {
	first := int64(1)
	if l.subject.entity == "CellFromZero" {
		first = 0
	}
	reborn := func(version int64) theorydb.Item {
		row := l.bench.row(l.subject, l.id)
		row["_w"], row["text"] = writer(rivalWriter), str("rival")
		if row["version"] != nil {
			row["version"] = num(strconv.FormatInt(version, 10))
		}
		if row["createdAt"] != nil {
			row["createdAt"] = storedTime(cellBorn.Add(time.Hour))
		}
		return row
	}
	return map[string]func(theorydb.Item) []theorydb.Item{
		"none": func(theorydb.Item) []theorydb.Item { return nil },
		"update": func(row theorydb.Item) []theorydb.Item {
			if row == nil {
				return nil
			}
			row["_w"], row["text"] = writer(rivalWriter), str("rival")
			if version, ok := row["version"].(*types.AttributeValueMemberN); ok {
				n, _ := strconv.ParseInt(version.Value, 10, 64)
				row["version"] = num(strconv.FormatInt(n+1, 10))
			}
			return []theorydb.Item{row}
		},
		"delete":  func(theorydb.Item) []theorydb.Item { return []theorydb.Item{nil} },
		"reborn":  func(theorydb.Item) []theorydb.Item { return []theorydb.Item{nil, reborn(first)} },
		"reborn2": func(theorydb.Item) []theorydb.Item { return []theorydb.Item{nil, reborn(first), reborn(first + 1)} },
		"catchup": func(theorydb.Item) []theorydb.Item { return []theorydb.Item{nil, reborn(l.catchUp())} },
		"foreign": func(theorydb.Item) []theorydb.Item {
			row := reborn(l.catchUp())
			row["createdAt"] = str(cellBorn.Add(time.Hour).Format(time.RFC3339))
			return []theorydb.Item{nil, row}
		},
		"stranger": func(theorydb.Item) []theorydb.Item {
			row := reborn(l.catchUp())
			if l.verb.op == "Create" {
				row = reborn(first)
			}
			row["_t"], row["createdAt"] = str("Elsewhere"), storedTime(cellBorn)
			return []theorydb.Item{nil, row}
		},
		"uncreated": func(theorydb.Item) []theorydb.Item {
			row := reborn(l.catchUp())
			delete(row, "createdAt")
			return []theorydb.Item{nil, row}
		},
	}
}

// catchUp is the version after the one that the caller holds; for a Create, which holds none, one that no create makes.
func (l *lostAnswer) catchUp() int64 {
	if l.verb.op == "Create" {
		return heldVersion + 1
	}
	return l.held + 1
}

func (l *lostAnswer) stored(t *testing.T) theorydb.Item {
	return l.bench.stored(t, l.subject.entity+"#"+l.id, "ROW")
}

// interfere lets the rival act and returns what is stored then.
func (l *lostAnswer) interfere(t *testing.T) theorydb.Item {
	row := l.stored(t)
	for _, next := range l.rival(row) {
		if next != nil {
			l.bench.put(t, next)
			row = next
			continue
		}
		if row != nil {
			l.deletions++
		}
		row = nil
		_, err := l.bench.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &l.bench.table, Key: l.key()})
		require.NoError(t, err)
	}
	return l.stored(t)
}

func (l *lostAnswer) key() theorydb.Item {
	return theorydb.Item{"PK": str(l.subject.entity + "#" + l.id), "SK": str("ROW")}
}

// check loses the first answer, lets the rival act, and compares the outcome with a cell.
func (l *lostAnswer) check(t *testing.T, fault func(*localaws.Rule) *localaws.Rule, want string) {
	b := l.bench
	parts := strings.Split(want, ":")
	require.Len(t, parts, 3)
	outcome := parts[0]

	b.faults = &localaws.Faults{Next: b.faults.Next}
	var left theorydb.Item
	others := 0
	fault(b.faults.On(operations[l.verb.op])).Then(func() {
		others = b.sends(func() { left = l.interfere(t) })
	})
	given := copyOf(l.record)
	var err error
	requests := b.sends(func() { err = l.verb.run(t.Context(), l.subject, l.record) })
	require.Empty(t, b.faults.Unfired())
	require.Equal(t, parts[1], strconv.Itoa(requests-others), "requests")

	after := l.stored(t)
	switch {
	case outcome != "ok":
		requireLost(t, err, l.verb.op, l.subject.entity, left, outcome, requests-others)
		requireItem(t, left, after)
		require.Empty(t, cmp.Diff(given, l.record), "the record after a failure")
	case l.verb.op == "Delete":
		require.NoError(t, err)
		require.Nil(t, after)
	default:
		require.NoError(t, err)
		require.Equal(t, str("new"), after["text"])
		read, err := l.subject.get(t.Context(), l.record)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(read, l.record), "the record after a write")
	}
	if b.aws != nil {
		require.Equal(t, parts[2], strconv.Itoa(l.effects(t)), "how often the write took effect")
	}
}

// effects counts in the history of the key what neither the test nor the rival wrote.
func (l *lostAnswer) effects(t *testing.T) int {
	writes, deletions, id := 0, -l.deletions, ""
	for _, version := range l.bench.aws.History(l.bench.table, l.key()) {
		switch written := string(version.WriteID); {
		case version.Deleted:
			deletions++
		case written != storedWriter && written != rivalWriter:
			require.Len(t, written, 16)
			require.True(t, id == "" || id == written, "every attempt of a call has one write id")
			id = written
			writes++
		}
	}
	return writes + deletions
}

func requireLost(t *testing.T, err error, op, entity string, left theorydb.Item, want string, attempts int) {
	t.Helper()
	require.Contains(t, cellErrors, want)
	requireSentinels(t, err, cellErrors[want]...)
	var where *theorydb.OpError
	require.ErrorAs(t, err, &where)
	expected := theorydb.OpError{Op: op, Model: entity, Attempts: attempts, Err: where.Err}
	if stored, ok := left["version"].(*types.AttributeValueMemberN); ok && want == "VC" {
		expected.StoredVersion, _ = strconv.ParseInt(stored.Value, 10, 64)
	}
	require.Equal(t, expected, *where)
}

// A row of the version that would show a rival's win may be a later life of the key, after the write took effect: where
// its created_at can't be compared with the held one, and where it is another entity's.
func TestLaterLifeIsNoConflictAfterALostAnswer(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		bench := newCellBench(t, e)
		for rival, lines := range map[string][]string{
			"foreign":   {"Put/Ledger", "Update/Ledger", "Put/FromZero", "Update/FromZero"},
			"uncreated": {"Put/Ledger", "Update/Ledger", "Put/FromZero", "Update/FromZero"},
			"stranger":  {"Create/Ledger", "Create/Counter", "PutNew/Counter", "Put/Ledger", "Put/Counter", "Update/Ledger", "Update/Counter"},
		} {
			for _, line := range lines {
				t.Run(rival+"/"+line, func(t *testing.T) {
					newLostAnswer(t, bench, line, rival).check(t, (*localaws.Rule).CommitThenDrop, "??:2:1")
					newLostAnswer(t, bench, line, rival).check(t, (*localaws.Rule).DropBefore, "??:2:0")
				})
			}
		}
	})
}
