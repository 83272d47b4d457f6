package identity

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSessionState(t *testing.T) {
	now := time.Unix(1_900_000_000, 0).UTC()
	revoked := now.Add(-time.Minute)
	usual := Session{
		UserID: "u1", ID: "s1", AAL: 2, Epoch: 3, CreatedAt: now.Add(-time.Hour), LastSeenAt: now.Add(-10 * time.Minute),
		IdleExpiresAt: now.Add(20 * time.Minute), AbsExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(20 * time.Minute),
	}
	for _, c := range []struct {
		name   string
		change func(s *Session, u *User, p *SessionPolicy)
		want   SessionStatus
	}{
		{"usual", func(*Session, *User, *SessionPolicy) {}, SessionActive},
		{"revoked", func(s *Session, _ *User, _ *SessionPolicy) { s.RevokedAt = &revoked }, SessionRevoked},
		{"disabled", func(_ *Session, u *User, _ *SessionPolicy) { u.Status = "disabled" }, SessionDisabled},
		{"deleting", func(_ *Session, u *User, _ *SessionPolicy) { u.Status = "deleting" }, SessionDisabled},
		{"no user", func(_ *Session, u *User, _ *SessionPolicy) { *u = User{} }, SessionDisabled},
		{"other user", func(_ *Session, u *User, _ *SessionPolicy) { u.ID = "u2" }, SessionDisabled},
		{"older epoch", func(_ *Session, u *User, _ *SessionPolicy) { u.SessionEpoch = 4 }, SessionStale},
		{"newer epoch", func(_ *Session, u *User, _ *SessionPolicy) { u.SessionEpoch = 2 }, SessionStale},
		{"before the restore", func(s *Session, _ *User, p *SessionPolicy) { p.NotBefore = s.CreatedAt.Add(1) }, SessionStale},
		{"at the restore", func(s *Session, _ *User, p *SessionPolicy) { p.NotBefore = s.CreatedAt }, SessionActive},
		{"59 s ahead", func(s *Session, _ *User, _ *SessionPolicy) { s.CreatedAt = now.Add(59 * time.Second) }, SessionActive},
		{"60 s ahead", func(s *Session, _ *User, _ *SessionPolicy) { s.CreatedAt = now.Add(60 * time.Second) }, SessionActive},
		{"61 s ahead", func(s *Session, _ *User, _ *SessionPolicy) { s.CreatedAt = now.Add(61 * time.Second) }, SessionNotYet},
		{"absolute end", func(s *Session, _ *User, _ *SessionPolicy) { s.AbsExpiresAt = now }, SessionExpired},
		{"absolute end - 1 ns", func(s *Session, _ *User, _ *SessionPolicy) { s.AbsExpiresAt = now.Add(1) }, SessionActive},
		{"absolute end + 1 s", func(s *Session, _ *User, _ *SessionPolicy) { s.AbsExpiresAt = now.Add(-time.Second) }, SessionExpired},
		{"no absolute end", func(s *Session, _ *User, _ *SessionPolicy) { s.AbsExpiresAt = time.Time{} }, SessionExpired},
		{"idle end", func(s *Session, _ *User, _ *SessionPolicy) { s.IdleExpiresAt = now }, SessionIdle},
		{"idle end - 1 ns", func(s *Session, _ *User, _ *SessionPolicy) { s.IdleExpiresAt = now.Add(1) }, SessionActive},
		{"idle end + 1 s", func(s *Session, _ *User, _ *SessionPolicy) { s.IdleExpiresAt = now.Add(-time.Second) }, SessionIdle},
		{"no idle end", func(s *Session, _ *User, _ *SessionPolicy) { s.IdleExpiresAt = time.Time{} }, SessionIdle},
		{"ttl has passed", func(s *Session, _ *User, _ *SessionPolicy) { s.ExpiresAt = now }, SessionExpired},
		{"no ttl", func(s *Session, _ *User, _ *SessionPolicy) { s.ExpiresAt = time.Time{} }, SessionExpired},
		{"policy idle", func(_ *Session, _ *User, p *SessionPolicy) { p.Idle = 10 * time.Minute }, SessionIdle},
		{"policy idle + 1 ns", func(_ *Session, _ *User, p *SessionPolicy) { p.Idle = 10*time.Minute + 1 }, SessionActive},
		{"policy absolute", func(_ *Session, _ *User, p *SessionPolicy) { p.Absolute = time.Hour }, SessionExpired},
		{"policy absolute + 1 ns", func(_ *Session, _ *User, p *SessionPolicy) { p.Absolute = time.Hour + 1 }, SessionActive},
		{"policy is longer", func(s *Session, _ *User, p *SessionPolicy) {
			p.Idle, p.Absolute, s.IdleExpiresAt = 9999*time.Hour, 9999*time.Hour, now
		}, SessionIdle},
		{"aal", func(_ *Session, _ *User, p *SessionPolicy) { p.MinAAL = 2 }, SessionActive},
		{"low aal", func(_ *Session, _ *User, p *SessionPolicy) { p.MinAAL = 3 }, SessionLowAAL},
		{"absolute over, idle not", func(s *Session, _ *User, _ *SessionPolicy) { s.AbsExpiresAt, s.ExpiresAt = now, now }, SessionExpired},
	} {
		session, user, policy := usual, User{ID: "u1", Status: "active", SessionEpoch: 3}, SessionPolicy{}
		c.change(&session, &user, &policy)
		require.Equal(t, c.want, SessionState(session, user, policy, now), c.name)
	}
}

// A session never becomes better with time, and a policy never makes it better.
func TestSessionStateOnlyEverEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(1_900_000_000, 0)
		ns := rapid.Int64Range(0, int64(2*time.Hour))
		at := func(name string) time.Time { return start.Add(time.Duration(ns.Draw(t, name))) }
		session := Session{UserID: "u1", CreatedAt: start, LastSeenAt: at("seen"), IdleExpiresAt: at("idle"), AbsExpiresAt: at("abs"), ExpiresAt: at("ttl")}
		user := User{ID: "u1", Status: "active"}
		policy := SessionPolicy{Idle: time.Duration(ns.Draw(t, "policy idle")), Absolute: time.Duration(ns.Draw(t, "policy absolute"))}
		a, b := at("a"), at("b")
		if b.Before(a) {
			a, b = b, a
		}
		if SessionState(session, user, policy, b) == SessionActive {
			require.Equal(t, SessionActive, SessionState(session, user, policy, a))
			require.Equal(t, SessionActive, SessionState(session, user, SessionPolicy{}, b))
		}
	})
}

// Use moves the idle end by the same span each time, in whole seconds, and never behind the absolute end.
func TestUseKeepsTheIdleSpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		life := sessionLife{
			idle:     time.Duration(rapid.Int64Range(1, 5000).Draw(t, "idle")) * time.Second,
			absolute: time.Duration(rapid.Int64Range(1, 5000).Draw(t, "absolute")) * time.Second,
		}
		now := time.Unix(1_900_000_000, rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		var s Session
		life.begin(&s, now)
		for range 5 {
			want := now.Add(life.idle).Truncate(time.Second)
			if want.After(s.AbsExpiresAt) {
				want = s.AbsExpiresAt
			}
			require.Equal(t, want, s.IdleExpiresAt)
			require.Equal(t, s.IdleExpiresAt, s.ExpiresAt)
			require.Zero(t, s.ExpiresAt.Nanosecond()+s.AbsExpiresAt.Nanosecond())
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(life.idle)).Draw(t, "later")))
			if !now.Before(s.ExpiresAt) {
				return // it has ended, and is not used any more
			}
			s.used(now)
		}
	})
}
