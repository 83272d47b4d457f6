package schema

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/stretchr/testify/require"
)

func TestDescribedWordsHoldInDocuments(t *testing.T) {
	described := throughDocument(t, mustCompile[gallery]())
	full := func() *record {
		return &record{"room": "r", "shelf": 1, "label": "l", "painter": "", "email": "e", "kind": "oil", "secret": "", "anything": []any{1}, "heat": "warm"}
	}
	item, err := described.Encode(full())
	require.NoError(t, err)
	require.Equal(t, text(""), item["painter"], "required, and an empty text is a value")
	require.Equal(t, text(""), item["secret"])
	require.Equal(t, list(number("1")), item["anything"])
	for name, value := range map[string]any{"painter": nil, "label": "", "secret": nil, "kind": "chalk"} {
		rec := full()
		(*rec)[name] = value
		_, err := described.Encode(rec)
		var fault *ValueError
		require.ErrorAs(t, err, &fault, name)
		require.Equal(t, name, fault.Attr)
	}
	require.True(t, described.Attribute("email").Unique)
	require.True(t, described.Attribute("email").Immutable)
	require.Equal(t, namingSnake, described.Naming)

	element, err := described.Attribute("anything").EncodeElement("x")
	require.NoError(t, err)
	require.Equal(t, text("x"), element)
	rec := described.New()
	require.NoError(t, described.Merge(Item{"anything": number("1E1")}, rec, []string{"anything"}))
	require.Equal(t, &record{"anything": attributevalue.Number("10")}, rec)
}

func TestDocumentsAreHeldToTheirWords(t *testing.T) {
	const frame = `{"name": "A", "keys": {"partition": {"attribute": "PK", "type": "S"}, "sort": {"attribute": "SK", "type": "S", "template": "X#{b}"}},
		"attributes": [{"attribute": "PK", "type": "S"}, {"attribute": "b", "type": "S"}, {"attribute": "a", %s}], "indexes": [%s]}`
	const lsi = `{"name": "ranks", "type": "LSI", "partition": {"attribute": "PK", "type": %s}, "sort": {"attribute": "b", "type": "S"}}`
	compile := func(attribute, index string) error {
		_, err := CompileDocument(fmt.Appendf(nil, frame, attribute, index), reflect.TypeFor[record](), testOptions)
		return err
	}
	for _, attribute := range []string{
		`"type": "any"`, `"type": "S", "enum": ["x"]`, `"type": "N", "immutable": true, "unique": true`, `"type": "BOOL", "required": true, "zero_allowed": true`,
	} {
		require.NoError(t, compile(attribute, fmt.Sprintf(lsi, `"S"`)))
	}
	for _, c := range []struct{ attribute, index, text string }{
		{`"type": ""`, "", `type ""`},
		{`"type": "any", "format": "int"`, "", "is not known"},
		{`"type": "any", "encryption": {"v": 1}`, "", "does not tell what is stored"},
		{`"type": "any", "roles": ["scope"]`, "", "a scope attribute"},
		{`"type": "S", "enum": []`, "", "lists no text"},
		{`"type": "S", "enum": ["x", "x"]`, "", "twice"},
		{`"type": "S", "enum": ["x", ""]`, "", "an empty text"},
		{`"type": "S", "enum": "x"`, "", "is not a model"},
		{`"type": "N", "enum": ["1"]`, "", "needs a string"},
		{`"type": "S", "enum": ["x"], "json": true`, "", "needs a string"},
		{`"type": "S", "immutable": "yes"`, "", "is not a model"},
		{`"type": "S", "unique": true, "encryption": {"v": 1}`, "", "not possible"},
		{`"type": "S", "immutable": true, "encryption": {"v": 1}`, "", "not possible"},
		{`"type": "S", "zero_allowed": true`, "", "without"},
		{`"type": "S"`, fmt.Sprintf(lsi, `"N"`), "must have the partition key"},
		{`"type": "S"`, fmt.Sprintf(lsi, `"S", "template": "X"`), "must have the partition key"},
		{`"type": "any"`, `{"name": "gsi1", "type": "GSI", "partition": {"attribute": "a", "type": "any"}}`, "can't be a key"},
		{`"type": "any"`, `{"name": "gsi1", "type": "GSI", "partition": {"attribute": "a", "type": "S"}}`, `"a" is any`},
		{`"type": "any"`, `{"name": "gsi1", "type": "GSI", "partition": {"attribute": "G", "type": "S", "template": "{a}"}}`, "can't be part of a key"},
	} {
		err := compile(c.attribute, c.index)
		require.ErrorIs(t, err, ErrInvalidModel, c.attribute)
		require.ErrorContains(t, err, c.text, c.attribute)
	}
}
