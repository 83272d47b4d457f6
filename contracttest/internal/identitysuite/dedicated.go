package identitysuite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

var dedicated = []Scenario{
	{ID: "id.scope.dedicated_router", run: aTenantWithADBOfItsOwnReachesNoOther},
}

// A tenant whose data must not stand beside others' has a table and a KMS of its own, and a Service for them in the same
// process. Scopes and ids may be those that the shared table has too.
func aTenantWithADBOfItsOwnReachesNoOther(t *testing.T, shared *bench) {
	shared.addressed(t, "u1", "bob@example.com")
	before := shared.items(t)
	engine := localaws.New(localaws.WithClock(shared.clock))
	own := open(t, Engine{Client: engine.DynamoDB(), KMS: engine, Clock: shared.clock})
	requireUnsent(t, shared, func() {
		own.useEveryStore(t)
		_, err := own.Users.Get(t.Context(), "u1")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		own.addressed(t, "u1", "bob@example.com")
	})
	require.Greater(t, len(own.faults.all()), 500)
	require.Equal(t, before, shared.items(t))

	requireUnsent(t, own, func() {
		_, err := shared.Users.GetByIdentifier(t.Context(), identity.KindEmail, "bob@example.com")
		require.NoError(t, err)
		_, err = shared.Organizations.Get(t.Context(), sharedID)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	})
	own.holdsNoSecret(t)
}
