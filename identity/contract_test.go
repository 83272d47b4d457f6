package identity_test

import (
	"os"
	"testing"

	"github.com/theorydb/theorydb/contracttest"
)

// The scenarios by which the stores keep their promises, on the embedded engine, or on the DynamoDB endpoint that the
// environment names: it takes minutes to do both.
func TestContract(t *testing.T) {
	endpoint := os.Getenv("DYNAMODB_LOCAL_ENDPOINT")
	if endpoint == "" {
		t.Run("embedded", func(t *testing.T) { contracttest.RunIdentity(t, contracttest.LocalAWS) })
		return
	}
	t.Run("endpoint", func(t *testing.T) {
		contracttest.RunIdentity(t, func() *contracttest.Engine { return contracttest.Endpoint(endpoint) })
	})
}
