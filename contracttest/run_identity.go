package contracttest

import (
	"testing"

	"github.com/theorydb/theorydb/contracttest/internal/identitysuite"
	"github.com/theorydb/theorydb/localaws"
)

// RunIdentity runs the scenarios of package identity as subtests named for their ids: those of its stores, which are written
// in Go, and under "models" those of its models, as RunIdentityModels does. factory makes a new engine for every scenario:
//
//	func TestIdentity(t *testing.T) {
//		contracttest.RunIdentity(t, contracttest.LocalAWS)
//	}
//
// Faults happen in front of the engine's client, so that they happen on any engine. A scenario that needs what only the
// embedded one has, such as indexes that lag, is skipped elsewhere and says what it needs. Each ends with a search of all that
// was stored, sent and told for what was to be kept secret. The engine's Sweep is for the models' scenarios alone: those of
// the stores show what holds while expired items stay.
func RunIdentity(t *testing.T, factory func() *Engine) {
	t.Helper()
	for _, scenarios := range identitysuite.ByID() {
		t.Run(scenarios[0].ID, func(t *testing.T) {
			for _, scenario := range scenarios {
				if scenario.Of == "" {
					scenario.Run(t, identityEngine(t, factory()))
					continue
				}
				t.Run(scenario.Of, func(t *testing.T) { scenario.Run(t, identityEngine(t, factory())) })
			}
		})
	}
	t.Run("models", func(t *testing.T) { RunIdentityModels(t, factory, identitysuite.Schema()) })
}

func identityEngine(t *testing.T, engine *Engine) identitysuite.Engine {
	t.Helper()
	if err := engine.check(); err != nil {
		t.Fatal(err)
	}
	keys := engine.KMS
	if keys == nil {
		keys = localaws.New(localaws.WithClock(engine.Clock))
	}
	return identitysuite.Engine{Client: engine.Client, KMS: keys, Clock: engine.Clock}
}
