package identitysuite

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const docs = "../../../docs/"

var rewriteCosts = flag.Bool("rewrite-costs", false, "rewrite the table of docs/identity-costs.md from the scenarios")

// The table in the docs is the one that the scenarios hold the stores to.
func TestDocumentedCostsAreThoseThatScenariosMeasure(t *testing.T) {
	const file, begin, end = docs + "identity-costs.md", "<!-- costs -->\n", "<!-- end of costs -->\n"
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(content), begin)
	require.True(t, found)
	shown, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *rewriteCosts {
		shown = costTable()
		require.NoError(t, os.WriteFile(file, []byte(before+begin+shown+end+after), 0o600))
	}
	require.Equal(t, costTable(), shown)
}

func costTable() string {
	var table strings.Builder
	table.WriteString("| operation | requests | read | write | index | KMS |\n|---|---|---|---|---|---|\n")
	number := func(n float64) string { return strings.TrimSuffix(fmt.Sprint(n), ".0") }
	for _, row := range allCosts() {
		requests, kms := strings.Join(row.requests, ", "), strings.Join(row.kms, ", ")
		if requests == "" {
			requests = "none"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %s |\n", row.name, requests, number(row.read), number(row.write), number(row.index), kms)
	}
	return table.String()
}

// Every id that the docs name is one of a scenario, and every scenario is named by the page of requirements.
func TestDocumentedScenariosAreThoseThatRun(t *testing.T) {
	ids := map[string]bool{}
	for _, s := range All() {
		ids[s.ID] = true
	}
	named := regexp.MustCompile(`\bid\.[a-z]+\.[a-z0-9_]+`)
	inYAML := map[string]bool{}
	files, err := os.ReadDir("../../identity")
	require.NoError(t, err)
	for _, file := range files {
		content, err := os.ReadFile("../../identity/" + file.Name())
		require.NoError(t, err)
		inYAML[named.FindString(string(content))] = true
	}
	onPage := map[string]bool{}
	for _, page := range []string{"identity.md", "identity-decisions.md"} {
		content, err := os.ReadFile(docs + page)
		require.NoError(t, err)
		for _, id := range named.FindAllString(string(content), -1) {
			require.True(t, ids[id] || inYAML[id], "%s names %s, which is no scenario", page, id)
			onPage[id] = onPage[id] || page == "identity.md"
		}
		for _, id := range regexp.MustCompile(named.String()+`°?`).FindAllString(string(content), -1) {
			if bare, marked := strings.CutSuffix(id, "°"); page == "identity.md" {
				require.Equal(t, inYAML[bare], marked, "%s: ° marks what stands as YAML: %s", page, bare)
			}
		}
	}
	var missing []string
	for id := range ids {
		if !onPage[id] {
			missing = append(missing, id)
		}
	}
	for id := range inYAML {
		if !onPage[id] {
			missing = append(missing, id+" (YAML)")
		}
	}
	slices.Sort(missing)
	require.Empty(t, missing, "identity.md does not name these scenarios")
}
