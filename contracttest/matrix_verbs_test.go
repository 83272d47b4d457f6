package contracttest

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// notVerbs do nothing by themselves: they name what a verb is given, or ask for the time.
var notVerbs = []string{"Partition", "Into", "Each", "Retention", "Now"}

// A verb that is added to the library is shown by scenarios, or README.md says which tests hold it to the promises.
func TestEveryVerbOfTheLibraryStandsBesideTheMatrix(t *testing.T) {
	content, err := os.ReadFile(readme)
	require.NoError(t, err)
	_, table, after := between(t, string(content), matrixBegin, matrixEnd)
	after, _, _ = strings.Cut(after, "\n## ")
	for _, of := range []reflect.Type{reflect.TypeFor[*theorydb.Model[theorydb.Record]](), reflect.TypeFor[*theorydb.DB]()} {
		require.Empty(t, unnamed(methods(of), table, after), of.String())
	}
	require.Equal(t, []string{"Gather"}, unnamed([]string{"Get", "Select", "CreateOp", "Into", "Gather"}, table, after))
}

func methods(of reflect.Type) []string {
	var names []string
	for i := range of.NumMethod() {
		names = append(names, of.Method(i).Name)
	}
	return names
}

// unnamed are the verbs that neither the first column of the matrix nor the text behind it names. An operation of a batch
// or a transaction stands for its verb.
func unnamed(verbs []string, table, after string) []string {
	labels := strings.Join(regexp.MustCompile(`(?m)^\| [^|]+\|`).FindAllString(table, -1), " ")
	named := regexp.MustCompile(`[A-Za-z]+`).FindAllString(labels, -1)
	for _, quoted := range regexp.MustCompile("`[A-Za-z]+`").FindAllString(after, -1) {
		named = append(named, strings.Trim(quoted, "`"))
	}
	return slices.DeleteFunc(slices.Clone(verbs), func(verb string) bool {
		return slices.Contains(notVerbs, verb) || slices.Contains(named, verb) || slices.Contains(named, strings.TrimSuffix(verb, "Op"))
	})
}
