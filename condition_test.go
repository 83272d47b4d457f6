package theorydb_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// conditionsOn are all conditions that can be asked of one attribute, with values of its type.
func conditionsOn(name string, one, two, element any) map[string]theorydb.Condition {
	return map[string]theorydb.Condition{
		"Equal": theorydb.Equal(name, one), "NotEqual": theorydb.NotEqual(name, one),
		"Less": theorydb.Less(name, one), "LessEqual": theorydb.LessEqual(name, one),
		"Greater": theorydb.Greater(name, one), "GreaterEqual": theorydb.GreaterEqual(name, one),
		"In": theorydb.In(name, one, two), "InRange": theorydb.InRange(name, one, two), "BeginsWith": theorydb.BeginsWith(name, one),
		"Contains": theorydb.Contains(name, element), "SizeOf": theorydb.SizeOf(name, ">=", 1),
		"Exists": theorydb.Exists(name), "NotExists": theorydb.NotExists(name),
		"Not": theorydb.Not(theorydb.Equal(name, one)), "Or": theorydb.Or(theorydb.Exists(name), theorydb.Equal(name, two)),
	}
}

// askable is what can be asked of each attribute of a palette besides Equal, NotEqual, In, Exists and NotExists.
var askable = map[string]string{
	"text": "order BeginsWith Contains SizeOf", "int": "order", "uint": "order", "float": "order", "bool": "",
	"bytes": "order BeginsWith SizeOf", "list": "Contains SizeOf", "map": "SizeOf", "nested": "SizeOf",
	"ss": "Contains SizeOf", "ns": "Contains SizeOf", "bs": "Contains SizeOf", "json": "order BeginsWith SizeOf",
	"time": "order BeginsWith SizeOf", "ttl": "order", "ptr": "order",
}

func TestEveryConditionOnEveryType(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		e.clock.Set(cellNow)
		m := model[palette](t, e)
		key := palette{ID: "1"}
		row := theorydb.Item{"PK": str("PALETTE#1"), "SK": str("ROW"), "_t": str("palette"), "id": str("1")}
		for name, value := range paletteValues {
			row[name] = value.storedOne
		}
		e.put(t, row)
		elements := map[string]any{"ns": 1, "bs": []byte("a"), "time": "2096", "json": "a"}
		order := []string{"Less", "LessEqual", "Greater", "GreaterEqual", "InRange"}
		asked, refused := 0, 0
		for name, allowed := range askable {
			value := paletteValues[name]
			low, high := value.one, value.two
			if name == "int" || name == "float" {
				low, high = high, low
			}
			element, ok := elements[name]
			if !ok {
				element = "a"
			}
			for operator, condition := range conditionsOn(name, low, high, element) {
				fits := strings.Contains(allowed, operator) || slices.Contains([]string{"Equal", "NotEqual", "In", "Exists", "NotExists", "Not", "Or"}, operator) ||
					strings.Contains(allowed, "order") && slices.Contains(order, operator)
				var counted, changed error
				n := 0
				sent := e.sends(func() {
					n, counted = m.Count(t.Context(), theorydb.Query[palette]{Key: key, Filter: condition})
					_, changed = m.Change(t.Context(), key, theorydb.Set("any", "x"), theorydb.OnlyIf(condition), theorydb.Blind())
				})
				if !fits {
					refused++
					require.Zero(t, sent, "%s on %s", operator, name)
					want := theorydb.ErrInvalidQuery
					if operator == "Contains" && (name == "json" || name == "time") {
						want = theorydb.ErrInvalidValue // a text, but no part of it is a value
					}
					require.ErrorIs(t, counted, want)
					require.ErrorIs(t, changed, want)
					require.ErrorContains(t, counted, name)
					continue
				}
				asked++
				require.NoError(t, counted, "%s on %s", operator, name)
				require.Equal(t, 2, sent, "%s on %s", operator, name)
				if n == 0 {
					requireSentinels(t, changed, theorydb.ErrConditionFailed)
				} else {
					require.NoError(t, changed, "Filter and OnlyIf are of one mind: %s on %s", operator, name)
				}
			}
		}
		t.Logf("%d asked, %d refused on %s", asked, refused, e.name)
	})
}

func TestConditionsAreRefusedBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	m := model[palette](t, e)
	many := make([]any, 101)
	for i := range many {
		many[i] = i
	}
	for name, c := range map[string]struct {
		condition theorydb.Condition
		err       error
		text      string
	}{
		"an operator of another language": {theorydb.SizeOf("text", "==", 1), theorydb.ErrInvalidOperator, "<>"},
		"no operator":                     {theorydb.SizeOf("text", "", 1), theorydb.ErrInvalidOperator, "SizeOf"},
		"an operator with more in it":     {theorydb.SizeOf("text", "> :0 OR size(#0) >", 1), theorydb.ErrInvalidOperator, "SizeOf"},
		"In of nothing":                   {theorydb.In("int"), theorydb.ErrInvalidQuery, "0 values"},
		"In of 101":                       {theorydb.In("int", many...), theorydb.ErrInvalidQuery, "101 values"},
		"InRange in the wrong order":      {theorydb.InRange("int", 2, 1), theorydb.ErrInvalidQuery, "wrong order"},
		"Or of nothing":                   {theorydb.Or(), theorydb.ErrInvalidQuery, "Or"},
		"Or with the zero condition":      {theorydb.Or(theorydb.Exists("text"), theorydb.Condition{}), theorydb.ErrInvalidQuery, "ask for something"},
		"Or with And of nothing":          {theorydb.Or(theorydb.Exists("text"), theorydb.And()), theorydb.ErrInvalidQuery, "ask for something"},
		"Not of the zero condition":       {theorydb.Not(theorydb.Condition{}), theorydb.ErrInvalidQuery, "ask for something"},
		"Not of nothing inside And":       {theorydb.And(theorydb.Exists("text"), theorydb.Not(theorydb.And())), theorydb.ErrInvalidQuery, "ask for something"},
		"an unknown attribute":            {theorydb.Not(theorydb.Or(theorydb.Exists("txt"))), theorydb.ErrInvalidQuery, `did you mean "text"?`},
		"a Go name":                       {theorydb.Exists("Nested"), theorydb.ErrInvalidQuery, `did you mean "nested"?`},
		"a path":                          {theorydb.Exists("nested.a"), theorydb.ErrInvalidQuery, `"nested.a"`},
		"an expression":                   {theorydb.Exists("text) OR (1 = 1"), theorydb.ErrInvalidQuery, "no attribute"},
		"a value of another type":         {theorydb.Equal("int", "1"), theorydb.ErrInvalidValue, "int"},
		"a value out of range":            {theorydb.Equal("uint", 256), theorydb.ErrInvalidValue, "uint"},
		"one of many of another type":     {theorydb.In("text", "a", 1), theorydb.ErrInvalidValue, "text"},
		"nil":                             {theorydb.NotEqual("text", nil), theorydb.ErrInvalidValue, "text"},
		"a zero time":                     {theorydb.Less("time", time.Time{}), theorydb.ErrInvalidValue, "time"},
		"an element of another type":      {theorydb.Contains("ns", "1"), theorydb.ErrInvalidValue, "ns"},
	} {
		t.Run(name, func(t *testing.T) {
			requireRefused(t, e, m, theorydb.Query[palette]{Key: palette{ID: "1"}, Filter: c.condition}, c.err, c.text)
			for verb, write := range map[string]func(theorydb.WriteOption) error{
				"Put":    func(o theorydb.WriteOption) error { return m.Put(t.Context(), &palette{ID: "1"}, o) },
				"Update": func(o theorydb.WriteOption) error { return m.Update(t.Context(), &palette{ID: "1"}, o) },
				"Delete": func(o theorydb.WriteOption) error { return m.Delete(t.Context(), &palette{ID: "1"}, o) },
				"Change": func(o theorydb.WriteOption) error {
					_, err := m.Change(t.Context(), palette{ID: "1"}, theorydb.Set("text", "x"), o)
					return err
				},
			} {
				var err error
				require.Zero(t, e.sends(func() { err = write(theorydb.OnlyIf(c.condition)) }), verb)
				require.ErrorIs(t, err, c.err, verb)
			}
		})
	}
	for name, condition := range map[string]theorydb.Condition{
		"In of 100": theorydb.In("int", many[:100]...), "the zero condition": {}, "And of nothing": theorydb.And(),
		"And with nothing in it": theorydb.And(theorydb.Condition{}, theorydb.And()),
	} {
		_, err := m.Count(t.Context(), theorydb.Query[palette]{Key: palette{ID: "1"}, Filter: condition})
		require.NoError(t, err, name)
	}
}

// fact is what condition trees are evaluated on. Each attribute may be absent.
type fact struct {
	_ theorydb.Key `theorydb:"pk" key:"FACT#{shelf}"`
	_ theorydb.Key `theorydb:"sk" key:"{id|pad:3}"`

	Shelf string
	ID    int64
	Text  string `theorydb:"omitempty"`
	N     *int64
	F     *float64
	Flag  *bool
	Raw   []byte
	Tags  []string `theorydb:"set"`
	List  []string
}

// truthOf is a condition and what it means, told by plain Go.
type truthOf struct {
	condition theorydb.Condition
	text      string
	holds     func(*fact) bool
}

var factTexts = []string{"a", "ab", "b", "bä", "#0", ":0 OR a"}

// drawLeaf draws a condition on one attribute.
func drawLeaf(t *rapid.T) truthOf {
	text := rapid.SampledFrom(factTexts)
	number := rapid.Int64Range(-2, 3)
	switch rapid.SampledFrom([]string{"text", "n", "f", "flag", "raw", "tags", "list", "exists"}).Draw(t, "attribute") {
	case "text":
		return orderedLeaf(t, "text", text.Draw(t, "a"), text.Draw(t, "b"), func(f *fact) *string {
			if f.Text == "" {
				return nil
			}
			return &f.Text
		}, cmp.Compare[string], strings.HasPrefix)
	case "n":
		return orderedLeaf(t, "n", number.Draw(t, "a"), number.Draw(t, "b"), func(f *fact) *int64 { return f.N }, cmp.Compare[int64], nil)
	case "f":
		return orderedLeaf(t, "f", float64(number.Draw(t, "a"))/2, float64(number.Draw(t, "b"))/2, func(f *fact) *float64 { return f.F }, cmp.Compare[float64], nil)
	case "raw":
		return orderedLeaf(t, "raw", []byte(text.Draw(t, "a")), []byte(text.Draw(t, "b")), func(f *fact) *[]byte {
			if f.Raw == nil {
				return nil
			}
			return &f.Raw
		}, bytes.Compare, bytes.HasPrefix)
	case "flag":
		v := rapid.Bool().Draw(t, "flag")
		return truthOf{theorydb.Equal("flag", v), fmt.Sprint("flag=", v), func(f *fact) bool { return f.Flag != nil && *f.Flag == v }}
	case "tags":
		return memberLeaf(t, "tags", text.Draw(t, "member"), func(f *fact) []string { return f.Tags })
	case "list":
		return memberLeaf(t, "list", text.Draw(t, "member"), func(f *fact) []string { return f.List })
	}
	name := rapid.SampledFrom([]string{"text", "n", "raw", "tags"}).Draw(t, "exists")
	present := func(f *fact) bool {
		return map[string]bool{"text": f.Text != "", "n": f.N != nil, "raw": f.Raw != nil, "tags": len(f.Tags) > 0}[name]
	}
	if rapid.Bool().Draw(t, "not exists") {
		return truthOf{theorydb.NotExists(name), "absent " + name, func(f *fact) bool { return !present(f) }}
	}
	return truthOf{theorydb.Exists(name), "exists " + name, present}
}

// orderedLeaf draws a comparison of an attribute that has an order. An absent one differs from every value and is
// nothing else.
func orderedLeaf[V any](t *rapid.T, name string, a, b V, value func(*fact) *V, compare func(V, V) int, hasPrefix func(V, V) bool) truthOf {
	is := func(judge func(V) bool) func(*fact) bool {
		return func(f *fact) bool { v := value(f); return v != nil && judge(*v) }
	}
	low, high := a, b
	if compare(low, high) > 0 {
		low, high = high, low
	}
	leaves := []truthOf{
		{theorydb.Equal(name, a), "=", is(func(v V) bool { return compare(v, a) == 0 })},
		{theorydb.NotEqual(name, a), "<>", func(f *fact) bool { v := value(f); return v == nil || compare(*v, a) != 0 }},
		{theorydb.Less(name, a), "<", is(func(v V) bool { return compare(v, a) < 0 })},
		{theorydb.LessEqual(name, a), "<=", is(func(v V) bool { return compare(v, a) <= 0 })},
		{theorydb.Greater(name, a), ">", is(func(v V) bool { return compare(v, a) > 0 })},
		{theorydb.GreaterEqual(name, a), ">=", is(func(v V) bool { return compare(v, a) >= 0 })},
		{theorydb.In(name, a, b), "in", is(func(v V) bool { return compare(v, a) == 0 || compare(v, b) == 0 })},
		{theorydb.InRange(name, low, high), "in range", is(func(v V) bool { return compare(v, low) >= 0 && compare(v, high) <= 0 })},
	}
	if hasPrefix != nil {
		leaves = append(leaves, truthOf{theorydb.BeginsWith(name, a), "begins with", is(func(v V) bool { return hasPrefix(v, a) })})
	}
	leaf := rapid.SampledFrom(leaves).Draw(t, "operator")
	leaf.text = fmt.Sprintf("%s %s %v %v", name, leaf.text, a, b)
	return leaf
}

// memberLeaf draws a condition on a set or list: a member, or the size.
func memberLeaf(t *rapid.T, name, member string, value func(*fact) []string) truthOf {
	if rapid.Bool().Draw(t, "contains") {
		return truthOf{theorydb.Contains(name, member), name + " contains " + member, func(f *fact) bool { return slices.Contains(value(f), member) }}
	}
	size := rapid.IntRange(0, 3).Draw(t, "size")
	comparers := map[string]func(int) bool{
		"=": func(n int) bool { return n == size }, "<>": func(n int) bool { return n != size }, "<": func(n int) bool { return n < size },
		"<=": func(n int) bool { return n <= size }, ">": func(n int) bool { return n > size }, ">=": func(n int) bool { return n >= size },
	}
	comparer := rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "comparer")
	return truthOf{
		theorydb.SizeOf(name, comparer, size), fmt.Sprintf("size %s %s %d", name, comparer, size),
		func(f *fact) bool {
			if value(f) == nil {
				return comparer == "<>" // what is absent has no size
			}
			return comparers[comparer](len(value(f)))
		},
	}
}

// drawTree draws a tree of conditions.
func drawTree(t *rapid.T, depth int) truthOf {
	kind := "leaf"
	if depth > 0 {
		kind = rapid.SampledFrom([]string{"leaf", "and", "or", "not"}).Draw(t, "kind")
	}
	switch kind {
	case "leaf":
		return drawLeaf(t)
	case "not":
		of := drawTree(t, depth-1)
		return truthOf{theorydb.Not(of.condition), "not(" + of.text + ")", func(f *fact) bool { return !of.holds(f) }}
	}
	var operands []truthOf
	var conditions []theorydb.Condition
	var texts []string
	for range rapid.IntRange(1, 3).Draw(t, "operands") {
		operand := drawTree(t, depth-1)
		operands, conditions, texts = append(operands, operand), append(conditions, operand.condition), append(texts, operand.text)
	}
	text := kind + "(" + strings.Join(texts, ", ") + ")"
	if kind == "and" {
		return truthOf{theorydb.And(conditions...), text, func(f *fact) bool {
			return !slices.ContainsFunc(operands, func(o truthOf) bool { return !o.holds(f) })
		}}
	}
	return truthOf{theorydb.Or(conditions...), text, func(f *fact) bool {
		return slices.ContainsFunc(operands, func(o truthOf) bool { return o.holds(f) })
	}}
}

func drawFact(t *rapid.T, shelf string, id int) fact {
	f := fact{Shelf: shelf, ID: int64(id)}
	text := rapid.SampledFrom(factTexts)
	f.Text = rapid.OneOf(rapid.Just(""), text).Draw(t, "text")
	f.N = rapid.Ptr(rapid.Int64Range(-2, 3), true).Draw(t, "n")
	if half := rapid.Ptr(rapid.Int64Range(-2, 3), true).Draw(t, "f"); half != nil {
		f.F = ptr(float64(*half) / 2)
	}
	f.Flag = rapid.Ptr(rapid.Bool(), true).Draw(t, "flag")
	if raw := rapid.Ptr(text, true).Draw(t, "raw"); raw != nil {
		f.Raw = []byte(*raw)
	}
	f.Tags = rapid.SliceOfNDistinct(text, 0, 3, rapid.ID).Draw(t, "tags")
	if len(f.Tags) == 0 {
		f.Tags = nil // an empty set is absent
	}
	if rapid.Bool().Draw(t, "has a list") {
		f.List = rapid.SliceOfN(text, 0, 3).Draw(t, "list")
	}
	return f
}

// Grouped conditions mean what they say, however they are nested: as Filter of Query and Count, and as OnlyIf.
func TestConditionTreesEvaluateAsWritten(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		if e.aws == nil {
			fewerChecks(t, 4)
		}
		m := model[fact](t, e)
		checks, judged, held := 0, 0, 0
		rapid.Check(t, func(rt *rapid.T) {
			checks++
			shelf := fmt.Sprint("shelf", checks)
			facts := make([]fact, rapid.IntRange(2, 5).Draw(rt, "facts"))
			for i := range facts {
				facts[i] = drawFact(rt, shelf, i)
				require.NoError(rt, m.Put(t.Context(), ptr(facts[i])))
			}
			for range 3 {
				tree := drawTree(rt, 3)
				rt.Log(tree.text)
				var want []int64
				for i := range facts {
					if tree.holds(&facts[i]) {
						want = append(want, facts[i].ID)
					}
				}
				q := theorydb.Query[fact]{Key: fact{Shelf: shelf}, Filter: tree.condition, Consistent: true}
				found, err := theorydb.Collect(m.Query(t.Context(), q))
				require.NoError(rt, err)
				var got []int64
				for _, f := range found {
					got = append(got, f.ID)
				}
				require.Equal(rt, want, got, "Query")
				n, err := m.Count(t.Context(), q)
				require.NoError(rt, err)
				require.Equal(rt, len(want), n, "Count")

				chosen := rapid.SampledFrom(facts).Draw(rt, "fact")
				err = m.Update(t.Context(), ptr(chosen), theorydb.Fields("flag"), theorydb.OnlyIf(tree.condition))
				if tree.holds(&chosen) {
					require.NoError(rt, err, "OnlyIf")
				} else {
					require.ErrorIs(rt, err, theorydb.ErrConditionFailed, "OnlyIf")
				}
				judged += len(facts)
				held += len(want)
			}
		})
		t.Logf("%d checks, %d judgements, of which %d held, on %s", checks, judged, held, e.name)
	})
}

// Several OnlyIf must all hold, and none of them takes the place of another.
func TestSeveralOnlyIfAreAllRequired(t *testing.T) {
	m := model[palette](t, embedded(t))
	require.NoError(t, m.Put(t.Context(), &palette{ID: "1", Text: "a", Int: 1}))
	change := func(conditions ...theorydb.Condition) error {
		parts := []theorydb.ChangePart{theorydb.Set("any", "x")}
		for _, c := range conditions {
			parts = append(parts, theorydb.OnlyIf(c))
		}
		_, err := m.Change(t.Context(), palette{ID: "1"}, parts...)
		return err
	}
	yes, no := theorydb.Equal("text", "a"), theorydb.Equal("text", "b")
	require.NoError(t, change(yes, theorydb.Equal("int", 1)))
	require.ErrorIs(t, change(yes, no), theorydb.ErrConditionFailed)
	require.ErrorIs(t, change(no, yes), theorydb.ErrConditionFailed)
	require.ErrorIs(t, change(theorydb.Or(yes, no), theorydb.Equal("int", 2)), theorydb.ErrConditionFailed)
}

func TestExplainIsTheFirstRequestAndSendsNothing(t *testing.T) {
	e := embedded(t)
	m := model[parcel](t, e)
	require.NoError(t, m.Create(t.Context(), ptr(fullParcel())))
	for name, q := range map[string]theorydb.Query[parcel]{
		"the table": {Key: parcel{Depot: "d"}},
		"everything": {
			Key: parcel{State: "open"}, Index: "byState", Sort: theorydb.AtLeast(parcelDue), Descending: true, Limit: 3, PageSize: 7,
			Filter: theorydb.And(theorydb.Equal("note", "n"), theorydb.Not(theorydb.In("depot", "a", "b"))),
		},
		"consistent":    {Key: parcel{Depot: "d"}, Index: "byDelta", Consistent: true, Sort: theorydb.Between(-1, 1)},
		"ttl as a key":  {Key: parcel{Gate: "g"}, Index: "byExpiry"},
		"a limit alone": {Key: parcel{Depot: "d"}, Limit: 2},
	} {
		t.Run(name, func(t *testing.T) {
			var bodies []string
			e.faults = &localaws.Faults{Next: e.faults.Next}
			e.faults.On("Query").When(func(r localaws.Request) bool { bodies = append(bodies, string(r.Body)); return false })
			input, err := m.Explain(q)
			require.NoError(t, err)
			require.Empty(t, bodies, "it sends nothing")
			_, err = e.client.Query(t.Context(), input)
			require.NoError(t, err)
			_, err = m.QueryPage(t.Context(), q, "")
			require.NoError(t, err)
			_, err = theorydb.Collect(m.Query(t.Context(), q))
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(bodies), 3)
			require.JSONEq(t, bodies[0], bodies[2])
			metered := strings.TrimSuffix(bodies[0], "}") + `,"ReturnConsumedCapacity":"TOTAL"}`
			require.JSONEq(t, metered, bodies[1], "a page also tells what it consumed")
		})
	}
	_, err := m.Explain(theorydb.Query[parcel]{Key: parcel{Depot: "d"}, Filter: theorydb.Exists("depo")})
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	_, err = m.Explain(theorydb.Query[parcel]{})
	require.ErrorIs(t, err, theorydb.ErrKeyIncomplete)
}

func TestRawReadsWhatIsStored(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		e.clock.Set(cellNow)
		m := model[tallied](t, e)
		key := tallied{ID: "1"}
		row := func(change rowState) theorydb.Item {
			return change(theorydb.Item{
				"PK": str("TALLIED#1"), "SK": str("ROW"), "_t": str("tallied"), "id": str("1"), "n": str("not a number"), "theirs": paletteList(str("x")),
			})
		}
		for name, c := range map[string]struct {
			state rowState
			err   error
		}{
			"whatever it holds": {with("", nil), nil},
			"no _t":             {without("_t"), nil},
			"a ttl to come":     {with("ttl", seconds(cellLater)), nil},
			"expired":           {with("ttl", seconds(cellNow)), theorydb.ErrItemNotFound},
			"another entity":    {with("_t", str("Elsewhere")), theorydb.ErrTypeMismatch},
		} {
			stored := row(c.state)
			e.put(t, stored)
			var raw theorydb.Item
			var err error
			require.Equal(t, 1, e.sends(func() { raw, err = m.Raw(t.Context(), key, theorydb.Consistent()) }))
			if c.err != nil {
				require.ErrorIs(t, err, c.err, name)
				require.Nil(t, raw)
				continue
			}
			require.NoError(t, err, name)
			requireItem(t, stored, raw)
		}
		_, err := m.Raw(t.Context(), tallied{ID: "none"})
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = m.Raw(t.Context(), tallied{})
		require.ErrorIs(t, err, theorydb.ErrKeyIncomplete)
	})
}

func TestRawLeavesSealedValuesSealed(t *testing.T) {
	e := embedded(t)
	m := model[claimed](t, e, func(c *theorydb.Config) { c.KMS, c.KeyID = e.aws.KMS(), e.aws.KMSKey("alias/theorydb") })
	record := claimed{ID: "1", Part: "p", Label: "l", Share: 1, Tags: []string{"t"}, Mode: "on", Secret: canary}
	require.NoError(t, m.Create(t.Context(), &record))
	raw, err := m.Raw(t.Context(), claimed{ID: "1", Part: "p"})
	require.NoError(t, err)
	requireItem(t, e.stored(t, "CLAIMED#1", "PART#p"), raw)
	require.NotNil(t, raw["secret"])
	require.False(t, holdsText(raw["secret"], canary))
}

// holdsText reports whether a text stands anywhere in a stored value.
func holdsText(value types.AttributeValue, text string) bool {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return strings.Contains(v.Value, text)
	case *types.AttributeValueMemberB:
		return bytes.Contains(v.Value, []byte(text))
	case *types.AttributeValueMemberM:
		for _, inner := range v.Value {
			if holdsText(inner, text) {
				return true
			}
		}
	}
	return false
}
