package identity

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// What the comments of the verbs say they cost. The last part of a sum is the index, as the engine counts it.
func TestCostOfMemberships(t *testing.T) {
	b := openBench(t)
	orgsIn(t, b, "bob", "eve")
	var told []theorydb.Observation
	db, err := theorydb.New(theorydb.Config{
		DynamoDB: b.client, Table: b.table, LogicalTable: "identity", Clock: b.clock.Now,
		Observe: func(_ context.Context, o theorydb.Observation) { told = append(told, o) },
	})
	require.NoError(t, err)
	observed, err := New(db, b.options)
	require.NoError(t, err)
	stores, ctx := observed.For(b.scope), t.Context()
	m := stores.Memberships
	cost := func(requests int, units float64, run func() error) {
		t.Helper()
		told = nil
		require.NoError(t, run())
		attempts, capacity := 0, 0.0
		for _, o := range told {
			attempts += o.Attempts
			capacity += o.Capacity
		}
		require.Equal(t, requests, attempts)
		require.InDelta(t, units, capacity, 0)
	}
	_, err = stores.Roles.Create(ctx, "billing", nil)
	require.NoError(t, err)
	cost(1, 8+4, func() error {
		_, err := stores.Organizations.Create(ctx, NewOrganization{ID: "p", Slug: "theirs", Name: "Theirs", OwnerID: "ann"})
		return err
	})
	cost(1, 6+2, func() error { _, err := m.Add(ctx, orgsTarget, "bob", RoleMember, ""); return err })
	cost(1, 6+2+2, func() error { _, err := m.Add(ctx, orgsTarget, "eve", "billing", ""); return err })
	cost(1, 1, func() error { return m.Require(ctx, orgsTarget, "bob", RoleMember) })
	cost(2, 2, func() error { _, err := stores.Organizations.GetBySlug(ctx, "ours"); return err })
	cost(1, 2*2, func() error { _, err := m.SetRole(ctx, orgsTarget, "bob", RoleMember); return err })
	cost(1, 2, func() error { return observed.db.Transact(ctx, m.RequireOp(orgsTarget, "bob", RoleMember)) })
}
