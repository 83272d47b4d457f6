package identitysuite

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// sessionRevocation is about ending sessions before their time.
var sessionRevocation = []Scenario{
	{ID: "id.sess.revoke_then_use", run: aRevokedSessionIsRefusedAtOnce},
	{ID: "id.sess.revoke_idempotent", run: revokingTwiceKeepsTheFirstReason},
	{ID: "id.sess.revoke_lost_answers", run: revokingOutlastsLostAnswers},
	{ID: "id.sess.revoke_one_of_two", run: revokingOneSessionLeavesTheOther},
	{ID: "id.sess.revoke_others", run: allSessionsButOneAreRevokedAndCounted},
	{ID: "id.sess.revoke_all_barrier", run: allSessionsEndEvenWhenTheSweepFails},
	{ID: "id.sess.made_behind_the_barrier", run: aSignInBehindTheBarrierIsNotSwept},
	{ID: "id.sess.sweep_meets_a_rival", run: theSweepCountsWhatItRevokedItself},
	{ID: "id.sess.kept_is_never_refused", run: theKeptSessionIsNeverRefused},
	{ID: "id.sess.revoke_others_race", run: racingRevocationsCountEachSessionOnce},
	{ID: "id.sess.revoke_all_beside_others", run: noSessionIsKeptBehindARevocationOfAll},
	{ID: "id.user.disabled_blocks_create", Of: "sign-in", run: noSignInOutlivesDisablingItsUser},
}

func aRevokedSessionIsRefusedAtOnce(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	require.NoError(t, b.authenticates(t, grant.Token))
	require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "signed out"))
	b.requireStrong(t, func() { // a read that may be behind could show the session as it was
		requireStatus(t, b.authenticates(t, grant.Token), identity.SessionRevoked)
		requireStatus(t, b.refreshes(t, grant.Refresh), identity.SessionRevoked)
	})
	b.clock.Advance(time.Hour)
	revoked := b.storedSession(t, grant.Session)
	_, err := b.Sessions.Touch(t.Context(), revoked)
	require.ErrorIs(t, err, theorydb.ErrConditionFailed)
	require.Equal(t, revoked, b.storedSession(t, grant.Session))
}

func revokingTwiceKeepsTheFirstReason(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "first"))
	first := b.storedSession(t, grant.Session)
	b.clock.Advance(time.Minute)
	require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "second"))
	require.Equal(t, first, b.storedSession(t, grant.Session))
	require.Equal(t, "first", first.RevokeReason)
	require.ErrorIs(t, b.Sessions.Revoke(t.Context(), "u1", "unknown", "x"), theorydb.ErrItemNotFound)
	require.ErrorIs(t, b.Sessions.Revoke(t.Context(), "nobody", grant.Session.ID, "x"), theorydb.ErrItemNotFound)
}

func revokingOutlastsLostAnswers(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	lost := b.faults.On("UpdateItem").CommitThenDrop()
	unread := b.faults.On("GetItem").DropBefore().Times(8) // so that the library can't tell what became of it
	require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "once"))
	requireFired(t, lost, unread)
	b.faults.mend()
	require.Equal(t, "once", b.storedSession(t, grant.Session).RevokeReason)
}

func revokingOneSessionLeavesTheOther(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	one, two := b.signIn(t, user), b.signIn(t, user)
	require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", two.Session.ID, "test"))
	require.NoError(t, b.authenticates(t, one.Token))
	requireStatus(t, b.authenticates(t, two.Token), identity.SessionRevoked)
}

func allSessionsButOneAreRevokedAndCounted(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	keep, one, two, revoked := b.signIn(t, user), b.signIn(t, user), b.signIn(t, user), b.signIn(t, user)
	require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", revoked.Session.ID, "before"))
	n, err := b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "others")
	require.NoError(t, err)
	require.Equal(t, 2, n, "one that was revoked before does not count")
	require.Equal(t, "before", b.storedSession(t, revoked.Session).RevokeReason)
	for _, ended := range []*identity.SessionGrant{one, two, revoked} {
		requireStatus(t, b.authenticates(t, ended.Token), identity.SessionRevoked)
	}
	auth, err := b.AuthenticateSession(t.Context(), keep.Token)
	require.NoError(t, err)
	require.EqualValues(t, 1, auth.User.SessionEpoch)
	b.refresh(t, keep.Refresh)
	_, err = b.Sessions.Create(t.Context(), identity.NewSession{User: user, AAL: 1})
	require.ErrorIs(t, err, identity.ErrUserInactive, "a sign-in that began before")

	after := b.signIn(t, auth.User)
	n, err = b.Sessions.RevokeAll(t.Context(), "u1", "all")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	for _, ended := range []*identity.SessionGrant{keep, after} {
		requireStatus(t, b.authenticates(t, ended.Token), identity.SessionRevoked)
	}
	_, err = b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "x")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound, "a revoked session can't be kept")
	_, err = b.Sessions.RevokeAll(t.Context(), "nobody", "x")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
}

func allSessionsEndEvenWhenTheSweepFails(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	failed := b.faults.On("Query").Error(400, "AccessDeniedException", "no") // the sweep fails, the barrier stands
	n, err := b.Sessions.RevokeAll(t.Context(), "u1", "all")
	require.Error(t, err)
	require.Zero(t, n)
	requireFired(t, failed)
	requireStatus(t, b.authenticates(t, grant.Token), identity.SessionStale)
	requireStatus(t, b.refreshes(t, grant.Refresh), identity.SessionStale)
	n, err = b.Sessions.RevokeAll(t.Context(), "u1", "all")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func aSignInBehindTheBarrierIsNotSwept(t *testing.T, b *bench) {
	b.signIn(t, b.user(t, "u1"))
	var fresh *identity.SessionGrant // signed in between the barrier and the sweep
	b.faults.On("Query").Error(400, "ThrottlingException", "slow").Then(func() {
		user, err := rows[identity.User](t, b).Get(t.Context(), identity.User{ID: "u1"}, theorydb.Consistent())
		require.NoError(t, err)
		fresh = b.signIn(t, *user)
	})
	n, err := b.Sessions.RevokeAll(t.Context(), "u1", "all")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.NoError(t, b.authenticates(t, fresh.Token))
}

func theSweepCountsWhatItRevokedItself(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	touched, revoked, lost := b.signIn(t, user), b.signIn(t, user), b.signIn(t, user)
	b.clock.Advance(time.Hour)
	rival := b.faults.On("UpdateItem").Error(400, "ThrottlingException", "slow").Then(func() {
		require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", revoked.Session.ID, "rival"))
		for _, used := range []*identity.SessionGrant{touched, lost} {
			_, err := b.Sessions.Touch(t.Context(), used.Session)
			require.NoError(t, err)
		}
	})
	n, err := b.Sessions.RevokeAll(t.Context(), "u1", "all")
	require.NoError(t, err)
	requireFired(t, rival)
	require.Equal(t, 2, n)
	require.Equal(t, "rival", b.storedSession(t, revoked.Session).RevokeReason)
	for _, used := range []*identity.SessionGrant{touched, lost} {
		require.Equal(t, "all", b.storedSession(t, used.Session).RevokeReason)
	}
}

// The kept session is authenticated all the time while others are revoked around it. That a batch is torn by the one
// transaction that changes both its items happens rarely by chance, so that it is also done on purpose, either way.
func theKeptSessionIsNeverRefused(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	keep := b.signIn(t, user)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var all sync.WaitGroup
	used := make([]int, 4)
	errs := make([]error, len(used))
	for i := range used {
		all.Go(func() {
			for ; ctx.Err() == nil && errs[i] == nil; used[i]++ {
				_, errs[i] = b.AuthenticateSession(t.Context(), keep.Token)
			}
		})
	}
	for range b.rounds(200) {
		_, err := b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "others")
		require.NoError(t, err)
	}
	end()
	all.Wait()
	for i, err := range errs {
		require.NoError(t, err, "the kept session was refused")
		require.Positive(t, used[i])
	}

	for late := range 2 { // the item of a batch that is read behind the transaction
		var failed error
		torn := b.faults.On("BatchGetItem").ThrowBack(func(i int) bool { return i == late }).Then(func() {
			_, failed = b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "others")
		})
		before := b.storedSession(t, keep.Session).Epoch
		auth, err := b.AuthenticateSession(t.Context(), keep.Token)
		require.NoError(t, err)
		require.NoError(t, failed)
		requireFired(t, torn)
		require.Equal(t, before+1, auth.Session.Epoch)
		require.Equal(t, before+1, auth.User.SessionEpoch)
	}
}

func racingRevocationsCountEachSessionOnce(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	keep := b.signIn(t, user)
	for range 5 {
		b.signIn(t, user, withoutFamily)
	}
	revoked := make([]int, racers)
	errs := together(racers, func(i int) (err error) {
		revoked[i], err = b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "others")
		return err
	})
	sum := 0
	for i, err := range errs {
		require.NoError(t, err)
		sum += revoked[i]
	}
	require.Equal(t, 5, sum, "each is counted once")
	require.NoError(t, b.authenticates(t, keep.Token))
}

// The epoch that RevokeAll wants to raise is raised by somebody who keeps a session.
func noSessionIsKeptBehindARevocationOfAll(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	var rival error
	between := b.rivalBefore("TransactWriteItems", func() {
		_, rival = b.Sessions.RevokeOthers(t.Context(), "u1", grant.Session.ID, "others")
	})
	n, err := b.Sessions.RevokeAll(t.Context(), "u1", "all")
	require.NoError(t, err)
	requireFired(t, between)
	require.NoError(t, rival)
	require.Equal(t, 1, n)
	requireStatus(t, b.authenticates(t, grant.Token), identity.SessionRevoked)
	require.ErrorIs(t, b.refreshes(t, grant.Refresh), identity.ErrInvalidToken)
}

func noSignInOutlivesDisablingItsUser(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	made := make([]*identity.SessionGrant, racers)
	errs := together(racers, func(i int) (err error) {
		if i == racers/2 {
			return errorOf(b.Users.Disable(t.Context(), "u1"))
		}
		made[i], err = b.Sessions.Create(t.Context(), identity.NewSession{User: user, AAL: 1})
		return err
	})
	requireRefused := func(want identity.SessionStatus) {
		for _, grant := range made {
			if grant != nil {
				b.handedOut(t, grant.Token)
				requireStatus(t, b.authenticates(t, grant.Token), want)
			}
		}
	}
	for i, err := range errs {
		if i == racers/2 || made[i] != nil {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, identity.ErrUserInactive)
		}
	}
	requireRefused(identity.SessionDisabled)
	_, err := b.Sessions.Create(t.Context(), identity.NewSession{User: user, AAL: 1})
	require.ErrorIs(t, err, identity.ErrUserInactive)
	enabled, err := b.Users.Enable(t.Context(), "u1")
	require.NoError(t, err)
	requireRefused(identity.SessionStale) // enabled again, and still nothing of before is valid
	b.signIn(t, enabled)
}
