package identitysuite

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/identity"
)

// storedSessions are about how a session is stored, and what is stored of one when requests fail.
var storedSessions = []Scenario{
	{ID: "id.sess.created_once", run: aSessionIsMadeOnceWhateverAnswersAreLost},
	{ID: "id.sess.secret_not_stored", run: ofASessionsSecretTheDigestIsStored},
	{ID: "id.sess.ttl_type", run: theEndOfASessionIsStoredInWholeSeconds},
	{ID: "id.sess.golden_fixture", run: sessionsAreStoredAsInTheGoldenItems, options: []func(*identity.Options){countedRandom}},
	{
		ID: "id.sess.restore_min_epoch", run: aRestoredProjectRefusesItsOlderSessions,
		options: []func(*identity.Options){func(o *identity.Options) { o.CheckProject = true }},
	},
	{ID: "id.fault.tx_conflict", Of: "session", run: aSessionVerbOutlastsTransactionsInItsWay},
}

func aSessionIsMadeOnceWhateverAnswersAreLost(t *testing.T, b *bench) {
	lost := b.faults.On("TransactWriteItems").CommitThenDrop().Times(3)
	grant := b.signIn(t, b.user(t, "u1"))
	list, err := b.Sessions.ListByUser(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, []identity.Session{grant.Session}, list)
	require.Equal(t, 3, lost.Fired())
}

func ofASessionsSecretTheDigestIsStored(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	digest := sessionDigest(partsOf(t, grant.Token).rest)
	require.Equal(t, digest, b.storedSession(t, grant.Session).SecretHash)
	require.Regexp(t, `^[0-9a-f]{64}$`, grant.Session.SecretHash)
	require.Contains(t, b.holding(t, digest), "attribute secretHash")
	// The tokens are kept secret since they were handed out; so is from here on what the next ones are made of.
	bound := b.family(t, grant.Session).BoundSecret.Reveal()
	require.Len(t, bound, 32)
	require.Equal(t, grant.Refresh.Reveal(), partsOf(t, grant.Token).ofGeneration(1, bound).token().Reveal())
	b.holdsNoSecret(t)
}

func theEndOfASessionIsStoredInWholeSeconds(t *testing.T, b *bench) {
	b.signIn(t, b.user(t, "u1"))
	for _, entity := range []string{"Session", "RefreshFamily"} {
		items := b.itemsOf(t, entity)
		require.Len(t, items, 1)
		ttl, ok := items[0]["ttl"].(*types.AttributeValueMemberN)
		require.True(t, ok)
		require.Regexp(t, `^[0-9]{10}$`, ttl.Value)
	}
}

func aRestoredProjectRefusesItsOlderSessions(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	old := b.signIn(t, user)
	requireStatus(t, b.authenticates(t, old.Token), identity.SessionDisabled) // there is no such project
	project := identity.Project{ID: "prod", Status: "active"}
	require.NoError(t, rows[identity.Project](t, b).Create(t.Context(), &project))
	require.NoError(t, b.authenticates(t, old.Token))

	b.clock.Advance(time.Hour)
	project.SessionsNotBefore = b.clock.Now()
	require.NoError(t, rows[identity.Project](t, b).Update(t.Context(), &project))
	requireStatus(t, b.authenticates(t, old.Token), identity.SessionStale)
	requireStatus(t, b.refreshes(t, old.Refresh), identity.SessionStale)
	fresh := b.signIn(t, user)
	require.NoError(t, b.authenticates(t, fresh.Token))
	require.NoError(t, b.refreshes(t, fresh.Refresh))
}

func aSessionVerbOutlastsTransactionsInItsWay(t *testing.T, b *bench) {
	meets := func(operation string, action int, verb func() error) {
		conflict := b.faults.On(operation).CancelTransaction(action, "TransactionConflict").Times(3)
		require.NoError(t, verb())
		require.Equal(t, 3, conflict.Fired())
	}
	user := b.user(t, "u1")
	var grant *identity.SessionGrant
	meets("TransactWriteItems", 2, func() error { grant = b.signIn(t, user); return nil })
	meets("TransactWriteItems", 0, func() error {
		require.False(t, b.refresh(t, grant.Refresh).Replayed)
		return nil
	})
	revokeOthers := func() error { _, err := b.Sessions.RevokeOthers(t.Context(), "u1", grant.Session.ID, "x"); return err }
	meets("TransactWriteItems", 1, revokeOthers)
	meets("TransactGetItems", 0, revokeOthers)
	require.NoError(t, b.authenticates(t, grant.Token))
}
