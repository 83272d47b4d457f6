package localaws_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// exchange is one request against a freshly seeded table and its outcome, a
// line of testdata/exchanges. Where DynamoDB Local differs from what AWS
// documents, Want is what AWS documents and Local what DynamoDB Local does.
//
// A request without TableName goes to the seeded table, which batches and
// transactions name "exchange", an operation on an item without Key to its item
// {p: "a", s: 1}. With Show the outcome is those
// attributes of the item afterwards, otherwise the answer itself.
type exchange struct {
	Name      string
	Operation string
	Body      object
	Show      []string
	Want      object
	Local     object
}

func TestEngineGivesRecordedOutcomes(t *testing.T) {
	engine := newEngine()
	forEachExchange(t, func(t *testing.T, x exchange) {
		requireOutcome(t, x.Want, engine.outcome(t, x))
	})
}

// TestDynamoDBLocalGivesRecordedOutcomes shows that the recorded outcomes are
// not our own invention. It needs DYNAMODB_LOCAL_ENDPOINT; without it the
// recorded outcomes stand for DynamoDB Local's.
func TestDynamoDBLocalGivesRecordedOutcomes(t *testing.T) {
	local, ok := dynamoDBLocal()
	if !ok {
		t.Skip("DYNAMODB_LOCAL_ENDPOINT is not set; TestEngineGivesRecordedOutcomes ran against the recording")
	}
	forEachExchange(t, func(t *testing.T, x exchange) {
		want := x.Want
		if x.Local != nil {
			want = x.Local
		}
		requireOutcome(t, want, local.outcome(t, x))
	})
}

func requireOutcome(t *testing.T, want, got object) {
	t.Helper()
	normalise(want)
	require.Empty(t, cmp.Diff(want, got), "outcome (-want +got)")
}

func (e endpoint) outcome(t *testing.T, x exchange) object {
	const table = "exchange"
	e.seedTable(t, table)
	e.send(t, "DeleteTable", object{"TableName": "created"})
	body := maps.Clone(x.Body)
	_, named := body["TableName"]
	if several := strings.HasPrefix(x.Operation, "Batch") || strings.HasPrefix(x.Operation, "Transact"); !named && !several {
		body["TableName"] = table
	}
	key := object{"p": object{"S": "a"}, "s": object{"N": "1"}}
	switch x.Operation {
	case "PutItem":
		key = object{"p": object{"S": "w"}, "s": object{"N": "1"}}
	case "GetItem", "UpdateItem", "DeleteItem":
		if given, ok := body["Key"].(object); ok {
			key = given
		}
		body["Key"] = key
	}
	answer := e.send(t, x.Operation, body)
	_, refused := answer["error"]
	switch {
	case refused:
		return answer
	case x.Operation == "CreateTable":
		return object{"created": true}
	case x.Show == nil:
		capacities, several := answer["ConsumedCapacity"].([]any)
		if !several {
			capacities = []any{answer["ConsumedCapacity"]}
		}
		for _, capacity := range capacities {
			if capacity, ok := capacity.(object); ok {
				delete(capacity, "TableName")
			}
		}
		return answer
	}
	stored, _ := e.send(t, "GetItem", object{"TableName": table, "Key": key})["Item"].(object)
	after := object{}
	for _, name := range x.Show {
		if v, ok := stored[name]; ok {
			after[name] = v
		}
	}
	return object{"after": after}
}

func forEachExchange(t *testing.T, check func(*testing.T, exchange)) {
	files, err := filepath.Glob("testdata/exchanges/*.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			require.NoError(t, err)
			defer f.Close() //nolint:errcheck // only read
			lines := bufio.NewScanner(f)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				var x exchange
				require.NoError(t, json.Unmarshal(lines.Bytes(), &x))
				t.Run(x.Name, func(t *testing.T) { check(t, x) })
			}
			require.NoError(t, lines.Err())
		})
	}
}
