package mutants

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest"
)

// wellFormed are mutants, a library and scenarios without a fault; each case below brings in one.
func wellFormed() (mutants, library fstest.MapFS, ids []string) {
	mutants = fstest.MapFS{documentationFile: {Data: []byte("- { id: TTL-99, why: it tells a story }\n")}}
	library = fstest.MapFS{
		"ttl.go":             {Data: []byte("package theorydb\n\nvar one, two = 1, 2\n")},
		"ttl_test.go":        {Data: []byte("package theorydb\n\nvar one = 1\n")},
		"localaws/sweep.go":  {Data: []byte("package localaws\n\nvar one = 1\n")},
		"internal/keys/k.go": {Data: []byte("package keys\n\nvar one = 1\n")},
	}
	for _, promise := range contracttest.Promises {
		var b strings.Builder
		for i := range 3 {
			fmt.Fprintf(&b, "- name: %s-%d\n  promise: %s\n  why: w\n  kills: [%s-01]\n", strings.ToLower(promise), i, promise, promise)
			fmt.Fprintf(&b, "  edits: [{ file: ttl.go, old: \"= 1\", new: \"= 3\" }, { file: internal/keys/k.go, old: one, new: two%s%d }]\n", promise, i)
		}
		mutants[strings.ToLower(promise)+".yaml"] = &fstest.MapFile{Data: []byte(b.String())}
		ids = append(ids, promise+"-01")
	}
	return mutants, library, append(ids, "TTL-99")
}

// faultsOf reads and checks; an error of reading is a problem like any other.
func faultsOf(mutants, library fs.FS, ids []string) []string {
	c, err := read(mutants)
	if err != nil {
		return []string{err.Error()}
	}
	return c.problems(library, ids)
}

func TestWellFormedMutantsHaveNoFaults(t *testing.T) {
	mutants, library, ids := wellFormed()
	require.Empty(t, faultsOf(mutants, library, ids))
}

func TestScenarioIsShownByMutantsOfItsPromiseAlone(t *testing.T) {
	mutants, library, ids := wellFormed()
	mutants[documentationFile] = &fstest.MapFile{Data: []byte("[]")}
	mutants["key.yaml"].Data = []byte(strings.ReplaceAll(string(mutants["key.yaml"].Data), "[KEY-01]", "[KEY-01, TTL-99]"))
	require.Len(t, faultsOf(mutants, library, ids), 1)
	require.Contains(t, faultsOf(mutants, library, ids)[0], "TTL-99 kills no mutant of its promise")
}

func TestEveryFaultIsFound(t *testing.T) {
	for fault, c := range map[string]struct{ file, old, new string }{
		`field member not found`:                          {"ttl.yaml", "why: w", "why: w\n  member: x"},
		`already defined`:                                 {"ttl.yaml", "why: w", "why: w\n  why: w"},
		`more than one YAML document`:                     {"ttl.yaml", "- name: ttl-1", "---\n- name: ttl-1"},
		`ttl-0: another mutant has this name`:             {"ttl.yaml", "ttl-1", "ttl-0"},
		`Ttl: the name is not in kebab-case`:              {"ttl.yaml", "ttl-1", "Ttl"},
		`ttl-0: unknown promise "TT"`:                     {"ttl.yaml", "promise: TTL", "promise: TT"},
		`ttl-0: mutants of KEY stand in a file of their`:  {"ttl.yaml", "promise: TTL\n  why: w\n  kills: [TTL-01]", "promise: KEY\n  why: w\n  kills: [KEY-01]"},
		`ttl-0: does not say why`:                         {"ttl.yaml", "why: w", `why: ""`},
		`ttl-0: the old text stands 0 times in ttl.go`:    {"ttl.yaml", `"= 1"`, `"= 9"`},
		`ttl-0: the old text stands 2 times in ttl.go`:    {"ttl.yaml", `"= 1"`, `", "`},
		`ttl-0: an edit of ttl.go changes nothing`:        {"ttl.yaml", `"= 3"`, `"= 1"`},
		`ttl-0: another edit of ttl.go touches`:           {"ttl.yaml", `internal/keys/k.go, old: one`, `ttl.go, old: "two = 1"`},
		`ttl-0: ttl.go:3:`:                                {"ttl.yaml", `"= 3"`, `"= )"`},
		`ttl-0: open nosuch.go:`:                          {"ttl.yaml", "ttl.go", "nosuch.go"},
		`ttl-0: "ttl_test.go" is no file of the library`:  {"ttl.yaml", "ttl.go", "ttl_test.go"},
		`"localaws/sweep.go" is no file of the library`:   {"ttl.yaml", "ttl.go", "localaws/sweep.go"},
		`"internal/../ttl.go" is no file of the library`:  {"ttl.yaml", "ttl.go", "internal/../ttl.go"},
		`ttl-0: unknown scenario "TTL-02"`:                {"ttl.yaml", "[TTL-01]", "[TTL-01, TTL-02]"},
		`ttl-0: names TTL-01 twice`:                       {"ttl.yaml", "[TTL-01]", "[TTL-01, TTL-01]"},
		`ttl-0: the first scenario that kills it is none`: {"ttl.yaml", "[TTL-01]", "[KEY-01, TTL-01]"},
		`ttl-0: no scenario kills it`:                     {"ttl.yaml", "[TTL-01]", "[]"},
		`TTL has 0 mutants, not 2`:                        {"ttl.yaml", "", "[]"},
		`there are 18 mutants, not 20`:                    {"ttl.yaml", "", "[]"},
		`TTL-01 kills no mutant of its promise`:           {"ttl.yaml", "", "[]"},
		`KEY-01 kills no mutant of its promise`:           {"key.yaml", "", "[]"},
		`ttl-1: is the same library as ttl-0`:             {"ttl.yaml", "twoTTL1", "twoTTL0"},
		`documentation.yaml: TTL-01 kills a mutant`:       {documentationFile, "TTL-99", "TTL-01"},
		`documentation.yaml: unknown scenario "TTL-98"`:   {documentationFile, "TTL-99", "TTL-98"},
		`TTL-99 kills no mutant of its promise: write`:    {documentationFile, "TTL-99", "TTL-01"},
		`documentation.yaml: does not say why TTL-99`:     {documentationFile, "it tells a story", `""`},
		`documentation.yaml: names TTL-99 twice`:          {documentationFile, "- {", "- { id: TTL-99, why: w }\n- {"},
		`extra.yaml: is no promise's file`:                {"extra.yaml", "", "[]"},
	} {
		t.Run(fault, func(t *testing.T) {
			mutants, library, ids := wellFormed()
			if c.old == "" {
				mutants[c.file] = &fstest.MapFile{Data: []byte(c.new)}
			} else {
				text := string(mutants[c.file].Data)
				require.Contains(t, text, c.old)
				mutants[c.file].Data = []byte(strings.Replace(text, c.old, c.new, 1))
			}
			require.Contains(t, strings.Join(faultsOf(mutants, library, ids), "\n"), fault)
		})
	}
}
