package theorydb_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// lamp stands beside desks in the partitions of a user, of one scope as well.
type lamp struct {
	_ theorydb.Entity `theorydb:"name:Lamp"`
	_ theorydb.Key    `theorydb:"pk" key:"TENANT#{tenantID}#USER#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"LAMP#{id}"`

	TenantID   string `theorydb:"scope"`
	UserID, ID string
}

// auditor reads the same partitions without a scope.
type auditor struct {
	_ theorydb.Entity `theorydb:"name:Audit"`
	_ theorydb.Key    `theorydb:"pk" key:"TENANT#{tenant}#USER#{user}"`
	_ theorydb.Key    `theorydb:"sk" key:"AUDIT#{id}"`

	Tenant, User, ID string
}

// office has models of two scopes and of none in the same partitions.
type office struct {
	*engine
	db     *theorydb.DB
	desks  *theorydb.ScopedModel[desk]
	lamps  *theorydb.ScopedModel[lamp]
	audits *theorydb.Model[auditor]
}

func openOffice(t testing.TB, e *engine) *office {
	o := &office{engine: e, db: e.open(t)}
	var err error
	o.desks, err = theorydb.NewScopedModel[desk](o.db)
	require.NoError(t, err)
	o.lamps, err = theorydb.NewScopedModel[lamp](o.db)
	require.NoError(t, err)
	o.audits = registered[auditor](t, o.db)
	require.NoError(t, o.db.CreateTable(t.Context()))
	for _, tenant := range []string{"a", "b"} {
		scope := scopeOf(t, tenant)
		require.NoError(t, o.desks.In(scope).Create(t.Context(), &desk{UserID: "u", ID: "1", Room: "r", Text: "t", Note: tenant}))
		require.NoError(t, o.lamps.In(scope).Create(t.Context(), &lamp{UserID: "u", ID: "1"}))
		require.NoError(t, o.audits.Create(t.Context(), &auditor{Tenant: tenant, User: "u", ID: "1"}))
	}
	return o
}

func TestCollectionIsConfinedToTheScopeOfItsPartition(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		o := openOffice(t, e)
		a, b, none := scopeOf(t, "a"), scopeOf(t, "b"), theorydb.Scope{}
		var desks []*desk
		var lamps []*lamp
		var audits []*auditor
		scoped := o.desks.In(a).Partition(desk{UserID: "u"}, theorydb.Consistent())
		require.NoError(t, o.db.Collection(t.Context(), scoped, o.desks.In(a).Into(&desks), o.lamps.In(a).Into(&lamps), o.audits.Into(&audits)))
		require.Len(t, desks, 1)
		require.Equal(t, "a", desks[0].Note)
		require.Equal(t, []*lamp{{TenantID: "a", UserID: "u", ID: "1"}}, lamps)
		require.Equal(t, []*auditor{{Tenant: "a", User: "u", ID: "1"}}, audits)

		free := o.audits.Partition(auditor{Tenant: "a", User: "u"}, theorydb.Consistent())
		require.NoError(t, o.db.Collection(t.Context(), free, o.lamps.In(a).Into(&lamps), o.audits.Into(&audits)))
		require.Len(t, lamps, 1)

		for name, c := range map[string]struct {
			partition theorydb.Partition
			into      *theorydb.Model[lamp]
			want      error
		}{
			"another scope":                   {scoped, o.lamps.In(b), theorydb.ErrScopeMismatch},
			"another scope than the key has":  {free, o.lamps.In(b), theorydb.ErrScopeMismatch},
			"a scope that the key begins":     {o.audits.Partition(auditor{Tenant: "ab", User: "u"}), o.lamps.In(a), theorydb.ErrScopeMismatch},
			"no scope":                        {scoped, o.lamps.In(none), theorydb.ErrScopeRequired},
			"a scope of two components":       {scoped, o.lamps.In(scopeOf(t, "a", "b")), theorydb.ErrScopeMismatch},
			"a partition of the zero scope":   {o.desks.In(none).Partition(desk{UserID: "u"}), o.lamps.In(a), theorydb.ErrScopeRequired},
			"a partition beyond the scope":    {o.desks.In(a).Partition(desk{TenantID: "b", UserID: "u"}), o.lamps.In(a), theorydb.ErrScopeMismatch},
			"a partition and a zero Scoped":   {scoped, (&theorydb.ScopedModel[lamp]{}).In(a), theorydb.ErrInvalidModel},
			"a zero Scoped's partition":       {(&theorydb.ScopedModel[lamp]{}).In(a).Partition(lamp{UserID: "u"}), o.lamps.In(a), theorydb.ErrInvalidModel},
			"a scope in the value of another": {o.audits.Partition(auditor{Tenant: "b", User: "a"}), o.lamps.In(a), theorydb.ErrScopeMismatch},
		} {
			t.Run(name, func(t *testing.T) {
				lamps = nil
				require.Zero(t, e.sends(func() {
					require.ErrorIs(t, o.db.Collection(t.Context(), c.partition, c.into.Into(&lamps)), c.want)
				}))
				require.Nil(t, lamps)
			})
		}
	})
}

// Somebody stores a row that says that it is of scope b in a partition of scope a.
func TestCollectionRefusesPlantedRowsOfAnotherScope(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		o := openOffice(t, e)
		a := scopeOf(t, "a")
		e.put(t, theorydb.Item{
			"PK": str("TENANT#a#USER#u"), "SK": str("LAMP#2"), "_t": str("Lamp"), "tenantID": str("b"), "userID": str("u"), "id": str("2"),
		})
		var lamps []*lamp
		for _, partition := range []theorydb.Partition{
			o.desks.In(a).Partition(desk{UserID: "u"}, theorydb.Consistent()),
			o.audits.Partition(auditor{Tenant: "a", User: "u"}, theorydb.Consistent()),
		} {
			require.ErrorIs(t, o.db.Collection(t.Context(), partition, o.lamps.In(a).Into(&lamps)), theorydb.ErrTypeMismatch)
			require.Nil(t, lamps)
		}
	})
}
