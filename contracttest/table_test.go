package contracttest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

func TestTablesAreMadeWithExpiryAndIndexes(t *testing.T) {
	models, err := EmbeddedModels()
	require.NoError(t, err)
	document, err := models.find("Order", "orders", "")
	require.NoError(t, err)
	w := newWorld(&Scenario{}, models, LocalAWS())
	made := newTable(document, models.beside(document), false)
	require.NoError(t, w.meet(t.Context(), nil))
	require.NoError(t, w.mustOpen(t.Context(), made))
	require.NoError(t, w.makeTable(t.Context(), made))

	expiry, err := w.engine.Client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &made.name})
	require.NoError(t, err)
	require.Equal(t, types.TimeToLiveStatusEnabled, expiry.TimeToLiveDescription.TimeToLiveStatus)
	require.Equal(t, "ttl", *expiry.TimeToLiveDescription.AttributeName)

	described, err := w.engine.Client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &made.name})
	require.NoError(t, err)
	projections := map[string]types.ProjectionType{}
	for _, index := range described.Table.GlobalSecondaryIndexes {
		projections[*index.IndexName] = index.Projection.ProjectionType
	}
	require.Equal(t, map[string]types.ProjectionType{
		"byCustomer": types.ProjectionTypeAll, "byStatus": types.ProjectionTypeInclude, "inverse": types.ProjectionTypeAll,
	}, projections)
	require.Len(t, described.Table.LocalSecondaryIndexes, 1)
}
