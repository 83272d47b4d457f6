package identity

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestContractSessions(t *testing.T) {
	t.Run("id.sess.boundary", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			idle := b.signIn(t, user, sessPlain)
			require.Equal(t, idle.Session.IdleExpiresAt, idle.Session.ExpiresAt)
			checkEnd(t, b, idle, idle.Session.IdleExpiresAt)

			absolute := b.signIn(t, user, sessPlain, func(n *NewSession) { n.Absolute = 40 * time.Minute })
			b.clock.Advance(20 * time.Minute)
			touched, err := b.Sessions.Touch(t.Context(), absolute.Session)
			require.NoError(t, err)
			require.Equal(t, absolute.Session.AbsExpiresAt, touched.IdleExpiresAt, "use never passes the absolute end")
			checkEnd(t, b, absolute, absolute.Session.AbsExpiresAt)
		})
	})
	t.Run("id.sess.ttl_not_swept", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			grant := b.signIn(t, user)
			before := len(b.items(t))
			b.setClock(grant.Session.ExpiresAt)
			require.Len(t, b.items(t), before, "it is stored still")

			_, err := b.Sessions.Get(t.Context(), "u1", grant.Session.ID)
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			list, err := b.Sessions.ListByUser(t.Context(), "u1")
			require.NoError(t, err)
			require.Empty(t, list)
			_, err = b.AuthenticateSession(t.Context(), grant.Token) // a batch
			require.ErrorIs(t, err, ErrInvalidToken)
			session, _, err := b.Sessions.readTogether(t.Context(), "u1", grant.Session.ID) // a transaction
			require.NoError(t, err)
			require.Nil(t, session)

			_, err = b.Sessions.Touch(t.Context(), grant.Session)
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			_, _, err = b.Sessions.StepUp(t.Context(), grant.Session, 2)
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			require.ErrorIs(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "test"), theorydb.ErrItemNotFound)
			_, err = b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			_, err = b.Sessions.RevokeOthers(t.Context(), "u1", grant.Session.ID, "test")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		})
	})
	t.Run("id.sess.touch_one_winner", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			b.clock.Advance(2 * time.Minute)
			var won atomic.Int64
			sessRace(func(int) {
				touched, err := b.Sessions.Touch(t.Context(), grant.Session)
				if err == nil {
					won.Add(1)
					require.Equal(t, grant.Session.Version+1, touched.Version)
					return
				}
				require.ErrorIs(t, err, theorydb.ErrVersionConflict)
			})
			require.EqualValues(t, 1, won.Load())
			require.Equal(t, grant.Session.Version+1, b.stored(t, grant.Session).Version)
		})
	})
	t.Run("id.sess.touch_interval", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"), sessPlain)
			b.clock.Advance(59 * time.Second)
			same, err := b.Sessions.Touch(t.Context(), grant.Session)
			require.NoError(t, err)
			require.Equal(t, grant.Session, same)
			require.Equal(t, grant.Session, b.stored(t, grant.Session))

			b.clock.Advance(time.Second)
			touched, err := b.Sessions.Touch(t.Context(), grant.Session)
			require.NoError(t, err)
			require.Equal(t, touched, b.stored(t, grant.Session))
			require.Equal(t, time.Minute, touched.IdleExpiresAt.Sub(grant.Session.IdleExpiresAt))
			require.Equal(t, touched.IdleExpiresAt, touched.ExpiresAt)

			b.clock.Advance(time.Minute - time.Second)
			same, err = b.Sessions.Touch(t.Context(), touched)
			require.NoError(t, err)
			require.Equal(t, touched, same)
			require.Equal(t, touched, b.stored(t, grant.Session))
		})
	})
	t.Run("id.sess.touched_outlives", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"), sessPlain)
			b.clock.Advance(20 * time.Minute)
			touched, err := b.Sessions.Touch(t.Context(), grant.Session)
			require.NoError(t, err)
			b.setClock(grant.Session.IdleExpiresAt.Add(time.Minute))
			auth, err := b.AuthenticateSession(t.Context(), grant.Token)
			require.NoError(t, err)
			require.Equal(t, touched, auth.Session)
		})
	})
	t.Run("id.sess.absolute_expired_idle_valid", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"), sessPlain)
			wrong := grant.Session // another writer gave it a later idle end and ttl than its absolute end
			wrong.ID, wrong.AbsExpiresAt = "other", b.clock.Now().Add(time.Minute).Truncate(time.Second)
			require.NoError(t, b.raw.sessions.Create(t.Context(), &wrong))
			b.setClock(wrong.AbsExpiresAt)
			l, secret, ok := parseSessionToken(grant.Token)
			require.True(t, ok)
			l.session = "other"
			_, err := b.AuthenticateSession(t.Context(), sessionToken(l, secret))
			requireStatus(t, err, SessionExpired)
			_, err = b.Sessions.Touch(t.Context(), wrong)
			require.ErrorIs(t, err, theorydb.ErrConditionFailed)
		})
	})
	t.Run("id.fault.ctx_cancelled", func(t *testing.T) {
		b := openSessBench(t)
		user := b.user(t, "u1")
		grant := b.signIn(t, user)
		b.clock.Advance(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		b.aws.ResetCalls()
		for name, verb := range map[string]func() error{
			"Create":              func() error { _, err := b.Sessions.Create(ctx, NewSession{User: user, AAL: 1}); return err },
			"Get":                 func() error { _, err := b.Sessions.Get(ctx, "u1", grant.Session.ID); return err },
			"ListByUser":          func() error { _, err := b.Sessions.ListByUser(ctx, "u1"); return err },
			"Touch":               func() error { _, err := b.Sessions.Touch(ctx, grant.Session); return err },
			"StepUp":              func() error { _, _, err := b.Sessions.StepUp(ctx, grant.Session, 2); return err },
			"Revoke":              func() error { return b.Sessions.Revoke(ctx, "u1", grant.Session.ID, "x") },
			"RevokeOthers":        func() error { _, err := b.Sessions.RevokeOthers(ctx, "u1", grant.Session.ID, "x"); return err },
			"RevokeAll":           func() error { _, err := b.Sessions.RevokeAll(ctx, "u1", "x"); return err },
			"Authenticate":        func() error { _, err := b.Sessions.Authenticate(ctx, grant.Token); return err },
			"AuthenticateSession": func() error { _, err := b.AuthenticateSession(ctx, grant.Token); return err },
			"Refresh":             func() error { _, err := b.RefreshTokens.Refresh(ctx, grant.Refresh, "app"); return err },
		} {
			require.ErrorIs(t, verb(), context.Canceled, name)
		}
		require.Empty(t, b.aws.Calls())
	})
	t.Run("id.fault.tx_conflict", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			b.faults.On("TransactWriteItems").CancelTransaction(2, "TransactionConflict").Times(3)
			grant := b.signIn(t, user)
			b.faults.On("TransactWriteItems").CancelTransaction(0, "TransactionConflict").Times(3)
			require.False(t, b.refresh(t, grant.Refresh).Replayed)
			b.faults.On("TransactWriteItems").CancelTransaction(1, "TransactionConflict").Times(3)
			_, err := b.Sessions.RevokeOthers(t.Context(), "u1", grant.Session.ID, "x")
			require.NoError(t, err)
			b.faults.On("TransactGetItems").CancelTransaction(0, "TransactionConflict").Times(3)
			_, err = b.Sessions.RevokeOthers(t.Context(), "u1", grant.Session.ID, "x")
			require.NoError(t, err)
			require.Empty(t, b.faults.Unfired())
		})
	})
	t.Run("id.sess.created_once", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			b.faults.On("TransactWriteItems").CommitThenDrop().Times(3)
			grant := b.signIn(t, b.user(t, "u1"))
			list, err := b.Sessions.ListByUser(t.Context(), "u1")
			require.NoError(t, err)
			require.Equal(t, []Session{grant.Session}, list)
			require.Empty(t, b.faults.Unfired())
		})
	})
	t.Run("id.sess.policy_shortened", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			b.clock.Advance(6 * time.Minute)
			auth, err := b.AuthenticateSession(t.Context(), grant.Token)
			require.NoError(t, err)
			require.NoError(t, auth.Under(SessionPolicy{Idle: time.Hour}))
			requireStatus(t, auth.Under(SessionPolicy{Idle: 5 * time.Minute}), SessionIdle)
			requireStatus(t, auth.Under(SessionPolicy{Absolute: 6 * time.Minute}), SessionExpired)
			requireStatus(t, auth.Under(SessionPolicy{MinAAL: 2}), SessionLowAAL)
		})
	})
	t.Run("id.sess.clock_skew_future", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			made := b.clock.Now()
			grant := b.signIn(t, b.user(t, "u1"), sessPlain)
			b.setClock(made.Add(-61 * time.Second))
			_, err := b.AuthenticateSession(t.Context(), grant.Token)
			requireStatus(t, err, SessionNotYet)
			b.setClock(made.Add(-59 * time.Second))
			_, err = b.AuthenticateSession(t.Context(), grant.Token)
			require.NoError(t, err)
			b.setClock(made.Add(-5 * time.Second))
			same, err := b.Sessions.Touch(t.Context(), grant.Session)
			require.NoError(t, err)
			require.Equal(t, grant.Session, same, "a clock that is behind extends nothing")
			b.setClock(grant.Session.ExpiresAt)
			_, err = b.AuthenticateSession(t.Context(), grant.Token)
			require.ErrorIs(t, err, ErrInvalidToken)
		})
	})
	t.Run("id.sess.secret_not_stored", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			_, secret, ok := parseSessionToken(grant.Token)
			require.True(t, ok)
			require.Equal(t, sessionDigest(secret), b.stored(t, grant.Session).SecretHash)
			require.Regexp(t, `^[0-9a-f]{64}$`, grant.Session.SecretHash)
			require.NotEmpty(t, b.sessHolds(t, sessionDigest(secret)))
			family := b.family(t, grant.Session)
			b.sessHoldsNoneOf(t, string(secret), grant.Token.Reveal(), grant.Refresh.Reveal(), string(family.BoundSecret.Reveal()))
		})
	})
	t.Run("id.sess.ttl_type", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			b.signIn(t, b.user(t, "u1"))
			seen := 0
			for _, item := range b.items(t) {
				entity, _ := item["_t"].(*types.AttributeValueMemberS)
				if entity.Value != "Session" && entity.Value != "RefreshFamily" {
					continue
				}
				ttl, ok := item["ttl"].(*types.AttributeValueMemberN)
				require.True(t, ok)
				require.Regexp(t, `^[0-9]{10}$`, ttl.Value)
				seen++
			}
			require.Equal(t, 2, seen)
		})
	})
	t.Run("id.sess.restore_min_epoch", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			old := b.signIn(t, user)
			_, err := b.AuthenticateSession(t.Context(), old.Token)
			requireStatus(t, err, SessionDisabled) // there is no such project
			project := Project{ID: "prod", Status: "active"}
			require.NoError(t, b.raw.projects.Create(t.Context(), &project))
			_, err = b.AuthenticateSession(t.Context(), old.Token)
			require.NoError(t, err)

			b.clock.Advance(time.Hour)
			project.SessionsNotBefore = b.clock.Now()
			require.NoError(t, b.raw.projects.Update(t.Context(), &project))
			_, err = b.AuthenticateSession(t.Context(), old.Token)
			requireStatus(t, err, SessionStale)
			_, err = b.RefreshTokens.Refresh(t.Context(), old.Refresh, "app")
			requireStatus(t, err, SessionStale)
			fresh := b.signIn(t, user)
			_, err = b.AuthenticateSession(t.Context(), fresh.Token)
			require.NoError(t, err)
			b.refresh(t, fresh.Refresh)
		}, func(o *Options) { o.CheckProject = true })
	})
}

func checkEnd(t *testing.T, b *sessBench, grant *SessionGrant, end time.Time) {
	t.Helper()
	for _, before := range []time.Duration{time.Second, 10 * time.Microsecond} {
		b.setClock(end.Add(-before))
		_, err := b.AuthenticateSession(t.Context(), grant.Token)
		require.NoError(t, err)
	}
	for _, after := range []time.Duration{0, time.Nanosecond, time.Second} {
		b.setClock(end.Add(after))
		_, err := b.AuthenticateSession(t.Context(), grant.Token)
		require.ErrorIs(t, err, ErrInvalidToken)
	}
}

func requireStatus(t testing.TB, err error, want SessionStatus) {
	t.Helper()
	var refused *SessionError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, want, refused.Status)
	require.ErrorIs(t, err, ErrInvalidToken)
	require.Equal(t, ErrInvalidToken, Public(err))
}
