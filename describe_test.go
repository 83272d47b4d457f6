package theorydb_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

type describedSession struct {
	_ theorydb.Entity `theorydb:"name:Session"`
	_ theorydb.Key    `theorydb:"pk" key:"TENANT#{tenantID}#USER#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"SESSION#{id}"`
	_ theorydb.Key    `theorydb:"index:gsi1,pk" key:"TENANT#{tenantID}#SESSIONS"`
	_ theorydb.Key    `theorydb:"index:gsi1,sk" key:"{createdAt}"`

	TenantID  string `theorydb:"scope"`
	UserID    string
	ID        string
	Secret    string    `theorydb:"encrypted"`
	ExpiresAt time.Time `theorydb:"ttl"`
	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
}

// What Describe says of a model is a model: registered as a record model it is the same one.
func TestADescribedModelIsAModel(t *testing.T) {
	e := embedded(t)
	db := e.open(t)
	_, err := theorydb.NewScopedModel[describedSession](db)
	require.NoError(t, err)
	document, err := db.Describe()
	require.NoError(t, err)
	again, err := db.Describe()
	require.NoError(t, err)
	require.Equal(t, string(document), string(again))

	var described struct {
		Models []json.RawMessage `json:"models"`
	}
	require.NoError(t, json.Unmarshal(document, &described))
	require.Len(t, described.Models, 1)

	other := embedded(t).open(t, func(c *theorydb.Config) { c.Table = e.table })
	_, err = theorydb.NewScopedRecordModel(other, described.Models[0])
	require.NoError(t, err)
	same, err := other.Describe()
	require.NoError(t, err)
	require.Equal(t, string(document), string(same))
}
