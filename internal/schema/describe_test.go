package schema

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var rewriteGolden = flag.Bool("rewrite-golden", false, "rewrite testdata/describe.json from what Describe gives")

// sealedText stands for the Secret of the root package.
type sealedText struct{ Hidden[string] }

// gallery has one of everything a model may say.
type gallery struct {
	_ Entity `theorydb:"name:Gallery,naming:snake_case,append_only,project:by-label=keys"`
	_ Key    `theorydb:"index:by-label" key:"L#{label}#{rank|pad:4}"`

	Room     string    `theorydb:"pk,index:by-time,sk"`
	ShelfID  int64     `theorydb:"sk,attr:shelf"`
	HungAt   time.Time `theorydb:"lsi:hung"`
	Label    string    `theorydb:"required"`
	Rank     uint16
	Painter  *string               `theorydb:"required"`
	Artist   string                `theorydb:"index:by-time"`
	Email    string                `theorydb:"unique,immutable"`
	Kind     string                `theorydb:"enum:oil|<ink>&wash"`
	Secret   sealedText            `theorydb:"encrypted,required"`
	Notes    sealedText            `theorydb:"encrypted,omitempty"`
	Price    attributevalue.Number `theorydb:"omitempty"`
	Frame    *int                  `theorydb:"omitempty"`
	Maker    netip.Addr            `theorydb:"omitempty"`
	Heat     celsius
	Anything any
	Sizes    []float64 `theorydb:"set"`
	Count    uint32    `theorydb:"version:0"`
	Expires  time.Time `theorydb:"ttl"`
}

// The forms of a ttl: always there, left out when 0, and a number.
type (
	strictTTL struct {
		ID      string    `theorydb:"pk"`
		Expires time.Time `theorydb:"ttl,required"`
	}
	timeTTL struct {
		ID      string    `theorydb:"pk"`
		Expires time.Time `theorydb:"ttl"`
	}
	numberTTL struct {
		ID      string `theorydb:"pk"`
		Expires int64  `theorydb:"ttl"`
	}
	local struct {
		_    Entity `theorydb:"name:Local,project:ranks=title"`
		_    Key    `theorydb:"pk" key:"A#{id}"`
		_    Key    `theorydb:"sk" key:"B#{part}"`
		_    Key    `theorydb:"lsi:ranks" key:"R#{rank|int}"`
		ID   string
		Part string
		Rank int64

		Title string
	}
)

func describeModels() map[string]*Plan {
	return map[string]*Plan{
		"session": mustCompile[session](), "credential": mustCompile[credential](), "wide": mustCompile[wide](), "stamped": mustCompile[stamped](),
		"ranked": mustCompile[ranked](), "sparse": mustCompile[sparse](), "benchSession": mustCompile[benchSession](),
		"strictTTL": mustCompile[strictTTL](), "timeTTL": mustCompile[timeTTL](), "numberTTL": mustCompile[numberTTL](), "local": mustCompile[local](),
	}
}

// describedModels gives the models of a schema document, read as JSON.
func describedModels(t require.TestingT, document []byte) []json.RawMessage {
	var d struct {
		Models       []json.RawMessage `json:"models"`
		Schema       int               `json:"theorydb_schema"`
		TTLAttribute string            `json:"ttl_attribute"`
	}
	require.NoError(t, readStrictly(document, &d))
	require.Equal(t, 1, d.Schema)
	require.NotEmpty(t, d.TTLAttribute)
	return d.Models
}

// throughDocument compiles the description of a plan.
func throughDocument(t require.TestingT, plan *Plan) *Plan {
	document, err := Describe([]*Plan{plan}, DescribeOptions{})
	require.NoError(t, err)
	models := describedModels(t, document)
	require.Len(t, models, 1)
	read, err := CompileDocument(models[0], reflect.TypeFor[record](), testOptions)
	require.NoError(t, err, "%s", document)
	return read
}

// sayable is plan as a document can say it, by the losses that the comment of
// Describe lists.
func sayable(plan *Plan) *Plan {
	p := *plan
	moved := map[*Attribute]*Attribute{}
	p.Attributes = nil
	for _, a := range plan.Attributes {
		b := *a
		b.Field = a.Name
		if b.Format == FormatText {
			b.Format = FormatNone
		}
		s, _ := a.slot.(*structSlot)
		switch {
		case a == plan.TTL && s.typ == timeType && !a.Required:
			b.OmitEmpty, b.Optional = true, true
		case s.typ.Kind() == reflect.Struct && s.typ != timeType, s.typ.Kind() == reflect.Pointer, s.typ.Kind() == reflect.Array:
			b.OmitEmpty = false
		}
		moved[a] = &b
		p.Attributes = append(p.Attributes, &b)
	}
	follow := func(k *KeyPart) *KeyPart {
		if k == nil {
			return nil
		}
		half := *k
		half.Components = nil
		for _, a := range k.Components {
			half.Components = append(half.Components, moved[a])
		}
		return &half
	}
	p.PK, p.SK = follow(plan.PK), follow(plan.SK)
	p.Indexes = nil
	for _, x := range plan.Indexes {
		index := *x
		index.PK, index.SK = follow(x.PK), follow(x.SK)
		p.Indexes = append(p.Indexes, &index)
	}
	p.Scope = nil
	for _, a := range plan.Scope {
		p.Scope = append(p.Scope, moved[a])
	}
	p.Version, p.TTL, p.CreatedAt, p.UpdatedAt = moved[plan.Version], moved[plan.TTL], moved[plan.CreatedAt], moved[plan.UpdatedAt]
	return &p
}

func TestADescribedModelCompilesToTheSamePlan(t *testing.T) {
	models := describeModels()
	models["gallery"] = mustCompile[gallery]()
	for name, plan := range models {
		require.Empty(t, cmp.Diff(sayable(plan), throughDocument(t, plan), avOptions), name)
	}
	order := mustCompileDocument(t, orderDocument)
	require.Empty(t, cmp.Diff(order, throughDocument(t, order), avOptions), "a document, described")
	again := throughDocument(t, models["gallery"])
	require.Empty(t, cmp.Diff(again, throughDocument(t, again), avOptions), "a description, described")
}

func TestDescribeIsCanonical(t *testing.T) {
	plans := []*Plan{mustCompile[session](), mustCompile[gallery](), mustCompile[credential](), mustCompile[local]()}
	document, err := Describe(plans, DescribeOptions{Table: "main"})
	require.NoError(t, err)
	if *rewriteGolden {
		require.NoError(t, os.WriteFile("testdata/describe.json", document, 0o600))
	}
	golden, err := os.ReadFile("testdata/describe.json")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(golden), string(document)))
	for range 20 {
		slices.Reverse(plans[1:])
		slices.Reverse(plans)
		again, err := Describe(plans, DescribeOptions{Table: "main"})
		require.NoError(t, err)
		require.Equal(t, string(document), string(again))
	}
	var names []string
	for _, model := range describedModels(t, document) {
		plan, err := CompileDocument(model, reflect.TypeFor[record](), testOptions)
		require.NoError(t, err)
		names = append(names, plan.Table+" "+plan.Entity)
	}
	require.Equal(t, []string{"identity Session", "main Gallery", "main Local", "main credential"}, names)
}

func TestDescribeOfNothingIsADocument(t *testing.T) {
	document, err := Describe(nil, DescribeOptions{TTLAttribute: "expires"})
	require.NoError(t, err)
	want := "{\n  \"models\": [],\n  \"theorydb_schema\": 1,\n  \"ttl_attribute\": \"expires\"\n}\n"
	require.Empty(t, cmp.Diff(want, string(document)))
}

func TestDescribeRefusesWhatWouldBeAmbiguous(t *testing.T) {
	invalid := mustCompile[credential]()
	invalid.Entity = "a\xff"
	for _, c := range []struct {
		plans []*Plan
		o     DescribeOptions
		text  string
	}{
		{[]*Plan{mustCompile[session](), mustCompile[credential](), mustCompile[session]()}, DescribeOptions{}, "described twice"},
		{[]*Plan{mustCompile[session](), mustCompile[numberTTL]()}, DescribeOptions{TTLAttribute: "expires"}, `the table's is "expires"`},
		{[]*Plan{invalid}, DescribeOptions{}, "not valid UTF-8"},
		{[]*Plan{mustCompile[credential]()}, DescribeOptions{Table: "\xff"}, "not valid UTF-8"},
	} {
		document, err := Describe(c.plans, c.o)
		require.ErrorIs(t, err, ErrInvalidModel)
		require.ErrorContains(t, err, c.text)
		require.Nil(t, document)
	}
	_, err := Describe([]*Plan{mustCompile[session](), mustCompile[numberTTL]()}, DescribeOptions{TTLAttribute: "expires"})
	require.Len(t, problemsOf(t, err), 2, "all problems together")
}

// TestBothWaysOfAModelStoreTheSame holds that an item written through the Go
// type is read through its description and stored again unchanged, and back.
func TestBothWaysOfAModelStoreTheSame(t *testing.T) {
	plan := mustCompile[wide]()
	described := throughDocument(t, plan)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWide(t)
		// What a nested struct holds is not described, and a set in it reads as a list.
		w.Inner.Tags = nil
		for name, i := range w.ByName {
			i.Tags = nil
			w.ByName[name] = i
		}
		if w.InnerPtr != nil {
			w.InnerPtr.Tags = nil
		}
		storedTheSame(t, plan, described, w)
	})
}

func TestEmptyValuesAreStoredTheSameBothWays(t *testing.T) {
	plan := mustCompile[sparse]()
	described := throughDocument(t, plan)
	empty := ""
	for _, rec := range []*sparse{
		{ID: "1"},
		{ID: "1", Pointer: &empty, Sum: [2]byte{0, 1}, Decimal: "0", Any: "x", Doc: map[string]any{"a": 0}},
		{ID: "1", Expires: time.Unix(0, 5), Text: "x", Set: []string{""}, Map: map[string]string{"a": ""}, Clock: clock{Ticks: 1}},
	} {
		storedTheSame(t, plan, described, rec)
	}
	for name, c := range map[string]struct {
		plan *Plan
		want int // how many attributes {"id", "ttl": 0} is stored as
	}{"a time leaves 0 out": {mustCompile[timeTTL](), 1}, "a number stores 0": {mustCompile[numberTTL](), 2}} {
		item, err := throughDocument(t, c.plan).Encode(&record{"id": "1", "ttl": 0})
		require.NoError(t, err, name)
		require.Len(t, item, c.want, name)
	}
}

func storedTheSame(t require.TestingT, plan, described *Plan, rec any) {
	item, err := plan.Encode(rec)
	require.NoError(t, err)
	loose := described.New()
	require.NoError(t, described.Decode(item, loose))
	again, err := described.Encode(loose)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(item, again, avOptions), "through the document")
	back := plan.New()
	require.NoError(t, plan.Decode(again, back))
	twice, err := plan.Encode(back)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(item, twice, avOptions), "and back")
	key, err := plan.Key(rec)
	require.NoError(t, err)
	sameKey, err := described.Key(loose)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(key, sameKey, avOptions))
}

func TestKeysOfDescribedModelsAreTheSame(t *testing.T) {
	plan := mustCompile[ranked]()
	described := throughDocument(t, plan)
	rapid.Check(t, func(t *rapid.T) {
		rec := &ranked{
			Board: rapid.StringN(1, 5, 20).Draw(t, "board"), Score: rapid.Int64().Draw(t, "score"), Seq: uint16(rapid.IntRange(0, 65535).Draw(t, "seq")),
			At: time.Unix(rapid.Int64Range(1, 1e10).Draw(t, "at"), 7), Name: rapid.StringN(1, 5, 20).Draw(t, "name"), Nick: nilOr(t, rapid.String(), "nick"),
		}
		item, err := plan.Encode(rec)
		require.NoError(t, err)
		loose := described.New()
		require.NoError(t, described.Decode(item, loose))
		storedTheSame(t, plan, described, rec)
		want, err := plan.Indexes[0].Keys(rec)
		require.NoError(t, err)
		got, err := described.Indexes[0].Keys(loose)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, got, avOptions))
	})
}

// code and coin are empty by their own rules: 7 is stored as an empty text.
type (
	code int
	coin string
)

func (c code) MarshalText() ([]byte, error) {
	return bytes.TrimPrefix(fmt.Append(nil, int(c)), []byte("7")), nil
}

func (c *code) UnmarshalText(b []byte) error {
	n, err := strconv.Atoi("7" + string(b))
	*c = code(n)
	return err
}

func (c coin) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return number(string(c[1:])), nil
}

func (c *coin) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	n, _ := av.(*types.AttributeValueMemberN)
	*c = coin("$" + n.Value)
	return nil
}

func TestEmptinessOfATypesOwnIsNotOmitEmpty(t *testing.T) {
	type purse struct {
		ID   string `theorydb:"pk"`
		Code code   `theorydb:"omitempty"`
		Coin coin   `theorydb:"omitempty"`
	}
	plan := mustCompile[purse]()
	described := throughDocument(t, plan)
	storedTheSame(t, plan, described, &purse{ID: "1"})
	storedTheSame(t, plan, described, &purse{ID: "1", Code: 7, Coin: "$0"})
	for _, name := range []string{"code", "coin"} {
		require.False(t, described.Attribute(name).OmitEmpty, name)
		require.True(t, described.Attribute(name).Optional, name)
	}
}

func TestAnExpiryInThePrimaryKeyIsAlwaysThere(t *testing.T) {
	type slot struct {
		_       Key `theorydb:"pk" key:"SLOT#{id}#{ttl|int}"`
		ID      string
		Expires time.Time `theorydb:"ttl"`
	}
	plan := mustCompile[slot]()
	require.False(t, throughDocument(t, plan).TTL.Optional)
	storedTheSame(t, plan, throughDocument(t, plan), &slot{ID: "1", Expires: time.Unix(5, 0)})
}

func TestAnEncryptedValueOfItsOwnMakingIsDescribedAndNotCompiled(t *testing.T) {
	type sealedHeat struct {
		ID   string  `theorydb:"pk"`
		Heat celsius `theorydb:"encrypted"`
	}
	document, err := Describe([]*Plan{mustCompile[sealedHeat]()}, DescribeOptions{})
	require.NoError(t, err)
	require.Contains(t, string(document), `"encryption"`)
	_, err = CompileDocument(describedModels(t, document)[0], reflect.TypeFor[record](), testOptions)
	require.ErrorContains(t, err, "does not tell what is stored")
}

// FuzzDescribe holds that whatever a document may say, its description says too.
func FuzzDescribe(f *testing.F) {
	f.Add([]byte(orderDocument))
	golden, err := os.ReadFile("testdata/describe.json")
	require.NoError(f, err)
	for _, model := range describedModels(f, golden) {
		f.Add([]byte(model))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		plan, err := CompileDocument(doc, reflect.TypeFor[record](), testOptions)
		if err != nil {
			return
		}
		description, err := Describe([]*Plan{plan}, DescribeOptions{})
		require.NoError(t, err)
		again := throughDocument(t, plan)
		require.Empty(t, cmp.Diff(plan, again, avOptions, cmpopts.EquateEmpty()))
		twice, err := Describe([]*Plan{again}, DescribeOptions{})
		require.NoError(t, err)
		require.Equal(t, string(description), string(twice))
	})
}
