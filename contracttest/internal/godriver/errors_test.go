package godriver

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

func TestEveryExportedSentinelHasItsName(t *testing.T) {
	found := map[string]bool{}
	files, err := filepath.Glob("../../../*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			for _, name := range declaredNames(declaration) {
				if strings.HasPrefix(name, "Err") {
					found[name] = true
				}
			}
		}
	}
	require.NotEmpty(t, found)
	for name := range found {
		require.Contains(t, sentinels, name, "the library exports it")
	}
	require.Len(t, protocol.ErrorNames, len(sentinels))
	for _, name := range protocol.ErrorNames {
		require.True(t, found[name], "the library does not export %s", name)
		require.Error(t, sentinels[name])
	}
	seen := map[string]string{}
	for name, sentinel := range sentinels { // a slip of the pen would pair a name with another's value
		require.Empty(t, seen[sentinel.Error()], "%s and another name mean the same error", name)
		seen[sentinel.Error()] = name
	}
}

// declaredNames are the variables that a declaration declares.
func declaredNames(declaration ast.Decl) []string {
	group, ok := declaration.(*ast.GenDecl)
	if !ok || group.Tok != token.VAR {
		return nil
	}
	var names []string
	for _, spec := range group.Specs {
		if values, ok := spec.(*ast.ValueSpec); ok {
			for _, name := range values.Names {
				names = append(names, name.Name)
			}
		}
	}
	return names
}
