package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/theorydb/theorydb"
)

// ReasonTokenReuse is the reason of a session that RefreshTokens.Refresh revoked.
const ReasonTokenReuse = "refresh_reuse"

// barrierTries is how often a write on a session is tried again when another one was faster.
const barrierTries = 5

// Revoke ends a session, and its refresh tokens with it, from the moment it returns. The reason, 1 to 256 bytes, is kept
// with it. Revoking a revoked session is success and keeps the first reason; an unknown or expired one is
// theorydb.ErrItemNotFound. It is one conditional write, 1 write unit.
func (s *Sessions) Revoke(ctx context.Context, userID, sessionID, reason string) error {
	if err := s.readyFor(userID, sessionID); err != nil {
		return err
	}
	if err := checkReason(reason); err != nil {
		return err
	}
	return s.revoke(ctx, userID, sessionID, reason)
}

// revoke is Revoke of checked arguments.
func (p *project) revoke(ctx context.Context, userID, sessionID, reason string) error {
	now := p.db.Now()
	// It may be repeated: what took effect already is refused, which is success.
	_, err := repeatUnknown(ctx, func() error {
		_, err := p.sessions.Change(ctx, Session{UserID: userID, ID: sessionID},
			theorydb.Set("revokedAt", now), theorydb.Set("revokeReason", reason),
			theorydb.AnyVersion(), theorydb.Blind(), theorydb.OnlyIf(theorydb.NotExists("revokedAt")))
		return err
	})
	if onlyConditionFailed(err) {
		return nil
	}
	return err
}

// RevokeAll ends all sessions of a user. First it raises the user's epoch in one transaction: from that moment none of them
// is valid, and neither a sign-in nor a refresh that is under way succeeds. Then it revokes them one by one, and returns how
// many it did. Those that were revoked before don't count.
//
// After an error behind the first step they are ended all the same, and n is how many were revoked until then; the call can
// be made again. An unknown user is theorydb.ErrItemNotFound. It costs 3 requests and 1 for each session, and 2 more for
// each time that somebody else raises the epoch at the same time: the first step is then made again, since they may have
// kept a session. With WithAudit the event stands in the first step.
func (s *Sessions) RevokeAll(ctx context.Context, userID, reason string, options ...WriteOption) (n int, err error) {
	if err := s.readyFor(userID); err != nil {
		return 0, err
	}
	if err := checkReason(reason); err != nil {
		return 0, err
	}
	event, err := s.eventOf(options, auditDefaults{eventType: EventSessionsRevoked, subject: userID})
	if err != nil {
		return 0, err
	}
	epoch, err := s.raise(ctx, userID, event)
	if err != nil {
		return 0, err
	}
	return s.sweep(ctx, userID, "", epoch, reason)
}

// raise ends all sessions of a user that are of before the epoch that it returns.
func (s *Sessions) raise(ctx context.Context, userID string, event *pendingEvent) (epoch int64, err error) {
	for try := 1; ; try++ {
		user, err := s.users.Get(ctx, User{ID: userID}, theorydb.Consistent())
		if err != nil {
			return 0, err
		}
		if event.seals(userID) && user.Status == UserDeleting { // which it can't become without another epoch
			return 0, fmt.Errorf("%w: the subject of the event", ErrUserInactive)
		}
		err = s.commit(ctx, event, []theorydb.TransactOp{s.raiseEpoch(*user)}, userID)
		switch {
		case err == nil:
			return user.SessionEpoch + 1, nil
		// Who raised it since may be a RevokeOthers, which keeps a session. Each time somebody else got on.
		case !onlyConditionFailed(causeAt(err, 0)) || try > maxLostRaces:
			return 0, err
		}
	}
}

// RevokeOthers is RevokeAll for all sessions but one, which goes on without a gap: it gets the new epoch in the transaction
// that raises the user's. When that one is unknown, expired, revoked or not valid by its epoch, it is
// theorydb.ErrItemNotFound, and nothing was changed.
func (s *Sessions) RevokeOthers(ctx context.Context, userID, keepID, reason string) (n int, err error) {
	if err := s.readyFor(userID, keepID); err != nil {
		return 0, err
	}
	if err := checkReason(reason); err != nil {
		return 0, err
	}
	first := int64(-1) // the epoch at the beginning: sessions up to it are to end
	for range barrierTries {
		keep, user, failed := s.readTogether(ctx, userID, keepID)
		if failed != nil {
			return 0, failed
		}
		if keep == nil || user == nil || keep.RevokedAt != nil || keep.Epoch != user.SessionEpoch {
			return 0, fmt.Errorf("identity: the session to keep: %w", theorydb.ErrItemNotFound)
		}
		if first < 0 {
			first = user.SessionEpoch
		}
		if user.SessionEpoch == first {
			err = s.db.Transact(ctx, s.raiseEpoch(*user), s.sessions.ChangeOp(Session{UserID: userID, ID: keepID},
				theorydb.Set("epoch", first+1), theorydb.AnyVersion(),
				theorydb.OnlyIf(theorydb.NotExists("revokedAt")), theorydb.OnlyIf(theorydb.Equal("epoch", first))))
		} else {
			err = nil // somebody else ended the others meanwhile, and kept this one too
		}
		if err == nil {
			return s.sweep(ctx, userID, keepID, first+1, reason)
		}
		if !errors.Is(err, theorydb.ErrConditionFailed) {
			return 0, err
		}
	}
	return 0, err
}

// raiseEpoch ends all sessions of a user. It is an operation and not a write of its own, since it must not count twice.
func (p *project) raiseEpoch(user User) theorydb.TransactOp {
	return p.users.ChangeOp(User{ID: user.ID}, theorydb.Set("sessionEpoch", user.SessionEpoch+1), theorydb.AnyVersion(),
		theorydb.OnlyIf(theorydb.Equal("sessionEpoch", user.SessionEpoch)))
}

// readTogether reads a session and its user as they are at one moment, nil where there is none: 4 read units.
func (p *project) readTogether(ctx context.Context, userID, sessionID string) (*Session, *User, error) {
	session, user := p.sessions.GetOp(Session{UserID: userID, ID: sessionID}), p.users.GetOp(User{ID: userID})
	if err := p.db.TransactGet(ctx, session, user); err != nil {
		return nil, nil, err
	}
	return recordOf(session), recordOf(user), nil
}

// recordOf is the record of an operation that was read, nil where there was none.
func recordOf[T any](op *theorydb.GetOp[T]) *T {
	record, err := op.Item()
	if err != nil {
		return nil
	}
	return record
}

// sweep marks the sessions of before an epoch as revoked and counts those that it marked.
func (s *Sessions) sweep(ctx context.Context, userID, keepID string, epoch int64, reason string) (n int, err error) {
	all, err := s.ListByUser(ctx, userID)
	if err != nil {
		return 0, err
	}
	now := s.db.Now()
	for _, session := range all {
		if session.ID == keepID || session.Epoch >= epoch {
			continue
		}
		marked, err := s.mark(ctx, session, now, reason)
		if err != nil {
			return n, err
		}
		if marked {
			n++
		}
	}
	return n, nil
}

// mark revokes a session and says whether this call did. By the version, which it holds, it knows that also after a lost
// answer.
func (s *Sessions) mark(ctx context.Context, session Session, now time.Time, reason string) (bool, error) {
	for tries := 1; session.RevokedAt == nil; tries++ {
		session.RevokedAt, session.RevokeReason = &now, reason
		err := s.sessions.Update(ctx, &session, theorydb.Fields("revokedAt", "revokeReason"))
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, theorydb.ErrItemNotFound): // it expired
			return false, nil
		case !errors.Is(err, theorydb.ErrVersionConflict) || tries >= barrierTries:
			return false, err
		}
		stored, err := s.sessions.Get(ctx, Session{UserID: session.UserID, ID: session.ID}, theorydb.Consistent())
		if errors.Is(err, theorydb.ErrItemNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		session = *stored
	}
	return false, nil
}

func checkReason(reason string) error {
	if reason == "" {
		return invalidField("reason", "is empty")
	}
	return checkSessionText("reason", reason, maxSmallText)
}
