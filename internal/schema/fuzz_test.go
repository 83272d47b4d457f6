package schema

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// FuzzTag holds that any text in a tag is either understood word by word or refused.
func FuzzTag(f *testing.F) {
	for _, seed := range []string{"", "pk", "index:gsi1,sk,lsi:l", "enum:a|b", "version:0,required", "-,pk", "project:a=b+c", "encryptd", ",", "bind:x", "naming:snake_case", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for at := onField; at <= onEmbedded; at++ {
			tag, problems := parseTag(text, at)
			if len(problems) > 0 || text == "" {
				continue
			}
			for _, word := range strings.Split(text, ",") {
				name, _, _ := strings.Cut(word, ":")
				_, known := grammar[at][name]
				side := name == "pk" || name == "sk" // belongs to the index in front of it
				require.True(t, known || side, "%q was taken on %s", word, at)
			}
			require.Equal(t, strings.Contains(","+text+",", ",encrypted,"), tag.has("encrypted"))
		}
		structTagProblem(reflect.StructTag(text))
		_, err := compileNamed(structField("ID", "", `theorydb:"pk"`), structField("A", "", text))
		if err != nil {
			require.ErrorIs(t, err, ErrInvalidModel)
		}
	})
}

// bytesValue builds an attribute value out of fuzzed bytes: the first byte of
// every value says its kind.
func bytesValue(data *[]byte, depth int) types.AttributeValue {
	next := func() byte {
		if len(*data) == 0 {
			return 0
		}
		b := (*data)[0]
		*data = (*data)[1:]
		return b
	}
	chunk := func() string {
		n := min(int(next())%40, len(*data))
		s := string((*data)[:n])
		*data = (*data)[n:]
		return s
	}
	kind := next() % 11
	if depth > 4 && kind > 7 {
		kind = 0
	}
	count := func() int { return int(next()) % 4 }
	switch kind {
	case 0:
		return text(chunk())
	case 1:
		return number(chunk())
	case 2:
		return blob(chunk())
	case 3:
		return &types.AttributeValueMemberBOOL{Value: next()%2 == 0}
	case 4:
		return &types.AttributeValueMemberNULL{Value: true}
	case 5, 6:
		var texts []string
		for range count() {
			texts = append(texts, chunk())
		}
		if kind == 5 {
			return &types.AttributeValueMemberSS{Value: texts}
		}
		return &types.AttributeValueMemberNS{Value: texts}
	case 7:
		var blobs [][]byte
		for range count() {
			blobs = append(blobs, []byte(chunk()))
		}
		return &types.AttributeValueMemberBS{Value: blobs}
	case 8:
		elements := []types.AttributeValue{}
		for range count() {
			elements = append(elements, bytesValue(data, depth+1))
		}
		return &types.AttributeValueMemberL{Value: elements}
	case 9:
		m := map[string]types.AttributeValue{}
		for range count() {
			m[chunk()] = bytesValue(data, depth+1)
		}
		return &types.AttributeValueMemberM{Value: m}
	}
	return &types.UnknownUnionMember{Tag: chunk()}
}

// FuzzDecode holds that no item makes Decode panic, that a refusal leaves the
// record untouched, and that what is accepted is stored and read back the same.
func FuzzDecode(f *testing.F) {
	plan, err := Compile(reflect.TypeFor[wide](), testOptions)
	require.NoError(f, err)
	f.Add([]byte{0, 0, 3, 'a', 'b', 'c'})
	f.Add([]byte{7, 1, 4, '1', 'E', '+', '2'})
	f.Add([]byte{18, 9, 1, 2, 'h', 'i', 8, 2, 1, 1, '5', 4})
	f.Add([]byte{30, 0, 30, '2', '0', '2', '3', '-', '1', '1', '-', '1', '4', 'T'})
	f.Fuzz(func(t *testing.T, data []byte) {
		item := Item{}
		for len(data) > 0 && len(item) < 8 {
			name := plan.names[int(data[0])%len(plan.names)]
			data = data[1:]
			item[name] = bytesValue(&data, 0)
		}
		one := 1
		before := func() *wide {
			return &wide{ID: "kept", List: []string{"kept"}, Pointers: []*int{&one}, Anything: map[string]any{"kept": true}, At: time.Unix(5, 0).UTC(), InnerPtr: &inner{UserID: "kept"}}
		}
		rec := before()
		if err := plan.Decode(item, rec); err != nil {
			require.ErrorIs(t, err, ErrInvalidValue)
			if d := cmp.Diff(before(), rec, wideOptions); d != "" {
				t.Fatal("a refused item changed the record: ", d)
			}
			return
		}
		if rec.Heat.degrees < -273 || math.IsNaN(rec.Heat.degrees) {
			return // a value its own marshaler refuses
		}
		stored, err := plan.Encode(rec)
		if err != nil {
			require.ErrorContains(t, err, "empty map key", "all else that is read can be written")
			return
		}
		again := before()
		require.NoError(t, plan.Decode(stored, again))
		twice, err := plan.Encode(again)
		require.NoError(t, err)
		if d := cmp.Diff(stored, twice, avOptions); d != "" {
			t.Fatal("stored differently the second time: ", d)
		}
	})
}

// FuzzCompileDocument holds that a document gives a plan that works or a refusal.
func FuzzCompileDocument(f *testing.F) {
	f.Add([]byte(orderDocument))
	f.Add([]byte(`{"name": "A", "keys": {"partition": {"attribute": "PK", "type": "S"}}, "attributes": [{"attribute": "PK", "type": "S"}]}`))
	f.Add([]byte(`{"name": "A", "keys": {"partition": {"attribute": "PK", "type": "S", "template": "{a|shard:10}"}}, "attributes": [{"attribute": "a", "type": "X"}], "indexes": [{}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		plan, err := CompileDocument(doc, reflect.TypeFor[record](), testOptions)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalidModel)
			return
		}
		rec := plan.New()
		item, err := plan.Encode(rec)
		if err == nil {
			require.Empty(t, item)
			require.NoError(t, plan.Decode(item, rec))
		}
		_, _ = plan.Key(rec)
		_, _ = plan.FromKey(item)
		require.NotNil(t, plan.PK)
	})
}
