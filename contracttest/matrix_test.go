package contracttest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rewriteMatrix = flag.Bool("rewrite-matrix", false, "rewrite the matrix in README.md from what the scenarios show")

const (
	readme                   = "../README.md"
	matrixBegin, matrixEnd   = "<!-- matrix -->\n", "<!-- end of matrix -->\n"
	reasonsBegin, reasonsEnd = "<!-- empty cells -->\n", "<!-- end of empty cells -->\n"
	noScenario               = "–"
)

// matrixRows are the verbs as Go names them, and the words of scenarios for them.
var matrixRows = []struct {
	label string
	words []string
}{
	{"Create", []string{"create"}},
	{"Put", []string{"put"}},
	{"Update", []string{"update"}},
	{"Change", []string{"change"}},
	{"Modify", []string{"modify"}},
	{"Delete", []string{"delete"}},
	{"Get", []string{"get"}},
	{"Query / QueryPage", []string{"query"}},
	{"Count", []string{"count"}},
	{"Scan / ScanPage", []string{"scan"}},
	{"Collection", []string{"collection"}},
	{"ClearPartition / Retention.Clear", []string{"clear"}},
	{"Raw", []string{"raw"}},
	{"Explain", []string{"explain"}},
	{"BatchGet", []string{"batch_get"}},
	{"BatchWrite", []string{"batch_write"}},
	{"Transact", []string{"transact"}},
	{"TransactGet", []string{"transact_get"}},
	{"NewModel / CreateTable", []string{"declare", "table"}},
}

// cell is a promise and the label of a row.
type cell struct{ promise, label string }

// matrix has the numbers of the scenarios of each cell, in order.
type matrix map[cell][]int

// The matrix of README.md is what the scenarios say that they show, and every cell without a scenario has its reason.
func TestMatrixOfTheReadmeIsWhatScenariosShow(t *testing.T) {
	scenarios, err := EmbeddedScenarios()
	require.NoError(t, err)
	shown := shownBy(t, scenarios)
	content, err := os.ReadFile(readme)
	require.NoError(t, err)
	before, table, after := between(t, string(content), matrixBegin, matrixEnd)
	if *rewriteMatrix {
		table = shown.table()
		require.NoError(t, os.WriteFile(readme, []byte(before+matrixBegin+table+matrixEnd+after), 0o600))
	}
	said, err := parseMatrix(table)
	require.NoError(t, err)
	require.Empty(t, differences(said, shown), "write the matrix anew: go test ./contracttest -run TestMatrix -rewrite-matrix")

	_, reasons, _ := between(t, string(content), reasonsBegin, reasonsEnd)
	require.Empty(t, unexplained(reasons, shown))
}

func TestMatrixThatSaysTooMuchOrTooLittleIsFound(t *testing.T) {
	shown := matrix{{"TTL", "Get"}: {1, 2, 3, 5}, {"ENC", "Put"}: {7}}
	same, err := parseMatrix(shown.table())
	require.NoError(t, err)
	require.Empty(t, differences(same, shown))
	for _, change := range []struct{ from, to, want string }{
		{"01-03 05", "01-03", "TTL-05 shows Get, and the matrix does not say so"},
		{"01-03 05", "01-05", "the matrix says that TTL-04 shows Get, and it does not"},
		{"01-03 05", noScenario, "TTL-01 shows Get, and the matrix does not say so"},
		{"07", "07 08", "the matrix says that ENC-08 shows Put, and it does not"},
	} {
		said, err := parseMatrix(strings.Replace(shown.table(), change.from, change.to, 1))
		require.NoError(t, err, change)
		require.Contains(t, differences(said, shown), change.want)
	}
	for _, change := range []struct{ from, to, want string }{
		{"01-03 05", "05 01-03", "not in order"},
		{"01-03 05", "01-01", "not in order"},
		{"01-03 05", "1-3", `"1-3" is no number`},
		{"01-03 05", "", "an empty cell"},
		{"| Put |", "| Putt |", `row 2 is called "Putt"`},
		{"| ENC |", "| ENCR |", "the first line"},
	} {
		_, err := parseMatrix(strings.Replace(shown.table(), change.from, change.to, 1))
		require.ErrorContains(t, err, change.want)
	}
}

func TestEmptyCellWithoutAReasonIsFound(t *testing.T) {
	full := matrix{}
	for _, row := range matrixRows {
		for _, promise := range Promises {
			full[cell{promise, row.label}] = []int{1}
		}
	}
	require.Empty(t, unexplained("", full))
	delete(full, cell{"LOCK", "Count"})
	delete(full, cell{"LOCK", "Explain"})
	require.Empty(t, unexplained("- LOCK × Count, Explain: they give\n  no version.\n", full))
	require.Equal(t, []string{"LOCK × Explain has no scenario and no reason"}, unexplained("- LOCK × Count: it gives no version.\n", full))
	require.Equal(t, []string{"LOCK × Get has a reason, and scenarios"}, unexplained("- LOCK × Count, Explain, Get: because.\n", full))
}

// README.md says which tests hold what scenarios do not.
func TestTestsThatTheReadmeNamesExist(t *testing.T) {
	content, err := os.ReadFile(readme)
	require.NoError(t, err)
	named := regexp.MustCompile(`\]\(([\w/]+_test\.go)\)`).FindAllStringSubmatch(string(content), -1)
	require.NotEmpty(t, named)
	for _, link := range named {
		require.FileExists(t, filepath.Join("..", link[1]))
	}
}

// shownBy gathers what scenarios say that they show.
func shownBy(t *testing.T, scenarios []*Scenario) matrix {
	t.Helper()
	shown := matrix{}
	for _, scenario := range scenarios {
		number, err := strconv.Atoi(strings.TrimPrefix(scenario.ID, scenario.Promise+"-"))
		require.NoError(t, err, scenario.File)
		for _, row := range matrixRows {
			if slices.ContainsFunc(row.words, func(word string) bool { return slices.Contains(scenario.Shows, word) }) {
				at := cell{scenario.Promise, row.label}
				shown[at] = append(shown[at], number)
			}
		}
	}
	for at := range shown {
		slices.Sort(shown[at])
	}
	return shown
}

func (m matrix) table() string {
	var text strings.Builder
	text.WriteString("| | " + strings.Join(Promises, " | ") + " |\n|---" + strings.Repeat("|---", len(Promises)) + "|\n")
	for _, row := range matrixRows {
		text.WriteString("| " + row.label)
		for _, promise := range Promises {
			text.WriteString(" | " + ranges(m[cell{promise, row.label}]))
		}
		text.WriteString(" |\n")
	}
	return text.String()
}

// ranges writes numbers as 01, and three and more that follow one another as 01-03.
func ranges(numbers []int) string {
	var words []string
	for i := 0; i < len(numbers); {
		end := i
		for end+1 < len(numbers) && numbers[end+1] == numbers[end]+1 {
			end++
		}
		if end-i < 2 {
			end = i
			words = append(words, fmt.Sprintf("%02d", numbers[i]))
		} else {
			words = append(words, fmt.Sprintf("%02d-%02d", numbers[i], numbers[end]))
		}
		i = end + 1
	}
	if words == nil {
		return noScenario
	}
	return strings.Join(words, " ")
}

var numberOrRange = regexp.MustCompile(`^(\d\d)(?:-(\d\d))?$`)

// parseMatrix reads the table of README.md.
func parseMatrix(table string) (matrix, error) {
	lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
	if head := "| | " + strings.Join(Promises, " | ") + " |"; lines[0] != head {
		return nil, fmt.Errorf("the first line is not %q", head)
	}
	if len(lines) != len(matrixRows)+2 {
		return nil, fmt.Errorf("the matrix has %d lines, want %d", len(lines), len(matrixRows)+2)
	}
	said := matrix{}
	for i, row := range matrixRows {
		cells := strings.Split(strings.Trim(lines[i+2], "|"), "|")
		if len(cells) != len(Promises)+1 || strings.TrimSpace(cells[0]) != row.label {
			return nil, fmt.Errorf("row %d is called %q or of another length, want %s", i+1, strings.TrimSpace(cells[0]), row.label)
		}
		for j, promise := range Promises {
			numbers, err := parseRanges(strings.TrimSpace(cells[j+1]))
			if err != nil {
				return nil, fmt.Errorf("%s × %s: %w", promise, row.label, err)
			}
			if numbers != nil {
				said[cell{promise, row.label}] = numbers
			}
		}
	}
	return said, nil
}

func parseRanges(text string) ([]int, error) {
	if text == noScenario {
		return nil, nil
	}
	var numbers []int
	for _, word := range strings.Fields(text) {
		match := numberOrRange.FindStringSubmatch(word)
		if match == nil {
			return nil, fmt.Errorf("%q is no number of two digits and no range of them", word)
		}
		first, _ := strconv.Atoi(match[1])
		last := first
		if match[2] != "" {
			last, _ = strconv.Atoi(match[2])
		}
		if match[2] != "" && last <= first || numbers != nil && first <= numbers[len(numbers)-1] {
			return nil, fmt.Errorf("%q is not in order", word)
		}
		for n := first; n <= last; n++ {
			numbers = append(numbers, n)
		}
	}
	if numbers == nil {
		return nil, fmt.Errorf("an empty cell; %s says that there is no scenario", noScenario)
	}
	return numbers, nil
}

// differences compares the matrix that is said with the one that is shown, both ways.
func differences(said, shown matrix) []string {
	var found []string
	for _, row := range matrixRows {
		for _, promise := range Promises {
			at := cell{promise, row.label}
			for _, n := range said[at] {
				if !slices.Contains(shown[at], n) {
					found = append(found, fmt.Sprintf("the matrix says that %s-%02d shows %s, and it does not", promise, n, row.label))
				}
			}
			for _, n := range shown[at] {
				if !slices.Contains(said[at], n) {
					found = append(found, fmt.Sprintf("%s-%02d shows %s, and the matrix does not say so", promise, n, row.label))
				}
			}
		}
	}
	return found
}

var reasonFor = regexp.MustCompile(`(?m)^- ([A-Z]+) × ([^:]+): `)

// unexplained compares the cells without a scenario with the list of reasons, both ways.
func unexplained(reasons string, shown matrix) []string {
	explained := map[cell]bool{}
	for _, match := range reasonFor.FindAllStringSubmatch(reasons, -1) {
		for _, label := range strings.Split(strings.ReplaceAll(match[2], "\n", " "), ", ") {
			explained[cell{match[1], strings.TrimSpace(label)}] = true
		}
	}
	var found []string
	for _, row := range matrixRows {
		for _, promise := range Promises {
			at := cell{promise, row.label}
			switch {
			case shown[at] == nil && !explained[at]:
				found = append(found, fmt.Sprintf("%s × %s has no scenario and no reason", promise, row.label))
			case shown[at] != nil && explained[at]:
				found = append(found, fmt.Sprintf("%s × %s has a reason, and scenarios", promise, row.label))
			}
			delete(explained, at)
		}
	}
	for at := range explained {
		found = append(found, fmt.Sprintf("%s × %s is no cell", at.promise, at.label))
	}
	return found
}

func between(t *testing.T, text, begin, end string) (before, inside, after string) {
	t.Helper()
	before, rest, found := strings.Cut(text, begin)
	require.True(t, found, "%s lacks %s", readme, begin)
	inside, after, found = strings.Cut(rest, end)
	require.True(t, found, "%s lacks %s", readme, end)
	return before, inside, after
}
