package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest"
	"github.com/theorydb/theorydb/localaws"
)

// described is the schema document of the models that a program registers.
func described(t *testing.T, register func(*theorydb.DB) error) []byte {
	t.Helper()
	db, err := theorydb.New(theorydb.Config{DynamoDB: localaws.New().DynamoDB(), Table: "copying"})
	require.NoError(t, err)
	require.NoError(t, register(db))
	schema, err := db.Describe()
	require.NoError(t, err)
	return schema
}

// The copies promise what the originals do.
func TestCopiesKeepTheContractOfIdentity(t *testing.T) {
	schema := described(t, func(db *theorydb.DB) error {
		_, err := newService(db, "acme", "prod")
		return err
	})
	t.Run("embedded engine", func(t *testing.T) { contracttest.RunIdentityModels(t, contracttest.LocalAWS, schema) })
	t.Run("embedded engine that sweeps", func(t *testing.T) {
		contracttest.RunIdentityModels(t, contracttest.SweepingLocalAWS, schema)
	})
	if url := os.Getenv("DYNAMODB_LOCAL_ENDPOINT"); url != "" {
		t.Run("endpoint", func(t *testing.T) {
			contracttest.RunIdentityModels(t, func() *contracttest.Engine { return contracttest.Endpoint(url) }, schema)
		})
	}
}

// openCredential is a copy of Credential that lost the word encrypted. It compiles, and it works.
type openCredential struct {
	_ theorydb.Entity `theorydb:"name:Credential"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"CRED#{type}#{id}"`

	TenantID  string `theorydb:"scope"`
	ProjectID string `theorydb:"scope"`
	UserID    string
	Type      string `theorydb:"enum:oauth_token|mtls_thumbprint"`
	ID        string
	Secret    []byte
	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
	UpdatedAt time.Time `theorydb:"updated_at"`
}

// endlessSession is a copy of Session that lost the word ttl. It compiles as well.
type endlessSession struct {
	_ theorydb.Entity `theorydb:"name:Session"`
	_ theorydb.Key    `theorydb:"pk" key:"T#{tenantID}#P#{projectID}#U#{userID}"`
	_ theorydb.Key    `theorydb:"sk" key:"SESS#{id}"`

	TenantID      string `theorydb:"scope"`
	ProjectID     string `theorydb:"scope"`
	UserID        string
	ID            string
	SecretHash    string
	OrgID         string `theorydb:"omitempty"`
	AAL           int64
	AMR           []string `theorydb:"set"`
	AuthnAt       time.Time
	LastSeenAt    time.Time
	IdleExpiresAt time.Time
	AbsExpiresAt  time.Time `theorydb:"immutable"`
	Epoch         int64
	RevokedAt     *time.Time
	RevokeReason  string `theorydb:"omitempty"`
	IP            string `theorydb:"omitempty"`
	UserAgent     string `theorydb:"omitempty"`
	ExpiresAt     time.Time
	Version       int64     `theorydb:"version"`
	CreatedAt     time.Time `theorydb:"created_at"`
	UpdatedAt     time.Time `theorydb:"updated_at"`
}

// A copy that is not the original fails the scenarios that are about what it lost.
func TestASpoiledCopyFailsTheContract(t *testing.T) {
	credential := failedOf(t, described(t, func(db *theorydb.DB) error {
		_, err := theorydb.NewScopedModel[openCredential](db)
		return err
	}))
	for _, id := range []string{"id.enc.write_without_key", "id.enc.secret_not_stored", "id.enc.read_kms_down", "id.enc.planted"} {
		require.Contains(t, credential, id)
	}
	require.NotContains(t, credential, "id.scope.zero", "what was not lost still holds")
	session := failedOf(t, described(t, func(db *theorydb.DB) error {
		_, err := theorydb.NewScopedModel[endlessSession](db)
		return err
	}))
	for _, id := range []string{"id.sess.boundary", "id.sess.ttl_not_swept", "id.sess.no_expiry"} {
		require.Contains(t, session, id)
	}
}

// failedOf runs the scenarios whose models a document has, and gives the ids of those that fail.
func failedOf(t *testing.T, schema []byte) []string {
	t.Helper()
	models, err := contracttest.ParseModels("schema", schema)
	require.NoError(t, err)
	scenarios, err := contracttest.EmbeddedIdentityScenarios()
	require.NoError(t, err)
	runner := &contracttest.Runner{Models: models, Engine: contracttest.LocalAWS}
	var failed []string
	for _, scenario := range scenarios {
		if len(models.Missing(scenario)) == 0 && runner.Run(t.Context(), scenario).Failure != nil {
			failed = append(failed, scenario.ID)
		}
	}
	return failed
}
