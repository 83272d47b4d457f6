package schema

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/internal/keys"
)

const orderDocument = `{
  "name": "Order", "table": {"name": "orders"}, "naming": {"convention": "camelCase"},
  "keys": {"partition": {"attribute": "PK", "type": "S", "template": "T#{tenant}#{number|pad:6}"}, "sort": {"attribute": "SK", "type": "S", "template": "ORDER"}},
  "attributes": [
    {"attribute": "tenant", "type": "S", "roles": ["scope"]},
    {"attribute": "number", "type": "N", "format": "uint"},
    {"attribute": "status", "type": "S", "optional": true, "omit_empty": true},
    {"attribute": "amount", "type": "N", "format": "decimal_string"},
    {"attribute": "tags", "type": "SS"},
    {"attribute": "codes", "type": "NS"},
    {"attribute": "keys", "type": "BS"},
    {"attribute": "lines", "type": "L"},
    {"attribute": "profile", "type": "M", "json": true},
    {"attribute": "doc", "type": "S", "json": true},
    {"attribute": "rate", "type": "N", "format": "float"},
    {"attribute": "paidAt", "type": "S", "format": "rfc3339nano"},
    {"attribute": "raw", "type": "B"},
    {"attribute": "open", "type": "BOOL"},
    {"attribute": "secret", "type": "S", "encryption": {"v": 1}},
    {"attribute": "createdAt", "type": "S", "format": "rfc3339nano", "required": true, "roles": ["created_at"]},
    {"attribute": "version", "type": "N", "required": true, "roles": ["version:0"]},
    {"attribute": "ttl", "type": "N", "roles": ["ttl"], "optional": true, "omit_empty": true}
  ],
  "indexes": [{"name": "gsi-status", "type": "GSI",
    "partition": {"attribute": "GS1", "type": "S", "template": "T#{tenant}#S#{status}"}, "sort": {"attribute": "createdAt", "type": "S"},
    "projection": {"type": "INCLUDE", "fields": ["amount"]}}],
  "write_policy": {"mode": "write_once", "protected_attributes": ["amount"]}
}`

func mustCompileDocument(t testing.TB, doc string) *Plan {
	plan, err := CompileDocument([]byte(doc), reflect.TypeFor[record](), testOptions)
	require.NoError(t, err)
	return plan
}

func TestDocumentsGiveAPlan(t *testing.T) {
	plan := mustCompileDocument(t, orderDocument)
	kinds := map[string]keys.Kind{"tenant": keys.Text, "number": keys.Uint, "status": keys.Text}
	at := func(name string) *Attribute { return plan.Attribute(name) }
	attr := func(a Attribute) *Attribute { a.Field = a.Name; return &a }
	want := &Plan{
		Entity: "Order", Table: "orders", AppendOnly: true,
		Attributes: []*Attribute{
			attr(Attribute{Name: "tenant", Type: "S"}), attr(Attribute{Name: "number", Type: "N", Format: "uint"}),
			attr(Attribute{Name: "status", Type: "S", Optional: true, OmitEmpty: true}),
			attr(Attribute{Name: "amount", Type: "N", Immutable: true}), attr(Attribute{Name: "tags", Type: "SS", Set: true}),
			attr(Attribute{Name: "codes", Type: "NS", Set: true}), attr(Attribute{Name: "keys", Type: "BS", Set: true}),
			attr(Attribute{Name: "lines", Type: "L"}), attr(Attribute{Name: "profile", Type: "M"}),
			attr(Attribute{Name: "doc", Type: "S", Format: "json", JSON: true}), attr(Attribute{Name: "rate", Type: "N", Format: "float"}),
			attr(Attribute{Name: "paidAt", Type: "S", Format: "rfc3339nano"}), attr(Attribute{Name: "raw", Type: "B"}),
			attr(Attribute{Name: "open", Type: "BOOL"}), attr(Attribute{Name: "secret", Type: "S", Encrypted: true}),
			attr(Attribute{Name: "createdAt", Type: "S", Format: "rfc3339nano"}), attr(Attribute{Name: "version", Type: "N", Format: "int"}),
			attr(Attribute{Name: "ttl", Type: "N", Format: "unix_seconds", OmitEmpty: true, Optional: true}),
		},
		PK: &KeyPart{Name: "PK", Type: "S", Template: parsed(t, "T#{tenant}#{number|pad:6}", kinds), Components: []*Attribute{at("tenant"), at("number")}, Max: 2048},
		SK: &KeyPart{Name: "SK", Type: "S", Template: parsed(t, "ORDER", kinds), Max: 1024},
		Indexes: []*Index{{
			Name:       "gsi-status",
			PK:         &KeyPart{Name: "GS1", Type: "S", Template: parsed(t, "T#{tenant}#S#{status}", kinds), Components: []*Attribute{at("tenant"), at("status")}, Max: 2048},
			SK:         &KeyPart{Name: "createdAt", Type: "S", Components: []*Attribute{at("createdAt")}, Max: 1024},
			Projection: ProjectInclude, Fields: []string{"amount"}, Sparse: true,
		}},
		Scope: []*Attribute{at("tenant")}, Version: at("version"), TTL: at("ttl"), CreatedAt: at("createdAt"),
	}
	require.Empty(t, cmp.Diff(want, plan, avOptions))
}

func TestRecordsTakeNaturalValuesAndReadCanonicalOnes(t *testing.T) {
	plan := mustCompileDocument(t, orderDocument)
	at := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)
	rec := as[*record](t, plan.New())
	*rec = record{
		"tenant": "acme", "number": 7.0, "status": "", "amount": "12.50", "tags": []any{"b", "a"}, "codes": []any{10, json.Number("9")}, "keys": []any{[]byte{2}},
		"lines": []any{map[string]any{"n": 1}}, "profile": map[string]any{"a": nil}, "doc": map[string]any{"b": 1, "a": true}, "rate": 3,
		"paidAt": "2023-11-14T23:13:20+01:00", "raw": []byte{1}, "open": true, "secret": "s", "createdAt": at, "version": json.Number("3"), "ttl": at,
	}
	item, err := plan.Encode(rec)
	require.NoError(t, err)
	null := &types.AttributeValueMemberNULL{Value: true}
	require.Empty(t, cmp.Diff(Item{
		"tenant": text("acme"), "number": number("7"), "amount": number("12.5"), "tags": &types.AttributeValueMemberSS{Value: []string{"a", "b"}},
		"codes": &types.AttributeValueMemberNS{Value: []string{"9", "10"}}, "keys": &types.AttributeValueMemberBS{Value: [][]byte{{2}}},
		"lines": list(mapOf("n", number("1"))), "profile": mapOf("a", null), "doc": text(`{"a":true,"b":1}`), "rate": number("3"),
		"paidAt": text("2023-11-14T22:13:20.000000000Z"), "raw": blob("\x01"), "open": &types.AttributeValueMemberBOOL{Value: true}, "secret": text("s"),
		"createdAt": text("2023-11-14T22:13:20.000000000Z"), "version": number("3"), "ttl": number("1700000000"),
	}, item, avOptions))

	again := &record{"stale": 1}
	require.NoError(t, plan.Decode(item, again))
	require.Empty(t, cmp.Diff(&record{
		"tenant": "acme", "number": uint64(7), "amount": attributevalue.Number("12.5"), "tags": []string{"a", "b"}, "codes": []attributevalue.Number{"9", "10"},
		"keys": [][]byte{{2}}, "lines": []any{map[string]any{"n": attributevalue.Number("1")}}, "profile": map[string]any{"a": nil},
		"doc": map[string]any{"a": true, "b": json.Number("1")}, "rate": 3.0, "paidAt": at, "raw": []byte{1}, "open": true, "secret": "s",
		"createdAt": at, "version": int64(3), "ttl": int64(1700000000),
	}, again))

	key, err := plan.Key(rec)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(Item{"PK": text("T#acme#000007"), "SK": text("ORDER")}, key, avOptions))
	require.True(t, plan.Attribute("status").IsZero(rec))
	require.False(t, plan.Version.IsZero(rec))
	av, err := plan.Attribute("codes").EncodeElement(5)
	require.NoError(t, err)
	require.Equal(t, number("5"), av)

	require.NoError(t, plan.Merge(Item{"version": number("4")}, again, []string{"version", "tags"}))
	require.Equal(t, int64(4), (*again)["version"])
	require.NotContains(t, *again, "tags")
	require.Equal(t, "acme", (*again)["tenant"])
}

func TestRecordsRefuseTheRest(t *testing.T) {
	plan := mustCompileDocument(t, orderDocument)
	for name, value := range map[string]any{
		"tenant": 5, "number": 1.5, "amount": "x", "tags": []any{1}, "codes": "5", "keys": []any{"x"}, "lines": "x", "profile": []any{}, "rate": "x",
		"paidAt": "yesterday", "raw": "AQID", "open": 1, "createdAt": 5, "version": true, "ttl": 5.5,
	} {
		_, err := plan.Encode(&record{name: value})
		var fault *ValueError
		require.ErrorAs(t, err, &fault, name)
		require.Equal(t, name, fault.Attr)
		_, err = plan.Attribute(name).Encode(value)
		require.ErrorAs(t, err, &fault, name)
		_, err = plan.Attribute(name).Encode(nil)
		require.ErrorAs(t, err, &fault, name)
	}
	_, err := plan.Encode(&record{"tennant": "x"})
	require.ErrorContains(t, err, `unknown attribute "tennant" (did you mean "tenant"?)`)
	rec := &record{"tenant": "kept"}
	require.ErrorIs(t, plan.Decode(Item{"tenant": text("new"), "number": text("7")}, rec), ErrInvalidValue)
	require.Equal(t, &record{"tenant": "kept"}, rec)
}

func TestDocumentsAreReadStrictly(t *testing.T) {
	const ok = `{"name": "A", "keys": {"partition": {"attribute": "PK", "type": "S"}}, "attributes": [{"attribute": "PK", "type": "S", "roles": ["pk"]}, {"attribute": "a", "type": "N"}]}`
	mustCompileDocument(t, ok)
	for _, c := range []struct{ old, new, text string }{
		{`"name": "A"`, `"name": ""`, "no name"},
		{`"name": "A"`, `"name": "A", "name": "B"`, "stands twice"},
		{`"name": "A"`, `"Name": "A"`, `unknown member "Name"`},
		{`"name": "A"`, `"nam": "A"`, "unknown field"},
		{`"name": "A"`, `"name": 5`, "is not a model"},
		{`"type": "N"}]}`, `"type": "N"}]} {}`, "behind the model"},
		{`"type": "N"}]}`, `"type": "N"}]`, "is not JSON"},
		{`"type": "N"`, `"type": "X"`, `type "X"`},
		{`"type": "N"`, `"type": "N", "format": "rfc3339nano"`, "is not known"},
		{`"type": "N"`, `"type": "N", "format": "text"`, "is not known"},
		{`"type": "N"`, `"type": "N", "roles": ["verson"]`, `did you mean "version"?`},
		{`"type": "N"`, `"type": "N", "roles": ["version", "version"]`, "stands twice"},
		{`"type": "N"`, `"type": "N", "roles": ["sk"]`, "keys names another"},
		{`"type": "N"`, `"type": "N", "roles": ["created_at"]`, "a timestamp is"},
		{`"type": "N"`, `"type": "N", "roles": ["ttl"]`, `the table's is "ttl"`},
		{`"attribute": "a", "type": "N"`, `"attribute": "ttl", "type": "S", "format": "rfc3339nano", "roles": ["ttl"]`, "a ttl is"},
		{`"attribute": "a", "type": "N"`, `"attribute": "ttl", "type": "S", "roles": ["ttl"]`, "a ttl is"},
		{`"attribute": "a", "type": "N"`, `"attribute": "ttl", "type": "N", "format": "float", "roles": ["ttl"]`, "a ttl is"},
		{`"attribute": "a", "type": "N"`, `"attribute": "ttl", "type": "N", "format": "decimal_string", "roles": ["ttl"]`, "a ttl is"},
		{`"type": "N"`, `"type": "N", "required": true, "optional": true`, "both required and optional"},
		{`"type": "N"`, `"type": "N", "encryption": {}`, `"encryption" is {"v": 1}`},
		{`"type": "N"`, `"type": "N", "encryption": {"v": 1}, "roles": ["version"]`, "both encrypted and version"},
		{`{"attribute": "a"`, `{"attribute": "PK"`, "attribute name"},
		{`{"attribute": "a"`, `{"attribute": "_t"`, "which the library uses"},
		{`{"attribute": "a"`, `{"attribute": ""`, "empty attribute name"},
		{`"attribute": "PK", "type": "S"}}`, `"attribute": "QK", "type": "S"}}`, "not listed"},
		{`"attribute": "PK", "type": "S"}}`, `"attribute": "PK", "type": "N"}}`, `but attribute "PK" is S`},
		{`"attribute": "PK", "type": "S"}}`, `"attribute": "PK", "type": "S", "template": "X"}}`, "of a key template"},
		{`"attribute": "PK", "type": "S"}}`, `"attribute": "P", "type": "S", "template": "{b}"}}`, "is unknown"},
		{`{"partition": {"attribute": "PK", "type": "S"}}`, `{}`, "no partition key"},
		{`"keys"`, `"indexes": [{"name": "gsi1", "type": "GSX"}], "keys"`, "GSI and LSI"},
		{`"keys"`, `"indexes": [{"name": "gsi1", "type": "GSI"}], "keys"`, "no partition key"},
		{`"keys"`, `"indexes": [{"name": "gsi1", "type": "GSI", "partition": {"attribute": "a", "type": "N"}, "projection": {"type": "SOME"}}], "keys"`, "projection"},
		{`"keys"`, `"indexes": [{"name": "gsi1", "type": "GSI", "partition": {"attribute": "a", "type": "N"}, "projection": {"type": "INCLUDE", "fields": ["b"]}}], "keys"`, "unknown attribute"},
		{`"keys"`, `"naming": {"convention": "kebab"}, "keys"`, "naming convention"},
		{`"keys"`, `"write_policy": {"mode": "never"}, "keys"`, "write_policy"},
		{`"keys"`, `"write_policy": {"mode": "mutable", "protected_attributes": ["b"]}, "keys"`, "unknown attribute"},
	} {
		doc := strings.Replace(ok, c.old, c.new, 1)
		require.NotEqual(t, ok, doc, c.old)
		_, err := CompileDocument([]byte(doc), reflect.TypeFor[record](), testOptions)
		require.ErrorIs(t, err, ErrInvalidModel, doc)
		require.ErrorContains(t, err, c.text)
	}
	for _, bad := range []reflect.Type{nil, reflect.TypeFor[int](), reflect.TypeFor[map[string]string](), reflect.TypeFor[map[int]any]()} {
		_, err := CompileDocument([]byte(ok), bad, testOptions)
		require.ErrorIs(t, err, ErrInvalidModel)
	}
}

func TestDocumentsDeclareLocalIndexes(t *testing.T) {
	plan := mustCompileDocument(t, `{"name": "A", "keys": {"partition": {"attribute": "p", "type": "S"}, "sort": {"attribute": "s", "type": "N"}},
		"attributes": [{"attribute": "p", "type": "S"}, {"attribute": "s", "type": "N"}, {"attribute": "r", "type": "N", "format": "int"}],
		"indexes": [{"name": "ranks", "type": "LSI", "partition": {"attribute": "p", "type": "S"}, "sort": {"attribute": "r", "type": "N"}, "projection": {"type": "KEYS_ONLY"}}]}`)
	require.True(t, plan.Indexes[0].Local)
	require.Same(t, plan.PK, plan.Indexes[0].PK)
	require.Equal(t, "r", plan.Indexes[0].SK.Name)
	require.Equal(t, ProjectKeys, plan.Indexes[0].Projection)
}
