package contracttest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/identity"
)

func TestIdentityScenariosHoldForTheModelsOfIdentity(t *testing.T) {
	t.Run("embedded engine", func(t *testing.T) { RunIdentityModels(t, LocalAWS, identity.Schema()) })
	t.Run("embedded engine that sweeps", func(t *testing.T) { RunIdentityModels(t, SweepingLocalAWS, identity.Schema()) })
	if url := os.Getenv("DYNAMODB_LOCAL_ENDPOINT"); url != "" {
		t.Run("endpoint", func(t *testing.T) { RunIdentityModels(t, func() *Engine { return Endpoint(url) }, identity.Schema()) })
	}
}

func identityScenarios(t *testing.T) []*Scenario {
	t.Helper()
	scenarios, err := EmbeddedIdentityScenarios()
	require.NoError(t, err)
	return scenarios
}

func TestIdentityScenariosAreTold(t *testing.T) {
	models, err := ParseModels("schema.json", identity.Schema())
	require.NoError(t, err)
	titles, subjects := map[string]bool{}, map[string]bool{}
	for _, scenario := range identityScenarios(t) {
		require.Regexp(t, `^id\.[a-z]+\.[a-z_]+$`, scenario.ID, scenario.File)
		require.NotEmpty(t, scenario.Why, scenario.File)
		require.NotEmpty(t, scenario.Promise, scenario.File)
		require.Empty(t, scenario.Table, "%s: copies live in tables of any name", scenario.File)
		require.Empty(t, models.Missing(scenario), scenario.File)
		require.False(t, titles[scenario.Title()], "two scenarios are called %s", scenario.Title())
		subject := scenario.ID + " " + scenario.Model
		require.False(t, subjects[subject], "%s tells the same of the same model as another", scenario.File)
		titles[scenario.Title()], subjects[subject] = true, true
	}
}

func TestScenariosSayWhichModelsTheyUse(t *testing.T) {
	scenario, err := ParseScenario("a.yaml", []byte(scenarioWith(`op: race
race: { writers: 2, op: transact, operations: [{ op: check, model: B, key: { PK: a } }, { op: create, item: { PK: a } }] }`)))
	require.NoError(t, err)
	scenario.Model = "A"
	scenario.Steps = append(scenario.Steps, Step{Op: "collection", Models: []string{"C", "A"}}, Step{Op: "clear", Keep: []string{"D"}}, Step{Op: "get", Model: "E"})
	require.Equal(t, []string{"A", "B", "C", "D", "E"}, scenario.models())

	models := &Models{all: []*ModelDocument{{Name: "A"}, {Name: "D"}, {Name: "C"}}}
	require.Equal(t, []string{"B", "E"}, models.Missing(scenario))
}

func TestADocumentThatNoIdentityScenarioFitsIsRefused(t *testing.T) {
	for document, want := range map[string]string{
		`{"models": [], "theorydb_schema": 1, "ttl_attribute": "ttl"}`:                                                       "of no identity scenario",
		`{"models": [{"name": "Other", "keys": {"partition": {"attribute": "pk", "type": "S"}}}]}`:                           "of no identity scenario",
		`{"models": [{"name": "User", "keys": {"partition": {"attribute": "pk", "type": "S"}}}], "theorydb_schema": 2}`:      `theorydb_schema "2" is not known`,
		`{"models": [{"name": "User", "keys": {"partition": {"attribute": "pk", "type": "S"}}}], "ttl_attribute": "expire"}`: `ttl_attribute "expire", the scenarios say "ttl"`,
		`no document`: "schema:1",
	} {
		_, err := identityModels([]byte(document), identityScenarios(t))
		require.ErrorContains(t, err, want, document)
	}
}

// What stands in a golden item of package identity stands in the scenario that stores one.
func TestIdentityGoldenScenariosSayWhatTheGoldenItemsDo(t *testing.T) {
	// Scenarios begin at a time of their own, and write ids and envelopes are random.
	notCompared := map[string]bool{"_w": true, "createdAt": true, "updatedAt": true, "boundSecret": true}
	seen := 0
	for _, scenario := range identityScenarios(t) {
		if !strings.HasSuffix(scenario.ID, ".golden_fixture") {
			continue
		}
		seen++
		file := filepath.Join("vectors", "identity", strings.ToLower(scenario.Model)+".json")
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var golden map[string]any
		require.NoError(t, json.Unmarshal(content, &golden))
		stored := scenario.Steps[1].Expect.ItemContains
		for name, value := range golden {
			if notCompared[name] {
				continue
			}
			want, err := valueFromJSON(value)
			require.NoError(t, err)
			got, err := valueFromJSON(stored[name])
			require.NoError(t, err, "%s: %s", scenario.File, name)
			require.Equal(t, rawValue(want), rawValue(got), "%s: %s", scenario.File, name)
		}
	}
	require.Equal(t, 4, seen)
}
