package contracttest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// shown runs a scenario of the model Secret with the given steps.
func shown(t *testing.T, head, steps string) *Failure {
	t.Helper()
	scenario, err := ParseScenario("a.yaml", []byte("name: n\nmodel: Secret\ntable: { name: secrets }\n"+head+"steps:\n"+steps))
	require.NoError(t, err)
	return runTale(t, scenario).Failure
}

const createSecret = "  - { op: create, item: { PK: a, SK: b, secret: mine-in-clear }, expect: { data_keys: 1, sent_lacks: [mine-in-clear] } }\n"

func TestScenariosHaveAKeyUnlessTheySayNone(t *testing.T) {
	require.Nil(t, shown(t, "", createSecret))
	failure := shown(t, "encryption: none\n", createSecret)
	require.NotNil(t, failure)
	require.Contains(t, failure.Lines[0], "not configured")
	failure = shown(t, "encryption: { acme: alias/acme }\n", createSecret)
	require.NotNil(t, failure)
	require.Contains(t, failure.Lines[0], "key unresolved")
}

func TestKMSStepsAreFelt(t *testing.T) {
	get := "  - { op: get, key: { PK: a, SK: b } }\n"
	require.Nil(t, shown(t, "", createSecret+get))
	for step, want := range map[string]string{
		"state: disabled":         "KMS key unusable",
		"state: pending_deletion": "KMS key unusable",
		"state: unavailable":      "KMS key unusable",
		"service: denied":         "KMS access denied",
		"service: throttled":      "KMS throttled",
		"service: down":           "KMS unavailable",
	} {
		failure := shown(t, "", createSecret+"  - { op: kms, "+step+" }\n"+get)
		require.NotNil(t, failure, step)
		require.Equal(t, 3, failure.Step)
		require.Contains(t, failure.Lines[0], want)
	}
	require.Nil(t, shown(t, "", createSecret+"  - { op: kms, state: disabled }\n  - { op: kms, state: enabled }\n"+get))
	require.Nil(t, shown(t, "", createSecret+"  - { op: kms, service: down }\n  - { op: kms, service: up }\n"+get))
	require.Nil(t, shown(t, "", createSecret+"  - { op: kms, alias: alias/other, state: disabled }\n"+get))

	failure := shown(t, "", createSecret+"  - { op: kms, points_to: alias/other }\n"+get+"  - { op: restart }\n"+get)
	require.NotNil(t, failure)
	require.Equal(t, 5, failure.Step, "the alias counts where the library begins anew, and only there")

	failure = shown(t, "", "  - { op: kms, alias: no alias, state: disabled }\n")
	require.NotNil(t, failure)
}

func TestAnEngineWithoutKMSGetsOne(t *testing.T) {
	models, err := EmbeddedModels()
	require.NoError(t, err)
	scenario, err := ParseScenario("a.yaml", []byte("name: n\nmodel: Secret\ntable: { name: secrets }\nsteps:\n"+createSecret))
	require.NoError(t, err)
	runner := &Runner{Models: models, Engine: func() *Engine {
		engine := LocalAWS()
		engine.KMS = nil
		return engine
	}}
	require.Nil(t, runner.Run(t.Context(), scenario).Failure)
}
