package schema

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../contracttest/vectors/" + name)
	require.NoError(t, err)
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into))
}

func TestNamesFollowTheVectors(t *testing.T) {
	var v struct {
		Format     []string `json:"format"`
		Attributes []struct {
			Field string `json:"field"`
			Camel string `json:"camelCase"`
			Snake string `json:"snake_case"`
		} `json:"attributes"`
		Roles []struct {
			Field string `json:"field"`
			Role  string `json:"role"`
			Index string `json:"index"`
			Name  string `json:"name"`
		} `json:"roles"`
		Keys []struct {
			Index     string `json:"index"`
			Partition string `json:"partition"`
			Sort      string `json:"sort"`
		} `json:"keys"`
		Clashes [][2]string `json:"clashes"`
	}
	readVectors(t, "names.json", &v)
	for _, a := range v.Attributes {
		require.Equal(t, a.Camel, camelCase(a.Field), a.Field)
		require.Equal(t, a.Snake, snakeCase(a.Field), a.Field)
	}
	for _, r := range v.Roles {
		fields := []reflect.StructField{{Name: r.Field, Type: reflect.TypeFor[string](), Tag: reflect.StructTag(`theorydb:"` + r.Role + `"`)}}
		if r.Role != "pk" {
			fields = append(fields, structField("Partition", "", `theorydb:"pk"`))
		}
		if r.Index != "" && strings.HasSuffix(r.Role, ",sk") {
			fields = append(fields, structField("Other", "", `theorydb:"index:`+r.Index+`"`))
		}
		plan, err := compileNamed(fields...)
		require.NoError(t, err, r.Field)
		require.NotNil(t, plan.Attribute(r.Name), "%s is not %s", r.Field, r.Name)
	}
	for _, k := range v.Keys {
		plan, err := compileNamed(
			structField("ID", "", ``), blankKey("pk", "A#{id}"),
			blankKey("index:"+k.Index, "B#{id}"), blankKey("index:"+k.Index+",sk", "{id}"))
		require.NoError(t, err)
		require.Equal(t, k.Partition, plan.Indexes[0].PK.Name)
		require.Equal(t, k.Sort, plan.Indexes[0].SK.Name)
	}
	for _, c := range v.Clashes {
		_, err := compileNamed(structField("ID", "", ``), blankKey("pk", "A#{id}"), blankKey("index:"+c[0], "B#{id}"), blankKey("index:"+c[1], "C#{id}"))
		require.ErrorIs(t, err, ErrInvalidModel)
	}
	t.Logf("%d attribute names, %d role names, %d index keys, %d clashes", len(v.Attributes), len(v.Roles), len(v.Keys), len(v.Clashes))
}

// structField and blankKey make the fields of a model at run time.
func structField(name string, zero any, tag string) reflect.StructField {
	return reflect.StructField{Name: name, Type: reflect.TypeOf(zero), Tag: reflect.StructTag(tag)}
}

func blankKey(role, template string) reflect.StructField {
	return reflect.StructField{Name: "_", PkgPath: "test", Type: reflect.TypeFor[Key](), Tag: reflect.StructTag(`theorydb:"` + role + `" key:"` + template + `"`)}
}

// compileNamed compiles a struct made at run time, which has no name of its own.
func compileNamed(fields ...reflect.StructField) (*Plan, error) {
	fields = append(fields, reflect.StructField{Name: "_", PkgPath: "test", Type: reflect.TypeFor[Entity](), Tag: `theorydb:"name:Made"`})
	return Compile(reflect.StructOf(fields), testOptions)
}

type valueVector struct {
	Name      string          `json:"name"`
	Attribute json.RawMessage `json:"attribute"`
	Value     map[string]any  `json:"value"`
	Stored    map[string]any  `json:"stored"`
	Error     string          `json:"error"`
}

func TestValuesFollowTheVectors(t *testing.T) {
	var v struct {
		Format []string      `json:"format"`
		Writes []valueVector `json:"writes"`
		Reads  []valueVector `json:"reads"`
	}
	readVectors(t, "values.json", &v)
	for _, w := range v.Writes {
		t.Run("write "+w.Name, func(t *testing.T) {
			plan := w.plan(t)
			rec := &record{"PK": "p"}
			if x := logicalValue(t, w.Value); x != nil {
				(*rec)["ttl"] = x
			}
			item, err := plan.Encode(rec)
			if w.Error != "" {
				require.Equal(t, "ErrInvalidValue", w.Error)
				require.ErrorIs(t, err, ErrInvalidValue)
				var value *ValueError
				require.ErrorAs(t, err, &value)
				return
			}
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(storedValue(t, w.Stored), item["ttl"], avOptions))
			require.Empty(t, cmp.Diff(storedValue(t, w.Stored), w.throughStruct(t, plan), avOptions), "as a struct field")
			// what was stored reads back, and is then stored the same way
			again := &record{}
			require.NoError(t, plan.Decode(item, again))
			twice, err := plan.Encode(again)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(item, twice, avOptions))
		})
	}
	for _, r := range v.Reads {
		t.Run("read "+r.Name, func(t *testing.T) {
			plan := r.plan(t)
			item := Item{"PK": &types.AttributeValueMemberS{Value: "p"}}
			if av := storedValue(t, r.Stored); av != nil {
				item["ttl"] = av
			}
			rec := &record{"PK": "old"}
			err := plan.Decode(item, rec)
			if r.Error != "" {
				require.ErrorIs(t, err, ErrInvalidValue)
				require.Equal(t, &record{"PK": "old"}, rec)
				return
			}
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(logicalValue(t, r.Value), (*rec)["ttl"]))
		})
	}
	t.Logf("%d writes, %d reads", len(v.Writes), len(v.Reads))
}

// plan compiles a document with one plain key and the vector's attribute. It
// is named like the table's ttl, since a ttl has no choice, and the ttl of the
// models without one is called otherwise.
func (v valueVector) plan(t *testing.T) *Plan {
	t.Helper()
	options := testOptions
	if !strings.Contains(string(v.Attribute), `"ttl"`) {
		options.TTLAttribute = "expires"
	}
	doc := `{"name": "V", "keys": {"partition": {"attribute": "PK", "type": "S"}}, "attributes": [{"attribute": "PK", "type": "S"}, {"attribute": "ttl", ` +
		strings.TrimPrefix(string(v.Attribute), "{") + `]}`
	plan, err := CompileDocument([]byte(doc), reflect.TypeFor[record](), options)
	require.NoError(t, err)
	return plan
}

// throughStruct encodes the value as the field of a struct with the tags that
// say what the vector's attribute says.
func (v valueVector) throughStruct(t *testing.T, document *Plan) types.AttributeValue {
	t.Helper()
	a := document.Attribute("ttl")
	words := []string{"attr:ttl"}
	for word, has := range map[string]bool{
		"ttl": document.TTL != nil, "set": a.Set, "json": a.JSON, "omitempty": a.OmitEmpty, "required": a.Required,
	} {
		if has {
			words = append(words, word)
		}
	}
	slot, ok := a.slot.(*recordSlot)
	require.True(t, ok)
	options := testOptions
	if document.TTL == nil {
		options.TTLAttribute = "expires"
	}
	model := reflect.StructOf([]reflect.StructField{
		structField("PK", "", `theorydb:"pk"`),
		{Name: "X", Type: slot.typ, Tag: reflect.StructTag(`theorydb:"` + strings.Join(words, ",") + `"`)},
		{Name: "_", PkgPath: "test", Type: reflect.TypeFor[Entity](), Tag: `theorydb:"name:Made"`},
	})
	plan, err := Compile(model, options)
	require.NoError(t, err)
	rec := reflect.New(model)
	if x := logicalValue(t, v.Value); x != nil {
		require.True(t, convertLoosely(reflect.ValueOf(x), rec.Elem().Field(1), a.Format))
	}
	if v.Value["null"] == true && slot.typ.Kind() == reflect.String {
		return nil // a Go string has no nil
	}
	item, err := plan.Encode(rec.Interface())
	require.NoError(t, err)
	return item["ttl"]
}

func logicalValue(t *testing.T, v map[string]any) any {
	t.Helper()
	require.Len(t, v, 1)
	for kind, x := range v {
		switch kind {
		case "text":
			return x
		case "text_hex":
			return string(unhex(t, x))
		case "hex":
			return unhex(t, x)
		case "bool":
			return x
		case "null":
			return nil
		case "zero_time":
			return time.Time{}
		case "decimal":
			return attributevalue.Number(as[string](t, x))
		case "json_number":
			return json.Number(as[string](t, x))
		case "int":
			if n, err := strconv.ParseInt(as[string](t, x), 10, 64); err == nil {
				return n
			}
			n, err := strconv.ParseUint(as[string](t, x), 10, 64)
			require.NoError(t, err)
			return n
		case "float":
			f, err := strconv.ParseFloat(as[string](t, x), 64)
			require.NoError(t, err)
			return f
		case "time":
			at, err := time.Parse(time.RFC3339Nano, as[string](t, x))
			require.NoError(t, err)
			return at
		case "list":
			return logicalList(t, as[[]any](t, x))
		case "map":
			m := map[string]any{}
			for name, e := range as[map[string]any](t, x) {
				m[name] = logicalValue(t, as[map[string]any](t, e))
			}
			return m
		}
	}
	t.Fatalf("unknown logical value %v", v)
	return nil
}

// logicalList is a set's slice type when all its elements have one type, as
// sets read, and []any otherwise.
func logicalList(t *testing.T, elements []any) any {
	t.Helper()
	var texts []string
	var numbers []attributevalue.Number
	list := []any{}
	for _, e := range elements {
		x := logicalValue(t, as[map[string]any](t, e))
		list = append(list, x)
		switch x := x.(type) {
		case string:
			texts = append(texts, x)
		case attributevalue.Number:
			numbers = append(numbers, x)
		}
	}
	switch {
	case len(texts) == len(list) && len(texts) > 0:
		return texts
	case len(numbers) == len(list) && len(numbers) > 0:
		return numbers
	}
	return list
}

func unhex(t *testing.T, x any) []byte {
	t.Helper()
	b, err := hex.DecodeString(as[string](t, x))
	require.NoError(t, err)
	return b
}

// storedValue reads DynamoDB JSON; S_hex is a text that JSON can't hold.
func storedValue(t *testing.T, v map[string]any) types.AttributeValue {
	t.Helper()
	if v == nil {
		return nil
	}
	bytesOf := func(x any) []byte {
		b, err := base64.StdEncoding.DecodeString(as[string](t, x))
		require.NoError(t, err)
		return b
	}
	textsOf := func(x any) (texts []string) {
		for _, e := range as[[]any](t, x) {
			texts = append(texts, as[string](t, e))
		}
		return texts
	}
	for kind, x := range v {
		switch kind {
		case "S":
			return &types.AttributeValueMemberS{Value: as[string](t, x)}
		case "S_hex":
			return &types.AttributeValueMemberS{Value: string(unhex(t, x))}
		case "N":
			return &types.AttributeValueMemberN{Value: as[string](t, x)}
		case "B":
			return &types.AttributeValueMemberB{Value: bytesOf(x)}
		case "BOOL":
			return &types.AttributeValueMemberBOOL{Value: as[bool](t, x)}
		case "NULL":
			return &types.AttributeValueMemberNULL{Value: true}
		case "SS":
			return &types.AttributeValueMemberSS{Value: textsOf(x)}
		case "NS":
			return &types.AttributeValueMemberNS{Value: textsOf(x)}
		case "BS":
			var blobs [][]byte
			for _, e := range textsOf(x) {
				blobs = append(blobs, bytesOf(e))
			}
			return &types.AttributeValueMemberBS{Value: blobs}
		case "L":
			list := []types.AttributeValue{}
			for _, e := range as[[]any](t, x) {
				list = append(list, storedValue(t, as[map[string]any](t, e)))
			}
			return &types.AttributeValueMemberL{Value: list}
		case "M":
			m := map[string]types.AttributeValue{}
			for name, e := range as[map[string]any](t, x) {
				m[name] = storedValue(t, as[map[string]any](t, e))
			}
			return &types.AttributeValueMemberM{Value: m}
		}
	}
	t.Fatalf("unknown stored value %v", v)
	return nil
}

func TestNegativeZeroReadsBackAsZero(t *testing.T) {
	s, err := floatText(math.Copysign(0, -1), 64)
	require.NoError(t, err)
	require.Equal(t, "0", s)
}
