package identity_test

import (
	"os"
	"testing"

	"github.com/theorydb/theorydb/contracttest"
)

// The scenarios by which the stores keep their promises, on the embedded engine, and on a DynamoDB endpoint when the
// environment names one.
func TestContract(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { contracttest.RunIdentity(t, contracttest.LocalAWS) })
	if endpoint := os.Getenv("DYNAMODB_LOCAL_ENDPOINT"); endpoint != "" {
		t.Run("endpoint", func(t *testing.T) {
			contracttest.RunIdentity(t, func() *contracttest.Engine { return contracttest.Endpoint(endpoint) })
		})
	}
}
