package theorydb_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// palette has an attribute of every stored type.
type palette struct {
	_ theorydb.Key `theorydb:"pk" key:"PALETTE#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID     string
	Text   string
	Int    int64
	Uint   uint8
	Float  float64
	Bool   bool
	Bytes  []byte
	List   []string
	Map    map[string]int
	Nested struct{ A string }
	SS     []string `theorydb:"set,attr:ss"`
	NS     []int    `theorydb:"set,attr:ns"`
	BS     [][]byte `theorydb:"set,attr:bs"`
	JSON   []string `theorydb:"json,attr:json"`
	Time   time.Time
	TTL    time.Time `theorydb:"ttl"`
	Any    any
	Ptr    *int32
}

func paletteList(elements ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: elements}
}

func paletteTexts(members ...string) types.AttributeValue {
	return &types.AttributeValueMemberSS{Value: members}
}

func paletteNumbers(members ...string) types.AttributeValue {
	return &types.AttributeValueMemberNS{Value: members}
}

func paletteBytes(s string) types.AttributeValue {
	return &types.AttributeValueMemberB{Value: []byte(s)}
}

func paletteByteSet(members ...string) types.AttributeValue {
	set := &types.AttributeValueMemberBS{}
	for _, m := range members {
		set.Value = append(set.Value, []byte(m))
	}
	return set
}

func paletteMap(item theorydb.Item) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: item}
}

func paletteTruth(b bool) types.AttributeValue { return &types.AttributeValueMemberBOOL{Value: b} }

// paletteValues are two values of each attribute, as Go has them and as they are stored.
var paletteValues = map[string]struct {
	one, two             any
	storedOne, storedTwo types.AttributeValue
}{
	"text":   {"a", "b", str("a"), str("b")},
	"int":    {3, int64(-4), num("3"), num("-4")},
	"uint":   {uint8(3), 4, num("3"), num("4")},
	"float":  {2.5, 0.25, num("2.5"), num("0.25")},
	"bool":   {true, false, paletteTruth(true), paletteTruth(false)},
	"bytes":  {[]byte("a"), []byte("b"), paletteBytes("a"), paletteBytes("b")},
	"list":   {[]string{"a"}, []string{"b", "a"}, paletteList(str("a")), paletteList(str("b"), str("a"))},
	"map":    {map[string]int{"k": 1}, map[string]int{}, paletteMap(theorydb.Item{"k": num("1")}), paletteMap(theorydb.Item{})},
	"nested": {struct{ A string }{"x"}, struct{ A string }{}, paletteMap(theorydb.Item{"a": str("x")}), paletteMap(theorydb.Item{"a": str("")})},
	"ss":     {[]string{"a", "b"}, []string{"b", "c"}, paletteTexts("a", "b"), paletteTexts("b", "c")},
	"ns":     {[]int{1, 2}, []int{2, 3}, paletteNumbers("1", "2"), paletteNumbers("2", "3")},
	"bs":     {[][]byte{[]byte("a"), []byte("b")}, [][]byte{[]byte("b")}, paletteByteSet("a", "b"), paletteByteSet("b")},
	"json":   {[]string{"a"}, []string{}, str(`["a"]`), str(`[]`)},
	"time":   {cellBorn, cellLater, storedTime(cellBorn), storedTime(cellLater)},
	"ttl":    {cellLater, cellLater.Add(time.Hour), seconds(cellLater), seconds(cellLater.Add(time.Hour))},
	"any":    {"x", true, str("x"), paletteTruth(true)},
	"ptr":    {int32(1), int32(2), num("1"), num("2")},
}

// paletteParts are the parts of a Change: what each makes of value two over a stored value one, and over nothing. Those
// that it has no entry for are refused.
var paletteParts = map[string]struct {
	part          func(name string, value any) theorydb.ChangePart
	over, nothing map[string]types.AttributeValue
}{
	"Add": {
		theorydb.Add,
		map[string]types.AttributeValue{
			"int": num("-1"), "uint": num("7"), "float": num("2.75"), "ptr": num("3"), "ttl": num(strconv.FormatInt(2*cellLater.Unix()+3600, 10)),
			"ss": paletteTexts("a", "b", "c"), "ns": paletteNumbers("1", "2", "3"), "bs": paletteByteSet("a", "b"),
		},
		map[string]types.AttributeValue{
			"int": num("-4"), "uint": num("4"), "float": num("0.25"), "ptr": num("2"), "ttl": seconds(cellLater.Add(time.Hour)),
			"ss": paletteTexts("b", "c"), "ns": paletteNumbers("2", "3"), "bs": paletteByteSet("b"),
		},
	},
	"Append": {
		theorydb.Append,
		map[string]types.AttributeValue{"list": paletteList(str("a"), str("b"), str("a"))},
		map[string]types.AttributeValue{"list": paletteList(str("b"), str("a"))},
	},
	"Prepend": {
		theorydb.Prepend,
		map[string]types.AttributeValue{"list": paletteList(str("b"), str("a"), str("a"))},
		map[string]types.AttributeValue{"list": paletteList(str("b"), str("a"))},
	},
	"DeleteFromSet": {
		theorydb.DeleteFromSet,
		map[string]types.AttributeValue{"ss": paletteTexts("a"), "ns": paletteNumbers("1"), "bs": paletteByteSet("a")},
		map[string]types.AttributeValue{"ss": nil, "ns": nil, "bs": nil},
	},
	"Set":         {theorydb.Set, nil, nil},
	"SetIfAbsent": {theorydb.SetIfAbsent, nil, nil},
	"Remove":      {func(name string, _ any) theorydb.ChangePart { return theorydb.Remove(name) }, nil, nil},
}

func TestEveryPartOfAChangeOnEveryType(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		e.clock.Set(cellNow)
		m := model[palette](t, e)
		done, refused := 0, 0
		for part, how := range paletteParts {
			for name, value := range paletteValues {
				for _, over := range []bool{true, false} {
					id := fmt.Sprint(part, name, over)
					before := theorydb.Item{"PK": str("PALETTE#" + id), "SK": str("ROW"), "_t": str("palette"), "id": str(id)}
					results := how.nothing
					if over {
						before[name], results = value.storedOne, how.over
					}
					want, accepted := results[name]
					switch part {
					case "Set":
						want, accepted = value.storedTwo, true
					case "SetIfAbsent":
						want, accepted = value.storedTwo, true
						if over {
							want = value.storedOne
						}
					case "Remove":
						want, accepted = nil, true
					}
					e.put(t, before)
					var changed *palette
					var err error
					sent := e.sends(func() { changed, err = m.Change(t.Context(), palette{ID: id}, how.part(name, value.two)) })
					if !accepted {
						refused++
						require.ErrorIs(t, err, theorydb.ErrInvalidQuery, id)
						require.ErrorContains(t, err, name)
						require.Zero(t, sent)
						continue
					}
					done++
					require.NoError(t, err, id)
					require.Equal(t, 1, sent)
					after := e.stored(t, "PALETTE#"+id, "ROW")
					requireItem(t, theorydb.Item{name: want}, theorydb.Item{name: after[name]})
					read, err := m.Get(t.Context(), palette{ID: id}, theorydb.Consistent())
					require.NoError(t, err)
					require.Empty(t, cmp.Diff(read, changed))
				}
			}
		}
		t.Logf("%d carried out, %d refused on %s", done, refused, e.name)
	})
}

// claimed has attributes that a Change may not do everything with.
type claimed struct {
	_ theorydb.Key `theorydb:"pk" key:"CLAIMED#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"PART#{part}"`

	ID, Part, Text string
	Owner          string   `theorydb:"immutable,omitempty"`
	Label          string   `theorydb:"required"`
	Share          int      `theorydb:"required"`
	Tags           []string `theorydb:"set,required"`
	Mode           string   `theorydb:"enum:on|off"`
	Uses           int64
	Secret         string    `theorydb:"encrypted"`
	Extra          *string   `theorydb:"encrypted,omitempty"`
	ExpiresAt      time.Time `theorydb:"ttl"`
	Version        int64     `theorydb:"version"`
	CreatedAt      time.Time `theorydb:"created_at"`
	UpdatedAt      time.Time `theorydb:"updated_at"`
}

func TestChangesAreRefusedBeforeAnyRequest(t *testing.T) {
	e := embedded(t)
	m := model[claimed](t, e, func(c *theorydb.Config) { c.KMS, c.KeyID = e.aws.KMS(), e.aws.KMSKey("alias/theorydb") })
	any1 := theorydb.AnyVersion()
	for name, c := range map[string]struct {
		parts []theorydb.ChangePart
		err   error
		text  string
	}{
		"nothing to change":             {[]theorydb.ChangePart{any1}, theorydb.ErrInvalidQuery, "no part"},
		"no version named":              {[]theorydb.ChangePart{theorydb.Set("text", "x")}, theorydb.ErrInvalidQuery, "AnyVersion"},
		"IfVersion and AnyVersion":      {[]theorydb.ChangePart{theorydb.Set("text", "x"), theorydb.IfVersion(1), any1}, theorydb.ErrInvalidQuery, "exclude each other"},
		"IfVersion and OrCreate":        {[]theorydb.ChangePart{theorydb.Set("text", "x"), theorydb.IfVersion(1), theorydb.OrCreate()}, theorydb.ErrInvalidQuery, "exclude each other"},
		"an attribute twice":            {[]theorydb.ChangePart{theorydb.Set("text", "x"), theorydb.Remove("text"), any1}, theorydb.ErrInvalidQuery, `"text" twice`},
		"an unknown attribute":          {[]theorydb.ChangePart{theorydb.Set("txet", "x"), any1}, theorydb.ErrInvalidQuery, `did you mean "text"?`},
		"the version":                   {[]theorydb.ChangePart{theorydb.Add("version", 1), any1}, theorydb.ErrInvalidQuery, "sets itself"},
		"created_at":                    {[]theorydb.ChangePart{theorydb.Remove("createdAt"), any1}, theorydb.ErrInvalidQuery, "sets itself"},
		"updated_at":                    {[]theorydb.ChangePart{theorydb.Set("updatedAt", cellNow), any1}, theorydb.ErrInvalidQuery, "sets itself"},
		"_t":                            {[]theorydb.ChangePart{theorydb.Set("_t", "x"), any1}, theorydb.ErrInvalidQuery, "no attribute"},
		"_w":                            {[]theorydb.ChangePart{theorydb.Set("_w", "x"), any1}, theorydb.ErrInvalidQuery, "no attribute"},
		"a key":                         {[]theorydb.ChangePart{theorydb.Set("SK", "x"), any1}, theorydb.ErrInvalidQuery, "no attribute"},
		"a component of the key":        {[]theorydb.ChangePart{theorydb.Set("part", "x"), any1}, theorydb.ErrImmutable, `"part"`},
		"Add of a text":                 {[]theorydb.ChangePart{theorydb.Add("uses", "1"), any1}, theorydb.ErrInvalidValue, "uses"},
		"Set of nil":                    {[]theorydb.ChangePart{theorydb.Set("text", nil), any1}, theorydb.ErrInvalidValue, "text"},
		"Set outside the enum":          {[]theorydb.ChangePart{theorydb.Set("mode", "dim"), any1}, theorydb.ErrInvalidValue, "mode"},
		"Set of an empty set":           {[]theorydb.ChangePart{theorydb.Set("tags", []string{}), any1}, theorydb.ErrInvalidValue, "tags"},
		"Set of a zero time":            {[]theorydb.ChangePart{theorydb.Set("ttl", time.Time{}), any1}, theorydb.ErrInvalidValue, "ttl"},
		"Set of an empty required text": {[]theorydb.ChangePart{theorydb.Set("label", ""), any1}, theorydb.ErrInvalidValue, "required"},
		"Set of a required 0":           {[]theorydb.ChangePart{theorydb.Set("share", 0), any1}, theorydb.ErrInvalidValue, "required"},
		"SetIfAbsent of a required 0":   {[]theorydb.ChangePart{theorydb.SetIfAbsent("share", 0), any1}, theorydb.ErrInvalidValue, "required"},
		"Remove of a required one":      {[]theorydb.ChangePart{theorydb.Remove("label"), any1}, theorydb.ErrInvalidValue, "required"},
		"Remove of an immutable one":    {[]theorydb.ChangePart{theorydb.Remove("owner"), any1}, theorydb.ErrImmutable, `"owner"`},
		"Add to an encrypted one":       {[]theorydb.ChangePart{theorydb.Add("secret", 1), any1}, theorydb.ErrEncryptedFieldNotUpdatable, `"secret"`},
		"Append to an encrypted one":    {[]theorydb.ChangePart{theorydb.Append("secret", []string{"x"}), any1}, theorydb.ErrEncryptedFieldNotUpdatable, `"secret"`},
		"Remove of an encrypted one":    {[]theorydb.ChangePart{theorydb.Remove("secret"), any1}, theorydb.ErrEncryptedFieldNotUpdatable, `"secret"`},
		"DeleteFromSet of an encrypted": {[]theorydb.ChangePart{theorydb.DeleteFromSet("extra", []string{"x"}), any1}, theorydb.ErrEncryptedFieldNotUpdatable, `"extra"`},
		"OrCreate without a required":   {[]theorydb.ChangePart{theorydb.Set("label", "x"), theorydb.OrCreate(), any1}, theorydb.ErrInvalidValue, "required"},
		"a condition on a secret":       {[]theorydb.ChangePart{theorydb.Set("text", "x"), theorydb.OnlyIf(theorydb.Equal("secret", "x")), any1}, theorydb.ErrEncryptedFieldNotQueryable, `"secret"`},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			require.Zero(t, e.sends(func() { _, err = m.Change(t.Context(), claimed{ID: "1", Part: "p"}, c.parts...) }))
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.text)
		})
	}
	_, err := m.Change(t.Context(), claimed{ID: "1"}, theorydb.Set("text", "x"), any1)
	require.ErrorIs(t, err, theorydb.ErrKeyIncomplete)
	require.Zero(t, e.sends(func() { err = m.Delete(t.Context(), &claimed{ID: "1", Part: "p"}, any1, theorydb.IfVersion(1)) }))
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery, "on a Delete they exclude each other too")
}

func TestChangeSetsAnImmutableAttributeOnce(t *testing.T) {
	type plainOwned struct {
		_     theorydb.Key `theorydb:"pk" key:"OWNED#{id}"`
		_     theorydb.Key `theorydb:"sk" key:"ROW"`
		ID    string
		Owner string `theorydb:"immutable,omitempty"`
	}
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[plainOwned](t, e)
		require.NoError(t, m.Create(t.Context(), &plainOwned{ID: "1"}))
		for _, step := range []struct {
			part theorydb.ChangePart
			err  error
		}{
			{theorydb.Set("owner", "ann"), nil},
			{theorydb.Set("owner", "ann"), nil},
			{theorydb.Set("owner", "bob"), theorydb.ErrImmutable},
			{theorydb.SetIfAbsent("owner", "bob"), nil},
		} {
			changed, err := m.Change(t.Context(), plainOwned{ID: "1"}, step.part)
			if step.err != nil {
				require.ErrorIs(t, err, step.err)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, "ann", changed.Owner)
		}
	})
}

// shelfmark has plain table keys that an index repeats, and an index of its key and one more component.
type shelfmark struct {
	_ theorydb.Key `theorydb:"index:gsi1" key:"SK#{SK}"`
	_ theorydb.Key `theorydb:"index:gsi1,sk" key:"{state}#{PK}"`
	_ theorydb.Key `theorydb:"index:gsi2" key:"{state}#{rank|int}"`

	PK    string `theorydb:"pk"`
	SK    string `theorydb:"sk"`
	State string
	Rank  int64
	Note  string
}

func TestIndexKeysInAChange(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[shelfmark](t, e)
		key := shelfmark{PK: "p#", SK: "s"}
		keys := func() theorydb.Item {
			stored := e.stored(t, "p#", "s")
			return theorydb.Item{"GSI1PK": stored["GSI1PK"], "GSI1SK": stored["GSI1SK"], "GSI2PK": stored["GSI2PK"]}
		}
		record := key
		record.State, record.Rank = "open", 1
		require.NoError(t, m.Create(t.Context(), &record))
		requireItem(t, theorydb.Item{"GSI1PK": str("SK#s"), "GSI1SK": str("open#p%23"), "GSI2PK": str("open#09223372036854775809")}, keys())

		for name, parts := range map[string][]theorydb.ChangePart{
			"one of two components":   {theorydb.Set("state", "x")},
			"an unknown result":       {theorydb.Set("state", "x"), theorydb.Add("rank", 1)},
			"another unknown result":  {theorydb.SetIfAbsent("state", "x"), theorydb.Set("rank", 1)},
			"removal of one":          {theorydb.Remove("rank")},
			"none known, and another": {theorydb.Add("rank", 1), theorydb.Set("note", "n")},
		} {
			var err error
			require.Zero(t, e.sends(func() { _, err = m.Change(t.Context(), key, parts...) }), name)
			require.ErrorIs(t, err, theorydb.ErrIndexKeyUnknown, name)
			require.NotErrorIs(t, err, theorydb.ErrConditionFailed, name)
		}
		_, err := m.Change(t.Context(), key, theorydb.Set("state", "done"), theorydb.Set("rank", 0))
		require.NoError(t, err)
		requireItem(t, theorydb.Item{"GSI1PK": str("SK#s"), "GSI1SK": str("done#p%23"), "GSI2PK": str("done#09223372036854775808")}, keys())
		_, err = m.Change(t.Context(), key, theorydb.Set("state", "done"), theorydb.Remove("rank"))
		require.NoError(t, err)
		requireItem(t, theorydb.Item{"GSI1PK": str("SK#s"), "GSI1SK": str("done#p%23"), "GSI2PK": nil}, keys())
		_, err = m.Change(t.Context(), key, theorydb.Remove("state"), theorydb.Set("rank", 5))
		require.NoError(t, err)
		requireItem(t, theorydb.Item{"GSI1PK": nil, "GSI1SK": nil, "GSI2PK": nil}, keys())
		_, err = m.Change(t.Context(), key, theorydb.Set("note", "touches no index"))
		require.NoError(t, err)
	})
}

func TestAPlainIndexKeyIsNeverEmpty(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[parcel](t, e)
		record := fullParcel()
		record.Gate = ""
		require.NoError(t, m.Create(t.Context(), &record))
		key := parcel{Depot: record.Depot, ID: record.ID}
		for _, part := range []theorydb.ChangePart{theorydb.Set("gate", ""), theorydb.SetIfAbsent("gate", "")} {
			var err error
			require.Zero(t, e.sends(func() { _, err = m.Change(t.Context(), key, part, theorydb.AnyVersion()) }))
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			require.ErrorContains(t, err, "gate")
		}
		_, err := m.Change(t.Context(), key, theorydb.Set("gate", "g"), theorydb.AnyVersion())
		require.NoError(t, err)
		_, err = m.Change(t.Context(), key, theorydb.Remove("gate"), theorydb.AnyVersion())
		require.NoError(t, err)
	})
}

func TestAnIndexKeyOfCreatedAtIsUnknownToOrCreate(t *testing.T) {
	type dated struct {
		_        theorydb.Key `theorydb:"pk" key:"DATED#{id}"`
		_        theorydb.Key `theorydb:"sk" key:"ROW"`
		_        theorydb.Key `theorydb:"index:gsi1" key:"DAY#{createdAt}"`
		ID, Text string
		Born     time.Time `theorydb:"created_at,attr:createdAt"`
	}
	e := embedded(t)
	m := model[dated](t, e)
	var err error
	require.Zero(t, e.sends(func() { _, err = m.Change(t.Context(), dated{ID: "1"}, theorydb.Set("text", "x"), theorydb.OrCreate()) }))
	require.ErrorIs(t, err, theorydb.ErrIndexKeyUnknown)
	record := dated{ID: "1"}
	require.NoError(t, m.Create(t.Context(), &record))
	_, err = m.Change(t.Context(), dated{ID: "1"}, theorydb.Set("text", "x"))
	require.NoError(t, err, "without OrCreate it is not touched")
	require.Equal(t, str("DAY#"+record.Born.UTC().Format("2006-01-02T15:04:05.000000000Z")), e.stored(t, "DATED#1", "ROW")["GSI1PK"])
}

func TestAChangeThatLeavesNothingToReadSaysThatItTookEffect(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		e.clock.Set(cellNow)
		m := model[palette](t, e)
		require.NoError(t, m.Create(t.Context(), &palette{ID: "1", Uint: 250}))
		_, err := m.Change(t.Context(), palette{ID: "1"}, theorydb.Add("uint", 6))
		var applied *theorydb.OpError
		require.ErrorAs(t, err, &applied)
		require.True(t, applied.Applied)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		require.Equal(t, num("256"), e.stored(t, "PALETTE#1", "ROW")["uint"])

		_, err = m.Change(t.Context(), palette{ID: "1"}, theorydb.Set("uint", 1), theorydb.Set("ttl", cellNow))
		require.ErrorAs(t, err, &applied)
		require.True(t, applied.Applied)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound, "it has expired by this very change")
		_, err = m.Change(t.Context(), palette{ID: "1"}, theorydb.Set("text", "x"))
		require.ErrorAs(t, err, &applied)
		require.False(t, applied.Applied)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	})
}

// What a Change says after a lost answer, in the codes of the table of lost answers: the outcome, the requests, and how
// often it took effect.
func TestChangeAfterALostAnswer(t *testing.T) {
	lost := func(r *localaws.Rule) *localaws.Rule { return r.CommitThenDrop() }
	dropped := func(r *localaws.Rule) *localaws.Rule { return r.DropBefore() }
	add := theorydb.Add("n", 1)
	for name, c := range map[string]struct {
		fault   func(*localaws.Rule) *localaws.Rule
		rival   bool
		parts   []theorydb.ChangePart
		want    error // nil: success
		sent    int
		effects int
	}{
		"AnyVersion, committed":            {lost, false, []theorydb.ChangePart{add, theorydb.AnyVersion()}, nil, 2, 1},
		"AnyVersion, committed, overtaken": {lost, true, []theorydb.ChangePart{add, theorydb.AnyVersion()}, theorydb.ErrOutcomeUnknown, 2, 1},
		"AnyVersion, dropped":              {dropped, false, []theorydb.ChangePart{add, theorydb.AnyVersion()}, theorydb.ErrOutcomeUnknown, 2, 0},
		"AnyVersion, dropped, overtaken":   {dropped, true, []theorydb.ChangePart{add, theorydb.AnyVersion()}, theorydb.ErrOutcomeUnknown, 2, 0},
		"OrCreate, committed":              {lost, false, []theorydb.ChangePart{add, theorydb.AnyVersion(), theorydb.OrCreate()}, nil, 2, 1},
		"OrCreate, committed, overtaken":   {lost, true, []theorydb.ChangePart{add, theorydb.AnyVersion(), theorydb.OrCreate()}, theorydb.ErrOutcomeUnknown, 2, 1},
		"IfVersion, committed":             {lost, false, []theorydb.ChangePart{add, theorydb.IfVersion(1)}, nil, 2, 1},
		"IfVersion, committed, overtaken":  {lost, true, []theorydb.ChangePart{add, theorydb.IfVersion(1)}, theorydb.ErrOutcomeUnknown, 2, 1},
		"IfVersion, dropped":               {dropped, false, []theorydb.ChangePart{add, theorydb.IfVersion(1)}, nil, 2, 1},
		"IfVersion, dropped, overtaken":    {dropped, true, []theorydb.ChangePart{add, theorydb.IfVersion(1)}, theorydb.ErrVersionConflict, 2, 0},
		"Blind, committed":                 {lost, false, []theorydb.ChangePart{add, theorydb.AnyVersion(), theorydb.Blind()}, nil, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, e *engine) {
				m := model[tallied](t, e)
				rivals := tallied{ID: "1", N: 10}
				require.NoError(t, m.Create(t.Context(), &rivals))
				rule := e.faults.On("UpdateItem").Attempt(1)
				others, rivalSaw := 0, int64(10)
				rule.Then(func() {
					others = e.sends(func() {
						if !c.rival {
							return
						}
						held, err := m.Get(t.Context(), tallied{ID: "1"}, theorydb.Consistent())
						require.NoError(t, err)
						rivalSaw = held.N
						held.Note = "rival"
						require.NoError(t, m.Put(t.Context(), held))
					})
				})
				c.fault(rule)
				var changed *tallied
				var err error
				sent := e.sends(func() { changed, err = m.Change(t.Context(), tallied{ID: "1"}, c.parts...) })
				require.Equal(t, 1, e.faults.Fired())
				require.Equal(t, c.sent, sent-others)
				read, getErr := m.Get(t.Context(), tallied{ID: "1"}, theorydb.Consistent())
				require.NoError(t, getErr)
				require.EqualValues(t, 10+c.effects, read.N, "it counts once or never")
				if c.rival {
					require.Equal(t, rivalSaw, read.N)
				}
				if c.want != nil {
					requireSentinels(t, err, c.want)
					require.Nil(t, changed)
					return
				}
				require.NoError(t, err)
				if changed != nil {
					require.Empty(t, cmp.Diff(read, changed))
				}
			})
		})
	}
}

// tallied is counted up by Change.
type tallied struct {
	_ theorydb.Key `theorydb:"pk" key:"TALLIED#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ROW"`

	ID, Note string
	N        int64
	Version  int64 `theorydb:"version"`
}

// The counterpart of the plain SDK's ADD: every other answer is lost, some are overtaken, and no call counts twice.
func TestAddNeverCountsTwice(t *testing.T) {
	e := embedded(t)
	m, rivals := model[tallied](t, e), talliedRival(t, e)
	require.NoError(t, m.Create(t.Context(), &tallied{ID: "1"}))
	known, unknown := 0, 0
	for round := range rounds {
		e.faults = &localaws.Faults{Next: e.aws}
		switch round % 4 {
		case 1:
			e.faults.On("UpdateItem").Attempt(1).CommitThenDrop()
		case 3:
			e.faults.On("UpdateItem").Attempt(1).Then(func() {
				_, err := rivals.Change(t.Context(), tallied{ID: "1"}, theorydb.Set("note", fmt.Sprint(round)), theorydb.AnyVersion())
				require.NoError(t, err)
			}).CommitThenDrop()
		}
		before := len(e.aws.History(e.table, theorydb.Item{"PK": str("TALLIED#1"), "SK": str("ROW")}))
		_, err := m.Change(t.Context(), tallied{ID: "1"}, theorydb.Add("n", 1), theorydb.AnyVersion())
		writes := len(e.aws.History(e.table, theorydb.Item{"PK": str("TALLIED#1"), "SK": str("ROW")})) - before
		switch {
		case err == nil:
			known++
			require.Equal(t, 1, writes)
		case errors.Is(err, theorydb.ErrOutcomeUnknown):
			unknown++
			require.Equal(t, 3, round%4, "only an overtaken one is in doubt")
			require.Equal(t, 2, writes, "one of ours and one of the rival's")
		default:
			require.NoError(t, err)
		}
	}
	e.faults = &localaws.Faults{Next: e.aws}
	read, err := m.Get(t.Context(), tallied{ID: "1"})
	require.NoError(t, err)
	t.Logf("%d calls: %d known, %d in doubt, counted %d", rounds, known, unknown, read.N)
	require.EqualValues(t, rounds, read.N, "every lost answer here was of a write that took effect")
	require.Equal(t, rounds/4, unknown)
}

// talliedRival reaches the engine past the faults.
func talliedRival(t *testing.T, e *engine) *theorydb.Model[tallied] {
	db := e.open(t, func(c *theorydb.Config) { c.DynamoDB = e.aws.DynamoDB() })
	m, err := theorydb.NewModel[tallied](db)
	require.NoError(t, err)
	return m
}
