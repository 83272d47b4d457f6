package theorydb_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// roster is a model whose partition key has two components, one of them a number, and whose sort key repeats one.
type roster struct {
	_ theorydb.Entity `theorydb:"name:Roster"`
	_ theorydb.Key    `theorydb:"pk" key:"TEAM#{team}#{season|int}"`
	_ theorydb.Key    `theorydb:"sk" key:"{team}#{name}"`

	Team   string
	Season int64
	Name   string
	Note   string
}

// partitionVerbs are the verbs that take a partition.
func partitionVerbs(db *theorydb.DB, into ...theorydb.Destination) map[string]func(context.Context, theorydb.Partition) error {
	return map[string]func(context.Context, theorydb.Partition) error{
		"Collection": func(ctx context.Context, p theorydb.Partition) error { return db.Collection(ctx, p, into...) },
		"ClearPartition": func(ctx context.Context, p theorydb.Partition) error {
			_, err := db.ClearPartition(ctx, p, "")
			return err
		},
	}
}

func TestPartitionIsNamedByEveryComponentAndNoneOfTheSortKey(t *testing.T) {
	e := embedded(t)
	m := model[roster](t, e)
	db := e.open(t)
	mine := registered[roster](t, db)
	plain := registered[Credential](t, e.open(t))
	scoped, err := theorydb.NewScopedModel[desk](db)
	require.NoError(t, err)
	acme := scoped.In(scopeOf(t, "acme"))
	for name, c := range map[string]struct {
		partition theorydb.Partition
		want      error
		text      string
	}{
		"the zero Partition":           {theorydb.Partition{}, theorydb.ErrInvalidQuery, "zero Partition"},
		"of the zero Model":            {(&theorydb.Model[roster]{}).Partition(roster{}), theorydb.ErrInvalidModel, "zero Model"},
		"of another DB":                {m.Partition(roster{Team: "a"}), theorydb.ErrInvalidQuery, "another DB"},
		"without a component":          {mine.Partition(roster{Season: 1}), theorydb.ErrKeyIncomplete, `"team"`},
		"with a part of the sort key":  {mine.Partition(roster{Team: "a", Name: "b"}), theorydb.ErrInvalidQuery, `"name"`},
		"with a plain sort key":        {plain.Partition(Credential{PK: "p", SK: "s"}), theorydb.ErrInvalidQuery, `"SK"`},
		"without a plain key":          {plain.Partition(Credential{}), theorydb.ErrKeyIncomplete, "PK"},
		"too long":                     {mine.Partition(roster{Team: string(make([]byte, 2048))}), theorydb.ErrKeyTooLong, "PK"},
		"of the zero scope":            {scoped.In(theorydb.Scope{}).Partition(desk{UserID: "u"}), theorydb.ErrScopeRequired, ""},
		"of two components of a scope": {scoped.In(scopeOf(t, "a", "b")).Partition(desk{UserID: "u"}), theorydb.ErrScopeMismatch, ""},
		"that names another scope":     {acme.Partition(desk{TenantID: "b", UserID: "u"}), theorydb.ErrScopeMismatch, `"tenantID"`},
		"of a scope, without the rest": {acme.Partition(desk{}), theorydb.ErrKeyIncomplete, `"userID"`},
	} {
		for verb, run := range partitionVerbs(db, mine.Each(func(*roster) error { return nil })) {
			t.Run(name+"/"+verb, func(t *testing.T) {
				var err error
				require.Zero(t, e.sends(func() { err = run(t.Context(), c.partition) }))
				require.ErrorIs(t, err, c.want)
				require.ErrorContains(t, err, c.text)
				var op *theorydb.OpError
				require.ErrorAs(t, err, &op)
				require.Equal(t, verb, op.Op)
				require.Zero(t, op.Attempts)
			})
		}
	}
}

func TestPartitionTakesTheNumberZeroAndLeavesTheExampleAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		m := model[roster](t, e)
		db := e.open(t)
		mine := registered[roster](t, db)
		for _, season := range []int64{0, 1} {
			require.NoError(t, m.Create(t.Context(), &roster{Team: "a", Season: season, Name: "n"}))
		}
		var found []*roster
		example := roster{Team: "a", Note: "no part of the key"}
		partition := mine.Partition(example, nil, theorydb.Consistent())
		for range 2 {
			require.NoError(t, db.Collection(t.Context(), partition, mine.Into(&found)))
			require.Equal(t, []*roster{{Team: "a", Name: "n"}}, found)
		}
	})
}

func TestPartitionIsReadConsistentlyWhenAskedAndAlwaysToBeCleared(t *testing.T) {
	e := embedded(t)
	d := openDossier(t, e)
	var consistent []bool
	e.faults.On("Query").Always().When(func(r localaws.Request) bool {
		var body struct{ ConsistentRead bool }
		require.NoError(t, json.Unmarshal(r.Body, &body))
		consistent = append(consistent, body.ConsistentRead)
		return false
	}).DropBefore()
	plain := d.people.Partition(person{ID: "1"})
	require.NoError(t, d.db.Collection(t.Context(), plain, d.people.Each(func(*person) error { return nil })))
	require.NoError(t, d.db.Collection(t.Context(), d.partition("1"), d.people.Each(func(*person) error { return nil })))
	_, err := d.db.ClearPartition(t.Context(), plain, "")
	require.NoError(t, err)
	require.Equal(t, []bool{false, true, true}, consistent)
}
