package contracttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/identity"
)

// spoiled is a schema document whose copy of a model lost one thing.
type spoiled struct {
	what, model string
	document    []byte
}

// The suite is worth something when a copy that is not the original fails it: each thing that a model's document says is
// taken out, alone, and some scenario must notice.
func TestASpoiledCopyFailsAnIdentityScenario(t *testing.T) {
	scenarios := identityScenarios(t)
	used := map[string]bool{}
	for _, scenario := range scenarios {
		for _, model := range scenario.models() {
			used[model] = true
		}
	}
	for _, copied := range spoiledCopies(t, used) {
		t.Run(copied.what, func(t *testing.T) {
			t.Parallel()
			models, err := identityModels(copied.document, scenarios)
			require.NoError(t, err)
			runner := &Runner{Models: models, Engine: LocalAWS}
			require.True(t, slices.ContainsFunc(quickestFirst(scenarios, copied.model), func(scenario *Scenario) bool {
				return runner.Run(t.Context(), scenario).Failure != nil
			}), "every scenario passes")
		})
	}
}

// quickestFirst are the scenarios that use a model: first those that notice most, last those in which writers race.
func quickestFirst(scenarios []*Scenario, model string) []*Scenario {
	uses := func(scenario *Scenario) bool { return slices.Contains(scenario.models(), model) }
	slow := func(scenario *Scenario) int {
		switch {
		case slices.ContainsFunc(scenario.Steps, func(step Step) bool { return step.Race != nil }):
			return 2
		case scenario.Model == model && (strings.HasSuffix(scenario.ID, ".stored_form") || strings.HasSuffix(scenario.ID, ".golden_fixture")):
			return 0
		}
		return 1
	}
	using := slices.DeleteFunc(slices.Clone(scenarios), func(s *Scenario) bool { return !uses(s) })
	slices.SortStableFunc(using, func(a, b *Scenario) int { return cmp.Compare(slow(a), slow(b)) })
	return using
}

// spoiledCopies are copies of the models that are used, each without one thing that its document says.
func spoiledCopies(t *testing.T, used map[string]bool) []spoiled {
	t.Helper()
	whole := map[string]any{}
	require.NoError(t, json.Unmarshal(identity.Schema(), &whole))
	list, _ := whole["models"].([]any)
	whole["models"] = slices.DeleteFunc(list, func(model any) bool { return !used[nameOf(model)] })
	original, err := json.Marshal(whole)
	require.NoError(t, err)

	var copies []spoiled
	for i, model := range listIn(t, whole, "models") {
		for what, change := range losses(t, model) {
			document := map[string]any{}
			require.NoError(t, json.Unmarshal(original, &document))
			change(listIn(t, document, "models")[i])
			text, err := json.Marshal(document)
			require.NoError(t, err)
			copies = append(copies, spoiled{nameOf(model) + " " + what, nameOf(model), text})
		}
	}
	return copies
}

// losses are what a model's document can lose: each takes one thing out of a copy of it.
func losses(t *testing.T, model map[string]any) map[string]func(model map[string]any) {
	t.Helper()
	found := map[string]func(map[string]any){}
	for i, attribute := range listIn(t, model, "attributes") {
		name := fmt.Sprint(attribute["attribute"])
		found["without "+name] = func(model map[string]any) {
			list, _ := model["attributes"].([]any)
			model["attributes"] = slices.Delete(list, i, i+1)
		}
		for member := range attribute {
			switch {
			case member == "attribute", member == "type":
				continue
			case member == "optional": // for readers of the document: records may lack it either way
				continue
			case member == "format" && attribute["roles"] != nil: // the role has its format
				continue
			}
			found[name+" without "+member] = func(model map[string]any) { delete(listIn(t, model, "attributes")[i], member) }
		}
	}
	for _, half := range []string{"partition", "sort"} {
		found["with another key "+half] = func(model map[string]any) { respell(model["keys"], half) }
		for i := range listIn(t, model, "indexes") {
			found["with another index key "+half] = func(model map[string]any) { respell(listIn(t, model, "indexes")[i], half) }
		}
	}
	if model["indexes"] != nil {
		found["without indexes"] = func(model map[string]any) { delete(model, "indexes") }
	}
	return found
}

// respell lengthens the text of a key's template.
func respell(keys any, half string) {
	both, _ := keys.(map[string]any)
	key, _ := both[half].(map[string]any)
	template, _ := key["template"].(string)
	key["template"] = template + "#X"
}

func nameOf(model any) string {
	members, _ := model.(map[string]any)
	name, _ := members["name"].(string)
	return name
}

func listIn(t *testing.T, of map[string]any, member string) []map[string]any {
	t.Helper()
	list, _ := of[member].([]any)
	members := make([]map[string]any, len(list))
	for i, element := range list {
		var ok bool
		members[i], ok = element.(map[string]any)
		require.True(t, ok)
	}
	return members
}

func TestACopyMayHaveMoreAndLiveInAnotherTable(t *testing.T) {
	document := map[string]any{}
	require.NoError(t, json.Unmarshal(identity.Schema(), &document))
	for _, model := range listIn(t, document, "models") {
		list, _ := model["attributes"].([]any)
		model["attributes"] = append(list, map[string]any{"attribute": "note", "type": "S", "optional": true, "omit_empty": true})
		model["table"] = map[string]any{"name": "accounts"}
	}
	text, err := json.Marshal(document)
	require.NoError(t, err)
	RunIdentityModels(t, LocalAWS, text)
}
