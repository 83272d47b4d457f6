package identity

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

func TestModelsRegisterTogether(t *testing.T) {
	db, err := theorydb.New(theorydb.Config{DynamoDB: localaws.New().DynamoDB(), Table: "identity"})
	require.NoError(t, err)
	_, err = register(db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
}
