package identity

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

func strict(o *Options) { o.Lifetimes.NoRefreshGrace = true }

func TestContractRefreshTokens(t *testing.T) {
	t.Run("id.rt.normal", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"), func(n *NewSession) { n.Family = &NewFamily{"app", "https://api.example", "read write"} })
			first := b.family(t, grant.Session)
			require.EqualValues(t, 1, first.Gen)
			require.Equal(t, grant.Session.AbsExpiresAt, first.AbsExpiresAt)
			b.clock.Advance(time.Hour)
			result := b.refresh(t, grant.Refresh)
			require.False(t, result.Replayed)
			require.Equal(t, "https://api.example", result.Resource)
			require.Equal(t, "read write", result.TokenScope)
			require.Equal(t, result.Session, b.stored(t, grant.Session))
			require.Equal(t, time.Hour, result.Session.IdleExpiresAt.Sub(grant.Session.IdleExpiresAt))
			require.Equal(t, result.Session.IdleExpiresAt, result.Session.ExpiresAt)
			require.Equal(t, grant.Session.Version+1, result.Session.Version)
			require.EqualValues(t, 2, b.family(t, grant.Session).Gen)
			require.True(t, first.BoundSecret.Equal(b.family(t, grant.Session).BoundSecret))
			require.False(t, result.Token.Equal(grant.Refresh))
			_, err := b.AuthenticateSession(t.Context(), grant.Token)
			require.NoError(t, err, "the session's own token goes on")
			b.refresh(t, result.Token)
			require.EqualValues(t, 3, b.family(t, grant.Session).Gen)
		})
	})
	t.Run("id.rt.race_one_winner", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			checkRound(t, b, grant, func() (RefreshResult, error) {
				return b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			})
		})
	})
	t.Run("id.rt.race_half_lost", func(t *testing.T) {
		b := openSessBench(t)
		user := b.user(t, "u1")
		rounds := 3000
		if testing.Short() || underRace {
			rounds = 60
		}
		random := rand.New(rand.NewPCG(1, 2)) // used under the lock of the faults
		lost := 0
		for range rounds {
			b.faults = &localaws.Faults{Next: b.aws}
			grant := b.signIn(t, user)
			// At most six of the eight answers to one transaction are lost, so that its caller learns what became of it.
			b.faults.On("TransactWriteItems").When(func(r localaws.Request) bool { return r.Attempt <= 6 && random.IntN(2) == 0 }).Always().CommitThenDrop()
			b.faults.On("BatchGetItem").When(func(localaws.Request) bool { return random.IntN(2) == 0 }).Always().CommitThenDrop()
			checkRound(t, b, grant, func() (RefreshResult, error) {
				for {
					result, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
					if err == nil {
						return result, nil
					}
				}
			})
			lost += b.faults.Fired()
		}
		t.Logf("%d rounds of %d callers, %d answers lost", rounds, sessRacers, lost)
		require.Greater(t, lost, rounds)
	})
	t.Run("id.rt.race_strict", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			var won, conflict, reuse atomic.Int64
			sessRace(func(int) {
				_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, theorydb.ErrVersionConflict):
					conflict.Add(1)
				case errors.Is(err, ErrTokenReuse):
					reuse.Add(1)
				}
			})
			require.EqualValues(t, 1, won.Load())
			require.EqualValues(t, 2, b.family(t, grant.Session).Gen)
			require.EqualValues(t, sessRacers-1, conflict.Load()+reuse.Load())

			_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app") // it reads a later generation
			require.ErrorIs(t, err, ErrTokenReuse)
			require.Equal(t, ReasonTokenReuse, b.stored(t, grant.Session).RevokeReason)
		}, strict)
	})
	t.Run("id.rt.race_strict_read_as_current", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			// A rival rotates between the read and the transaction.
			var rival error
			b.faults.On("TransactWriteItems").Error(400, "TransactionInProgressException", "busy").Then(func() {
				_, rival = b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			})
			_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			require.NoError(t, rival)
			require.ErrorIs(t, err, theorydb.ErrVersionConflict)
			require.NotErrorIs(t, err, ErrTokenReuse)
			require.Nil(t, b.stored(t, grant.Session).RevokedAt)
		}, strict)
	})
	t.Run("id.rt.lost_response", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			result := b.refresh(t, grant.Refresh) // its answer never reaches the client
			b.clock.Advance(5 * time.Second)
			again := b.refresh(t, grant.Refresh)
			require.True(t, again.Replayed)
			require.True(t, again.Token.Equal(result.Token))
			require.EqualValues(t, 2, b.family(t, grant.Session).Gen)
			b.refresh(t, again.Token)
			require.EqualValues(t, 3, b.family(t, grant.Session).Gen)
		})
	})
	t.Run("id.rt.unknown_outcome", func(t *testing.T) {
		for name, change := range map[string]func(*Options){"grace": func(*Options) {}, "strict": strict} {
			t.Run(name, func(t *testing.T) {
				eachSessBench(t, func(t *testing.T, b *sessBench) {
					grant := b.signIn(t, b.user(t, "u1"))
					b.faults.On("TransactWriteItems").CommitThenDrop().Times(8) // every answer to one transaction
					result := b.refresh(t, grant.Refresh)
					require.False(t, result.Replayed, "the marker tells that it was this call's")
					require.Equal(t, result.Session, b.stored(t, grant.Session))
					require.EqualValues(t, 2, b.family(t, grant.Session).Gen)

					b.faults.On("TransactWriteItems").DropBefore().Times(8) // and one that never took effect
					next := b.refresh(t, result.Token)
					require.False(t, next.Replayed)
					require.EqualValues(t, 3, b.family(t, grant.Session).Gen)
					require.Empty(t, b.faults.Unfired())
				}, change)
			})
		}
	})
	t.Run("id.rt.reuse_after_grace", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			grant, other := b.signIn(t, user), b.signIn(t, user)
			result := b.refresh(t, grant.Refresh)
			rotated := b.family(t, grant.Session).RotatedAt
			b.setClock(rotated.Add(10*time.Second - time.Nanosecond))
			require.True(t, b.refresh(t, grant.Refresh).Token.Equal(result.Token))
			b.setClock(rotated.Add(10 * time.Second))
			_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			require.ErrorIs(t, err, ErrTokenReuse)
			require.Equal(t, ErrInvalidToken, Public(err))
			require.Equal(t, ReasonTokenReuse, b.stored(t, grant.Session).RevokeReason)
			require.Equal(t, 1, b.toldOf(NoticeTokenReuse))
			_, err = b.RefreshTokens.Refresh(t.Context(), result.Token, "app")
			requireStatus(t, err, SessionRevoked)
			_, err = b.AuthenticateSession(t.Context(), grant.Token)
			requireStatus(t, err, SessionRevoked)
			b.refresh(t, other.Refresh) // the user's other devices go on
		})
	})
	t.Run("id.rt.generations_behind", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			b.refresh(t, b.refresh(t, grant.Refresh).Token)
			_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			require.ErrorIs(t, err, ErrTokenReuse, "the grace is for the last token, not for those before")
		})
	})
	t.Run("id.rt.reuse_that_is_not_saved", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			b.refresh(t, grant.Refresh)
			b.clock.Advance(time.Minute)
			b.faults.On("UpdateItem").Error(400, "ThrottlingException", "slow").Times(8)
			_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			require.ErrorIs(t, err, theorydb.ErrThrottled)
			require.NotErrorIs(t, err, ErrTokenReuse, "which would say that the session was revoked")
			_, err = b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			require.ErrorIs(t, err, ErrTokenReuse)
		})
	})
	t.Run("id.rt.forged", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			b.refresh(t, grant.Refresh)
			b.clock.Advance(time.Hour)
			before := b.items(t)
			l := locator{"acme", "prod", "u1", grant.Session.ID}
			for _, gen := range []int64{0, 1, 2, 3, maxGeneration} {
				_, err := b.RefreshTokens.Refresh(t.Context(), newRefreshToken(l, gen, bytes.Repeat([]byte{7}, 32)), "app")
				require.Equal(t, ErrInvalidToken, err)
			}
			require.Equal(t, before, b.items(t))
			require.Zero(t, b.toldOf(NoticeTokenReuse)+b.toldOf(NoticeFutureToken))
		})
	})
	t.Run("id.rt.future_generation", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			before := b.items(t)
			bound := b.family(t, grant.Session).BoundSecret.Reveal()
			_, err := b.RefreshTokens.Refresh(t.Context(), newRefreshToken(locator{"acme", "prod", "u1", grant.Session.ID}, 2, bound), "app")
			require.Equal(t, ErrInvalidToken, err)
			require.Equal(t, 1, b.toldOf(NoticeFutureToken))
			require.Equal(t, before, b.items(t))
		})
	})
	t.Run("id.rt.kms_down", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			before := b.items(t)
			for _, spent := range []bool{false, true} {
				down := b.kmsFaults
				b.kmsFaults = &localaws.Faults{Next: b.aws}
				b.kmsFaults.On("").Error(400, "DisabledException", "down").Always()
				_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
				require.ErrorIs(t, err, theorydb.ErrEncryption)
				require.Equal(t, before, b.items(t))
				b.kmsFaults = down
				if !spent {
					b.refresh(t, grant.Refresh)
					before = b.items(t)
					b.clock.Advance(time.Minute) // a reuse that is not seen revokes nothing either
				}
			}
		})
	})
	t.Run("id.rt.absolute", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"), func(n *NewSession) { n.Absolute = time.Hour })
			end := b.family(t, grant.Session).AbsExpiresAt
			require.Equal(t, grant.Session.AbsExpiresAt, end)
			b.setClock(end.Add(-time.Minute))
			result := b.refresh(t, grant.Refresh)
			require.Equal(t, end, result.Session.IdleExpiresAt)
			b.setClock(end)
			for _, token := range []theorydb.Secret[string]{grant.Refresh, result.Token} {
				_, err := b.RefreshTokens.Refresh(t.Context(), token, "app")
				require.ErrorIs(t, err, theorydb.ErrItemNotFound)
				require.Equal(t, ErrInvalidToken, Public(err))
			}
		})
	})
	t.Run("id.rt.idle", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			b.setClock(grant.Session.IdleExpiresAt)
			_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
			require.EqualValues(t, 1, b.family(t, grant.Session).Gen)
		})
	})
	t.Run("id.rt.other_client_or_resource", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			bound := b.signIn(t, user, func(n *NewSession) { n.Family = &NewFamily{ClientID: "app", Resource: "https://a"} })
			free := b.signIn(t, user)
			before := b.items(t)
			refresh := func(grant *SessionGrant, client string, resource ...string) error {
				_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, client, resource...)
				return err
			}
			require.Equal(t, ErrInvalidToken, refresh(bound, "other"))
			require.Equal(t, ErrInvalidToken, refresh(bound, ""))
			require.Equal(t, ErrInvalidToken, refresh(bound, "app", "https://b"))
			require.Equal(t, ErrInvalidToken, refresh(bound, "app", "https://a", "https://b"))
			require.Equal(t, ErrInvalidToken, refresh(free, "app", "https://a"))
			require.Equal(t, before, b.items(t))
			require.NoError(t, refresh(bound, "app", "https://a"))
			require.NoError(t, refresh(free, "app"))
			require.Equal(t, "https://a", b.family(t, bound.Session).Resource)
		})
	})
	t.Run("id.rt.rollback_no_counter", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			before := b.items(t)
			b.faults.On("TransactWriteItems").CancelTransaction(1, "ThrottlingError").Times(8)
			_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			require.ErrorIs(t, err, theorydb.ErrThrottled)
			require.Equal(t, before, b.items(t))
			require.False(t, b.refresh(t, grant.Refresh).Replayed)
			require.Empty(t, b.faults.Unfired())
		})
	})
	t.Run("id.rt.touch_between", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			grant := b.signIn(t, b.user(t, "u1"))
			b.clock.Advance(time.Hour)
			var rival error // a touch between the read and the transaction is no rival of the refresh
			b.faults.On("TransactWriteItems").Error(400, "TransactionInProgressException", "busy").Then(func() {
				_, rival = b.Sessions.Touch(t.Context(), grant.Session)
			})
			result := b.refresh(t, grant.Refresh)
			require.NoError(t, rival)
			require.False(t, result.Replayed)
			require.Equal(t, grant.Session.Version+2, result.Session.Version)
			require.Equal(t, result.Session, b.stored(t, grant.Session))
		})
	})
	t.Run("id.rt.revoked_between", func(t *testing.T) {
		for name, end := range map[string]func(b *sessBench, s Session) error{
			"session": func(b *sessBench, s Session) error {
				return b.Sessions.Revoke(t.Context(), s.UserID, s.ID, "test")
			},
			"all": func(b *sessBench, s Session) error {
				_, err := b.Sessions.RevokeAll(t.Context(), s.UserID, "test")
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				eachSessBench(t, func(t *testing.T, b *sessBench) {
					grant := b.signIn(t, b.user(t, "u1"))
					var failed error
					b.faults.On("TransactWriteItems").Error(400, "TransactionInProgressException", "busy").Then(func() { failed = end(b, grant.Session) })
					_, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
					require.NoError(t, failed)
					requireStatus(t, err, SessionRevoked)
					require.EqualValues(t, 1, b.family(t, grant.Session).Gen)
				})
			})
		}
	})
	t.Run("id.enc.hot_path_without_kms", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			user := b.user(t, "u1")
			grant := b.signIn(t, user)
			b.kmsFaults = &localaws.Faults{Next: b.aws}
			b.kmsFaults.On("").Error(400, "DisabledException", "down").Always()
			_, err := b.AuthenticateSession(t.Context(), grant.Token)
			require.NoError(t, err)
			b.clock.Advance(time.Hour)
			_, err = b.Sessions.Touch(t.Context(), grant.Session)
			require.NoError(t, err)
			made := b.signIn(t, user, sessPlain)
			_, err = b.Sessions.ListByUser(t.Context(), "u1")
			require.NoError(t, err)
			_, err = b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
			require.ErrorIs(t, err, theorydb.ErrEncryption)
			before := b.items(t)
			sent := b.faults.Fired() // nothing is sent for a family that can't be sealed
			b.faults.On("").Error(400, "AccessDeniedException", "must not be sent").Always()
			_, err = b.Sessions.Create(t.Context(), NewSession{User: user, AAL: 1, Family: &NewFamily{ClientID: "app"}})
			require.ErrorIs(t, err, theorydb.ErrEncryption)
			require.Equal(t, sent, b.faults.Fired())
			b.faults = &localaws.Faults{Next: b.faults.Next}
			require.Equal(t, before, b.items(t))
			_, err = b.Sessions.RevokeOthers(t.Context(), "u1", made.Session.ID, "test")
			require.NoError(t, err)
			_, err = b.Sessions.RevokeAll(t.Context(), "u1", "test")
			require.NoError(t, err)
		})
	})
}

// checkRound has 16 callers refresh one token at the same time: one write, one successor, and one who is told that it was
// first.
func checkRound(t *testing.T, b *sessBench, grant *SessionGrant, refresh func() (RefreshResult, error)) {
	t.Helper()
	before := b.family(t, grant.Session)
	var mu sync.Mutex
	var first int
	successors := map[string]bool{}
	sessRace(func(int) {
		result, err := refresh()
		require.NoError(t, err)
		mu.Lock()
		defer mu.Unlock()
		successors[result.Token.Reveal()] = true
		if !result.Replayed {
			first++
		}
	})
	require.Len(t, successors, 1)
	require.Equal(t, 1, first)
	after := b.family(t, grant.Session)
	require.Equal(t, before.Gen+1, after.Gen)
	require.Equal(t, before.Version+1, after.Version)
	for successor := range successors {
		require.True(t, newRefreshToken(b.RefreshTokens.locate(grant.Session), after.Gen, after.BoundSecret.Reveal()).Equal(theorydb.NewSecret(successor)))
		b.handedOut(t, theorydb.NewSecret(successor))
	}
}

func TestThiefAndVictimCantBothGoOn(t *testing.T) {
	eachSessBench(t, func(t *testing.T, b *sessBench) {
		grant := b.signIn(t, b.user(t, "u1"))
		victim := b.refresh(t, grant.Refresh)
		thief := b.refresh(t, grant.Refresh) // inside the grace: the token that the victim holds too
		require.True(t, thief.Token.Equal(victim.Token))
		b.clock.Advance(time.Minute)
		b.refresh(t, thief.Token)
		b.clock.Advance(time.Minute)
		_, err := b.RefreshTokens.Refresh(t.Context(), victim.Token, "app")
		require.ErrorIs(t, err, ErrTokenReuse)
	})
}
