package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/theorydb/theorydb"
)

// Touch records that a session was used and moves its idle end, which never passes its absolute one. Nothing but these is
// written, and at most once per Lifetimes.TouchInterval, or per half of the session's idle time where that is shorter:
// before that the session is returned as it is, and nothing is sent.
//
// It is one conditional write, 1 write unit. Of callers that hold one version of a session one wins, and the others are
// theorydb.ErrVersionConflict; they need not try again. A session that has expired is theorydb.ErrItemNotFound, whether
// DynamoDB has deleted it yet or not, and a revoked one is refused: none comes back to life.
func (s *Sessions) Touch(ctx context.Context, session Session) (Session, error) {
	if err := s.readyFor(session.UserID, session.ID); err != nil {
		return Session{}, err
	}
	now := s.db.Now()
	if session.restsAt(now, s.options.Lifetimes.TouchInterval) {
		return session, nil
	}
	session.used(now)
	if err := s.sessions.Update(ctx, &session, s.useFields(), theorydb.OnlyIf(liveSession(session))); err != nil {
		return Session{}, err
	}
	return session, nil
}

// restsAt reports whether a use need not be written yet. A session that is over is left to the write, which refuses it.
func (s *Session) restsAt(now time.Time, interval time.Duration) bool {
	if s.RevokedAt != nil || !now.Before(s.ExpiresAt) {
		return false
	}
	if s.IdleExpiresAt.Before(s.AbsExpiresAt) { // else there is no end to move
		interval = min(interval, s.IdleExpiresAt.Sub(s.LastSeenAt)/2)
	}
	return now.Before(s.LastSeenAt.Add(interval))
}

// StepUp records that the user of a session authenticated again, at that level and by those methods, which are added to its
// own. The session keeps its id and gets a new secret (OWASP ASVS 5.0, 7.2.4), so that the token of before is worth nothing.
// A level below the session's is theorydb.ErrInvalidValue. Options.Gate is asked before.
//
// It is one conditional write, and fails as Touch does. After theorydb.ErrOutcomeUnknown nobody may know the secret of the
// session: sign in again.
func (s *Sessions) StepUp(ctx context.Context, session Session, aal int64, amr ...string) (Session, theorydb.Secret[string], error) {
	none := theorydb.Secret[string]{}
	if err := s.readyFor(session.UserID, session.ID); err != nil {
		return Session{}, none, err
	}
	if aal < max(1, session.AAL) || aal > 3 {
		return Session{}, none, invalidField("AAL", "is 1, 2 or 3, and not below the session's")
	}
	session.AMR = union(session.AMR, amr)
	if err := checkAMR(session.AMR); err != nil {
		return Session{}, none, err
	}
	secret, err := s.secret(sessionSecretSize)
	if err != nil {
		return Session{}, none, err
	}
	now := s.db.Now()
	session.AAL, session.AuthnAt, session.SecretHash = aal, now, sessionDigest(secret)
	session.used(now)
	if err := s.gate(ctx, "step_up", session); err != nil {
		return Session{}, none, err
	}
	err = s.sessions.Update(ctx, &session, s.useFields(), theorydb.Fields("aal", "amr", "authnAt", "secretHash"),
		theorydb.OnlyIf(liveSession(session)))
	if err != nil {
		return Session{}, none, err
	}
	return session, sessionToken(s.locate(session), secret), nil
}

// union is both, each once, in new memory: the caller keeps theirs.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// useFields are the attributes that a use writes. The idle end is never written without the ttl.
func (p *project) useFields() theorydb.UpdateOption {
	return theorydb.Fields("lastSeenAt", "idleExpiresAt", p.ttl)
}

// liveSession is the condition that a session which was just used may be written: it was not revoked and has not ended.
// That its ttl has not passed is the library's own condition; this one does not rely on the two being one.
func liveSession(used Session) theorydb.Condition {
	return theorydb.And(
		theorydb.NotExists("revokedAt"),
		theorydb.Greater("idleExpiresAt", used.LastSeenAt),
		theorydb.Greater("absExpiresAt", used.LastSeenAt),
	)
}

// ttlAttribute is the name of the attribute that ends items, which Config.TTLAttribute can change.
func ttlAttribute(db *theorydb.DB) (string, error) {
	document, err := db.Describe()
	if err != nil {
		return "", fmt.Errorf("identity: describe the models: %w", err)
	}
	var described struct {
		TTL string `json:"ttl_attribute"`
	}
	if err := json.Unmarshal(document, &described); err != nil {
		return "", fmt.Errorf("identity: read the description of the models: %w", err)
	}
	return described.TTL, nil
}
