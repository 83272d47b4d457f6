package theorydb_test

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// One model for each way in which a model can meet the ttl attribute of its table.

type ExpiryBlind struct { // it has no ttl, and its rows expire all the same
	_ theorydb.Key `theorydb:"pk" key:"ExpiryBlind#{holder}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW#{id}"`

	Holder, ID, Text string
	Version          int64 `theorydb:"version"`
}

type ExpiryTime struct {
	_ theorydb.Key `theorydb:"pk" key:"ExpiryTime#{holder}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW#{id}"`

	Holder, ID, Text string
	ExpiresAt        time.Time `theorydb:"ttl"`
	Version          int64     `theorydb:"version"`
}

type ExpirySeconds struct {
	_ theorydb.Key `theorydb:"pk" key:"ExpirySeconds#{holder}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW#{id}"`

	Holder, ID, Text string
	ExpiresAt        int64 `theorydb:"ttl"`
	Version          int64 `theorydb:"version"`
}

type ExpiryRequired struct {
	_ theorydb.Key `theorydb:"pk" key:"ExpiryRequired#{holder}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW#{id}"`

	Holder, ID, Text string
	ExpiresAt        time.Time `theorydb:"ttl,required"`
	Version          int64     `theorydb:"version"`
}

// expiryGrid is what a row is at a time of the clock, named in its first half, with the ttl named in its second. T is a
// time, E the epoch.
//
//	live  every read gives it
//	gone  no read gives it and no update revives it, and it is as good as absent
//	bad   live, but the model can't read its ttl
//	void  no read gives it and no update takes it, though it has not expired: an item of the model must have an expiry
const expiryGrid = `
             blind  time  seconds  required
T-1s/T       live   live  live     live
T-1ns/T      live   live  live     live
T/T          gone   gone  gone     gone
T+1ns/T      gone   gone  gone     gone
T+1s/T       gone   gone  gone     gone
T/absent     live   live  live     void
T/0          live   live  live     void
T/-1         live   live  live     void
T/1          gone   gone  gone     gone
T/0.5        live   bad   bad      void
T/T-0.5      gone   gone  gone     gone
T/T+0.5      live   bad   bad      bad
T/1E+30      live   bad   bad      bad
T/text       live   bad   bad      void
T/digits     live   bad   bad      void
T/null       live   bad   bad      void
T/set        live   bad   bad      void
E/absent     live   live  live     void
E/0          live   live  live     void
E/-1         live   live  live     void
E/1          gone   gone  gone     gone
E/2          live   live  live     live
E/1.5        live   bad   bad      bad
E-1h/0       live   live  live     void
E-1h/1       gone   gone  gone     gone
E-1h/2       live   live  live     live
`

// expiryAt is far off, since an endpoint may delete what has expired by its own clock.
var expiryAt = time.Unix(4_000_000_000, 0).UTC()

// expiryClocks are the first halves of the lines, expiryValues the second.
var (
	expiryClocks = map[string]time.Time{
		"T-1s": expiryAt.Add(-time.Second), "T-1ns": expiryAt.Add(-time.Nanosecond), "T": expiryAt,
		"T+1ns": expiryAt.Add(time.Nanosecond), "T+1s": expiryAt.Add(time.Second),
		"E": time.Unix(0, 0), "E-1h": time.Unix(-3600, 0),
	}
	expiryValues = map[string]types.AttributeValue{
		"T": seconds(expiryAt), "T-0.5": num("3999999999.5"), "T+0.5": num("4000000000.5"),
		"absent": nil, "0": num("0"), "-1": num("-1"), "1": num("1"), "2": num("2"), "0.5": num("0.5"), "1.5": num("1.5"),
		"1E+30": num("1E+30"), "text": str("soon"), "digits": str("1600000000"),
		"null": &types.AttributeValueMemberNULL{Value: true}, "set": &types.AttributeValueMemberNS{Value: []string{"1600000000"}},
	}
)

// expiryTable has the four models in one table under a clock that each case sets.
type expiryTable struct {
	*engine
	now   time.Time
	cases int
	swept int // rows that the service deleted before a case
	check map[string]func(t *testing.T, ttl types.AttributeValue, want string)
}

func TestExpiryOnEveryReadAndEveryWriteCondition(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		table := &expiryTable{engine: e}
		db := e.open(t, func(c *theorydb.Config) { c.Clock = func() time.Time { return table.now } })
		table.check = map[string]func(*testing.T, types.AttributeValue, string){
			"blind":    checkExpiry[ExpiryBlind](t, table, db, "ExpiryBlind"),
			"time":     checkExpiry[ExpiryTime](t, table, db, "ExpiryTime"),
			"seconds":  checkExpiry[ExpirySeconds](t, table, db, "ExpirySeconds"),
			"required": checkExpiry[ExpiryRequired](t, table, db, "ExpiryRequired"),
		}
		require.NoError(t, db.CreateTable(t.Context()))
		eachCell(t, expiryGrid, func(t *testing.T, line, model, want string) {
			clock, value, _ := strings.Cut(line, "/")
			require.Contains(t, expiryClocks, clock)
			require.Contains(t, expiryValues, value)
			require.Contains(t, table.check, model)
			table.now = expiryClocks[clock]
			table.check[model](t, expiryValues[value], want)
		})
		require.Equal(t, table.aws != nil, table.swept > 0, "rows were deleted where that can be asked for")
		t.Logf("%d rows, of which %d were swept, on %s", table.cases, table.swept, e.name)
	})
}

// checkExpiry gives a function that checks every read and write of a model over a row with a ttl: as it is stored, and
// after DynamoDB deleted what it finds expired.
func checkExpiry[T any](t *testing.T, table *expiryTable, db *theorydb.DB, entity string) func(*testing.T, types.AttributeValue, string) {
	m, err := theorydb.NewModel[T](db)
	require.NoError(t, err)
	return func(t *testing.T, ttl types.AttributeValue, want string) {
		for _, swept := range []bool{false, true} {
			if swept && (want != "gone" || table.aws == nil) {
				continue // nothing to delete, or a service that does it in its own time
			}
			store := func() T {
				table.cases++
				holder := "h" + strconv.Itoa(table.cases)
				row := theorydb.Item{
					"PK": str(entity + "#" + holder), "SK": str("ROW#1"), "_t": str(entity), "_w": writer(storedWriter),
					"holder": str(holder), "id": str("1"), "text": str("old"), "version": num("3"),
				}
				if ttl != nil {
					row["ttl"] = ttl
				}
				table.put(t, row)
				if swept {
					table.clock.Set(table.now)
					table.swept += table.aws.SweepTTL()
				}
				var key T
				assign(&key, "Holder", holder)
				assign(&key, "ID", "1")
				return key
			}
			checkExpiryReads(t, m, store, want)
			for _, write := range expiryWrites[T]() {
				checkExpiryWrite(t, table, entity, m, store(), write, want)
			}
		}
	}
}

func checkExpiryReads[T any](t *testing.T, m *theorydb.Model[T], store func() T, want string) {
	key := store()
	_, err := m.Get(t.Context(), key)
	requireExpiryRead(t, "Get", map[bool]int{true: 1}[err == nil], err, want, theorydb.ErrItemNotFound)
	_, err = m.Get(t.Context(), key, theorydb.Consistent())
	requireExpiryRead(t, "Get consistently", map[bool]int{true: 1}[err == nil], err, want, theorydb.ErrItemNotFound)

	assign(&key, "ID", "")
	query := theorydb.Query[T]{Key: key, Consistent: true}
	records, err := countAll(m.Query(t.Context(), query))
	requireExpiryRead(t, "Query", records, err, want, nil)
	all, err := theorydb.Collect(m.Query(t.Context(), query))
	requireExpiryRead(t, "Collect", len(all), err, want, nil)
	page, err := m.QueryPage(t.Context(), query, "")
	if err == nil {
		records = len(page.Items)
	}
	requireExpiryRead(t, "QueryPage", records, err, want, nil)
	if want == "bad" {
		want = "live" // counting reads no ttl as a value
	}
	records, err = m.Count(t.Context(), query)
	requireExpiryRead(t, "Count", records, err, want, nil)
}

func requireExpiryRead(t *testing.T, read string, records int, err error, want string, absent error) {
	t.Helper()
	switch want {
	case "live":
		require.NoError(t, err, read)
		require.Equal(t, 1, records, read)
	case "bad":
		require.Error(t, err, read)
		requireSentinels(t, err, theorydb.ErrInvalidValue)
	case "gone", "void":
		require.Zero(t, records, read)
		if absent == nil {
			require.NoError(t, err, read)
		} else {
			requireSentinels(t, err, absent)
		}
	default:
		require.Fail(t, "unknown cell", want)
	}
}

func countAll[T any](records iter.Seq2[*T, error]) (int, error) {
	n := 0
	for _, err := range records {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// expiryWrite is a write and what it gives on each state of the row, in the codes of the table of verbs.
type expiryWrite[T any] struct {
	name                  string
	live, bad, gone, void string
	run                   func(context.Context, *theorydb.Model[T], *T) error
}

func expiryWrites[T any]() []expiryWrite[T] {
	type model = theorydb.Model[T]
	return []expiryWrite[T]{
		{"Create", "AE", "AE", "ok", "AE", func(c context.Context, m *model, r *T) error { return m.Create(c, r) }},
		{"Put", "ok", "ok", "ok", "ok", func(c context.Context, m *model, r *T) error { return m.Put(c, r) }},
		{"Put,OnlyIf", "ok", "ok", "NF", "NF", func(c context.Context, m *model, r *T) error { return m.Put(c, r, textIsOld) }},
		{"Put,OnlyIf!", "CF", "CF", "NF", "NF", func(c context.Context, m *model, r *T) error { return m.Put(c, r, textIsOther) }},
		{"Update", "ok", "ok", "NF", "NF", func(c context.Context, m *model, r *T) error { return m.Update(c, r) }},
		{"Update,Fields", "ok", "ok", "NF", "NF", func(c context.Context, m *model, r *T) error {
			return m.Update(c, r, theorydb.Fields("text"))
		}},
		{"Update,OnlyIf", "ok", "ok", "NF", "NF", func(c context.Context, m *model, r *T) error { return m.Update(c, r, textIsOld) }},
		{"Update,OnlyIf!", "CF", "CF", "NF", "NF", func(c context.Context, m *model, r *T) error { return m.Update(c, r, textIsOther) }},
		{"Delete", "ok", "ok", "ok", "ok", func(c context.Context, m *model, r *T) error { return m.Delete(c, r) }},
		{"Delete,OnlyIf", "ok", "ok", "NF", "NF", func(c context.Context, m *model, r *T) error { return m.Delete(c, r, textIsOld) }},
		{"Delete,OnlyIf!", "CF", "CF", "NF", "NF", func(c context.Context, m *model, r *T) error { return m.Delete(c, r, textIsOther) }},
	}
}

func checkExpiryWrite[T any](t *testing.T, table *expiryTable, entity string, m *theorydb.Model[T], record T, write expiryWrite[T], state string) {
	pk := entity + "#h" + strconv.Itoa(table.cases)
	assign(&record, "Text", "new")
	assign(&record, "Version", int64(3))
	if expires := table.now.Add(time.Hour); entity == "ExpirySeconds" {
		assign(&record, "ExpiresAt", expires.Unix())
	} else {
		assign(&record, "ExpiresAt", expires.Add(max(0, 7200*time.Second-expires.Sub(time.Unix(0, 0)))))
	}
	given, before := record, table.stored(t, pk, "ROW#1")
	want := map[string]string{"live": write.live, "bad": write.bad, "gone": write.gone, "void": write.void}[state]
	var err error
	requests := table.sends(func() { err = write.run(t.Context(), m, &record) })
	require.Equal(t, 1, requests, write.name)

	verb, _, _ := strings.Cut(write.name, ",")
	requireCellError(t, err, verb, entity, before, want)
	after := table.stored(t, pk, "ROW#1")
	switch {
	case want != "ok":
		requireItem(t, before, after)
		require.Empty(t, cmp.Diff(given, record), write.name)
	case verb == "Delete":
		require.Nil(t, after)
	default:
		require.Equal(t, str("new"), after["text"], write.name)
		requireNewWriter(t, after)
	}
}
