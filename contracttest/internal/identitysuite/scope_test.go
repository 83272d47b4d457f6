package identitysuite

import (
	"context"
	"net/http"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// unmoved are the verbs of which a call in another project can't be told from one in the caller's own, with the reason.
var unmoved = map[string]string{}

// The control of id.scope.other_project: with the values that it calls every verb with, each would be noticed if it reached
// the other project: by another answer, by what it returns, or by what it changes there.
func TestVerbInTheWrongProjectIsNoticed(t *testing.T) {
	scope := newScope(t, "acme", mark+"-project")
	names := verbsOf(open(t, embeddedEngine()).Stores)
	for i, name := range names {
		b := open(t, embeddedEngine(), constantIDs)
		pool := b.fill(t, b.Service, scope)
		verb := verbsOf(b.For(scope))[i]
		require.Equal(t, name.name, verb.name)
		if isPurge(verb) {
			b.clock.Advance(untilPurge)
		}
		assert.Equal(t, unmoved[verb.name] == "", noticed(t, b, pool, verb, scope), "%s", verb.name)
	}
}

// noticed calls a verb in a filled project and in an empty one until there is a difference.
func noticed(t *testing.T, b *bench, pool *pool, verb storeVerb, filled identity.Scope) bool {
	t.Helper()
	own := confined{pool: pool, verb: verb.name, scope: newScope(t, "acme", "own")}
	want, err := own.run(t.Context(), reach{b.Service, b.db})
	require.NoError(t, err)
	before := b.itemsUnder(t, filled)
	own.scope = filled
	got, err := own.run(t.Context(), reach{b.Service, b.db})
	require.NoError(t, err)
	return !reflect.DeepEqual(want, got) || !reflect.DeepEqual(before, b.itemsUnder(t, filled))
}

// badStores has verbs that must not pass, and one that can't be called.
type badStores struct{ Bad *badStore }

type badStore struct{ *identity.Users }

func (*badStore) Forgets(context.Context) error                    { return nil }
func (*badStore) SaysNothing(context.Context, string) string       { return "" }
func (*badStore) NeedsAReader(context.Context, http.Handler) error { return theorydb.ErrScopeRequired }
func (*badStore) Panics(context.Context) error                     { panic("what it was given") }
func (*badStore) For(context.Context) error                        { return theorydb.ErrScopeRequired }

func (*badStore) TellsAll(context.Context) (string, error) {
	return "what it read", theorydb.ErrScopeRequired
}

func (*badStore) ForgetsOne(_ context.Context, id string) error {
	if id == secondID {
		return nil
	}
	return theorydb.ErrScopeRequired
}

func TestZeroScopeIsMissedWhereItIsNotRefused(t *testing.T) {
	b := open(t, embeddedEngine(), constantIDs)
	pool := b.fill(t, b.Service, b.scope)
	users := b.For(identity.Scope{}).Users
	bad := verbsOf(&badStores{&badStore{users}})
	require.Len(t, bad, len(verbsOf(&struct{ Users *identity.Users }{users}))+7)
	require.ElementsMatch(t, []string{
		"Bad.Forgets: <nil>", "Bad.SaysNothing: " + errorUntold.Error(), "Bad.Panics: " + errorPanicked.Error(), "Bad.ForgetsOne: <nil>",
		"Bad.NeedsAReader: there is no http.Handler to call it with; give the pool one", "Bad.TellsAll: " + theorydb.ErrScopeRequired.Error(),
	}, notRefusing(t.Context(), b, pool, bad))
	require.Equal(t, []string{"Bad.For"}, outOfScope(bad))
}

// A store of the wrong scope is caught by every one of the three demands of id.scope.other_project.
func TestStoreOfTheWrongScopeIsCaught(t *testing.T) {
	b := open(t, embeddedEngine(), constantIDs)
	scope := newScope(t, "acme", mark+"-project")
	b.fill(t, b.Service, scope)
	before := b.itemsUnder(t, scope)
	require.NotEmpty(t, before)
	user := reflect.ValueOf(sharedID)
	ctx := reflect.ValueOf(t.Context())
	for _, verb := range verbsOf(b.For(scope)) {
		switch verb.name {
		case "Profiles.Get":
			o := call(t.Context(), b.db, verb, []reflect.Value{ctx, user})
			require.NoError(t, o.err)
			require.Contains(t, o.texts, mark+" profile", "what is sealed is looked into")
		case "Users.Export":
			o := call(t.Context(), b.db, verb, []reflect.Value{ctx, user})
			require.Contains(t, o.texts, mark+" profile", "an iterator runs")
		case "Users.VerifyOp":
			values := []reflect.Value{user, reflect.ValueOf(identity.KindExternal), user}
			require.NoError(t, call(t.Context(), b.db, verb, values).err)
			require.NotEqual(t, before, b.itemsUnder(t, scope), "operations are run")
		}
	}
}

func TestPartitionKeysAreFoundWhereverTheyStand(t *testing.T) {
	text := func(s string) map[string]any { return map[string]any{"S": s} }
	require.ElementsMatch(t, []string{"a", "b", "c"}, partitionKeys(map[string]any{
		"TransactItems":          []any{map[string]any{"Put": map[string]any{"Item": map[string]any{"PK": text("a"), "GSI1PK": text("b"), "SK": text("x")}}}},
		"KeyConditionExpression": "#a = :a AND begins_with(#b, :b)", "ExpressionAttributeNames": map[string]any{"#a": "GSI1PK", "#b": "GSI1SK"},
		"ExpressionAttributeValues": map[string]any{":a": text("c"), ":b": text("y")},
	}))
	for _, key := range partitionKeys(map[string]any{"KeyConditionExpression": "#a = :a"}) {
		require.False(t, ofTenant(key), "a query whose partition is not found")
	}
	require.False(t, ofTenant("T#acme#P#production"))
	require.False(t, ofTenant("T#acme2"))
}
