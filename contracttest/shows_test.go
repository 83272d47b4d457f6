package contracttest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func showingWhat(words string) []byte {
	return []byte("name: n\nmodel: Note\nshows: " + words + `
steps:
  - { op: create, item: { PK: a } }
  - { op: race, race: { writers: 2, op: delete, key: { PK: a } } }
  - { op: race, race: { writers: 2, op: transact, operations: [{ op: put, item: { PK: a } }] } }
  - { op: batch_write, batch_write: { puts: [{ PK: b }] } }
  - { op: raw_get, key: { PK: a } }
`)
}

func TestScenarioSaysWhichVerbsItShows(t *testing.T) {
	scenario, err := ParseScenario("a.yaml", showingWhat("[create, delete, transact, put, batch_write]"))
	require.NoError(t, err)
	require.Equal(t, []string{"create", "delete", "transact", "put", "batch_write"}, scenario.Shows)

	scenario, err = ParseScenario("a.yaml", []byte(scenarioWith("op: get\nkey: { PK: a }")))
	require.NoError(t, err)
	require.Nil(t, scenario.Shows, "files of other projects need not say it")
}

func TestScenarioShowsNoVerbThatItDoesNotUse(t *testing.T) {
	for words, want := range map[string]string{
		"[creaet]":           `a.yaml:3: shows: "creaet" is no verb`,
		"[raw_get]":          `a.yaml:3: shows: "raw_get" is no verb`,
		"[race]":             `a.yaml:3: shows: "race" is no verb`,
		"[get]":              `a.yaml:3: shows: no step uses get`,
		"[create,\n  query]": `a.yaml:4: shows: no step uses query`,
		"[create, create]":   `a.yaml:3: shows: "create" stands twice`,
		"[]":                 `a.yaml:3: a scenario shows one verb at least`,
		"create":             `a.yaml:3: want a list`,
		"[1]":                `a.yaml:3: want a text`,
	} {
		_, err := ParseScenario("a.yaml", showingWhat(words))
		require.ErrorContains(t, err, want, words)
	}
}

// Whoever adds an op says whether it is a verb.
func TestEveryOpIsAVerbOrNone(t *testing.T) {
	others := []string{"sleep", "advance_clock", "race", "raw_put", "raw_set", "raw_get", "kms", "restart", "fault"}
	require.ElementsMatch(t, sortedNames(stepMembers), append(others, verbs...))
}
