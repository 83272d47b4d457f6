package schema

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// problemsOf flattens what Compile reports.
func problemsOf(t *testing.T, err error) []*ModelError {
	t.Helper()
	require.Error(t, err)
	var found []*ModelError
	var one *ModelError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			require.ErrorAs(t, e, &one)
			found = append(found, one)
		}
		return found
	}
	require.ErrorAs(t, err, &one)
	return []*ModelError{one}
}

// refusal is a model that is refused.
type refusal struct {
	name  string
	model any
	field string // of one problem
	text  string // in the text of the same problem
	err   error
}

type (
	nestedSecret struct {
		Secret string `theorydb:"encrypted"`
	}
	recursive    struct{ Children []recursive }
	onlyOut      struct{}
	upper        string
	hidden       struct{ x int } //nolint:unused // nothing of it can be stored, which is what is tested
	embedsItself struct {
		ID            string `theorydb:"pk"`
		*embedsItself        //nolint:unused // the recursion is what is tested
	}
)

func (onlyOut) MarshalText() ([]byte, error) { return nil, nil }

// modelRefusals are models whose words are understood but do not go together.
var modelRefusals = []refusal{
	{"no partition key", struct {
		_  Entity `theorydb:"name:M"`
		ID string
	}{}, "", "no partition key", ErrMissingPrimaryKey},
	{"two partition keys", struct {
		_ Key    `theorydb:"pk" key:"A#{a}"`
		A string `theorydb:"pk"`
	}{}, `key "A#{a}"`, "second pk", ErrInvalidModel},
	{"a list as a key", struct {
		ID []string `theorydb:"pk"`
	}{}, "ID", "can't be a key", ErrInvalidModel},
	{"an index with a sort key alone", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"index:gsi1,sk"`
	}{}, "", "sort key and no partition key", ErrInvalidModel},
	{"a local index without a sort key of the table", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"lsi:l11"`
	}{}, "", "needs a table with a sort key", ErrInvalidModel},
	{"an index both local and global", struct {
		ID string `theorydb:"pk"`
		S  string `theorydb:"sk"`
		A  string `theorydb:"lsi:x11"`
		B  string `theorydb:"index:x11"`
	}{}, "B", "both local and global", ErrInvalidModel},
	{"an impossible index name", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"index:x"`
	}{}, "", `index name "x" is not possible`, ErrInvalidModel},
	{"two indexes with one name for their keys", struct {
		ID string `theorydb:"pk,index:gsi1,index:gsi-1"`
	}{}, "", "GSI1PK", ErrInvalidModel},

	{"encrypted on a key", struct {
		ID string `theorydb:"pk,encrypted"`
	}{}, "ID", "both encrypted and pk", ErrInvalidModel},
	{"encrypted on an index", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"index:gsi1,encrypted"`
	}{}, "A", "both encrypted and index:gsi1,pk", ErrInvalidModel},
	{"encrypted version", struct {
		ID string `theorydb:"pk"`
		V  int64  `theorydb:"version,encrypted"`
	}{}, "V", "both encrypted and version", ErrInvalidModel},
	{"encrypted ttl", struct {
		ID string `theorydb:"pk"`
		T  int64  `theorydb:"ttl,encrypted"`
	}{}, "T", "both encrypted and ttl", ErrInvalidModel},
	{"encrypted timestamp", struct {
		ID string    `theorydb:"pk"`
		T  time.Time `theorydb:"updated_at,encrypted"`
	}{}, "T", "both encrypted and updated_at", ErrInvalidModel},
	{"encrypted scope", struct {
		_ Key    `theorydb:"pk" key:"{t}"`
		T string `theorydb:"scope,encrypted"`
	}{}, "T", "both encrypted and scope", ErrInvalidModel},
	{"encrypted inside a nested value", struct {
		ID string `theorydb:"pk"`
		N  []nestedSecret
	}{}, "N.Secret", "no meaning on a field of a nested struct", ErrInvalidTag},
	{"encrypted and compared", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"encrypted,immutable"`
	}{}, "A", "unique and immutable", ErrInvalidModel},

	{"a version of 16 bits", struct {
		ID string `theorydb:"pk"`
		V  int16  `theorydb:"version"`
	}{}, "V", "32 bits or more", ErrInvalidModel},
	{"a version that is text", struct {
		ID string `theorydb:"pk"`
		V  string `theorydb:"version"`
	}{}, "V", "32 bits or more", ErrInvalidModel},
	{"a version behind a pointer", struct {
		ID string `theorydb:"pk"`
		V  *int64 `theorydb:"version"`
	}{}, "V", "32 bits or more", ErrInvalidModel},
	{"a ttl of 32 bits", struct {
		ID string `theorydb:"pk"`
		T  int32  `theorydb:"ttl"`
	}{}, "T", "a ttl is a time.Time or an int64", ErrInvalidModel},
	{"a ttl behind a pointer", struct {
		ID string     `theorydb:"pk"`
		T  *time.Time `theorydb:"ttl"`
	}{}, "T", "a ttl is a time.Time or an int64", ErrInvalidModel},
	{"a timestamp that is a number", struct {
		ID string `theorydb:"pk"`
		T  int64  `theorydb:"created_at"`
	}{}, "T", "a timestamp is a time.Time", ErrInvalidModel},
	{"two versions", struct {
		ID string `theorydb:"pk"`
		V  int64  `theorydb:"version"`
		W  int64  `theorydb:"version"`
	}{}, "W", "second version", ErrInvalidModel},
	{"two roles on one field", struct {
		ID string    `theorydb:"pk"`
		T  time.Time `theorydb:"created_at,updated_at"`
	}{}, "T", "several roles", ErrInvalidModel},
	{"required version", struct {
		ID string `theorydb:"pk"`
		V  int64  `theorydb:"version,required"`
	}{}, "V", "set by the library", ErrInvalidModel},
	{"required and omitempty", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"required,omitempty"`
	}{}, "A", "exclude each other", ErrInvalidModel},
	{"enum on a number", struct {
		ID string `theorydb:"pk"`
		A  int    `theorydb:"enum:1|2"`
	}{}, "A", `"enum" needs a string`, ErrInvalidModel},
	{"enum with an empty text", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"enum:a||b"`
	}{}, "A", "empty text", ErrInvalidTag},
	{"set on a text", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"set"`
	}{}, "A", `"set" needs a slice`, ErrInvalidModel},
	{"set of structs", struct {
		ID string   `theorydb:"pk"`
		A  []device `theorydb:"set"`
	}{}, "A", "texts, numbers or bytes", ErrInvalidModel},
	{"set and json", struct {
		ID string   `theorydb:"pk"`
		A  []string `theorydb:"set,json"`
	}{}, "A", "exclude each other", ErrInvalidModel},

	{"two fields with one attribute", struct {
		ID string `theorydb:"pk"`
		A  string
		B  string `theorydb:"attr:a"`
	}{}, "B", `attribute name "a" of A`, ErrInvalidModel},
	{"two nested fields with one attribute", struct {
		ID string `theorydb:"pk"`
		N  struct {
			A string
			B string `theorydb:"attr:a"`
		}
	}{}, "N.B", `attribute name "a" of A`, ErrInvalidModel},
	{"the library's name", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"attr:_w"`
	}{}, "A", "which the library uses", ErrInvalidModel},
	{"the table's ttl name without the role", struct {
		ID  string `theorydb:"pk"`
		TTL int64
	}{}, "TTL", "without being the ttl", ErrInvalidModel},
	{"a second ttl name", struct {
		ID string    `theorydb:"pk"`
		T  time.Time `theorydb:"ttl,attr:expires"`
	}{}, "T", `the table's is "ttl"`, ErrInvalidModel},
	{"a template key's name", struct {
		_ Key `theorydb:"pk" key:"A#{a}"`
		A string
		B string `theorydb:"attr:PK"`
	}{}, "B", "of a key template", ErrInvalidModel},

	{"a template that names an unknown attribute", struct {
		_      Key `theorydb:"pk" key:"A#{userId}"`
		UserID string
	}{}, "PK", `is unknown (did you mean "userID"?)`, ErrInvalidModel},
	{"a template that names an encrypted attribute", struct {
		_ Key    `theorydb:"pk" key:"A#{a}"`
		A string `theorydb:"encrypted"`
	}{}, "PK", "is encrypted", ErrInvalidModel},
	{"a float in a template", struct {
		_ Key `theorydb:"pk" key:"A#{a}"`
		A float64
	}{}, "PK", "can't be part of a key", ErrInvalidModel},
	{"a struct in a template", struct {
		_ Key `theorydb:"pk" key:"A#{a}"`
		A device
	}{}, "PK", "can't be part of a key", ErrInvalidModel},
	{"an integer without a form in a template", struct {
		_ Key `theorydb:"pk" key:"A#{a}"`
		A int
	}{}, "PK", "pad", ErrInvalidTag},
	{"an unreadable template", struct {
		_ Key `theorydb:"pk" key:"A#{a"`
		A string
	}{}, "PK", "A#{a", ErrInvalidTag},
	{"an unknown modifier", struct {
		_ Key `theorydb:"pk" key:"A#{a|lowr}"`
		A string
	}{}, "PK", "lower", ErrInvalidTag},
	{"an optional component in a primary key", struct {
		_ Key `theorydb:"pk" key:"A#{a}"`
		A *string
	}{}, "A", "may be absent", ErrInvalidModel},
	{"an omitempty component in a primary key", struct {
		A string `theorydb:"pk,omitempty"`
	}{}, "A", "may be absent", ErrInvalidModel},
	{"lossy components alone", struct {
		_  Key    `theorydb:"pk" key:"T#{t}#{a|lower}"`
		_  Key    `theorydb:"sk" key:"X#{at|ms}"`
		T  string `theorydb:"scope"`
		A  string
		At time.Time
	}{}, "", "lossy", ErrInvalidModel},
	{"a scope out of order", struct {
		_ Key    `theorydb:"pk" key:"T#{b}#{a}"`
		A string `theorydb:"scope"`
		B string `theorydb:"scope"`
	}{}, "PK", "begin with the scope", ErrInvalidModel},
	{"an index key without the scope", struct {
		_ Key    `theorydb:"pk" key:"T#{a}#{b}"`
		_ Key    `theorydb:"index:gsi1" key:"B#{b}"`
		A string `theorydb:"scope"`
		B string
	}{}, "GSI1PK", "begin with the scope", ErrInvalidModel},
	{"a plain key in a scoped model", struct {
		ID string `theorydb:"pk"`
		A  string `theorydb:"scope"`
	}{}, "id", "begin with the scope", ErrInvalidModel},
	{"a lossy modifier on the scope", struct {
		_ Key    `theorydb:"pk" key:"T#{a|hash}#{b}"`
		A string `theorydb:"scope"`
		B string
	}{}, "PK", "lossy modifier on the scope", ErrInvalidModel},
	{"a scope that is no text", struct {
		_ Key `theorydb:"pk" key:"T#{a|int}#{b}"`
		A int `theorydb:"scope"`
		B string
	}{}, "A", "a scope attribute is a string", ErrInvalidModel},

	{"a channel", struct {
		ID string `theorydb:"pk"`
		A  chan int
	}{}, "A", "can't be stored", ErrInvalidModel},
	{"a complex number in a list", struct {
		ID string `theorydb:"pk"`
		A  []complex128
	}{}, "A", "can't be stored", ErrInvalidModel},
	{"an interface with methods", struct {
		ID string `theorydb:"pk"`
		A  error
	}{}, "A", "can't be stored", ErrInvalidModel},
	{"a map with number keys", struct {
		ID string `theorydb:"pk"`
		A  map[int]string
	}{}, "A", "map keys must be strings", ErrInvalidModel},
	{"a recursive type", struct {
		ID string `theorydb:"pk"`
		A  recursive
	}{}, "A.Children", "holds itself", ErrInvalidModel},
	{"an embedded recursion", embedsItself{}, "embedsItself", "unexported struct", ErrInvalidModel},
	{"text out and not in", struct {
		ID string `theorydb:"pk"`
		A  onlyOut
	}{}, "A", "no UnmarshalText", ErrInvalidModel},
	{"a struct of which nothing would be stored", struct {
		ID string `theorydb:"pk"`
		A  hidden
	}{}, "A.", "no exported fields", ErrInvalidModel},
	{"no struct", upper(""), "", "a struct type", ErrInvalidModel},
}

func TestCompileRefusesWhatItDoesNotUnderstand(t *testing.T) {
	cases := slices.Concat(tagRefusals, modelRefusals)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile(reflect.TypeOf(c.model), testOptions)
			require.ErrorIs(t, err, c.err)
			require.ErrorIs(t, err, ErrInvalidModel)
			for _, p := range problemsOf(t, err) {
				if p.Field == c.field && strings.Contains(p.Problem, c.text) && errors.Is(p, c.err) {
					require.Contains(t, p.Error(), c.text)
					return
				}
			}
			t.Fatalf("no problem of field %q says %q:\n%v", c.field, c.text, err)
		})
	}
	t.Logf("%d refusals", len(cases))
}

// Such tags are made at run time, since vet refuses to see them in source.
func TestCompileRefusesTagsThatReflectWouldIgnore(t *testing.T) {
	for tag, text := range map[string]string{
		`theorydb:encrypted`:                        "malformed struct tag",
		`theorydb: "encrypted"`:                     "malformed struct tag",
		`json:"a",theorydb:"encrypted"`:             `unknown struct tag ",theorydb"`,
		`theoydb:"encrypted"`:                       `unknown struct tag "theoydb" (did you mean "theorydb"?)`,
		`TheoryDB:"encrypted"`:                      `unknown struct tag "TheoryDB"`,
		`theorydb:"required" theorydb:"encrypted"`:  "stands twice",
		`json:"a" theorydb:"omitempty" theorydb:""`: "stands twice",
	} {
		_, err := compileNamed(structField("ID", "", `theorydb:"pk"`), structField("A", "", tag))
		found := problemsOf(t, err)
		require.Len(t, found, 1, tag)
		require.Equal(t, "A", found[0].Field, tag)
		require.Contains(t, found[0].Problem, text, tag)
		require.ErrorIs(t, err, ErrInvalidTag)
	}
	_, err := compileNamed(structField("ID", "", `theorydb:"pk" json:"id,omitempty" yaml:"id"`))
	require.NoError(t, err)
}

func TestCompileReportsAllProblemsTogether(t *testing.T) {
	type model struct {
		_ Key    `theorydb:"pk" key:"A#{b}#{c|hsh}"`
		A string `theorydb:"requird"`
		B chan int
		C string `theorydb:"attr:_t"`
		V int8   `theorydb:"version"`
	}
	_, err := Compile(reflect.TypeFor[model](), testOptions)
	found := problemsOf(t, err)
	fields := map[string]bool{}
	for _, p := range found {
		fields[p.Field] = true
		require.Equal(t, "model", p.Model)
	}
	for _, f := range []string{"A", "B", "C", "V", "PK"} {
		require.True(t, fields[f], "nothing about %s in\n%v", f, err)
	}
}
