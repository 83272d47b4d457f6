package theorydb_test

import (
	"flag"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

// sortOperation is a sort condition, and what it means for values that stand in the form of their key.
type sortOperation struct {
	name      string
	condition func(a, b any) theorydb.SortCondition
	holds     func(v, a, b any) bool
}

var sortOperations = []sortOperation{
	{"Is", func(a, _ any) theorydb.SortCondition { return theorydb.Is(a) }, func(v, a, _ any) bool { return compareForms(v, a) == 0 }},
	{"Between", theorydb.Between, func(v, a, b any) bool { return compareForms(v, a) >= 0 && compareForms(v, b) <= 0 }},
	{"AtLeast", func(a, _ any) theorydb.SortCondition { return theorydb.AtLeast(a) }, func(v, a, _ any) bool { return compareForms(v, a) >= 0 }},
	{"After", func(a, _ any) theorydb.SortCondition { return theorydb.After(a) }, func(v, a, _ any) bool { return compareForms(v, a) > 0 }},
	{"AtMost", func(a, _ any) theorydb.SortCondition { return theorydb.AtMost(a) }, func(v, a, _ any) bool { return compareForms(v, a) <= 0 }},
	{"Before", func(a, _ any) theorydb.SortCondition { return theorydb.Before(a) }, func(v, a, _ any) bool { return compareForms(v, a) < 0 }},
	{"HasPrefix", func(a, _ any) theorydb.SortCondition { return theorydb.HasPrefix(a.(string)) }, func(v, a, _ any) bool {
		return strings.HasPrefix(v.(string), a.(string))
	}},
}

// expected says which records a request must give, or that it must be refused.
func (s *sortShape) expected(records [][]any, r sortRequest) (found [][]any, refused bool) {
	for _, values := range records {
		fits := true
		for i, given := range r.given {
			fits = fits && s.components[i].compare(values[i], given) == 0
		}
		if fits && r.operation != nil {
			form := s.components[len(r.given)].form
			var high any
			if r.high != nil {
				high = form(r.high)
			}
			fits = r.operation.holds(form(values[len(r.given)]), form(r.low), high)
		}
		if fits {
			found = append(found, values)
		}
	}
	if r.descending {
		slices.Reverse(found)
	}
	if r.operation == nil {
		return found, false
	}
	c := &s.components[len(r.given)]
	tooLong := len(s.key(r.given)+c.text(r.low)) > 1024
	switch r.operation.name {
	case "Is":
		whole := len(r.given)+1 == len(s.components)
		return found, tooLong || whole && len(s.key(append(slices.Clone(r.given), r.low))) > 1024
	case "Between":
		return found, c.hashed || tooLong || c.compare(r.low, r.high) > 0
	case "HasPrefix":
		return found, tooLong
	case "Before":
		last := len(r.given)+1 == len(s.components)
		return found, c.hashed || tooLong || last && c.lossy
	}
	return found, c.hashed || tooLong
}

// check compares Query, QueryPage from cursor to cursor, and Count with what is expected.
func (s *sortShape) check(t require.TestingT, on shelf, partition string, records [][]any, r sortRequest) {
	want, refused := s.expected(records, r)
	limited := want
	if r.limit > 0 {
		limited = want[:min(len(want), r.limit)]
	}
	queried, err := on.query(partition, r)
	if refused {
		require.ErrorIs(t, err, theorydb.ErrInvalidQuery, "%s", r)
		_, err = on.count(partition, r)
		require.ErrorIs(t, err, theorydb.ErrInvalidQuery, "%s", r)
		_, err = on.pages(partition, r)
		require.ErrorIs(t, err, theorydb.ErrInvalidQuery, "%s", r)
		return
	}
	require.NoError(t, err, "%s", r)
	require.Empty(t, cmp.Diff(limited, queried), "Query, %s", r)
	if r.limit == 0 && r.pageSize == 0 {
		count, err := on.count(partition, r)
		require.NoError(t, err, "%s", r)
		require.Equal(t, len(want), count, "Count, %s", r)
		return // the one page has been read
	}
	paged, err := on.pages(partition, r)
	require.NoError(t, err, "%s", r)
	require.Empty(t, cmp.Diff(want, paged), "QueryPage, %s", r)
	count, err := on.count(partition, r)
	require.NoError(t, err, "%s", r)
	require.Equal(t, len(limited), count, "Count, %s", r)
}

func TestSortConditionsGiveExactlyTheRowsOfTheirRange(t *testing.T) {
	for _, shape := range sortShapes() {
		t.Run(shape.name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, e *engine) {
				on := shape.open(t, e)
				records := shape.fill(t, e, on, "1", shape.table())
				turn := 0
				for k := range shape.components {
					given := records[len(records)/2][:k]
					if slices.ContainsFunc(given, isZeroNumber) {
						continue
					}
					args := shape.components[k].values
					for _, o := range sortOperations {
						if o.name == "HasPrefix" && !shape.components[k].prefix {
							continue
						}
						for i, low := range args {
							turn++
							r := sortRequest{given: given, operation: &o, low: low, descending: turn%2 == 0}
							if turn%8 == 0 {
								r.pageSize = 9
							}
							if o.name == "Between" {
								r.high = args[(i+turn)%len(args)]
							}
							shape.check(t, on, "1", records, r)
						}
					}
				}
			})
		})
	}
}

// table are the rows of the fixed test: every nasty value in every place at least once.
func (s *sortShape) table() [][]any {
	var rows [][]any
	for k := range s.components {
		for i := range s.components[k].values {
			row := make([]any, len(s.components))
			for j, c := range s.components {
				at := i % 3 // few values elsewhere, so that rows share them
				if j == k {
					at = i
				}
				row[j] = c.values[(at+j)%len(c.values)]
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func isZeroNumber(v any) bool { return v == int64(0) || v == uint64(0) }

func TestSortConditionsAgreeWithPlainComparison(t *testing.T) {
	for _, shape := range sortShapes() {
		t.Run(shape.name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, e *engine) {
				fewerChecks(t, 10)
				on := shape.open(t, e)
				partitions := 0
				rapid.Check(t, func(rt *rapid.T) {
					partitions++
					partition := strconv.Itoa(partitions)
					rows := shape.drawRows(rt)
					records := shape.fill(t, e, on, partition, rows)
					for range 4 {
						shape.check(rt, on, partition, records, shape.drawRequest(rt, records))
					}
				})
			})
		})
	}
}

// fewerChecks divides the number of checks of rapid's properties in this test.
func fewerChecks(t *testing.T, by int) {
	checks := flag.Lookup("rapid.checks").Value
	before := checks.String()
	n, err := strconv.Atoi(before)
	require.NoError(t, err)
	require.NoError(t, checks.Set(strconv.Itoa(max(1, n/by))))
	t.Cleanup(func() { require.NoError(t, checks.Set(before)) })
}

// drawRows draws records of which many share their leading values.
func (s *sortShape) drawRows(t *rapid.T) [][]any {
	var rows [][]any
	for range rapid.IntRange(1, 6).Draw(t, "rows") {
		row := make([]any, len(s.components))
		shared := 0
		if len(rows) > 0 {
			shared = rapid.IntRange(0, len(row)-1).Draw(t, "shared")
			copy(row, rapid.SampledFrom(rows).Draw(t, "with")[:shared])
		}
		for k := shared; k < len(row); k++ {
			row[k] = s.drawValue(t, k, rows)
		}
		rows = append(rows, row)
	}
	return rows
}

// drawValue draws a value, often one near another: the unchanged, or one that begins it.
func (s *sortShape) drawValue(t *rapid.T, k int, rows [][]any) any {
	fresh := s.components[k].draw.Draw(t, "value")
	if len(rows) == 0 {
		return fresh
	}
	near := rapid.SampledFrom(rows).Draw(t, "near")[k]
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		return near
	case 1:
		if text, ok := near.(string); ok {
			return text + fresh.(string)
		}
	}
	return fresh
}

func (s *sortShape) drawRequest(t *rapid.T, records [][]any) sortRequest {
	r := sortRequest{
		given:      rapid.SampledFrom(records).Draw(t, "given")[:rapid.IntRange(0, len(s.components)).Draw(t, "components")],
		descending: rapid.Bool().Draw(t, "descending"),
		limit:      rapid.IntRange(0, 4).Draw(t, "limit"),
		pageSize:   rapid.IntRange(0, 5).Draw(t, "page size"),
	}
	if zero := slices.IndexFunc(r.given, isZeroNumber); zero >= 0 { // a zero number in Key is not given
		r.given = r.given[:zero]
	}
	k := len(r.given)
	if k == len(s.components) || rapid.IntRange(0, 7).Draw(t, "conditionless") == 0 {
		return r
	}
	r.operation = &sortOperations[rapid.IntRange(0, len(sortOperations)-1).Draw(t, "operation")]
	if r.operation.name == "HasPrefix" && !s.components[k].prefix {
		r.operation = &sortOperations[0]
	}
	r.low = s.drawValue(t, k, records)
	if r.operation.name == "HasPrefix" {
		letters := []rune(r.low.(string))
		r.low = string(letters[:rapid.IntRange(0, len(letters)).Draw(t, "letters")])
	}
	if r.operation.name == "Between" {
		r.high = s.drawValue(t, k, records)
	}
	return r
}

// Keys of 1,024 bytes leave no room for what a bound adds to a value.
func TestSortConditionsReachTheLongestKeys(t *testing.T) {
	for _, shape := range sortShapes() {
		if shape.plain != "" || !shape.components[0].prefix {
			continue
		}
		t.Run(shape.name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, e *engine) {
				on := shape.open(t, e)
				for k, c := range shape.components {
					if !c.prefix {
						continue
					}
					partition := fmt.Sprint("long", k)
					short := make([]any, len(shape.components))
					for i, c := range shape.components {
						short[i] = c.values[len(c.values)/2]
						if c.prefix {
							short[i] = "b"
						}
					}
					long := func(length int) []any { // the record whose key has that length through component k
						row := slices.Clone(short)
						row[k] = strings.Repeat("z", length-len(shape.key(short))+1)
						return row
					}
					rows := [][]any{short, long(1022), long(1023), long(1024)}
					records := shape.fill(t, e, on, partition, rows)
					require.Len(t, records, 4)
					room := 1024 - len(shape.key(short[:k]))
					for _, o := range sortOperations {
						args := []any{records[1][k], records[2][k], records[3][k], strings.Repeat("z", room-1) + "a"}
						for length := room - 1; length <= room+1; length++ {
							args = append(args, strings.Repeat("z", length))
						}
						for _, low := range args {
							r := sortRequest{given: short[:k], operation: &o, low: low}
							if o.name == "Between" {
								r.high = strings.Repeat("z", room)
							}
							shape.check(t, on, partition, records, r)
						}
					}
				}
			})
		})
	}
}

type (
	channel struct {
		_    theorydb.Key `theorydb:"pk" key:"C#{name}"`
		_    theorydb.Key `theorydb:"sk" key:"{kind}#{ip}"`
		Name string
		Kind string `theorydb:"enum:web|websocket|app"`
		IP   netip.Addr
	}
	plainEnumKey struct {
		PK string `theorydb:"pk"`
		SK string `theorydb:"sk,enum:web|websocket|app"`
	}
)

// A prefix is no value: neither one of an enum, nor one that UnmarshalText takes.
func TestHasPrefixTakesAnyPartOfAText(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[channel](t, e)
		for _, kind := range []string{"app", "web", "websocket"} {
			for _, ip := range []string{"10.0.0.1", "10.1.0.1", "fe80::1"} {
				require.NoError(t, m.Create(t.Context(), &channel{Name: "n", Kind: kind, IP: netip.MustParseAddr(ip)}))
			}
		}
		for _, c := range []struct {
			key    channel
			prefix string
			count  int
		}{
			{channel{Name: "n"}, "we", 6},
			{channel{Name: "n"}, "webs", 3},
			{channel{Name: "n"}, "", 9},
			{channel{Name: "n"}, "x", 0},
			{channel{Name: "n", Kind: "web"}, "10.", 2},
			{channel{Name: "n", Kind: "web"}, "fe80:", 1},
		} {
			n, err := m.Count(t.Context(), theorydb.Query[channel]{Key: c.key, Sort: theorydb.HasPrefix(c.prefix)})
			require.NoError(t, err, "%v", c)
			require.Equal(t, c.count, n, "%v", c)
		}
		_, err := m.Count(t.Context(), theorydb.Query[channel]{Key: channel{Name: "n"}, Sort: theorydb.Is("we")})
		require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	})
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[plainEnumKey](t, e)
		require.NoError(t, m.Create(t.Context(), &plainEnumKey{PK: "p", SK: "websocket"}))
		n, err := m.Count(t.Context(), theorydb.Query[plainEnumKey]{Key: plainEnumKey{PK: "p"}, Sort: theorydb.HasPrefix("web")})
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}
