package identity

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

var rewriteSchema = flag.Bool("rewrite-schema", false, "rewrite schema.json, the keys in doc.go and the golden items from the models")

func schemaDocument(t testing.TB) []byte {
	db, err := theorydb.New(theorydb.Config{DynamoDB: localaws.New().DynamoDB(), Table: "identity"})
	require.NoError(t, err)
	_, err = register(db)
	require.NoError(t, err)
	document, err := db.Describe()
	require.NoError(t, err)
	return document
}

func TestSchemaDocumentIsThatOfTheModels(t *testing.T) {
	document := schemaDocument(t)
	if *rewriteSchema {
		require.NoError(t, os.WriteFile("schema.json", document, 0o600))
	}
	stored, err := os.ReadFile("schema.json")
	require.NoError(t, err)
	require.Equal(t, string(stored), string(document), "a model changed; go test -run Schema ./identity -rewrite-schema writes it, and readers of the table have to know of it")
}

type describedHalf struct{ Attribute, Template string }

type describedModel struct {
	Name string
	Keys struct{ Partition, Sort describedHalf }
	// Indexes in the order of their names.
	Indexes []struct {
		Name            string
		Partition, Sort describedHalf
	}
}

// layout is the list of keys as doc.go has it.
func layout(t testing.TB, document []byte) string {
	var described struct{ Models []describedModel }
	require.NoError(t, json.Unmarshal(document, &described))
	slices.SortFunc(described.Models, func(a, b describedModel) int {
		return cmp.Or(cmp.Compare(a.Keys.Partition.Template, b.Keys.Partition.Template), cmp.Compare(a.Keys.Sort.Template, b.Keys.Sort.Template))
	})
	const project = "T#{tenantID}#P#{projectID}"
	row := func(name string, pk, sk describedHalf) string {
		return strings.TrimRight(fmt.Sprintf("\t%-17s  %-43s  %s", name, strings.Replace(pk.Template, project, "{S}", 1), sk.Template), " ")
	}
	lines := []string{fmt.Sprintf("\t%-17s  %-43s  %s", "entity", "PK", "SK")}
	for _, model := range described.Models {
		lines = append(lines, row(model.Name, model.Keys.Partition, model.Keys.Sort))
		for _, index := range model.Indexes {
			lines = append(lines, row("  "+index.Name, index.Partition, index.Sort))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

var layoutInDoc = regexp.MustCompile(`(?m)^\tentity .*\n(\t.*\n)+`)

func TestSchemaKeysInTheDocumentationAreThoseOfTheModels(t *testing.T) {
	want := layout(t, schemaDocument(t))
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	if *rewriteSchema {
		text = layoutInDoc.ReplaceAllLiteral(text, []byte(want))
		require.NoError(t, os.WriteFile("doc.go", text, 0o600))
	}
	require.Equal(t, want, string(layoutInDoc.Find(text)))
}
