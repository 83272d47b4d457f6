// Package identitysuite has the scenarios of package identity that take Go to run: what its stores promise, each under the
// id by which documents name it. contracttest.RunIdentity runs them on an engine of the caller's.
package identitysuite

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

// Engine is where a scenario runs: any DynamoDB, and an embedded KMS and a clock beside it. Faults are put in front of the
// client, so that each of them happens on every engine.
type Engine struct {
	Client *dynamodb.Client
	KMS    *localaws.AWS
	Clock  *localaws.Clock
}

// embedded is the engine's DynamoDB when it is the embedded one, which can say what it counted and lag; else nil.
func (e Engine) embedded() *localaws.AWS {
	engine, _ := e.Client.Options().HTTPClient.(*localaws.AWS)
	return engine
}

// Scenario is one promise in action.
type Scenario struct {
	// ID names it for good. Where several have one id, each shows it of something else, which Of names.
	ID, Of  string
	run     func(t *testing.T, b *bench)
	options []func(*identity.Options)
	// needs says what of the embedded engine the scenario can't do without; empty: it runs on every engine.
	needs string
}

// All are the scenarios, in the order in which they run.
func All() []Scenario {
	return slices.Concat(
		sessions,
		memberships,
		invitations,
		lastOwner,
		roles,
		audit,
		auditChain,
		auditPII,
		signingKeys,
		tokenMismatch,
		users,
		userAddresses,
		userErasure,
		userEncryption,
		scopeKeys,
		scopeZero,
		scopeOther,
		misses,
		dedicated,
		upstreamAccounts,
		throttled,
		cancelled,
		oneTimeTokens, lostConsumptions, oneTimeCodes, recoveryCodes, hashing, totp, passkeys, clients,
		credentials, credentialSealing, credentialRedaction, hotPath,
		storedSessions,
		sessionRevocation,
		refreshTokens,
		refreshRaces,
		refreshFaults,
		costScenarios,
	)
}

// ByID are the scenarios by their ids, in the order in which they run.
func ByID() (groups [][]Scenario) {
	at := map[string]int{}
	for _, s := range All() {
		i, known := at[s.ID]
		if !known {
			i = len(groups)
			at[s.ID], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// Schema is the schema document of identity's models.
func Schema() []byte { return identity.Schema() }

// Run runs the scenario in a table of its own, which it deletes afterwards. When it is done, nothing that was stored, sent or
// told may hold what was kept secret.
func (s Scenario) Run(t *testing.T, engine Engine) {
	if s.needs != "" && engine.embedded() == nil {
		t.Skipf("not applicable: %s", s.needs)
	}
	b := open(t, engine, s.options...)
	s.run(t, b)
	b.holdsNoSecret(t)
}
