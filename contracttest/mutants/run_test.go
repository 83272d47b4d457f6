package mutants

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest"
)

var (
	which        = flag.String("mutants", "", "run `all` mutants, or a cover: enough of them for every scenario to kill one. Empty: the first of each promise")
	allScenarios = flag.Bool("all-scenarios", false, "run all scenarios on each mutant: those named must be all that fail")
)

// TestMutants compiles mutants and runs the scenarios that they name, which must fail. What passes here on a mutant, or
// fails on the library as it is, proves nothing about the promise.
func TestMutants(t *testing.T) {
	c, err := read(os.DirFS("."))
	require.NoError(t, err)
	choose := map[string]func([]mutant) []mutant{"": firstOfEach, "cover": cover, "all": slices.Clone[[]mutant]}[*which]
	require.NotNil(t, choose, "-mutants is all, cover or empty")
	chosen := choose(c.mutants)
	t.Logf("%d of %d mutants; go test ./contracttest/mutants -mutants all runs all", len(chosen), len(c.mutants))
	unmutated, err := os.Executable()
	require.NoError(t, err)
	require.Empty(t, failures(t, unmutated, killers(chosen)), "these fail on the library as it is")

	var mu sync.Mutex
	killed := map[string][]string{}
	t.Run("mutant", func(t *testing.T) {
		for _, m := range chosen {
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel() // compiling takes memory: no more than GOMAXPROCS at the same time
				ids := m.Kills
				if *allScenarios {
					ids = nil
				}
				failed := failures(t, build(t, &m), ids)
				if difference := m.difference(failed); difference != "" {
					t.Errorf("%s: %s: %s", m.file, m.Name, difference)
				}
				mu.Lock()
				defer mu.Unlock()
				killed[m.Name] = failed
			})
		}
	})
	t.Log(table(chosen, killed))
}

func firstOfEach(mutants []mutant) []mutant {
	var list []mutant
	for _, m := range mutants {
		if len(list) == 0 || list[len(list)-1].file != m.file {
			list = append(list, m)
		}
	}
	return list
}

// cover chooses mutants so that every scenario that kills one of all kills one of these, and each promise has two at least.
// What it leaves out would show the same scenarios failing once more.
func cover(mutants []mutant) []mutant {
	chosen := make([]bool, len(mutants))
	open, count := map[string]bool{}, map[string]int{}
	for _, id := range killers(mutants) {
		open[id] = true
	}
	take := func(i int) {
		chosen[i] = true
		count[mutants[i].Promise]++
		for _, id := range mutants[i].Kills {
			delete(open, id)
		}
	}
	for len(open) > 0 {
		best, most := 0, 0
		for i, m := range mutants {
			gain := 0
			for _, id := range m.Kills {
				if open[id] {
					gain++
				}
			}
			if gain > most {
				best, most = i, gain
			}
		}
		take(best)
	}
	var list []mutant
	for i, m := range mutants {
		if !chosen[i] && count[m.Promise] < 2 {
			take(i)
		}
		if chosen[i] {
			list = append(list, m)
		}
	}
	return list
}

// killers are the scenarios that kill any of the mutants.
func killers(mutants []mutant) []string {
	ids := []string{}
	for _, m := range mutants {
		ids = append(ids, m.Kills...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// difference says how the scenarios that failed differ from those that the mutant names, and the line that would be right.
func (m *mutant) difference(failed []string) string {
	pass := slices.DeleteFunc(slices.Clone(m.Kills), func(id string) bool { return slices.Contains(failed, id) })
	more := slices.DeleteFunc(slices.Clone(failed), func(id string) bool { return slices.Contains(m.Kills, id) })
	var text string
	if len(pass) > 0 {
		text = fmt.Sprintf("survives %v; ", pass)
	}
	if len(more) > 0 {
		text += fmt.Sprintf("also kills %v; ", more)
	}
	if text == "" {
		return ""
	}
	return text + "write\n  kills: [" + strings.Join(m.inOrder(failed), ", ") + "]"
}

// inOrder has the scenarios of the mutant's own promise first, and the others in the order of the promises.
func (m *mutant) inOrder(ids []string) []string {
	var list []string
	for _, promise := range slices.Concat([]string{m.Promise}, contracttest.Promises) {
		for _, id := range slices.Sorted(slices.Values(ids)) {
			if strings.HasPrefix(id, promise+"-") && !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
	}
	return list
}

// table shows who killed whom. A mutant that was not run, because of -run, has no line.
func table(mutants []mutant, killed map[string][]string) string {
	longest := 0
	for name := range killed {
		longest = max(longest, len(name))
	}
	var b strings.Builder
	for _, m := range mutants {
		if ids, ran := killed[m.Name]; ran {
			fmt.Fprintf(&b, "\n%-6s %-*s  %s", m.Promise, longest, m.Name, strings.Join(m.inOrder(ids), " "))
		}
	}
	return fmt.Sprintf("%d mutants and what they were killed by:%s", len(killed), b.String())
}

func TestDifferenceIsToldInALineToPaste(t *testing.T) {
	m := &mutant{Promise: "TTL", Kills: []string{"TTL-02", "ENC-01", "TTL-01"}}
	require.Empty(t, m.difference([]string{"TTL-01", "ENC-01", "TTL-02"}))
	require.Equal(t, "survives [ENC-01]; also kills [LOCK-03 TTL-09]; write\n  kills: [TTL-01, TTL-02, TTL-09, LOCK-03]",
		m.difference([]string{"LOCK-03", "TTL-01", "TTL-02", "TTL-09"}))
	require.Equal(t, "survives [TTL-02 ENC-01 TTL-01]; write\n  kills: []", m.difference(nil))
}

func TestSampleHasTheFirstMutantOfEachPromise(t *testing.T) {
	sample := firstOfEach([]mutant{{Name: "a", file: "enc.yaml"}, {Name: "b", file: "enc.yaml"}, {Name: "c", file: "ttl.yaml"}})
	require.Equal(t, []mutant{{Name: "a", file: "enc.yaml"}, {Name: "c", file: "ttl.yaml"}}, sample)
}

func TestACoverLeavesNoScenarioOut(t *testing.T) {
	c, err := read(os.DirFS("."))
	require.NoError(t, err)
	chosen := cover(c.mutants)
	require.Equal(t, killers(c.mutants), killers(chosen))
	count := map[string]int{}
	for _, m := range chosen {
		count[m.Promise]++
	}
	for _, promise := range contracttest.Promises {
		require.GreaterOrEqual(t, count[promise], 2, promise)
	}
	require.GreaterOrEqual(t, len(chosen), 20)
	require.Less(t, len(chosen), len(c.mutants))
	require.Equal(t, chosen, cover(c.mutants), "it is the same each time")
}
