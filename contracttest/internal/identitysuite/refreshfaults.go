package identitysuite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// refreshFaults are about refreshes whose requests to DynamoDB or to KMS fail.
var refreshFaults = []Scenario{
	{ID: "id.rt.unknown_outcome", run: aRefreshOutlastsATransactionOfUnknownOutcome},
	{ID: "id.rt.reuse_that_is_not_saved", run: aReuseIsToldOnceItsSessionIsRevoked},
	{ID: "id.rt.kms_down", run: withoutKMSARefreshChangesNothing},
	{ID: "id.rt.rollback_no_counter", run: aRefreshThatIsRolledBackLeavesItsToken},
	{ID: "id.enc.hot_path_without_kms", Of: "sessions", run: withoutKMSSessionsGoOnAndRefreshesFail},
}

func aRefreshOutlastsATransactionOfUnknownOutcome(t *testing.T, b *bench) {
	for name, change := range map[string]func(*identity.Options){"grace": func(*identity.Options) {}, "strict": withoutGrace} {
		t.Run(name, func(t *testing.T) {
			b.beside(t, func(b *bench) {
				grant := b.signIn(t, b.user(t, "u1"))
				lost := b.faults.On("TransactWriteItems").CommitThenDrop().Times(8) // every answer to one transaction
				result := b.refresh(t, grant.Refresh)
				require.Equal(t, 8, lost.Fired())
				require.False(t, result.Replayed, "the marker tells that it was this call's")
				require.Equal(t, result.Session, b.storedSession(t, grant.Session))
				require.EqualValues(t, 2, b.family(t, grant.Session).Gen)

				unsent := b.faults.On("TransactWriteItems").DropBefore().Times(8) // and one that never took effect
				next := b.refresh(t, result.Token)
				require.Equal(t, 8, unsent.Fired())
				require.False(t, next.Replayed)
				require.EqualValues(t, 3, b.family(t, grant.Session).Gen)
				require.EqualValues(t, 2, b.familyWrites(t, grant.Session))

				b.faults.On("TransactWriteItems").CommitThenDrop().Times(8).Then(b.kmsDown) // and then it can't look
				err := b.refreshes(t, next.Token)
				require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown, "the token may be spent")
				require.ErrorIs(t, err, theorydb.ErrEncryption)
				b.kmsFaults.mend()
				require.EqualValues(t, 4, b.family(t, grant.Session).Gen)
			}, change)
		})
	}
}

func aReuseIsToldOnceItsSessionIsRevoked(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	b.refresh(t, grant.Refresh)
	b.clock.Advance(time.Minute)
	b.faults.On("UpdateItem").Error(400, "ThrottlingException", "slow").Times(8)
	err := b.refreshes(t, grant.Refresh)
	require.ErrorIs(t, err, theorydb.ErrThrottled)
	require.NotErrorIs(t, err, identity.ErrTokenReuse, "which would say that the session was revoked")
	require.Zero(t, b.notices(identity.NoticeTokenReuse))
	require.Nil(t, b.storedSession(t, grant.Session).RevokedAt)
	require.ErrorIs(t, b.refreshes(t, grant.Refresh), identity.ErrTokenReuse)
	require.NotNil(t, b.storedSession(t, grant.Session).RevokedAt)
}

// kmsDown has KMS refuse everything until its faults are mended.
func (b *bench) kmsDown() { b.kmsFaults.On("").Error(400, "DisabledException", "down").Always() }

func withoutKMSARefreshChangesNothing(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	for range 2 {
		before := b.items(t)
		b.kmsDown()
		require.ErrorIs(t, b.refreshes(t, grant.Refresh), theorydb.ErrEncryption)
		require.Equal(t, before, b.items(t))
		b.kmsFaults.mend()
		if b.family(t, grant.Session).Gen == 1 {
			require.False(t, b.refresh(t, grant.Refresh).Replayed)
			b.clock.Advance(time.Minute) // a reuse that is not seen revokes nothing either
		}
	}
	require.ErrorIs(t, b.refreshes(t, grant.Refresh), identity.ErrTokenReuse)
}

func aRefreshThatIsRolledBackLeavesItsToken(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	before := b.items(t)
	slow := b.faults.On("TransactWriteItems").CancelTransaction(1, "ThrottlingError").Times(8)
	require.ErrorIs(t, b.refreshes(t, grant.Refresh), theorydb.ErrThrottled)
	require.Equal(t, 8, slow.Fired())
	require.Equal(t, before, b.items(t))
	require.False(t, b.refresh(t, grant.Refresh).Replayed)
}

func withoutKMSSessionsGoOnAndRefreshesFail(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	grant := b.signIn(t, user)
	b.kmsDown()
	require.NoError(t, b.authenticates(t, grant.Token))
	b.clock.Advance(time.Hour)
	_, err := b.Sessions.Touch(t.Context(), grant.Session)
	require.NoError(t, err)
	made := b.signIn(t, user, withoutFamily)
	_, err = b.Sessions.ListByUser(t.Context(), "u1")
	require.NoError(t, err)

	before := b.items(t)
	require.ErrorIs(t, b.refreshes(t, grant.Refresh), theorydb.ErrEncryption)
	require.Empty(t, b.faults.during(func() { // nothing is sent for a family that can't be sealed
		_, err = b.Sessions.Create(t.Context(), identity.NewSession{User: user, AAL: 1, Family: &identity.NewFamily{ClientID: "app"}})
	}))
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.Equal(t, before, b.items(t))

	_, err = b.Sessions.RevokeOthers(t.Context(), "u1", made.Session.ID, "test")
	require.NoError(t, err)
	_, err = b.Sessions.RevokeAll(t.Context(), "u1", "test")
	require.NoError(t, err)
}
