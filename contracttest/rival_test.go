package contracttest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRivalThatCanNotWriteFailsItsScenario(t *testing.T) {
	for rival, want := range map[string]string{
		`{ key: { PK: { S: a }, SK: { S: b } }, item: { version: { N: 5 }, _w: { B: AAAA } } }`: "",
		`{ key: { PK: { S: a }, SK: { S: nobody } }, item: { version: { N: 5 } } }`:             "the rival of line 4: raw_set: there is no such item",
		`{ key: { PK: a }, item: { version: { N: 5 } } }`:                                       `the rival of line 4: attribute "PK" is not DynamoDB JSON`,
	} {
		scenario, err := ParseScenario("a.yaml", []byte("name: n\nmodel: Note\nsteps:\n"+
			"  - { op: fault, lose_answer: PutItem, rival: "+rival+" }\n"+
			"  - { op: create, if_not_exists: true, item: { PK: a, SK: b }, expect: { error: ErrOutcomeUnknown } }\n"))
		require.NoError(t, err)
		failure := embeddedRunner(t).Run(t.Context(), scenario).Failure
		if want == "" {
			require.Nil(t, failure)
			continue
		}
		require.NotNil(t, failure, rival)
		require.Contains(t, failure.Lines[0], want)
	}
}
