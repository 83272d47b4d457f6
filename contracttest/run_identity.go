package contracttest

import (
	"testing"

	"github.com/theorydb/theorydb/contracttest/internal/identitysuite"
	"github.com/theorydb/theorydb/localaws"
)

// RunIdentity runs the scenarios of package identity as subtests named for their ids. factory makes a new engine for every
// scenario:
//
//	func TestIdentity(t *testing.T) {
//		contracttest.RunIdentity(t, contracttest.LocalAWS)
//	}
//
// Faults happen in front of the engine's client, so that they happen on any engine. A scenario that needs what only the
// embedded one has, such as indexes that lag, is skipped elsewhere and says what it needs. Each ends with a search of all that
// was stored, sent and told for what was to be kept secret.
func RunIdentity(t *testing.T, factory func() *Engine) {
	t.Helper()
	for _, scenario := range identitysuite.All() {
		t.Run(scenario.ID, func(t *testing.T) { scenario.Run(t, identityEngine(factory())) })
	}
}

func identityEngine(engine *Engine) identitysuite.Engine {
	keys := engine.KMS
	if keys == nil {
		keys = localaws.New(localaws.WithClock(engine.Clock))
	}
	return identitysuite.Engine{Client: engine.Client, KMS: keys, Clock: engine.Clock}
}
