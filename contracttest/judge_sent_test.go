package contracttest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConsistencyOfEveryReadIsLookedAt(t *testing.T) {
	const weak, strong = `{}`, `{"ConsistentRead": true, "Item": {"ConsistentRead": {"BOOL": false}}}`
	const weakBatch = `{"RequestItems": {"a": {"ConsistentRead": true, "Keys": []}, "b": {"Keys": []}}, "ConsistentRead": true}`
	const strongBatch = `{"RequestItems": {"a": {"ConsistentRead": true}, "b": {"ConsistentRead": true}}}`
	for name, test := range map[string]struct {
		operations, bodies []string
		want               bool
		differs            string
	}{
		"strong reads":              {[]string{"GetItem", "Query", "Scan", "BatchGetItem"}, []string{strong, strong, strong, strongBatch}, true, ""},
		"weak reads":                {[]string{"GetItem", "Query"}, []string{weak, weak}, false, ""},
		"writes between":            {[]string{"Query", "BatchWriteItem", "Query"}, []string{strong, weak, strong}, true, ""},
		"a weak second page":        {[]string{"Query", "Query"}, []string{strong, weak}, true, "expected true, request 2 (Query) says false"},
		"a strong second page":      {[]string{"Scan", "Scan"}, []string{weak, strong}, false, "expected false, request 2 (Scan) says true"},
		"a weak table of a batch":   {[]string{"BatchGetItem"}, []string{weakBatch}, true, "expected true, request 1 (BatchGetItem) says false"},
		"a strong table of a batch": {[]string{"BatchGetItem"}, []string{weakBatch}, false, "expected false, request 1 (BatchGetItem) says true"},
		"nothing sent":              {nil, nil, false, "expected false, the step sent no read that could say"},
		"writes only":               {[]string{"PutItem"}, []string{strong}, true, "expected true, the step sent no read that could say"},
		"a transaction":             {[]string{"TransactGetItems"}, []string{weak}, false, "expected false, the step sent no read that could say"},
		"an empty batch":            {[]string{"BatchGetItem"}, []string{weak}, false, "expected false, the step sent no read that could say"},
		"no JSON":                   {[]string{"Query"}, []string{"{"}, true, "decode a Query: unexpected end of JSON input"},
	} {
		t.Run(name, func(t *testing.T) {
			j := &judgement{outcome: &outcome{operations: test.operations}}
			for _, body := range test.bodies {
				j.sent = append(j.sent, []byte(body))
			}
			j.consistency(&Expect{SentConsistent: &test.want})
			if test.differs == "" {
				require.Empty(t, j.lines)
			} else {
				require.Equal(t, []string{"sent_consistent: " + test.differs}, j.lines)
			}
		})
	}
}
