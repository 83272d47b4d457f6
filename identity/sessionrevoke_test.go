package identity

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestContractSessionRevocation(t *testing.T) {
	t.Run("id.sess.revoke_then_use", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			_, err := b.AuthenticateSession(t.Context(), grant.Token)
			require.NoError(t, err)
			require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "signed out"))
			_, err = b.AuthenticateSession(t.Context(), grant.Token)
			requireStatus(t, err, SessionRevoked)
			_, err = b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			requireStatus(t, err, SessionRevoked)
			b.clock.Advance(time.Hour)
			_, err = b.Sessions.Touch(t.Context(), b.stored(t, grant.Session))
			require.ErrorIs(t, err, theorydb.ErrConditionFailed)
		})
	})
	t.Run("id.sess.revoke_idempotent", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "first"))
			first := b.stored(t, grant.Session)
			b.clock.Advance(time.Minute)
			require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "second"))
			require.Equal(t, first, b.stored(t, grant.Session))
			require.Equal(t, "first", first.RevokeReason)
			require.ErrorIs(t, b.Sessions.Revoke(t.Context(), "u1", "unknown", "x"), theorydb.ErrItemNotFound)
			require.ErrorIs(t, b.Sessions.Revoke(t.Context(), "nobody", grant.Session.ID, "x"), theorydb.ErrItemNotFound)
		})
	})
	t.Run("id.sess.revoke_lost_answers", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			b.faults.On("UpdateItem").CommitThenDrop()
			b.faults.On("GetItem").DropBefore().Times(8) // so that the library can't tell what became of it
			require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "once"))
			require.Empty(t, b.faults.Unfired())
			require.Equal(t, "once", b.stored(t, grant.Session).RevokeReason)
		})
	})
	t.Run("id.sess.revoke_one_of_two", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			one, two := b.signIn(t, user), b.signIn(t, user)
			require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", two.Session.ID, "test"))
			_, err := b.AuthenticateSession(t.Context(), one.Token)
			require.NoError(t, err)
			_, err = b.AuthenticateSession(t.Context(), two.Token)
			requireStatus(t, err, SessionRevoked)
		})
	})
	t.Run("id.sess.revoke_others", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			keep, one, two, revoked := b.signIn(t, user), b.signIn(t, user), b.signIn(t, user), b.signIn(t, user)
			require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", revoked.Session.ID, "before"))
			n, err := b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "others")
			require.NoError(t, err)
			require.Equal(t, 2, n, "one that was revoked before does not count")
			require.Equal(t, "before", b.stored(t, revoked.Session).RevokeReason)
			for _, ended := range []*SessionGrant{one, two, revoked} {
				_, err := b.AuthenticateSession(t.Context(), ended.Token)
				requireStatus(t, err, SessionRevoked)
			}
			auth, err := b.AuthenticateSession(t.Context(), keep.Token)
			require.NoError(t, err)
			require.EqualValues(t, 1, auth.User.SessionEpoch)
			b.refresh(t, keep.Refresh)
			_, err = b.Sessions.Create(t.Context(), NewSession{User: user, AAL: 1})
			require.ErrorIs(t, err, ErrUserInactive, "a sign-in that began before")

			after := b.signIn(t, auth.User)
			n, err = b.Sessions.RevokeAll(t.Context(), "u1", "all")
			require.NoError(t, err)
			require.Equal(t, 2, n)
			for _, ended := range []*SessionGrant{keep, after} {
				_, err := b.AuthenticateSession(t.Context(), ended.Token)
				requireStatus(t, err, SessionRevoked)
			}
			_, err = b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "x")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound, "a revoked session can't be kept")
			_, err = b.Sessions.RevokeAll(t.Context(), "nobody", "x")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		})
	})
	t.Run("id.sess.revoke_all_barrier", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			b.faults.On("Query").Error(400, "AccessDeniedException", "no") // the sweep fails, the barrier stands
			n, err := b.Sessions.RevokeAll(t.Context(), "u1", "all")
			require.Error(t, err)
			require.Zero(t, n)
			_, err = b.AuthenticateSession(t.Context(), grant.Token)
			requireStatus(t, err, SessionStale)
			_, err = b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			requireStatus(t, err, SessionStale)
			n, err = b.Sessions.RevokeAll(t.Context(), "u1", "all")
			require.NoError(t, err)
			require.Equal(t, 1, n)
		})
	})
	t.Run("id.sess.made_behind_the_barrier", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			b.signIn(t, b.user(t, "u1"))
			var fresh *SessionGrant // signed in between the barrier and the sweep
			b.faults.On("Query").Error(400, "ThrottlingException", "slow").Then(func() {
				user, err := b.raw.users.Get(t.Context(), User{ID: "u1"}, theorydb.Consistent())
				require.NoError(t, err)
				fresh = b.signIn(t, *user)
			})
			n, err := b.Sessions.RevokeAll(t.Context(), "u1", "all")
			require.NoError(t, err)
			require.Equal(t, 1, n)
			_, err = b.AuthenticateSession(t.Context(), fresh.Token)
			require.NoError(t, err)
		})
	})
	t.Run("id.sess.sweep_meets_a_rival", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			touched, revoked, lost := b.signIn(t, user), b.signIn(t, user), b.signIn(t, user)
			b.clock.Advance(time.Hour)
			b.faults.On("UpdateItem").Error(400, "ThrottlingException", "slow").Then(func() {
				require.NoError(t, b.Sessions.Revoke(t.Context(), "u1", revoked.Session.ID, "rival"))
				_, err := b.Sessions.Touch(t.Context(), touched.Session)
				require.NoError(t, err)
				_, err = b.Sessions.Touch(t.Context(), lost.Session)
				require.NoError(t, err)
			})
			n, err := b.Sessions.RevokeAll(t.Context(), "u1", "all")
			require.NoError(t, err)
			require.Equal(t, 2, n)
			require.Equal(t, "rival", b.stored(t, revoked.Session).RevokeReason)
			require.Equal(t, "all", b.stored(t, touched.Session).RevokeReason)
		})
	})
	t.Run("id.sess.kept_is_never_refused", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			keep := b.signIn(t, b.user(t, "u1"))
			rounds := 40
			if testing.Short() {
				rounds = 10
			}
			ended := make(chan struct{})
			var wg sync.WaitGroup
			for range 4 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for {
						select {
						case <-ended:
							return
						default:
							if _, err := b.AuthenticateSession(t.Context(), keep.Token); err != nil {
								t.Errorf("the kept session was refused: %v", err)
								return
							}
						}
					}
				}()
			}
			for range rounds {
				_, err := b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "others")
				require.NoError(t, err)
			}
			close(ended)
			wg.Wait()
		})
		// A batch that is torn on purpose: the transaction falls between the reads of the session and of the user.
		b := openSessBench(t)
		keep := b.signIn(t, b.user(t, "u1"))
		h := b.holderOf(b.scope, locator{"acme", "prod", "u1", keep.Session.ID})
		require.NoError(t, b.db.BatchGet(t.Context(), []theorydb.ReadOp{h.session}))
		_, err := b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "others")
		require.NoError(t, err)
		require.NoError(t, b.db.BatchGet(t.Context(), []theorydb.ReadOp{h.user}))
		auth, err := h.judge(t.Context(), b.clock.Now())
		require.NoError(t, err)
		require.EqualValues(t, 1, auth.Session.Epoch)
	})
	t.Run("id.sess.revoke_others_race", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			keep := b.signIn(t, user)
			for range 5 {
				b.signIn(t, user, sessPlain)
			}
			var revoked atomic.Int64
			sessRace(func(int) {
				n, err := b.Sessions.RevokeOthers(t.Context(), "u1", keep.Session.ID, "others")
				require.NoError(t, err)
				revoked.Add(int64(n))
			})
			require.EqualValues(t, 5, revoked.Load(), "each is counted once")
			_, err := b.AuthenticateSession(t.Context(), keep.Token)
			require.NoError(t, err)
		})
	})
	t.Run("id.user.disabled_blocks_create", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			var mu sync.Mutex
			var made []*SessionGrant
			sessRace(func(i int) {
				if i == sessRacers/2 {
					_, err := b.raw.users.Modify(t.Context(), User{ID: "u1"}, func(u *User) error {
						u.Status, u.SessionEpoch = "disabled", u.SessionEpoch+1
						return nil
					})
					require.NoError(t, err)
					return
				}
				grant, err := b.Sessions.Create(t.Context(), NewSession{User: user, AAL: 1})
				if err != nil {
					require.ErrorIs(t, err, ErrUserInactive)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				made = append(made, grant)
			})
			for _, grant := range made {
				_, err := b.AuthenticateSession(t.Context(), grant.Token)
				requireStatus(t, err, SessionDisabled)
			}
			_, err := b.Sessions.Create(t.Context(), NewSession{User: user, AAL: 1})
			require.ErrorIs(t, err, ErrUserInactive)
			stored, err := b.raw.users.Modify(t.Context(), User{ID: "u1"}, func(u *User) error { u.Status = "active"; return nil })
			require.NoError(t, err)
			for _, grant := range made { // enabled again, and still nothing of before is valid
				_, err := b.AuthenticateSession(t.Context(), grant.Token)
				requireStatus(t, err, SessionStale)
			}
			b.signIn(t, *stored)
		})
	})
}
