package theorydb_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestCreateTableMakesKeysIndexesAndTTL(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		type tabled struct {
			_  theorydb.Key `theorydb:"pk" key:"T#{id}"`
			_  theorydb.Key `theorydb:"sk" key:"T"`
			_  theorydb.Key `theorydb:"index:gsi1,pk" key:"ALL"`
			_  theorydb.Key `theorydb:"index:gsi1,sk" key:"{id}"`
			_  theorydb.Key `theorydb:"lsi:local" key:"AT#{at}"`
			ID string
			At time.Time
		}
		db := e.open(t)
		_, err := theorydb.NewModel[tabled](db)
		require.NoError(t, err)
		require.NoError(t, db.CreateTable(t.Context()))
		require.NoError(t, db.CreateTable(t.Context()), "the same table again")

		output, err := e.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &e.table})
		require.NoError(t, err)
		require.Len(t, output.Table.KeySchema, 2)
		require.Equal(t, "gsi1", *output.Table.GlobalSecondaryIndexes[0].IndexName)
		require.Equal(t, "GSI1PK", *output.Table.GlobalSecondaryIndexes[0].KeySchema[0].AttributeName)
		require.Equal(t, types.ProjectionTypeAll, output.Table.GlobalSecondaryIndexes[0].Projection.ProjectionType)
		require.Equal(t, "LOCALSK", *output.Table.LocalSecondaryIndexes[0].KeySchema[1].AttributeName)
		ttl, err := e.client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &e.table})
		require.NoError(t, err)
		require.Equal(t, "ttl", *ttl.TimeToLiveDescription.AttributeName)
	})
}

// A call that failed half-way can be made again.
func TestCreateTableGoesOnWhereItStopped(t *testing.T) {
	for name, fail := range map[string]func(*engine){
		"answer lost": func(e *engine) { e.faults.On("CreateTable").CommitThenDrop() },
		"TTL refused": func(e *engine) {
			e.faults.On("UpdateTimeToLive").Error(http.StatusBadRequest, "LimitExceededException", "later")
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := embedded(t)
			db := e.open(t)
			_, err := theorydb.NewModel[wide](db)
			require.NoError(t, err)
			fail(e)
			_ = db.CreateTable(t.Context())
			require.NoError(t, db.CreateTable(t.Context()))
			ttl, err := e.client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &e.table})
			require.NoError(t, err)
			require.Equal(t, types.TimeToLiveStatusEnabled, ttl.TimeToLiveDescription.TimeToLiveStatus)
		})
	}
}

func TestCreateTableLeavesATableOfOtherKeysAlone(t *testing.T) {
	type hashOnly struct {
		_  theorydb.Key `theorydb:"pk" key:"T#{id}"`
		ID string
	}
	e := embedded(t)
	model[wide](t, e)
	db := e.open(t)
	_, err := theorydb.NewModel[hashOnly](db)
	require.NoError(t, err)
	var exists *types.ResourceInUseException
	require.ErrorAs(t, db.CreateTable(t.Context()), &exists)
}

func TestCreateTableNeedsAModelAndAClientWithTableMethods(t *testing.T) {
	e := embedded(t)
	require.ErrorIs(t, e.open(t).CreateTable(t.Context()), theorydb.ErrInvalidModel)

	itemsOnly := struct{ theorydb.DynamoDB }{e.client}
	db := e.open(t, func(c *theorydb.Config) { c.DynamoDB = itemsOnly })
	require.ErrorContains(t, db.CreateTable(t.Context()), "no table methods")
}
