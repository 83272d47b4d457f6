package keys_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/keys"
)

// vectorText is a text of the vectors: a JSON string, {hex} or {repeat, times}.
type vectorText string

func (v *vectorText) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		var s string
		err := json.Unmarshal(data, &s)
		*v = vectorText(s)
		return err
	}
	var form struct {
		Hex    string
		Repeat string
		Times  int
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&form); err != nil {
		return err
	}
	raw, err := hex.DecodeString(form.Hex)
	*v = vectorText(string(raw) + strings.Repeat(form.Repeat, form.Times))
	return err
}

type vectorKey struct {
	Template string
	Types    map[string]string
	Values   map[string]vectorText
	Key      vectorText
	Parsed   []string
	Prefix   string
	Half     string
	Error    string
}

type vectors struct {
	Format           []string
	Codec            []struct{ Text, Encoded string }
	RefusedTexts     []string `json:"refused_texts"`
	Keys             []vectorKey
	Prefixes         []vectorKey
	Lengths          []vectorKey
	RefusedValues    []vectorKey `json:"refused_values"`
	RefusedKeys      []vectorKey `json:"refused_keys"`
	RefusedTemplates []struct {
		Template string
		Error    string
	} `json:"refused_templates"`
	Overlaps []struct {
		A, B    string
		Overlap bool
	}
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	data, err := os.ReadFile("../../contracttest/vectors/keys.json")
	require.NoError(t, err)
	var v vectors
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&v))
	return v
}

// errorOf are the names the runtimes share, as far as keys have them.
var errorOf = map[string]error{
	"ErrKeyIncomplete": keys.ErrIncomplete,
	"ErrKeyTooLong":    keys.ErrTooLong,
	"ErrInvalidValue":  keys.ErrInvalidValue,
}

var kindOf = map[string]keys.Kind{"text": keys.Text, "int": keys.Int, "uint": keys.Uint, "time": keys.Time}

// kindsOf answers the question of keys.Parse from a table.
func kindsOf(types map[string]string) func(string) (keys.Kind, error) {
	return func(attr string) (keys.Kind, error) {
		if kind, ok := kindOf[types[attr]]; ok {
			return kind, nil
		}
		return 0, errUnknownAttribute
	}
}

var errUnknownAttribute = fmt.Errorf("no such attribute")

// usualTypes are the attributes of templates that are tried without values.
var usualTypes = map[string]string{"a": "text", "b": "text", "n": "int", "u": "uint", "at": "time"}

func (v vectorKey) parse(t testing.TB) *keys.Template {
	t.Helper()
	template, err := keys.Parse(v.Template, kindsOf(v.Types))
	require.NoError(t, err)
	return template
}

// texts are the values of the first components, as many as there are.
func (v vectorKey) texts(template *keys.Template) []string {
	var texts []string
	for _, c := range template.Components() {
		value, ok := v.Values[c.Attr]
		if !ok {
			break
		}
		texts = append(texts, string(value))
	}
	return texts
}

// codecVectorFailures are the texts whose encoding is not that of the vectors.
func codecVectorFailures(t testing.TB, encode func(string) string) []string {
	t.Helper()
	var failures []string
	for _, v := range readVectors(t).Codec {
		if encode(v.Text) != v.Encoded {
			failures = append(failures, v.Text)
		}
	}
	return failures
}

func TestVectorsOfTheCodec(t *testing.T) {
	v := readVectors(t)
	require.NotEmpty(t, v.Format)
	require.Empty(t, codecVectorFailures(t, keys.EncodeText))
	for _, pair := range v.Codec {
		text, err := keys.DecodeText(pair.Encoded)
		require.NoError(t, err, "%q", pair.Encoded)
		require.Equal(t, pair.Text, text)
	}
	for _, text := range v.RefusedTexts {
		_, err := keys.DecodeText(text)
		require.ErrorIs(t, err, keys.ErrMismatch, "%q", text)
	}
	t.Logf("%d texts, %d refused", len(v.Codec), len(v.RefusedTexts))
}

func TestVectorsOfKeys(t *testing.T) {
	v := readVectors(t)
	for _, k := range v.Keys {
		template := k.parse(t)
		key, err := template.Render(k.texts(template))
		require.NoError(t, err, k.Template)
		require.Equal(t, string(k.Key), key, k.Template)
		parsed, err := template.Parse(key)
		require.NoError(t, err, k.Template)
		require.Equal(t, k.Parsed, parsed, k.Template)
	}
	for _, k := range v.Prefixes {
		template := k.parse(t)
		prefix, err := template.Prefix(k.texts(template))
		require.NoError(t, err, k.Template)
		require.Equal(t, k.Prefix, prefix, k.Template)
	}
	for _, k := range v.RefusedKeys {
		values, err := k.parse(t).Parse(string(k.Key))
		require.ErrorIs(t, err, keys.ErrMismatch, "%s %q", k.Template, k.Key)
		require.Nil(t, values)
	}
	t.Logf("%d keys, %d prefixes, %d keys refused", len(v.Keys), len(v.Prefixes), len(v.RefusedKeys))
}

func TestVectorsOfRefusedValuesAndLengths(t *testing.T) {
	v := readVectors(t)
	for _, k := range v.RefusedValues {
		template := k.parse(t)
		require.Contains(t, errorOf, k.Error)
		_, err := template.Render(k.texts(template))
		require.ErrorIs(t, err, errorOf[k.Error], "%s %q", k.Template, k.Values)
	}
	limits := map[string]int{"partition": keys.MaxPartition, "sort": keys.MaxSort}
	for _, k := range v.Lengths {
		template := k.parse(t)
		key, err := template.Render(k.texts(template))
		require.NoError(t, err, k.Template)
		require.Contains(t, limits, k.Half)
		// A vector without an error name expects none: errorOf[""] is nil.
		require.ErrorIs(t, keys.CheckLength(key, limits[k.Half]), errorOf[k.Error])
	}
	t.Logf("%d values refused, %d lengths", len(v.RefusedValues), len(v.Lengths))
}

func TestVectorsOfTemplates(t *testing.T) {
	v := readVectors(t)
	for _, r := range v.RefusedTemplates {
		template, err := keys.Parse(r.Template, kindsOf(usualTypes))
		require.Error(t, err, "%q", r.Template)
		// An attribute that there is not is a fault of the model, everything else one of the text.
		want := "ErrInvalidTag"
		if errors.Is(err, errUnknownAttribute) {
			want = "ErrInvalidModel"
		}
		require.Equal(t, want, r.Error, "%q", r.Template)
		require.Nil(t, template)
	}
	for _, o := range v.Overlaps {
		a, err := keys.Parse(o.A, kindsOf(usualTypes))
		require.NoError(t, err)
		b, err := keys.Parse(o.B, kindsOf(usualTypes))
		require.NoError(t, err)
		require.Equal(t, o.Overlap, keys.Overlap(a, b), "%s and %s", o.A, o.B)
		require.Equal(t, o.Overlap, keys.Overlap(b, a), "%s and %s", o.B, o.A)
	}
	t.Logf("%d templates refused, %d pairs compared", len(v.RefusedTemplates), len(v.Overlaps))
}
