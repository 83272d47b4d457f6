package schema

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Times is embedded by models and parts alike.
type Times struct {
	CreatedAt time.Time `theorydb:"created_at"`
	UpdatedAt time.Time `theorydb:"updated_at"`
}

type dossier struct {
	_ Key `theorydb:"pk" key:"D#{owner}"`
	_ Key `theorydb:"sk" key:"{id}"`
	Times
	Owner   string `theorydb:"required"`
	ID      string
	Title   string            `theorydb:"attr:headline"`
	Body    map[string]string `theorydb:"json"`
	Tags    []string          `theorydb:"set"`
	Scores  []int64
	Marks   map[string]float64
	Kind    string `theorydb:"enum:a|b,immutable"`
	Zone    string `theorydb:"index:byZone,omitempty"`
	Plain   string `theorydb:"encrypted"`
	Secret  secret `theorydb:"encrypted,omitempty"`
	At      *time.Time
	Version int64     `theorydb:"version"`
	Until   time.Time `theorydb:"ttl"`
}

type secret struct{ Hidden[string] }

func partOf[T any](t *testing.T, p *Plan) *Part {
	t.Helper()
	part, err := p.Part(reflect.TypeFor[T](), testOptions)
	require.NoError(t, err)
	return part
}

func TestPartInheritsNamesAndFormsFromTheModel(t *testing.T) {
	type inside struct {
		UpdatedAt time.Time
		Body      struct{ A string } // json, as in the model
	}
	type brief struct {
		*Times          // words that the model has may be repeated
		In     string   `theorydb:"-"`
		Inside struct{} `theorydb:"-"`
		Title  *string
		Name   string `theorydb:"attr:owner"`
		Tags   []string
		Scores []int64
		Zone   string `theorydb:"index:byZone"`
		Plain  string `theorydb:"encrypted"`
		Secret secret `theorydb:"encrypted"`
		Until  int64
	}
	plan := mustCompile[dossier]()
	part := partOf[brief](t, plan)
	var got [][4]string
	for _, a := range part.Attributes {
		got = append(got, [4]string{a.Name, a.Field, a.Type, a.Format})
	}
	require.Empty(t, cmp.Diff([][4]string{
		{"createdAt", "Times.CreatedAt", "S", FormatTime},
		{"updatedAt", "Times.UpdatedAt", "S", FormatTime},
		{"headline", "Title", "S", ""},
		{"owner", "Name", "S", ""},
		{"tags", "Tags", "SS", ""},
		{"scores", "Scores", "L", ""},
		{"zone", "Zone", "S", ""},
		{"plain", "Plain", "S", ""},
		{"secret", "Secret", "S", ""},
		{"ttl", "Until", "N", FormatUnixSeconds},
	}, got))
	require.True(t, part.Attributes[3].Required)
	require.True(t, part.Attributes[8].Encrypted && part.Attributes[8].OmitEmpty)

	at := time.Date(2024, 1, 2, 3, 4, 5, 6, time.UTC)
	item, err := plan.Encode(&dossier{
		Times: Times{CreatedAt: at}, Owner: "o", ID: "1", Title: "t", Body: map[string]string{"A": "x"}, Kind: "a",
		Tags: []string{"b", "a"}, Scores: []int64{2, 1}, Plain: "p", Secret: secret{Hide("s")}, Until: at,
	})
	require.NoError(t, err)
	rec := brief{In: "kept", Zone: "gone", Times: &Times{UpdatedAt: at}}
	require.NoError(t, part.Decode(item, &rec))
	shown, ok := Show(rec.Secret.Hidden)
	require.True(t, ok)
	require.Equal(t, "s", shown)
	rec.Secret = secret{}
	title := "t"
	require.Equal(t, brief{
		Times: &Times{CreatedAt: at}, In: "kept", Title: &title, Name: "o", Tags: []string{"a", "b"}, Scores: []int64{2, 1},
		Plain: "p", Until: at.Unix(),
	}, rec)

	var other inside
	require.NoError(t, partOf[inside](t, plan).Decode(item, &other))
	require.Equal(t, "x", other.Body.A)
}

func TestPartDecodesItsOwnAttributesOnly(t *testing.T) {
	type brief struct{ Owner, Title string }
	part := partOf[brief](t, mustCompile[dossier]())
	rec := brief{"before", "before"}
	var value *ValueError
	require.ErrorAs(t, part.Decode(Item{"headline": text("t"), "id": number("1")}, &rec), &value)
	require.Equal(t, "owner", value.Attr)
	require.ErrorAs(t, part.Decode(Item{"owner": text("o"), "headline": number("1")}, &rec), &value)
	require.Equal(t, "headline", value.Attr)
	require.Equal(t, brief{"before", "before"}, rec, "untouched after an error")
	require.NoError(t, part.Decode(Item{"owner": text("o"), "scores": text("no list")}, &rec))
	require.Equal(t, brief{"o", ""}, rec)
	require.ErrorIs(t, part.Decode(Item{}, &dossier{}), ErrInvalidValue)
	require.ErrorIs(t, part.Decode(Item{}, (*brief)(nil)), ErrInvalidValue)
}

// Whatever an item holds, a part of all attributes reads it as the model does.
func TestPartOfEverythingReadsAsTheModel(t *testing.T) {
	plan := mustCompile[wide]()
	same := reflect.StructOf(fieldsWithoutRoles(reflect.TypeFor[wide]()))
	part, err := plan.Part(same, testOptions)
	require.NoError(t, err)
	require.Len(t, part.Attributes, len(plan.Attributes)-1)
	rapid.Check(t, func(t *rapid.T) {
		item, err := plan.Encode(drawWide(t))
		require.NoError(t, err)
		whole, some := &wide{}, reflect.New(same)
		require.NoError(t, plan.Decode(item, whole))
		require.NoError(t, part.Decode(item, some.Interface()))
		for i := range same.NumField() {
			f := same.Field(i)
			want := reflect.ValueOf(whole).Elem().FieldByName(f.Name).Interface()
			require.True(t, reflect.DeepEqual(want, some.Elem().Field(i).Interface()), f.Name)
		}
	})
}

// fieldsWithoutRoles are the fields of a model but for the embedded ones, without their words.
func fieldsWithoutRoles(t reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && !f.Anonymous {
			f.Tag, f.Offset, f.Index = "", 0, nil
			fields = append(fields, f)
		}
	}
	return fields
}

// partRefusals are parts of a dossier that are refused.
var partRefusals = []refusal{
	{"unknown", struct{ Ownr string }{}, "Ownr", `dossier has no attribute "ownr" (did you mean "owner"?)`, ErrInvalidModel},
	{"unknown attr", struct {
		A string `theorydb:"attr:title"`
	}{}, "A", `no attribute "title"`, ErrInvalidModel},
	{"another kind", struct{ Owner int }{}, "Owner", `stored as S; int is stored as N (int)`, ErrInvalidModel},
	{"another format", struct{ At *string }{}, "At", `stored as S (rfc3339nano)`, ErrInvalidModel},
	{"unsigned for signed", struct{ Version uint64 }{}, "Version", `as N (uint)`, ErrInvalidModel},
	{"other elements", struct{ Scores []string }{}, "Scores", `as L of elements as N (int)`, ErrInvalidModel},
	{"other values", struct{ Marks map[string]string }{}, "Marks", `as M of elements as N (float)`, ErrInvalidModel},
	{"other members", struct{ Tags []int }{}, "Tags", `stored as SS`, ErrInvalidModel},
	{"no set", struct{ Tags string }{}, "Tags", `word "set" needs a slice`, ErrInvalidModel},
	{"no ttl", struct{ Until string }{}, "Until", `a ttl is a time.Time or an int64`, ErrInvalidModel},
	{"a word of its own", struct {
		Scores []int64 `theorydb:"set"`
	}{}, "Scores", `the word "set", which the attribute "scores" of dossier has not`, ErrInvalidModel},
	{"json of its own", struct {
		Title string `theorydb:"json"`
	}{}, "Title", `the word "json"`, ErrInvalidModel},
	{"encrypted of its own", struct {
		Title string `theorydb:"encrypted"`
	}{}, "Title", `the word "encrypted"`, ErrInvalidModel},
	{"a key of its own", struct {
		Owner string `theorydb:"pk"`
	}{}, "Owner", `the word "pk"`, ErrInvalidModel},
	{"another half of the key", struct {
		Zone string `theorydb:"index:byZone,sk"`
	}{}, "Zone", `the word "index:byZone,sk"`, ErrInvalidModel},
	{"a local index", struct {
		Zone string `theorydb:"lsi:byZone"`
	}{}, "Zone", `the word "lsi:byZone"`, ErrInvalidModel},
	{"another enum", struct {
		Kind string `theorydb:"enum:a"`
	}{}, "Kind", `another enum`, ErrInvalidModel},
	{"hidden encryption", struct{ Plain string }{}, "Plain", `add the word encrypted`, ErrInvalidModel},
	{"a bared Secret", struct {
		Secret string `theorydb:"encrypted"`
	}{}, "Secret", `make it one here too`, ErrInvalidModel},
	{"a Secret for nothing secret", struct{ Title secret }{}, "Title", `never without it`, ErrInvalidModel},
	{"two fields", struct {
		Title    string
		Headline string
	}{}, "Headline", `is the attribute "headline", as is Title`, ErrInvalidModel},
	{"unknown word", struct {
		Title string `theorydb:"ommitempty"`
	}{}, "Title", `did you mean "omitempty"?`, ErrInvalidTag},
	{"unexported with words", struct {
		title string `theorydb:"attr:headline"`
	}{}, "title", `unexported`, ErrInvalidTag},
	{"an Entity", struct {
		_     Entity `theorydb:"name:X"`
		Title string
	}{}, "_", `is for models`, ErrInvalidModel},
	{"a Key", struct {
		_     Key `theorydb:"pk" key:"A#{owner}"`
		Title string
	}{}, "_", `is for models`, ErrInvalidModel},
	{"nothing", struct{ title string }{}, "", `no exported field`, ErrInvalidModel},
	{"a channel", struct{ Title chan int }{}, "Title", `can't be stored`, ErrInvalidModel},
	{"no struct", map[string]any{}, "", `is a struct type`, ErrInvalidModel},
	{"a pointer", &Times{}, "", `is a struct type`, ErrInvalidModel},
}

func TestPartRefusesWhatTheModelHasNot(t *testing.T) {
	plan := mustCompile[dossier]()
	for _, r := range partRefusals {
		t.Run(r.name, func(t *testing.T) {
			part, err := plan.Part(reflect.TypeOf(r.model), testOptions)
			require.Nil(t, part)
			found := problemsOf(t, err)
			require.Len(t, found, 1, "%v", err)
			require.Equal(t, r.field, found[0].Field)
			require.Contains(t, found[0].Problem, r.text)
			require.ErrorIs(t, err, r.err)
		})
	}
	_, err := plan.Part(nil, testOptions)
	require.ErrorIs(t, err, ErrInvalidModel)
}

func TestPartReportsAllProblemsTogether(t *testing.T) {
	type brief struct {
		Ownr   string
		Scores []string
		Plain  int `theorydb:"immutable"`
	}
	_, err := mustCompile[dossier]().Part(reflect.TypeFor[brief](), testOptions)
	var fields []string
	for _, p := range problemsOf(t, err) {
		require.Equal(t, "brief", p.Model)
		fields = append(fields, p.Field)
	}
	require.Equal(t, "Ownr Plain Plain Scores Plain", strings.Join(fields, " "))
}

// A field that its name and the model's field of that name make two attributes of has to say which it is.
func TestPartRefusesANameThatMeansTwoAttributes(t *testing.T) {
	type crossed struct {
		ID    string `theorydb:"pk"`
		Name  string `theorydb:"attr:title"`
		Title string `theorydb:"attr:name"`
	}
	plan := mustCompile[crossed]()
	_, err := plan.Part(reflect.TypeFor[struct{ Name string }](), testOptions)
	require.ErrorContains(t, err, `may be "name" by its name or "title" as the field of crossed has it`)
	part := partOf[struct {
		Name string `theorydb:"attr:name"`
	}](t, plan)
	require.Equal(t, "name", part.Attributes[0].Name)
}

func TestPartOfADocumentReadsItsAttributes(t *testing.T) {
	plan, err := CompileDocument([]byte(`{"name": "Doc", "naming": {"convention": "snake_case"},
		"keys": {"partition": {"attribute": "PK", "type": "S", "template": "D#{doc_id}"}},
		"attributes": [{"attribute": "doc_id", "type": "S", "required": true}, {"attribute": "free", "type": "any"},
			{"attribute": "list", "type": "L"}, {"attribute": "sealed", "type": "S", "encryption": {"v": 1}},
			{"attribute": "many", "type": "N", "format": "int"}, {"attribute": "shape", "type": "S", "json": true}]}`),
		reflect.TypeFor[record](), testOptions)
	require.NoError(t, err)
	type brief struct {
		DocID  string
		Free   any
		List   []string
		Sealed string `theorydb:"encrypted"`
		Many   int32
		Shape  struct{ A int }
	}
	var got brief
	require.NoError(t, partOf[brief](t, plan).Decode(Item{
		"doc_id": text("1"), "free": text("f"), "list": list(text("a")), "sealed": text("s"), "many": number("7"), "shape": text(`{"A":3}`),
	}, &got))
	require.Equal(t, brief{"1", "f", []string{"a"}, "s", 7, struct{ A int }{3}}, got)
	_, err = plan.Part(reflect.TypeFor[struct{ Many float64 }](), testOptions)
	require.ErrorIs(t, err, ErrInvalidModel)
}
