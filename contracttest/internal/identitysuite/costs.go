package identitysuite

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/identity"
)

var costScenarios = []Scenario{
	{ID: "id.perf.requests", run: everyOperationSendsItsRequests},
	{ID: "id.perf.budget", run: everyOperationTakesItsUnits, needs: "an engine that counts capacity units"},
}

// cost is what an operation may send: a row of the table that both scenarios run, the requests on every engine, the units
// where they are counted.
type cost struct {
	name     string
	requests []string // operations of DynamoDB, in their order
	read     float64  // capacity units
	write    float64  // of the table
	index    float64  // items of indexes that are written
	kms      []string // operations
	options  []func(*identity.Options)
	// prepare makes what the operation needs, on a bench of the row's own, and gives the operation, which is run once.
	prepare func(t *testing.T, b *bench) (operation func() error)
}

// allCosts is the table.
func allCosts() []cost {
	return slices.Concat(
		sessionCosts,
		userCosts,
		organizationCosts,
	)
}

func everyOperationSendsItsRequests(t *testing.T, b *bench) {
	for _, row := range allCosts() {
		t.Run(row.name, func(t *testing.T) {
			b.beside(t, func(b *bench) { row.check(t, b) }, row.options...)
		})
	}
}

func everyOperationTakesItsUnits(t *testing.T, b *bench) {
	for _, row := range allCosts() {
		t.Run(row.name, func(t *testing.T) {
			b.beside(t, func(b *bench) {
				var read, write float64
				var counted int
				row.check(t, b, func() { counted = len(b.embedded.Calls()) })
				for _, call := range b.embedded.Calls()[counted:] {
					if slices.Contains([]string{"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"}, call.Operation) {
						read += call.ConsumedCapacity
					} else {
						write += call.ConsumedCapacity
					}
				}
				require.InDelta(t, row.read, read, 0, "read units")
				require.InDelta(t, row.write+row.indexUnits(), write, 0, "write units")
			}, row.options...)
		})
	}
}

// indexUnits are the units of indexes as the embedded engine and DynamoDB Local count them: those of a transaction twice, as
// those of the table. What the service says of transactions does not say so of indexes.
func (c cost) indexUnits() float64 {
	if slices.Contains(c.requests, "TransactWriteItems") {
		return 2 * c.index
	}
	return c.index
}

// check runs the operation of a row and compares what it sent. prepared are called before it.
func (c cost) check(t *testing.T, b *bench, prepared ...func()) {
	t.Helper()
	operation := c.prepare(t, b)
	for _, call := range prepared {
		call()
	}
	var err error
	var requests []string
	kms := b.kmsFaults.during(func() {
		requests = b.faults.during(func() { err = operation() })
	})
	require.NoError(t, err)
	require.Equal(t, c.requests, requests)
	require.Equal(t, c.kms, kms)
}

// sessionCosts are those of Sessions, RefreshTokens and AuthenticateSession.
var sessionCosts = []cost{
	{
		name: "session create", requests: []string{"TransactWriteItems"}, write: 4,
		prepare: func(t *testing.T, b *bench) func() error {
			user := b.user(t, costlyUser)
			return func() error { b.signIn(t, user, withoutFamily); return nil }
		},
	},
	{
		name: "session create with a family", requests: []string{"TransactWriteItems"}, write: 6, kms: []string{"GenerateDataKey"},
		prepare: func(t *testing.T, b *bench) func() error {
			user := b.user(t, costlyUser)
			b.signIn(t, user) // the key's ARN is found once
			return func() error { b.signIn(t, user); return nil }
		},
	},
	{
		name: "session check", requests: []string{"BatchGetItem"}, read: 2,
		prepare: onSession(func(t *testing.T, b *bench, grant *identity.SessionGrant) error {
			return b.authenticates(t, grant.Token)
		}, withoutFamily),
	},
	{
		name: "session check with a family", requests: []string{"BatchGetItem"}, read: 2,
		prepare: onSession(func(t *testing.T, b *bench, grant *identity.SessionGrant) error {
			return b.authenticates(t, grant.Token)
		}),
	},
	{
		name: "session check with its project", requests: []string{"BatchGetItem"}, read: 3,
		options: []func(*identity.Options){func(o *identity.Options) { o.CheckProject = true }},
		prepare: func(t *testing.T, b *bench) func() error {
			require.NoError(t, rows[identity.Project](t, b).Create(t.Context(), &identity.Project{ID: "prod", Status: "active"}))
			grant := b.signIn(t, b.user(t, costlyUser))
			return func() error { return b.authenticates(t, grant.Token) }
		},
	},
	{
		name: "session check of another epoch", requests: []string{"BatchGetItem", "TransactGetItems"}, read: 2 + 4,
		prepare: func(t *testing.T, b *bench) func() error {
			grant := b.signIn(t, b.user(t, costlyUser))
			_, err := b.modifyUser(t, costlyUser, func(u *identity.User) { u.SessionEpoch++ })
			require.NoError(t, err)
			return func() error {
				requireStatus(t, b.authenticates(t, grant.Token), identity.SessionStale)
				return nil
			}
		},
	},
	{
		name: "refresh", requests: []string{"BatchGetItem", "TransactWriteItems"}, read: 3, write: 6, kms: []string{"Decrypt"},
		prepare: onSession(func(t *testing.T, b *bench, grant *identity.SessionGrant) error { return b.refreshes(t, grant.Refresh) }),
	},
	{
		name: "refresh inside the grace", requests: []string{"BatchGetItem"}, read: 3, kms: []string{"Decrypt"},
		prepare: func(t *testing.T, b *bench) func() error {
			grant := b.signIn(t, b.user(t, costlyUser))
			b.refresh(t, grant.Refresh)
			return func() error { return b.refreshes(t, grant.Refresh) }
		},
	},
	{
		name: "touch inside the interval",
		prepare: onSession(func(t *testing.T, b *bench, grant *identity.SessionGrant) error {
			_, err := b.Sessions.Touch(t.Context(), grant.Session)
			return err
		}),
	},
	{
		name: "touch", requests: []string{"UpdateItem"}, write: 1,
		prepare: onSession(func(t *testing.T, b *bench, grant *identity.SessionGrant) error {
			b.clock.Advance(time.Minute)
			_, err := b.Sessions.Touch(t.Context(), grant.Session)
			return err
		}),
	},
	{
		name: "step up", requests: []string{"UpdateItem"}, write: 1,
		prepare: onSession(func(t *testing.T, b *bench, grant *identity.SessionGrant) error {
			_, token, err := b.Sessions.StepUp(t.Context(), grant.Session, 2, "otp")
			b.handedOut(t, token)
			return err
		}),
	},
	{
		name: "session get", requests: []string{"GetItem"}, read: 1,
		prepare: onSession(func(t *testing.T, b *bench, grant *identity.SessionGrant) error {
			_, err := b.Sessions.Get(t.Context(), costlyUser, grant.Session.ID)
			return err
		}),
	},
	{
		name: "sessions of a user", requests: []string{"Query"}, read: 1,
		prepare: onSession(func(t *testing.T, b *bench, _ *identity.SessionGrant) error {
			_, err := b.Sessions.ListByUser(t.Context(), costlyUser)
			return err
		}),
	},
	{
		name: "revoke", requests: []string{"UpdateItem"}, write: 1,
		prepare: onSession(func(t *testing.T, b *bench, grant *identity.SessionGrant) error {
			return b.Sessions.Revoke(t.Context(), costlyUser, grant.Session.ID, "test")
		}),
	},
	// To raise a user's epoch writes the index of users too.
	{
		name: "revoke all of one", requests: []string{"GetItem", "TransactWriteItems", "Query", "UpdateItem"}, read: 1 + 1, write: 2 + 1, index: 1,
		prepare: onSession(func(t *testing.T, b *bench, _ *identity.SessionGrant) error {
			_, err := b.Sessions.RevokeAll(t.Context(), costlyUser, "test")
			return err
		}),
	},
	{
		name: "revoke all of none", requests: []string{"GetItem", "TransactWriteItems", "Query"}, read: 1 + 1, write: 2, index: 1,
		prepare: func(t *testing.T, b *bench) func() error {
			b.user(t, costlyUser)
			return func() error { _, err := b.Sessions.RevokeAll(t.Context(), costlyUser, "test"); return err }
		},
	},
	{
		name: "revoke others, of none", requests: []string{"TransactGetItems", "TransactWriteItems", "Query"}, read: 4 + 1, write: 4, index: 1,
		prepare: onSession(func(t *testing.T, b *bench, grant *identity.SessionGrant) error {
			_, err := b.Sessions.RevokeOthers(t.Context(), costlyUser, grant.Session.ID, "test")
			return err
		}),
	},
}

// costlyUser is an id as long as those that a service makes.
const costlyUser = "018f2b6e-7c1a-7d3e-9f00-0123456789ab"

// onSession is an operation on the session of a user who just signed in.
func onSession(run func(*testing.T, *bench, *identity.SessionGrant) error, change ...func(*identity.NewSession)) func(*testing.T, *bench) func() error {
	return func(t *testing.T, b *bench) func() error {
		grant := b.signIn(t, b.user(t, costlyUser), change...)
		return func() error { return run(t, b, grant) }
	}
}
