package identitysuite

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var scopeZero = []Scenario{
	{ID: "id.scope.zero", run: everyVerbRefusesTheZeroScopeUnsent},
}

// everyVerbRefusesTheZeroScopeUnsent calls every method of every store, those of the future among them, with all that a
// filled project has.
func everyVerbRefusesTheZeroScopeUnsent(t *testing.T, b *bench) {
	service, _ := b.serve(t, nil, constantIDs)
	pool := b.fill(t, service, b.scope)
	requireUnsent(t, b, func() {
		verbs := verbsOf(b.For(identity.Scope{}))
		require.GreaterOrEqual(t, len(verbs), 80)
		require.Empty(t, outOfScope(verbs))
		require.Empty(t, notRefusing(t.Context(), b, pool, verbs))
	})
}

// notRefusing says which verbs do not refuse the zero scope, whatever they are called with.
func notRefusing(ctx context.Context, b *bench, pool *pool, verbs []storeVerb) (problems []string) {
	for _, verb := range verbs {
		all, err := pool.arguments(ctx, verb)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", verb.name, err))
			continue
		}
		for arguments := range all {
			if o := call(ctx, b.db, verb, arguments); !errors.Is(b.tells(o.err), theorydb.ErrScopeRequired) || !allEmpty(o.texts, arguments) {
				problems = append(problems, fmt.Sprintf("%s: %v", verb.name, o.err))
				break
			}
		}
	}
	return problems
}

// allEmpty says whether nothing came back but what was given, such as a cursor.
func allEmpty(texts []string, arguments []reflect.Value) bool {
	given := textsGiven(arguments)
	for _, text := range texts {
		if text != "" && !slices.Contains(given, text) {
			return false
		}
	}
	return true
}
