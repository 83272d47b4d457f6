package identitysuite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var scopeOther = []Scenario{
	{ID: "id.scope.other_project", run: nothingOfAnotherProjectIsReachedOrChanged},
}

// nothingOfAnotherProjectIsReachedOrChanged calls every method of every store with the ids, cursors, tokens and records of
// another project: of the same tenant, and of another one that has the same id. Every answer is the one that is given in a
// table where there is no other project; nothing that is returned is of it; and every item of it stays as it was.
func nothingOfAnotherProjectIsReachedOrChanged(t *testing.T, b *bench) {
	alone := open(t, b.engine, constantIDs)
	for _, table := range []*bench{b, alone} {
		_, _, err := table.Platform("test").CreateTenant(t.Context(), identity.NewTenant{
			ID: "acme", Name: "Acme", Project: identity.NewProject{ID: "own", Name: "Own"},
		})
		require.NoError(t, err)
	}
	service, db := b.serve(t, nil, constantIDs)
	for n, other := range []identity.Scope{newScope(t, "acme", mark+"-project"), newScope(t, mark+"-tenant", "prod")} {
		pool := b.fill(t, service, other)
		pool.last = append(pool.last, b.cursorsOf(t, service.For(other), other)...)
		before := b.itemsUnder(t, other)
		require.Greater(t, len(before), 700)
		verbs := purgeLast(verbsOf(service.For(other)))
		for i, verb := range verbs {
			if isPurge(verb) {
				b.clock.Advance(untilPurge)
			}
			for _, withUser := range []bool{false, true} {
				own := newScope(t, "acme", fmt.Sprintf("own-%d-%d-%t", n, i, withUser))
				if other.Project() == "prod" {
					own = newScope(t, fmt.Sprintf("own-%d-%t", i, withUser), "prod")
				}
				c := confined{pool: pool, verb: verb.name, scope: own, withUser: withUser}
				c.requireSame(t, reach{service, db}, reach{alone.Service, alone.db})
			}
			if last := i+1 == len(verbs); last || verbs[i+1].store() != verb.store() {
				require.Equal(t, before, b.itemsUnder(t, other), "after the verbs of %s", verb.store())
			}
		}
	}
	alone.holdsNoSecret(t)
}

// reach is a service and its DB.
type reach struct {
	service *identity.Service
	db      *theorydb.DB
}

// answer is what an outcome says, apart from what is random.
type answer struct {
	err    string
	size   int      // how many texts were returned, so that a list that is longer is seen
	marked []string // those that a filled project alone has, and that were not given
}

// confined is a verb to be called in a project of its own.
type confined struct {
	pool     *pool
	verb     string
	scope    identity.Scope
	withUser bool // the project has a user of the id that the other project has
}

// run calls the verb with everything there is, and gives what came of it, in order.
func (c confined) run(ctx context.Context, in reach) (all []answer, err error) {
	stores := in.service.For(c.scope)
	if c.withUser {
		if _, err := stores.Users.Create(ctx, identity.User{ID: sharedID}, identity.NewUser{}); err != nil {
			return nil, err
		}
	}
	verbs := verbsOf(stores)
	verb := verbs[slices.IndexFunc(verbs, func(v storeVerb) bool { return v.name == c.verb })]
	arguments, err := c.pool.arguments(ctx, verb)
	if err != nil {
		return nil, err
	}
	for values := range arguments {
		o := call(ctx, in.db, verb, values)
		given := textsGiven(values)
		a := answer{err: fmt.Sprint(o.err), size: len(o.texts)}
		for _, text := range o.texts {
			if strings.Contains(text, mark) && !slices.Contains(given, text) {
				a.marked = append(a.marked, text)
			}
		}
		all = append(all, a)
	}
	return all, nil
}

// requireSame requires the same answers beside another project as without one, and nothing of the other one in them.
func (c confined) requireSame(t testing.TB, beside, alone reach) {
	t.Helper()
	got, err := c.run(t.Context(), beside)
	require.NoError(t, err)
	want, err := c.run(t.Context(), alone)
	require.NoError(t, err)
	require.Len(t, got, len(want))
	for i, a := range got {
		require.NotEqual(t, errorPanicked.Error(), a.err, c.verb)
		require.Equal(t, want[i], a, "%s, arguments number %d", c.verb, i)
		require.Empty(t, a.marked, "%s, arguments number %d", c.verb, i)
	}
}

// itemsUnder are the stored items of a project, by their keys.
func (b *bench) itemsUnder(t testing.TB, scope identity.Scope) map[string]map[string]types.AttributeValue {
	t.Helper()
	under := map[string]map[string]types.AttributeValue{}
	for _, item := range b.items(t) {
		pk, _ := item["PK"].(*types.AttributeValueMemberS)
		sk, _ := item["SK"].(*types.AttributeValueMemberS)
		project := "T#" + scope.Tenant() + "#P#" + scope.Project()
		if pk.Value == project || strings.HasPrefix(pk.Value, project+"#") {
			under[pk.Value+" "+sk.Value] = item
		}
	}
	return under
}

// untilPurge is how much later the month of a filled project can be purged.
const untilPurge = 70 * 24 * time.Hour

func isPurge(verb storeVerb) bool { return verb.name == "Audit.PurgeMonth" }

// purgeLast has Audit.PurgeMonth, which needs a later time, behind all others.
func purgeLast(verbs []storeVerb) []storeVerb {
	var first, last []storeVerb
	for _, verb := range verbs {
		if isPurge(verb) {
			last = append(last, verb)
		} else {
			first = append(first, verb)
		}
	}
	return append(first, last...)
}
