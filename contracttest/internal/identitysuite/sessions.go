package identitysuite

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// sessions are about how long a session lives, and what using it does.
var sessions = []Scenario{
	{ID: "id.sess.boundary", run: aSessionIsValidUntilItsEndAndNotAtIt},
	{ID: "id.sess.ttl_not_swept", run: noReadShowsAnExpiredSessionThatIsStoredStill},
	{ID: "id.sess.touch_one_winner", run: ofTouchesWithOneVersionOneSucceeds},
	{ID: "id.sess.touch_interval", run: aSessionIsTouchedOncePerInterval},
	{ID: "id.sess.touched_outlives", run: aTouchedSessionOutlivesItsFirstIdleEnd},
	{ID: "id.sess.absolute_expired_idle_valid", run: theAbsoluteEndEndsASessionWhoseIdleEndIsWrong},
	{ID: "id.sess.policy_shortened", run: aShorterPolicyEndsSessionsThatThereAre},
	{ID: "id.sess.gate", run: aGateRefusesBeforeAnythingIsWritten},
	{ID: "id.sess.clock_skew_future", run: aClockThatIsOffExtendsNothing},
}

func aSessionIsValidUntilItsEndAndNotAtIt(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	idle := b.signIn(t, user, withoutFamily)
	require.Equal(t, idle.Session.IdleExpiresAt, idle.Session.ExpiresAt)
	requireEnd(t, b, idle, idle.Session.IdleExpiresAt)

	absolute := b.signIn(t, user, withoutFamily, lasting(40*time.Minute))
	b.clock.Advance(20 * time.Minute)
	touched, err := b.Sessions.Touch(t.Context(), absolute.Session)
	require.NoError(t, err)
	require.Equal(t, absolute.Session.AbsExpiresAt, touched.IdleExpiresAt, "use never passes the absolute end")
	requireEnd(t, b, absolute, absolute.Session.AbsExpiresAt)
}

// requireEnd requires that a session is valid until a time and not from it on. A verb reads the clock, which moves on by a
// nanosecond each time, a few times.
func requireEnd(t *testing.T, b *bench, grant *identity.SessionGrant, end time.Time) {
	t.Helper()
	for _, before := range []time.Duration{time.Second, 10 * time.Microsecond} {
		b.clock.Set(end.Add(-before))
		require.NoError(t, b.authenticates(t, grant.Token))
	}
	for _, after := range []time.Duration{0, time.Nanosecond, time.Second} {
		b.clock.Set(end.Add(after))
		require.ErrorIs(t, b.authenticates(t, grant.Token), identity.ErrInvalidToken)
	}
	// To the nanosecond, by a clock that stands still.
	for at, want := range map[time.Time]error{end.Add(-time.Nanosecond): nil, end: identity.ErrInvalidToken} {
		service, _ := b.serve(t, func(c *theorydb.Config) { c.Clock = func() time.Time { return at } }, nil)
		_, err := service.AuthenticateSession(t.Context(), grant.Token)
		require.ErrorIs(t, err, want)
	}
}

func noReadShowsAnExpiredSessionThatIsStoredStill(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	before := b.items(t)
	b.clock.Set(grant.Session.ExpiresAt)
	require.Equal(t, before, b.items(t), "it is stored still")

	_, err := b.Sessions.Get(t.Context(), "u1", grant.Session.ID)
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	list, err := b.Sessions.ListByUser(t.Context(), "u1")
	require.NoError(t, err)
	require.Empty(t, list)
	require.ErrorIs(t, b.authenticates(t, grant.Token), identity.ErrInvalidToken) // a batch
	op := rows[identity.Session](t, b).GetOp(identity.Session{UserID: "u1", ID: grant.Session.ID})
	require.NoError(t, b.db.TransactGet(t.Context(), op)) // a transaction
	_, err = op.Item()
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)

	_, err = b.Sessions.Touch(t.Context(), grant.Session)
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	_, _, err = b.Sessions.StepUp(t.Context(), grant.Session, 2)
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	require.ErrorIs(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "test"), theorydb.ErrItemNotFound)
	require.ErrorIs(t, b.refreshes(t, grant.Refresh), theorydb.ErrItemNotFound)
	require.Equal(t, []string{"TransactGetItems"}, b.faults.during(func() {
		_, err = b.Sessions.RevokeOthers(t.Context(), "u1", grant.Session.ID, "test") // by what a transaction reads
	}))
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	require.Equal(t, before, b.items(t), "and nothing brought it back to life")
}

func ofTouchesWithOneVersionOneSucceeds(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	b.clock.Advance(2 * time.Minute)
	touched := make([]identity.Session, racers)
	errs := together(racers, func(i int) (err error) {
		touched[i], err = b.Sessions.Touch(t.Context(), grant.Session)
		return err
	})
	requireOneWinner(t, errs, theorydb.ErrVersionConflict)
	stored := b.storedSession(t, grant.Session)
	require.Equal(t, grant.Session.Version+1, stored.Version)
	for i, err := range errs {
		if err == nil {
			require.Equal(t, stored, touched[i])
		}
	}
}

func aSessionIsTouchedOncePerInterval(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"), withoutFamily)
	touch := func(session identity.Session, requests ...string) (touched identity.Session) {
		var err error
		require.Equal(t, requests, b.faults.during(func() { touched, err = b.Sessions.Touch(t.Context(), session) }))
		require.NoError(t, err)
		require.Equal(t, touched, b.storedSession(t, session))
		return touched
	}
	b.clock.Advance(59 * time.Second)
	require.Equal(t, grant.Session, touch(grant.Session), "too early to be written")

	b.clock.Advance(time.Second)
	touched := touch(grant.Session, "UpdateItem")
	require.Equal(t, time.Minute, touched.IdleExpiresAt.Sub(grant.Session.IdleExpiresAt))
	require.Equal(t, touched.IdleExpiresAt, touched.ExpiresAt)

	b.clock.Advance(time.Minute - time.Second)
	require.Equal(t, touched, touch(touched), "too early again")
}

func aTouchedSessionOutlivesItsFirstIdleEnd(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"), withoutFamily)
	b.clock.Advance(20 * time.Minute)
	touched, err := b.Sessions.Touch(t.Context(), grant.Session)
	require.NoError(t, err)
	b.clock.Set(grant.Session.IdleExpiresAt.Add(time.Minute))
	auth, err := b.AuthenticateSession(t.Context(), grant.Token)
	require.NoError(t, err)
	require.Equal(t, touched, auth.Session)
}

func theAbsoluteEndEndsASessionWhoseIdleEndIsWrong(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"), withoutFamily)
	wrong := grant.Session // another writer gave it a later idle end and ttl than its absolute end
	wrong.ID, wrong.AbsExpiresAt = "other", b.clock.Now().Add(2*time.Minute).Truncate(time.Second)
	require.NoError(t, rows[identity.Session](t, b).Create(t.Context(), &wrong))
	token := partsOf(t, grant.Token).ofSession("other").token()
	require.NoError(t, b.authenticates(t, token))
	b.clock.Set(wrong.AbsExpiresAt)
	requireStatus(t, b.authenticates(t, token), identity.SessionExpired)
	_, err := b.Sessions.Touch(t.Context(), wrong)
	require.ErrorIs(t, err, theorydb.ErrConditionFailed)
}

func aShorterPolicyEndsSessionsThatThereAre(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	b.clock.Advance(6 * time.Minute)
	auth, err := b.AuthenticateSession(t.Context(), grant.Token)
	require.NoError(t, err)
	require.NoError(t, auth.Under(identity.SessionPolicy{Idle: time.Hour}))
	requireStatus(t, auth.Under(identity.SessionPolicy{Idle: 5 * time.Minute}), identity.SessionIdle)
	requireStatus(t, auth.Under(identity.SessionPolicy{Absolute: 6 * time.Minute}), identity.SessionExpired)
	requireStatus(t, auth.Under(identity.SessionPolicy{MinAAL: 2}), identity.SessionLowAAL)
}

func aGateRefusesBeforeAnythingIsWritten(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	grant := b.signIn(t, user)
	b.clock.Advance(time.Hour)
	var asked []string
	refusal := errors.New("the organization says no")
	service, _ := b.serve(t, nil, func(o *identity.Options) {
		o.Gate = func(_ context.Context, r identity.GateRequest) error {
			require.Equal(t, b.scope, r.Scope)
			require.Equal(t, "u1", r.Session.UserID)
			asked = append(asked, r.Action)
			return refusal
		}
	})
	gated, before := service.For(b.scope), b.items(t)
	_, err := gated.Sessions.Create(t.Context(), identity.NewSession{User: user, AAL: 1})
	require.Equal(t, refusal, err)
	_, err = gated.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
	require.Equal(t, refusal, err)
	_, _, err = gated.Sessions.StepUp(t.Context(), grant.Session, 2, "otp")
	require.Equal(t, refusal, err)
	require.Equal(t, []string{"create", "refresh", "step_up"}, asked)
	require.Equal(t, before, b.items(t))
	require.NoError(t, errorOf(gated.Sessions.Authenticate(t.Context(), grant.Token)), "a check asks no gate")
	b.refresh(t, grant.Refresh)
}

func aClockThatIsOffExtendsNothing(t *testing.T, b *bench) {
	made := b.clock.Now()
	grant := b.signIn(t, b.user(t, "u1"), withoutFamily)
	b.clock.Set(made.Add(-61 * time.Second))
	requireStatus(t, b.authenticates(t, grant.Token), identity.SessionNotYet)
	b.clock.Set(made.Add(-59 * time.Second))
	require.NoError(t, b.authenticates(t, grant.Token))
	b.clock.Set(made.Add(-5 * time.Second))
	same, err := b.Sessions.Touch(t.Context(), grant.Session)
	require.NoError(t, err)
	require.Equal(t, grant.Session, same, "a clock that is behind extends nothing")
	require.Equal(t, grant.Session, b.storedSession(t, grant.Session))
	b.clock.Set(grant.Session.ExpiresAt)
	require.ErrorIs(t, b.authenticates(t, grant.Token), identity.ErrInvalidToken)
}
