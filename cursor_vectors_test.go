package theorydb_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

type cursorVectors struct {
	Format  []string
	Models  map[string]json.RawMessage
	Queries []queryVector
	Cursors []cursorVector
	Sealed  []cursorVector

	Refusals []struct {
		Name, Query string
		CursorKey   hexBytes `json:"cursor_key"`
		Cursor      vectorText
		Error       string
	}
}

type queryVector struct {
	Name, Model, Table string

	Scope      []string
	Key        vectorRecord
	Index      string
	Sort       map[string][]vectorValue
	Filter     json.RawMessage
	Descending bool
	Shard      *int
	Members    json.RawMessage
	Canonical  string
	Q          string
}

type cursorVector struct {
	Name, Query string
	CursorKey   hexBytes        `json:"cursor_key"`
	Nonce       hexBytes        `json:"nonce"`
	LastKey     json.RawMessage `json:"last_key"`
	Record      vectorRecord
	Content     string
	Cursor      string
}

type vectorRecord map[string]vectorValue

func (r vectorRecord) record() theorydb.Record {
	record := theorydb.Record{}
	for name, value := range r {
		record[name] = value.any
	}
	return record
}

// vectorValue is a logical value, as values.json has them; of those only what a key can be.
type vectorValue struct{ any }

func (v *vectorValue) UnmarshalJSON(data []byte) error {
	var form map[string]string
	if err := json.Unmarshal(data, &form); err != nil {
		return err
	}
	for kind, text := range form {
		switch kind {
		case "text":
			v.any = text
		case "int", "float":
			v.any = json.Number(text)
		case "hex":
			var raw hexBytes
			err := raw.UnmarshalText([]byte(text))
			v.any = []byte(raw)
			return err
		case "time":
			at, err := time.Parse(time.RFC3339Nano, text)
			v.any = at
			return err
		default:
			return fmt.Errorf("%q is not a kind of value", kind)
		}
	}
	return nil
}

// askedQueries is a DynamoDB that has no items and keeps what it is asked. Whatever else is sent ends the test.
type askedQueries struct {
	theorydb.DynamoDB

	inputs []*dynamodb.QueryInput
}

func (a *askedQueries) Query(_ context.Context, input *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	a.inputs = append(a.inputs, input)
	return &dynamodb.QueryOutput{}, nil
}

// compiled gives the model and the query of a vector, under a cursor key if there is one.
func (v *cursorVectors) compiled(t testing.TB, name string, key []byte) (*theorydb.Model[theorydb.Record], theorydb.Query[theorydb.Record], *askedQueries) {
	t.Helper()
	for _, q := range v.Queries {
		if q.Name == name {
			asked := &askedQueries{}
			return v.model(t, q, asked, key), q.query(t), asked
		}
	}
	require.Fail(t, "no such query", name)
	return nil, theorydb.Query[theorydb.Record]{}, nil
}

func (v *cursorVectors) model(t testing.TB, q queryVector, asked *askedQueries, key []byte) *theorydb.Model[theorydb.Record] {
	t.Helper()
	db, err := theorydb.New(theorydb.Config{DynamoDB: asked, Table: "physical", LogicalTable: q.Table, CursorKey: key})
	require.NoError(t, err)
	document := v.Models[q.Model]
	require.NotEmpty(t, document, q.Model)
	if q.Scope == nil {
		m, err := theorydb.NewRecordModel(db, document)
		require.NoError(t, err)
		return m
	}
	m, err := theorydb.NewScopedRecordModel(db, document)
	require.NoError(t, err)
	scope, err := theorydb.NewScope(q.Scope...)
	require.NoError(t, err)
	return m.In(scope)
}

func (q queryVector) query(t testing.TB) theorydb.Query[theorydb.Record] {
	t.Helper()
	query := theorydb.Query[theorydb.Record]{Key: q.Key.record(), Index: q.Index, Descending: q.Descending}
	require.LessOrEqual(t, len(q.Sort), 1)
	for operator, operands := range q.Sort {
		query.Sort = sortOf(t, operator, operands)
	}
	if q.Filter != nil {
		query.Filter = conditionOf(t, q.Filter)
	}
	if q.Shard != nil {
		query.Shard = theorydb.Shard(*q.Shard)
	}
	return query
}

var storedKeys = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{})

// requireResumes requires that a page of the query that follows the cursor begins behind the key.
func (c cursorVector) requireResumes(t testing.TB, v *cursorVectors, key []byte) {
	t.Helper()
	m, q, asked := v.compiled(t, c.Query, key)
	_, err := m.QueryPage(t.Context(), q, c.Cursor)
	require.NoError(t, err)
	require.Len(t, asked.inputs, 1)
	want, err := attributevalue.UnmarshalMapJSON(c.LastKey)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, asked.inputs[0].ExclusiveStartKey, storedKeys))
}

// cursorOfRecord is the cursor that the library gives behind the vector's record.
func (c cursorVector) cursorOfRecord(t testing.TB, v *cursorVectors, key []byte) string {
	t.Helper()
	m, q, _ := v.compiled(t, c.Query, key)
	record := c.Record.record()
	cursor, err := m.CursorAfter(q, &record)
	require.NoError(t, err)
	return cursor
}

func TestCursorsFollowTheVectors(t *testing.T) {
	var v cursorVectors
	total, held := readVectors(t, "cursors.json", &v), 0
	records := map[string]vectorRecord{}
	for _, c := range v.Cursors {
		t.Run("plain/"+c.Name, func(t *testing.T) {
			require.Equal(t, c.Content, cursorText(t, c.Cursor))
			if c.Record != nil {
				require.Equal(t, c.Cursor, c.cursorOfRecord(t, &v, nil))
				records[c.Content] = c.Record
			}
			c.requireResumes(t, &v, nil)
			held++
		})
	}
	for _, q := range v.Queries {
		t.Run("query/"+q.Name, func(t *testing.T) {
			var members any
			require.NoError(t, json.Unmarshal(q.Members, &members))
			require.Equal(t, q.Canonical, compact(t, members))
			require.True(t, v.isNamed(q), "no cursor shows that q is the library's")
			held++
		})
	}
	for _, c := range v.Sealed {
		t.Run("sealed/"+c.Name, func(t *testing.T) {
			c.requireResumes(t, &v, c.CursorKey)
			// The library draws its own nonce: its seal is held to the vector's by a second AES-GCM, which takes both.
			seal := cursorSeal(t, c.CursorKey)
			q := v.query(t, c.Query)
			require.Equal(t, c.Cursor, encodeCursor(string(seal(c.Nonce, c.Content, v.boundTable(t, q)))))
			if record := records[c.Content]; record != nil {
				c.Record = record
				sealed := c.cursorOfRecord(t, &v, c.CursorKey)
				nonce := []byte(cursorText(t, sealed))[:12]
				require.Equal(t, encodeCursor(string(seal(nonce, c.Content, v.boundTable(t, q)))), sealed)
			}
			held++
		})
	}
	for _, r := range v.Refusals {
		t.Run("refused/"+r.Name, func(t *testing.T) {
			require.Equal(t, "ErrInvalidCursor", r.Error)
			m, q, asked := v.compiled(t, r.Query, r.CursorKey)
			_, err := m.QueryPage(t.Context(), q, string(r.Cursor))
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
			require.Empty(t, asked.inputs)
			held++
		})
	}
	require.Equal(t, total, held, "every vector is held to")
}

func (v *cursorVectors) query(t testing.TB, name string) queryVector {
	t.Helper()
	for _, q := range v.Queries {
		if q.Name == name {
			return q
		}
	}
	require.Fail(t, "no such query", name)
	return queryVector{}
}

// isNamed reports whether a cursor of the query has its q: resuming with it holds the library to the q.
func (v *cursorVectors) isNamed(q queryVector) bool {
	for _, c := range v.Cursors {
		var content struct{ Q string }
		if c.Query == q.Name && json.Unmarshal([]byte(c.Content), &content) == nil && content.Q == q.Q {
			return true
		}
	}
	return false
}

// boundTable is the table that the canonical query of a vector names.
func (v *cursorVectors) boundTable(t testing.TB, q queryVector) string {
	t.Helper()
	var members struct{ Table string }
	require.NoError(t, json.Unmarshal(q.Members, &members))
	return members.Table
}

// cursorSeal is the seal of cursors in terms of a plain AES-GCM.
func cursorSeal(t testing.TB, key []byte) func(nonce []byte, content, table string) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return func(nonce []byte, content, table string) []byte {
		return gcm.Seal(append([]byte{}, nonce...), nonce, []byte(content), []byte("theorydb cursor 1\x00"+table))
	}
}

// compact is the JSON of canonical queries, said again: sorted members, no blanks, nothing escaped that need not be.
func compact(t testing.TB, value any) string {
	t.Helper()
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(value))
	return strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029", "\n", "").Replace(text.String())
}
