package theorydb_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// What the caller holds against what is stored. A line names a verb and what the record holds, a column what the row
// holds; the cells are those of the table of verbs.

// eachHeldCell runs a test for each cell of a grid whose lines are named verb=held.
func eachHeldCell(t *testing.T, grid string, test func(t *testing.T, verb cellVerb, holds, state, want string)) {
	eachCell(t, grid, func(t *testing.T, line, state, want string) {
		verb, holds, _ := strings.Cut(line, "=")
		require.Contains(t, cellVerbs, verb)
		test(t, cellVerbs[verb], holds, state, want)
	})
}

// Held version 0 means that no version is stored.
const versionGrid = `
               absent  0   1   3   text  3.5
Put=0          ok      VC  VC  VC  VC    VC
Put=1          VC      VC  ok  VC  VC    VC
Put=3          VC      VC  VC  ok  VC    VC
Update=0       ok      VC  VC  VC  VC    VC
Update=1       VC      VC  ok  VC  VC    VC
Update=3       VC      VC  VC  ok  VC    VC
Delete=0       ok      VC  VC  VC  VC    VC
Delete=1       VC      VC  ok  VC  VC    VC
Delete=3       VC      VC  VC  ok  VC    VC
Put,OnlyIf!=0  CF      VC  VC  VC  VC    VC
Put,OnlyIf!=3  VC      VC  VC  CF  VC    VC
`

// Where versions start at 0 it means that one too.
const versionFromZeroGrid = `
               absent  0   1   3   text  3.5
Put=0          ok      ok  VC  VC  VC    VC
Put=1          VC      VC  ok  VC  VC    VC
Put=3          VC      VC  VC  ok  VC    VC
Update=0       ok      ok  VC  VC  VC    VC
Update=1       VC      VC  ok  VC  VC    VC
Update=3       VC      VC  VC  ok  VC    VC
Delete=0       ok      ok  VC  VC  VC    VC
Delete=1       VC      VC  ok  VC  VC    VC
Delete=3       VC      VC  VC  ok  VC    VC
Put,OnlyIf!=0  CF      CF  VC  VC  VC    VC
Put,OnlyIf!=3  VC      VC  VC  CF  VC    VC
`

func TestHeldVersionAgainstStoredVersion(t *testing.T) {
	held := map[string]int64{"0": 0, "1": 1, "3": 3}
	states := map[string]rowState{
		"absent": without("version"), "0": with("version", num("0")), "1": with("version", num("1")), "3": with("version", num("3")),
		"text": with("version", str("3")), "3.5": with("version", num("3.5")),
	}
	eachEngine(t, func(t *testing.T, e *engine) {
		bench, cells := newCellBench(t, e), 0
		for _, model := range []struct{ entity, grid string }{
			{"CellLedger", versionGrid},
			{"CellCounter", versionGrid},
			{"CellFromZero", versionFromZeroGrid},
		} {
			t.Run(model.entity, func(t *testing.T) {
				eachHeldCell(t, model.grid, func(t *testing.T, verb cellVerb, holds, state, want string) {
					require.Contains(t, held, holds)
					require.Contains(t, states, state)
					cells++
					s, id := bench.subjects[model.entity], bench.nextID()
					record := bench.holds(s, id)
					assign(record, "Version", held[holds])
					bench.checkWrite(t, s, verb, states[state](bench.row(s, id)), record, held[holds], want)
				})
			})
		}
		t.Logf("%d cells on %s", cells, e.name)
	})
}

// A held created_at names one life of the key. A row whose created_at is not in the library's form can't be compared,
// and is guarded by its version alone; size gives nothing for an absent attribute, a number, a truth or a null, and
// nothing differs from 30.
const incarnationGrid = `
                     absent  same  other  other-ns  foreign  foreign-other  number  binary  binary30  list  null
Put=zero             ok      VC    VC     VC        VC       VC             VC      VC      VC        VC    VC
Put=born             ok      ok    VC     VC        ok       ok             ok      ok      VC        ok    ok
Update=zero          ok      VC    VC     VC        VC       VC             VC      VC      VC        VC    VC
Update=born          ok      ok    VC     VC        ok       ok             ok      ok      VC        ok    ok
Delete=zero          ok      VC    VC     VC        VC       VC             VC      VC      VC        VC    VC
Delete=born          ok      ok    VC     VC        ok       ok             ok      ok      VC        ok    ok
Update,OnlyIf!=born  CF      CF    VC     VC        CF       CF             CF      CF      VC        CF    CF
`

func TestHeldCreatedAtAgainstStoredCreatedAt(t *testing.T) {
	held := map[string]time.Time{"zero": {}, "born": cellBorn}
	stored := func(value types.AttributeValue) rowState { return with("createdAt", value) }
	states := map[string]rowState{
		"absent": without("createdAt"), "same": stored(storedTime(cellBorn)),
		"other":         stored(storedTime(cellBorn.Add(time.Hour))),
		"other-ns":      stored(storedTime(cellBorn.Add(time.Nanosecond))),
		"foreign":       stored(str(cellBorn.Format(time.RFC3339))),
		"foreign-other": stored(str(cellBorn.Add(time.Hour).Format(time.RFC3339))),
		"number":        stored(seconds(cellBorn)),
		"binary":        stored(writer(storedWriter)),
		"binary30":      stored(writer("2096-11-01T08:00:00.000000000Z")),
		"list":          stored(&types.AttributeValueMemberL{}),
		"null":          stored(&types.AttributeValueMemberNULL{Value: true}),
	}
	eachEngine(t, func(t *testing.T, e *engine) {
		bench, cells := newCellBench(t, e), 0
		for _, entity := range []string{"CellLedger", "CellJournal", "CellFromZero"} {
			t.Run(entity, func(t *testing.T) {
				eachHeldCell(t, incarnationGrid, func(t *testing.T, verb cellVerb, holds, state, want string) {
					require.Contains(t, held, holds)
					require.Contains(t, states, state)
					cells++
					s, id := bench.subjects[entity], bench.nextID()
					record := bench.holds(s, id)
					assign(record, "CreatedAt", held[holds])
					bench.checkWrite(t, s, verb, states[state](bench.row(s, id)), record, heldVersion, want)
				})
			})
		}
		t.Logf("%d cells on %s", cells, e.name)
	})
}

// An immutable attribute may be given once. What the record lacks is a change too; an Update that does not write it
// leaves it alone.
const immutableGrid = `
                      absent  ann  bob
Put=none              ok      IM   IM
Put=ann               ok      ok   IM
Put=bob               ok      IM   ok
Update=none           ok      IM   IM
Update=ann            ok      ok   IM
Update=bob            ok      IM   ok
Update,Fields=none    ok      ok   ok
Update,Fields=ann     ok      ok   ok
Delete=none           ok      ok   ok
Delete=bob            ok      ok   ok
Create=ann            AE      AE   AE
`

func TestImmutableHeldAgainstStored(t *testing.T) {
	held := map[string]string{"none": "", "ann": "ann", "bob": "bob"}
	states := map[string]rowState{
		"absent": without("owner"), "ann": with("owner", str("ann")), "bob": with("owner", str("bob")),
	}
	eachEngine(t, func(t *testing.T, e *engine) {
		bench, cells := newCellBench(t, e), 0
		eachHeldCell(t, immutableGrid, func(t *testing.T, verb cellVerb, holds, state, want string) {
			require.Contains(t, held, holds)
			require.Contains(t, states, state)
			cells++
			s, id := bench.subjects["CellOwned"], bench.nextID()
			record := bench.holds(s, id)
			assign(record, "Owner", held[holds])
			bench.checkWrite(t, s, verb, states[state](bench.row(s, id)), record, heldVersion, want)
		})
		t.Logf("%d cells on %s", cells, e.name)
	})
}

// A row may be refused for several reasons at once; the first of the table is named.
const precedenceGrid = `
                 version+owner  reborn+owner  entity+version  expired+entity  entity+owner
Put              VC             VC            TM              ok              TM
Put,OnlyIf!      VC             VC            TM              NF              TM
Update           VC             VC            TM              NF              TM
Update,OnlyIf!   VC             VC            TM              NF              TM
Delete,OnlyIf!   VC             VC            TM              NF              TM
`

type CellGuarded struct {
	_ theorydb.Key `theorydb:"pk" key:"CellGuarded#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID        string
	Text      string
	Note      string    `theorydb:"omitempty"`
	Owner     string    `theorydb:"immutable,omitempty"`
	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
}

func TestFirstReasonOfTheTableIsNamed(t *testing.T) {
	version, reborn := rowStates["version"], rowStates["reborn"]
	entity, owner := rowStates["entity"], rowStates["owner"]
	states := map[string]rowState{
		"version+owner": both(version, owner), "reborn+owner": both(reborn, owner), "entity+version": both(entity, version),
		"expired+entity": rowStates["leftover"], "entity+owner": both(entity, owner),
	}
	eachEngine(t, func(t *testing.T, e *engine) {
		bench := newCellBench(t, e)
		s := bench.subjects["CellGuarded"]
		eachCell(t, precedenceGrid, func(t *testing.T, verb, state, want string) {
			require.Contains(t, cellVerbs, verb)
			require.Contains(t, states, state)
			bench.checkCell(t, s, cellVerbs[verb], states[state], want)
		})
	})
}

// A row of another writer need not hold what its key tells. Every write that keeps the row completes it.
func TestWriteCompletesARowWithoutKeyComponents(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		bench := newCellBench(t, e)
		for _, entity := range []string{"CellLedger", "CellPlain", "CellLease"} {
			for _, verb := range []string{"Put", "Update", "Update,Fields", "Update,OnlyIf", "Delete"} {
				t.Run(entity+"/"+verb, func(t *testing.T) {
					bench.checkCell(t, bench.subjects[entity], cellVerbs[verb], both(rowStates["untyped"], without("id")), "ok")
				})
			}
		}
	})
}
