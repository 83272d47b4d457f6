package identity

import (
	"fmt"
	"time"
)

// SessionStatus is what a session is worth at a time.
type SessionStatus string

// What SessionState finds.
const (
	// SessionActive: it can be used.
	SessionActive SessionStatus = "active"
	// SessionExpired: its absolute end has come.
	SessionExpired SessionStatus = "expired"
	// SessionIdle: it was not used for too long.
	SessionIdle SessionStatus = "idle"
	// SessionRevoked: it was revoked, by whoever.
	SessionRevoked SessionStatus = "revoked"
	// SessionStale: all sessions of the user or of the project were ended since it was made.
	SessionStale SessionStatus = "stale"
	// SessionDisabled: the user is not active, or is not the session's.
	SessionDisabled SessionStatus = "disabled"
	// SessionLowAAL: it was signed in less strongly than is asked for; step it up.
	SessionLowAAL SessionStatus = "low_aal"
	// SessionNotYet: it was made more than a minute in the future, by a clock that can't be trusted.
	SessionNotYet SessionStatus = "not_yet"
)

// sessionSkew is how far in the future a record may have been made.
const sessionSkew = time.Minute

// SessionPolicy is what may be asked of a session beyond what is stored with it, such as by its organization. It can only
// shorten: a zero field asks for nothing.
type SessionPolicy struct {
	// Idle ends a session that was not used for so long. Use is written at most once per Lifetimes.TouchInterval, and is
	// known no better than that.
	Idle time.Duration
	// Absolute ends a session that long after it was made.
	Absolute time.Duration
	// MinAAL is the authenticator assurance level that is needed (NIST SP 800-63B).
	MinAAL int64
	// NotBefore refuses sessions made before it; see Project.SessionsNotBefore.
	NotBefore time.Time
}

// SessionState says what a session of a user is worth at a time. It sends nothing and decides by its arguments alone: read
// both strongly. An end is inclusive, so that a session is expired from that very second on (as RFC 7519 has it for exp); a
// session without one has expired. Of several reasons it gives the first of revoked, disabled, stale, not yet, expired,
// idle and low AAL.
func SessionState(session Session, user User, policy SessionPolicy, now time.Time) SessionStatus {
	reached := func(end time.Time) bool { return !now.Before(end) }
	switch {
	case session.RevokedAt != nil:
		return SessionRevoked
	case user.Status != UserActive || user.ID != session.UserID:
		return SessionDisabled
	case session.Epoch != user.SessionEpoch, session.CreatedAt.Before(policy.NotBefore):
		return SessionStale
	case session.CreatedAt.After(now.Add(sessionSkew)):
		return SessionNotYet
	case reached(session.AbsExpiresAt), policy.Absolute > 0 && reached(session.CreatedAt.Add(policy.Absolute)):
		return SessionExpired
	case reached(session.IdleExpiresAt), policy.Idle > 0 && reached(session.LastSeenAt.Add(policy.Idle)):
		return SessionIdle
	case reached(session.ExpiresAt): // the earlier of both, so that here it is wrong or missing
		return SessionExpired
	case session.AAL < policy.MinAAL:
		return SessionLowAAL
	}
	return SessionActive
}

// SessionError says why a session that exists is not valid. It matches ErrInvalidToken, and Public makes that of it:
// Status is for logs, not for whoever presented the token.
type SessionError struct{ Status SessionStatus }

// Error names the status.
func (e *SessionError) Error() string {
	return fmt.Sprintf("%s: the session is %s", ErrInvalidToken, e.Status)
}

// Unwrap returns ErrInvalidToken.
func (e *SessionError) Unwrap() error { return ErrInvalidToken }

// usable is nil for an active session.
func usable(status SessionStatus) error {
	if status == SessionActive {
		return nil
	}
	return &SessionError{Status: status}
}
