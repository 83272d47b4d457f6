package mutants

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest"
)

const (
	leastOfEach = 2  // mutants of a promise
	leastOfAll  = 20 // mutants
)

var nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// problems says what is wrong with the files, so that nobody has to build a mutant to know. ids are those of all scenarios.
func (c *collection) problems(library fs.FS, ids []string) []string {
	var list []string
	complain := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	names, ofPromise, killers := map[string]bool{}, map[string]int{}, map[string]bool{}
	libraries := map[string]string{} // what each mutant makes of the library, with its name
	for _, m := range c.mutants {
		complainOf := func(format string, args ...any) { complain(m.file+": "+m.Name+": "+format, args...) }
		if !nameForm.MatchString(m.Name) {
			complainOf("the name is not in kebab-case")
		}
		if names[m.Name] {
			complainOf("another mutant has this name")
		}
		names[m.Name] = true
		if !slices.Contains(contracttest.Promises, m.Promise) {
			complainOf("unknown promise %q", m.Promise)
		} else if strings.ToLower(m.Promise)+".yaml" != m.file {
			complainOf("mutants of %s stand in a file of their own", m.Promise)
		}
		ofPromise[m.Promise]++
		if m.Why == "" {
			complainOf("does not say why")
		}
		if len(m.Edits) == 0 {
			complainOf("edits nothing")
		}
		if files, err := m.patched(library); err != nil {
			complainOf("%v", err)
		} else if made := fmt.Sprint(files); libraries[made] == "" { // a map is printed in the order of its keys
			libraries[made] = m.Name
		} else {
			complainOf("is the same library as %s", libraries[made])
		}
		if len(m.Kills) == 0 {
			complainOf("no scenario kills it")
		} else if !strings.HasPrefix(m.Kills[0], m.Promise+"-") {
			complainOf("the first scenario that kills it is none of its promise")
		}
		for i, id := range m.Kills {
			if !slices.Contains(ids, id) {
				complainOf("unknown scenario %q", id)
			}
			if slices.Contains(m.Kills[:i], id) {
				complainOf("names %s twice", id)
			}
			if strings.HasPrefix(id, m.Promise+"-") {
				killers[id] = true
			}
		}
	}
	for _, promise := range contracttest.Promises {
		if ofPromise[promise] < leastOfEach {
			complain("%s has %d mutants, not %d", promise, ofPromise[promise], leastOfEach)
		}
	}
	if len(c.mutants) < leastOfAll {
		complain("there are %d mutants, not %d", len(c.mutants), leastOfAll)
	}
	return append(list, c.uncovered(ids, killers)...)
}

// uncovered says which scenarios nothing has shown to be able to fail for their promise. killers are those that kill a
// mutant of it.
func (c *collection) uncovered(ids []string, killers map[string]bool) []string {
	var list []string
	complain := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	documents := map[string]bool{}
	for _, d := range c.documentation {
		switch {
		case !slices.Contains(ids, d.ID):
			complain("%s: unknown scenario %q", documentationFile, d.ID)
		case documents[d.ID]:
			complain("%s: names %s twice", documentationFile, d.ID)
		case killers[d.ID]:
			complain("%s: %s kills a mutant, so that it is more than documentation", documentationFile, d.ID)
		}
		if d.Why == "" {
			complain("%s: does not say why %s only documents", documentationFile, d.ID)
		}
		documents[d.ID] = true
	}
	for _, id := range ids {
		if !killers[id] && !documents[id] {
			complain("%s kills no mutant of its promise: write one that it kills, or say in %s why there is none", id, documentationFile)
		}
	}
	return list
}

// libraryRoot is where the module's root is from the folder of this package.
const libraryRoot = "../.."

func TestMutantsAreWellFormedAndEveryScenarioKillsOne(t *testing.T) {
	c, err := read(os.DirFS("."))
	require.NoError(t, err)
	for _, problem := range c.problems(os.DirFS(libraryRoot), scenarioIDs(t)) {
		t.Error(problem)
	}
}

func scenarioIDs(t *testing.T) []string {
	t.Helper()
	scenarios, err := contracttest.EmbeddedScenarios()
	require.NoError(t, err)
	ids := make([]string, len(scenarios))
	for i, scenario := range scenarios {
		ids[i] = scenario.ID
	}
	slices.Sort(ids)
	return ids
}
