package contracttest

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEmbeddedSuite(t *testing.T) {
	t.Run("embedded engine", func(t *testing.T) { Run(t, LocalAWS) })
	t.Run("embedded engine that sweeps", func(t *testing.T) { Run(t, SweepingLocalAWS) })
	if url := os.Getenv("DYNAMODB_LOCAL_ENDPOINT"); url != "" {
		t.Run("endpoint", func(t *testing.T) { Run(t, func() *Engine { return Endpoint(url) }) })
	}
}

func TestEmbeddedScenariosAreTold(t *testing.T) {
	scenarios, err := EmbeddedScenarios()
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, scenario := range scenarios {
		require.NotEmpty(t, scenario.Why, scenario.File)
		require.NotEmpty(t, scenario.Promise, scenario.File)
		require.NotEmpty(t, scenario.Shows, scenario.File)
		require.Regexp(t, "^"+scenario.Promise+"-[0-9]{2}$", scenario.ID, scenario.File)
		require.False(t, ids[scenario.ID], "two scenarios are called %s", scenario.ID)
		ids[scenario.ID] = true
	}
}
