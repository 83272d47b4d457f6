package theorydb

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// declaredIn are the exported sentinels that a file of the package declares.
func declaredIn(t *testing.T, name string) []string {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var names []string
	for _, declaration := range file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			values, ok := spec.(*ast.ValueSpec)
			require.True(t, ok)
			for _, identifier := range values.Names {
				if strings.HasPrefix(identifier.Name, "Err") {
					names = append(names, identifier.Name)
				}
			}
		}
	}
	return names
}

// classified are the entries of errorClasses as they are written: the sentinel by its name.
func classified(t *testing.T) map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), "observe.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	sentinels := map[string]string{}
	ast.Inspect(file, func(node ast.Node) bool {
		entry, ok := node.(*ast.CompositeLit)
		if !ok || entry.Type != nil || len(entry.Elts) != 2 {
			return true
		}
		name, isText := entry.Elts[0].(*ast.BasicLit)
		sentinel, isName := entry.Elts[1].(*ast.Ident)
		if isText && isName {
			sentinels[sentinel.Name] = strings.Trim(name.Value, `"`)
		}
		return true
	})
	return sentinels
}

func TestEverySentinelIsAClassOfItsOwnName(t *testing.T) {
	declared := append(declaredIn(t, "errors.go"), declaredIn(t, "encryptionerror.go")...)
	require.Greater(t, len(declared), 35)
	classes := classified(t)
	for _, name := range declared {
		require.Equal(t, name, classes[name], "observe.go, errorClasses: the class of %s", name)
		delete(classes, name)
	}
	require.Empty(t, classes, "classes of sentinels that are none")
	require.Len(t, errorClasses, len(declared)+2, "and the two ends of a context")
}

// The first class that an error matches is told, so that what is special must stand before what is general.
func TestNoClassHidesAMoreSpecialOne(t *testing.T) {
	pairs := 0
	for i, general := range errorClasses {
		for j, special := range errorClasses {
			if i == j || !errors.Is(special.sentinel, general.sentinel) {
				continue
			}
			pairs++
			require.Less(t, j, i, "%s matches %s too and must stand before it", special.name, general.name)
		}
	}
	require.Greater(t, pairs, 15)
	for _, class := range errorClasses {
		require.Equal(t, class.name, errorClass(&OpError{Err: class.sentinel}))
	}
	for _, both := range []error{errAbsentOnWrite, errIndexKeyStale} { // errors of the library's own that match two
		require.NotEqual(t, "ErrConditionFailed", errorClass(both))
	}
	require.Equal(t, "ErrVersionConflict", errorClass(&TransactionError{Ops: []error{nil, ErrVersionConflict}}))
	require.Equal(t, "ErrOutcomeUnknown", errorClass(&BatchError{Ops: []error{ErrThrottled, nil, ErrOutcomeUnknown}}))
	require.Equal(t, "Other", errorClass(errors.New("of somebody else")))
	require.Empty(t, errorClass(nil))
}
