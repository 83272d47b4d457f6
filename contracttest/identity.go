package contracttest

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

//go:embed identity
var embeddedIdentity embed.FS

// EmbeddedIdentityScenarios returns the scenarios of identity models, in the order of their files. They use the models of
// package identity's schema document, which other runtimes load as well, and know nothing of its stores: a service that
// copied some of those models can be held to them. They name no table, so that the copies may live in any.
func EmbeddedIdentityScenarios() ([]*Scenario, error) {
	return scenariosIn(embeddedIdentity, "identity")
}

// RunIdentityModels runs the scenarios of identity models on copies of them, as subtests named for the scenarios' ids.
// factory makes a new engine for every scenario; schema is what theorydb's DB.Describe gives of the copies:
//
//	func TestIdentityContract(t *testing.T) {
//		schema, err := db.Describe()
//		require.NoError(t, err)
//		contracttest.RunIdentityModels(t, contracttest.LocalAWS, schema)
//	}
//
// A scenario that uses a model which the document lacks is skipped, and names that model. A copy is known by the name of
// the original, and has its attributes, keys and indexes by their names; it may have more. A document to which no scenario
// applies is a failure, as is one that is no schema document.
func RunIdentityModels(t *testing.T, factory func() *Engine, schema []byte) {
	t.Helper()
	scenarios, err := EmbeddedIdentityScenarios()
	if err != nil {
		t.Fatal(err)
	}
	models, err := identityModels(schema, scenarios)
	if err != nil {
		t.Fatal(err)
	}
	runner := &Runner{Models: models, Engine: factory}
	for _, scenario := range scenarios {
		t.Run(scenario.Title(), func(t *testing.T) {
			if missing := models.Missing(scenario); len(missing) > 0 {
				t.Skipf("not applicable: the schema has no model %s", strings.Join(missing, ", "))
			}
			runner.test(t, scenario)
		})
	}
}

var errNothingApplies = errors.New("the schema document has the models of no identity scenario; copies keep the names of their originals")

// identityModels reads the models that some of the scenarios can be run on.
func identityModels(schema []byte, scenarios []*Scenario) (*Models, error) {
	models, err := ParseModels("schema", schema)
	if err != nil {
		return nil, err
	}
	for _, model := range models.all {
		if model.TTL != "" && model.TTL != ttlOfIdentity {
			return nil, fmt.Errorf("the schema document says ttl_attribute %q, the scenarios say %q; describe the models with a DB whose Config has no TTLAttribute", model.TTL, ttlOfIdentity)
		}
	}
	applies := func(scenario *Scenario) bool { return len(models.Missing(scenario)) == 0 }
	if !slices.ContainsFunc(scenarios, applies) {
		return nil, errNothingApplies
	}
	return models, nil
}

// ttlOfIdentity is the attribute by which identity's items end, in its schema document and in the scenarios.
const ttlOfIdentity = "ttl"

// Missing returns the names of the models that a scenario uses and that no document declares, in their order.
func (m *Models) Missing(scenario *Scenario) []string {
	var missing []string
	for _, name := range scenario.models() {
		if !slices.ContainsFunc(m.all, func(d *ModelDocument) bool { return d.Name == name }) {
			missing = append(missing, name)
		}
	}
	return missing
}

// models are the names of the models that a scenario uses, each once.
func (s *Scenario) models() []string {
	names := map[string]bool{s.Model: true}
	var use func(steps []Step)
	use = func(steps []Step) {
		for i := range steps {
			step := &steps[i]
			for _, name := range slices.Concat([]string{step.Model}, step.Models, step.Keep) {
				names[name] = true
			}
			use(step.Operations)
			if step.Race != nil {
				use([]Step{step.Race.Write})
			}
		}
	}
	use(s.Steps)
	delete(names, "") // the scenario's
	return sortedNames(names)
}
