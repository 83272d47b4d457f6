package localaws_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

// object is a JSON object.
type object = map[string]any

// endpoint takes raw requests, so that tests can send what no SDK would.
type endpoint struct {
	client localaws.HTTPClient
	url    string
}

func newEngine(options ...localaws.Option) endpoint {
	return endpoint{client: localaws.New(options...), url: "http://localaws.invalid"}
}

// dynamoDBLocal gives the endpoint of DYNAMODB_LOCAL_ENDPOINT; false when that
// is not set.
func secondEngine() endpoint { return newEngine(localaws.WithSeed(7)) }

func dynamoDBLocal() (endpoint, bool) {
	url := os.Getenv("DYNAMODB_LOCAL_ENDPOINT")
	return endpoint{client: http.DefaultClient, url: url}, url != ""
}

// send sends one request and gives the answer in normal form: sets sorted, what
// comes in any order sorted, an error as {"error": code} and the item or the
// cancellation reasons that came with it, without messages.
func (e endpoint) send(t require.TestingT, operation string, body any) object {
	status, answer := e.sendRaw(t, operation, body)
	if status != http.StatusOK {
		code, _ := answer["__type"].(string)
		refusal := object{"error": code[strings.LastIndex(code, "#")+1:]}
		if item, ok := answer["Item"]; ok {
			refusal["Item"] = item
		}
		if reasons, ok := answer["CancellationReasons"].([]any); ok {
			for _, reason := range reasons {
				delete(reason.(object), "Message") //nolint:forcetypeassert // a test may panic
			}
			refusal["reasons"] = reasons
		}
		return refusal
	}
	sortCapacities(answer)
	if responses, ok := answer["Responses"].(object); ok {
		for _, items := range responses {
			sortTexts(items.([]any)) //nolint:forcetypeassert // a test may panic
		}
	}
	return answer
}

// sortCapacities orders the capacities of several tables: DynamoDB Local gives
// them in any order.
func sortCapacities(answer object) {
	if list, ok := answer["ConsumedCapacity"].([]any); ok {
		sortTexts(list)
	}
}

func (e endpoint) sendRaw(t require.TestingT, operation string, body any) (int, object) {
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequest(http.MethodPost, e.url, bytes.NewReader(raw)) //nolint:noctx // ends with the test
	require.NoError(t, err)
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Date", "20231114T000000Z")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=LOCALAWS/20231114/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	response, err := e.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close() //nolint:errcheck // read to its end
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var answer object
	require.NoError(t, json.Unmarshal(content, &answer), "answer to %s", operation)
	normalise(answer)
	return response.StatusCode, answer
}

// normalise sorts the sets of a JSON tree.
func normalise(tree any) {
	switch tree := tree.(type) {
	case object:
		for name, part := range tree {
			if list, ok := part.([]any); ok && slices.Contains([]string{"SS", "NS", "BS"}, name) {
				sortTexts(list)
				continue
			}
			normalise(part)
		}
	case []any:
		for _, part := range tree {
			normalise(part)
		}
	}
}

func sortTexts(list []any) {
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// seedTable makes a table with keys p (S) and s (N), a global index byG on g
// and h, a local index byH on h, and some items.
func (e endpoint) seedTable(t testing.TB, name string) {
	t.Helper()
	e.createTable(t, name)
	for _, line := range strings.Split(strings.TrimSpace(seedItems), "\n") {
		var item object
		require.NoError(t, json.Unmarshal([]byte(line), &item))
		require.Empty(t, e.send(t, "PutItem", object{"TableName": name, "Item": item}))
	}
}

func (e endpoint) createTable(t require.TestingT, name string) {
	e.send(t, "DeleteTable", object{"TableName": name})
	var definition object
	require.NoError(t, json.Unmarshal([]byte(seedTable), &definition))
	definition["TableName"] = name
	require.NotContains(t, e.send(t, "CreateTable", definition), "error")
}

const seedTable = `{
	"BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"AttributeDefinitions": [
		{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"},
		{"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "N"}],
	"GlobalSecondaryIndexes": [{"IndexName": "byG", "Projection": {"ProjectionType": "KEYS_ONLY"},
		"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}]}],
	"LocalSecondaryIndexes": [{"IndexName": "byH", "Projection": {"ProjectionType": "KEYS_ONLY"},
		"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}]}]
}`

const seedItems = `
{"p":{"S":"a"},"s":{"N":"1"},"n":{"N":"5"},"t":{"S":"text"},"m":{"M":{"a":{"N":"1"},"l":{"L":[{"N":"0"},{"N":"1"},{"M":{"x":{"S":"y"}}}]}}},"l":{"L":[{"S":"0"},{"S":"1"},{"S":"2"}]},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"b":{"B":"AQID"},"yes":{"BOOL":true},"nil":{"NULL":true}}
{"p":{"S":"q"},"s":{"N":"0"},"v":{"N":"0"},"g":{"S":"x"},"h":{"N":"9"}}
{"p":{"S":"q"},"s":{"N":"1"},"v":{"N":"1"},"g":{"S":"x"},"h":{"N":"12"}}
{"p":{"S":"q"},"s":{"N":"2"},"v":{"N":"0"},"g":{"S":"x"},"h":{"N":"10"}}
{"p":{"S":"q"},"s":{"N":"3"},"v":{"N":"1"},"g":{"S":"x"},"h":{"N":"14"}}
{"p":{"S":"q"},"s":{"N":"4"},"v":{"N":"0"},"g":{"S":"x"},"h":{"N":"11"}}
{"p":{"S":"q"},"s":{"N":"5"},"v":{"N":"1"},"g":{"S":"x"},"h":{"N":"13"}}
`
