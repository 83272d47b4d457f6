package identity

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A policy that confines a role to a tenant can't confine a Scan. The scenario id.scope.no_scan sees what is sent, and this
// what could be.
func TestNothingInThePackageScans(t *testing.T) { require.Empty(t, scansIn(t, ".")) }

// scansIn are the places in a package that scan a table. Tests may.
func scansIn(t testing.TB, folder string) (places []string) {
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, folder+"/"+entry.Name(), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			if selected, ok := node.(*ast.SelectorExpr); ok && strings.HasPrefix(selected.Sel.Name, "Scan") {
				places = append(places, files.Position(node.Pos()).String())
			}
			return true
		})
	}
	return places
}

func TestScansAreFoundInSource(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(folder+"/a.go", []byte("package a\nfunc f() { users.Scan(nil) }\n"), 0o600))
	require.Len(t, scansIn(t, folder), 1)
}
