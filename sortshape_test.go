package theorydb_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

// component is one component of a sort key under test. It says again, without the library's code, what a value becomes
// in a key and how values compare.
type component struct {
	values        []any // for tables; some begin others
	draw          *rapid.Generator[any]
	text          func(any) string // in the key
	form          func(any) any    // what of a value its key holds, and values are compared by
	prefix        bool             // HasPrefix is possible
	lossy, hashed bool
}

func (c *component) compare(a, b any) int { return compareForms(c.form(a), c.form(b)) }

func compareForms(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	case uint64:
		return cmp.Compare(a, b.(uint64))
	case time.Time:
		return a.Compare(b.(time.Time))
	case []byte:
		return bytes.Compare(a, b.([]byte))
	}
	panic(fmt.Sprintf("no order for %T", a))
}

func unchanged(v any) any { return v }

// escaped is the key codec: every byte up to 0x25 as % and two capital hex digits.
func escaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= 0x25 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

var (
	nastyTexts = []any{
		"#", "A", "A#B", "%", "$", "é", "\x00", "0", "a", "02", "A#", `"`, "2", "23", "25", "%23", "A$", "A%", "A0",
		"AA", "z", "z~", "\x7f", "éa", "漢字", "\U00010348", "aA", "\x01\x1f",
	}
	nastyText = rapid.Custom(func(t *rapid.T) any {
		letters := []rune("#%$\"0235Az\x00\x1f\x7fé漢\U00010348")
		return rapid.StringOfN(rapid.SampledFrom(letters), 1, 4, -1).Draw(t, "text")
	})
	times = []any{
		time.Date(0, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(2023, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2023, 1, 2, 3, 4, 5, 1, time.UTC),
		time.Date(2023, 1, 2, 3, 4, 5, 999_999, time.UTC), time.Date(2023, 1, 2, 3, 4, 5, 1_000_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	}
)

// short leaves out some values, for shapes of which every component has a table.
func (c component) short() component {
	var values []any
	for i := range c.values {
		if i%4 != 3 && i%5 != 4 {
			values = append(values, c.values[i])
		}
	}
	c.values = values[:min(9, len(values))]
	return c
}

func textComponent() component {
	return component{
		values: nastyTexts, draw: nastyText, form: unchanged, prefix: true,
		text: func(v any) string { return escaped(v.(string)) },
	}
}

func lowerComponent() component {
	c := textComponent()
	c.lossy = true
	c.form = func(v any) any {
		return strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				return r + 'a' - 'A'
			}
			return r
		}, v.(string))
	}
	c.text = func(v any) string { return escaped(c.form(v).(string)) }
	return c
}

func hashComponent() component {
	c := textComponent()
	c.lossy, c.hashed, c.prefix = true, true, false
	c.text = func(v any) string {
		sum := sha256.Sum256([]byte(v.(string)))
		return hex.EncodeToString(sum[:])
	}
	c.form = func(v any) any { return c.text(v) }
	return c
}

func intComponent() component {
	return component{
		values: []any{int64(-1 << 63), int64(-10), int64(-2), int64(-1), int64(0), int64(1), int64(2), int64(10), int64(1<<63 - 1)},
		draw:   rapid.Map(rapid.Int64(), func(n int64) any { return n }), form: unchanged,
		text: func(v any) string { return fmt.Sprintf("%020d", uint64(v.(int64))^1<<63) },
	}
}

func uintComponent(layout string, most uint64) component {
	return component{
		values: []any{uint64(0), uint64(1), uint64(2), uint64(10), uint64(11), most},
		draw:   rapid.Map(rapid.Uint64Range(0, most), func(n uint64) any { return n }), form: unchanged,
		text: func(v any) string { return fmt.Sprintf(layout, v) },
	}
}

func timeComponent() component {
	return component{
		values: times, form: unchanged,
		draw: rapid.Map(rapid.Int64Range(0, 4_000_000), func(n int64) any { return time.Unix(1_700_000_000, n).UTC() }),
		text: func(v any) string { return v.(time.Time).Format("2006-01-02T15:04:05.000000000Z") },
	}
}

func millisComponent() component {
	c := timeComponent()
	c.lossy = true
	c.form = func(v any) any { return v.(time.Time).Truncate(time.Millisecond) }
	c.text = func(v any) string { return v.(time.Time).Format("2006-01-02T15:04:05.000Z") }
	return c
}

func plainText() component {
	c := textComponent()
	c.text = func(v any) string { return v.(string) }
	return c
}

func plainInt() component {
	c := intComponent()
	c.values = c.values[1:8] // the ends of the range are beyond nothing here: any number is a key
	c.text = func(v any) string { return strconv.FormatInt(v.(int64), 10) }
	return c
}

func plainBytes() component {
	c := component{form: unchanged, draw: rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 3), func(b []byte) any { return b })}
	c.text = func(v any) string { return string(v.([]byte)) }
	for _, b := range []string{"\x00", "\x00\x00", "\x01", "#", "\x7f", "\x80", "\xff", "\xff\x00", "\xff\xff"} {
		c.values = append(c.values, []byte(b))
	}
	return c
}

// sortShape is a model under test, by the shape of its sort key.
type sortShape struct {
	name       string
	literals   []string // in front of each component, and behind the last; those of its template, said again
	components []component
	plain      string // "S", "N" or "B" for a plain sort key
	open       func(t *testing.T, e *engine) shelf
}

// key is the text of a sort key.
func (s *sortShape) key(values []any) string {
	text := s.literals[0]
	for i := range values {
		text += s.components[i].text(values[i]) + s.literals[i+1]
	}
	return text
}

func (s *sortShape) sortKey(text string) types.AttributeValue {
	switch s.plain {
	case "N":
		return num(text)
	case "B":
		return &types.AttributeValueMemberB{Value: []byte(text)}
	}
	return str(text)
}

// lossless says that a key tells all its values, so that a row without attributes is a whole record.
func (s *sortShape) lossless() bool {
	return s.plain == "" && !slices.ContainsFunc(s.components, func(c component) bool { return c.lossy })
}

// strangers are keys in the middle of those of records. The first are of no value that the shape has; those in fits
// could be a record's, but for the entity that the row names.
func (s *sortShape) strangers(values []any) (unfit, fits []string) {
	key := s.key(values)
	last := &s.components[len(s.components)-1]
	if last.prefix && s.literals[len(s.literals)-1] == "" {
		fits = []string{key + "q"}
	}
	switch s.plain {
	case "N":
		return nil, []string{key + ".5"}
	case "S", "B":
		return nil, fits
	}
	unfit = []string{
		key + "#", key + "#EVENT#1", key + "$", key + "%", key + "%2f", key + "%41", key + "\x01",
		s.literals[0] + "#", strings.TrimSuffix(s.literals[0], "#") + "$",
	}
	return unfit, fits
}

// shelf is a model of some shape without its type.
type shelf struct {
	put   func(partition string, values []any) error
	query func(partition string, r sortRequest) ([][]any, error)
	pages func(partition string, r sortRequest) ([][]any, error)
	count func(partition string, r sortRequest) (int, error)
}

// sortRequest is a query of some shape without its type.
type sortRequest struct {
	given           []any
	operation       *sortOperation // nil for none
	low, high       any
	descending      bool
	limit, pageSize int
}

func (r sortRequest) String() string {
	name := "none"
	if r.operation != nil {
		name = r.operation.name
	}
	return fmt.Sprintf("given %q, %s(%q, %q), descending %t, limit %d, page size %d",
		r.given, name, r.low, r.high, r.descending, r.limit, r.pageSize)
}

// on makes a shape's shelf: record builds a T of as many leading components as are given, values takes it apart.
func on[T any](record func(partition string, values []any) T, values func(*T) []any) func(*testing.T, *engine) shelf {
	return func(t *testing.T, e *engine) shelf {
		m := model[T](t, e)
		query := func(partition string, r sortRequest) theorydb.Query[T] {
			q := theorydb.Query[T]{
				Key: record(partition, r.given), Descending: r.descending, Limit: r.limit, PageSize: r.pageSize, Consistent: true,
			}
			if r.operation != nil {
				q.Sort = r.operation.condition(r.low, r.high)
			}
			return q
		}
		return shelf{
			put: func(partition string, values []any) error {
				return m.Put(t.Context(), ptr(record(partition, values)))
			},
			query: func(partition string, r sortRequest) ([][]any, error) {
				var all [][]any
				for found, err := range m.Query(t.Context(), query(partition, r)) {
					if err != nil {
						return nil, err
					}
					all = append(all, values(found))
				}
				return all, nil
			},
			pages: func(partition string, r sortRequest) ([][]any, error) {
				found, err := everyPage(t.Context(), m, query(partition, r))
				var all [][]any
				for _, record := range found {
					all = append(all, values(record))
				}
				return all, err
			},
			count: func(partition string, r sortRequest) (int, error) {
				return m.Count(t.Context(), query(partition, r))
			},
		}
	}
}

// everyPage follows the cursors of a query to its end. Each page but the last has as many records as the Limit.
func everyPage[T any](ctx context.Context, m *theorydb.Model[T], q theorydb.Query[T]) ([]*T, error) {
	var all []*T
	cursor := ""
	for range 10_000 {
		page, err := m.QueryPage(ctx, q, cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		if q.Limit > 0 && len(page.Items) != q.Limit {
			return nil, fmt.Errorf("a page that is not the last has %d records, Limit is %d", len(page.Items), q.Limit)
		}
		if page.Next == cursor {
			return nil, fmt.Errorf("a page gave its own cursor again")
		}
		cursor = page.Next
	}
	return nil, fmt.Errorf("the pages never end")
}

// valueAt is the ith value as its type, the zero value when there are fewer.
func valueAt[V any](values []any, i int) V {
	if i < len(values) {
		return values[i].(V)
	}
	var zero V
	return zero
}

// fill stores rows and, among them, rows that are no records of the shape: children of another entity, and rows that
// another writer left without an entity name under keys that fit nothing. It returns the rows that are records.
func (s *sortShape) fill(t *testing.T, e *engine, on shelf, partition string, rows [][]any) [][]any {
	byKey := map[string][]any{}
	for i, values := range rows {
		key := s.key(values)
		if i%3 == 1 && s.lossless() { // another writer's record
			e.put(t, theorydb.Item{"PK": str("P#" + partition), "SK": s.sortKey(key)})
		} else {
			require.NoError(t, on.put(partition, values), "%q", values)
		}
		byKey[key] = values
	}
	for i, values := range rows {
		unfit, fits := s.strangers(values)
		for j, key := range append(fits, unfit...) {
			// A few for each row: reads get long, and the next row has the others.
			if byKey[key] != nil || len(key) > 1024 || (i+j)%5 > 1 {
				continue
			}
			item := theorydb.Item{"PK": str("P#" + partition), "SK": s.sortKey(key)}
			if j < len(fits) || (i/5+j)%2 == 0 {
				item["_t"] = str("Child")
			}
			e.put(t, item)
		}
	}
	var records [][]any
	for _, values := range byKey {
		records = append(records, values)
	}
	slices.SortFunc(records, func(a, b []any) int {
		for i := range a {
			if order := s.components[i].compare(a[i], b[i]); order != 0 {
				return order
			}
		}
		return 0
	})
	return records
}
