package identity

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/theorydb/theorydb"
)

// RefreshTokens refreshes sessions by rotating tokens.
type RefreshTokens struct{ *project }

// RefreshResult is what a refresh gives.
type RefreshResult struct {
	// Session is the session, as it is now.
	Session Session
	// Token is the successor of the token that was presented.
	Token theorydb.Secret[string]
	// Replayed says that the successor was made by another call, of this client or of whoever else holds the token: of all
	// refreshes with one token exactly one has false here, unless that one ended without an answer.
	Replayed bool
	// Resource and TokenScope are what the family is bound to, and the most that an access token may be for.
	Resource, TokenScope string
}

// Refresh takes a refresh token and gives its successor, and the session counts as used. client is the OAuth client that
// presents it, and resource what its request names, if anything (RFC 8707).
//
// The token that was current is rotated, in one transaction with the session and the check that its user is active: a
// refresh never succeeds beside a revocation that has returned. The token before it gives the same successor, and writes
// nothing, as long as Lifetimes.RefreshGrace since the rotation has not passed: so every tab that held it, and a client
// whose answer was lost, gets one and the same token. Any older use of a token is what RFC 9700, 4.14.2, calls replay: the
// session is revoked, the user's others are not, NoticeTokenReuse is told and the error is ErrTokenReuse.
//
// With Lifetimes.NoRefreshGrace a token counts once. Of callers that race with one, one succeeds; who read it as current and
// was slower gets theorydb.ErrVersionConflict, who read it as spent ErrTokenReuse, and the session is revoked.
//
// A token that is damaged, forged, of another scope (nothing is read), client or resource, or of a generation that was never
// given out (NoticeFutureToken) is ErrInvalidToken; that of a session which is not valid any more too, as a *SessionError;
// a family or session that has ended is theorydb.ErrItemNotFound. Options.Gate is asked before a successor is given. Unless
// the error is ErrTokenReuse or theorydb.ErrOutcomeUnknown, the token is worth after it what it was before. After the latter
// it may be rotated: inside the grace it still gives its successor, and without one it is spent; sign in again.
//
// It is 2 requests, 3 read units and 6 write units, and one data key that KMS opens; inside the grace 1 request and 3 read
// units. With KMS down it is theorydb.ErrEncryption, and nothing has changed.
func (r *RefreshTokens) Refresh(ctx context.Context, presented theorydb.Secret[string], client string, resource ...string) (RefreshResult, error) {
	if err := r.ready(); err != nil {
		return RefreshResult{}, err
	}
	token, ok := parseRefreshToken(presented)
	if !ok || token.tenant != r.scope.tenant || token.project != r.scope.project {
		return RefreshResult{}, ErrInvalidToken
	}
	marker, err := r.secret(markerSize)
	if err != nil {
		return RefreshResult{}, err
	}
	run := &refresh{project: r.project, token: token, marker: hex.EncodeToString(marker), now: r.db.Now()}
	for tries := 1; ; tries++ {
		family, holder, err := run.read(ctx)
		if err != nil {
			return RefreshResult{}, run.settled(err)
		}
		if !token.isOf(family.BoundSecret.Reveal()) || family.ClientID != client ||
			slices.ContainsFunc(resource, func(named string) bool { return named != family.Resource }) {
			return RefreshResult{}, ErrInvalidToken
		}
		result, err := run.answer(ctx, family, holder)
		if !run.again(err) || tries == refreshTries || ctx.Err() != nil {
			return result, err
		}
	}
}

const (
	markerSize = 16
	// refreshTries is how often a refresh looks again when its transaction met something else than it had read, or nobody
	// can tell what became of it.
	refreshTries = 5
)

// refresh is one call of Refresh.
type refresh struct {
	*project
	token  refreshToken
	marker string // of this call: it tells whose a rotation was
	now    time.Time
	tried  bool // it read the token as current
	// unknown: nobody could tell what became of its transaction
	unknown bool
}

// read reads the family with the session and its user, in one request, strongly consistent. The family is opened by KMS.
func (r *refresh) read(ctx context.Context) (*RefreshFamily, *holder, error) {
	holder := r.holderOf(r.scope, r.token.locator)
	op := r.families.GetOp(RefreshFamily{UserID: r.token.user, SessionID: r.token.session})
	if err := r.db.BatchGet(ctx, holder.ops(op), theorydb.Consistent()); err != nil {
		return nil, nil, err
	}
	family, err := op.Item()
	if err != nil {
		r.tell(ctx, NoticeMiss)
		return nil, nil, err
	}
	return family, holder, nil
}

// answer decides what a token that is right gets.
func (r *refresh) answer(ctx context.Context, family *RefreshFamily, holder *holder) (RefreshResult, error) {
	// Without a grace there is none, also for a call that began before the rotation.
	grace := r.options.Lifetimes.RefreshGrace
	inGrace := grace > 0 && r.now.Before(family.RotatedAt.Add(grace))
	switch {
	case r.token.gen == family.Gen:
		return r.rotate(ctx, family, holder)
	case r.token.gen > family.Gen:
		r.tell(ctx, NoticeFutureToken)
		return RefreshResult{}, ErrInvalidToken
	case r.token.gen == family.Gen-1 && (inGrace || family.RotatedBy == r.marker):
		return r.replay(ctx, family, holder)
	case r.tried:
		return RefreshResult{}, fmt.Errorf("identity: another refresh was faster: %w", theorydb.ErrVersionConflict)
	}
	return RefreshResult{}, r.reuse(ctx)
}

// rotate makes the next generation.
func (r *refresh) rotate(ctx context.Context, family *RefreshFamily, holder *holder) (RefreshResult, error) {
	auth, err := r.valid(ctx, holder)
	if err != nil {
		return RefreshResult{}, err
	}
	if family.Gen >= maxGeneration {
		return RefreshResult{}, ErrInvalidToken
	}
	r.tried = true
	session := auth.Session
	session.used(r.now)
	next := family.Gen + 1
	err = r.db.Transact(ctx,
		r.families.ChangeOp(RefreshFamily{UserID: family.UserID, SessionID: family.SessionID},
			theorydb.Set("gen", next), theorydb.Set("rotatedAt", r.now), theorydb.Set("rotatedBy", r.marker),
			theorydb.IfVersion(family.Version), theorydb.OnlyIf(theorydb.Equal("gen", family.Gen))),
		r.sessions.UpdateOp(&session, r.useFields(), theorydb.OnlyIf(liveSession(session)),
			theorydb.OnlyIf(theorydb.Equal("epoch", session.Epoch))),
		r.userAtEpoch(session.UserID, session.Epoch),
	)
	if err != nil {
		r.unknown = r.unknown || errors.Is(err, theorydb.ErrOutcomeUnknown)
		return RefreshResult{}, err
	}
	return r.result(family, next, session, false), nil
}

// replay gives the successor that there is already. Nothing is written, but the session must be valid.
func (r *refresh) replay(ctx context.Context, family *RefreshFamily, holder *holder) (RefreshResult, error) {
	auth, err := r.valid(ctx, holder)
	if err != nil {
		return RefreshResult{}, err
	}
	return r.result(family, family.Gen, auth.Session, family.RotatedBy != r.marker), nil
}

// valid is the session, when it may be refreshed.
func (r *refresh) valid(ctx context.Context, holder *holder) (SessionAuth, error) {
	if _, err := holder.session.Item(); err != nil {
		return SessionAuth{}, err
	}
	auth, err := holder.judge(ctx, r.now)
	if err != nil {
		return SessionAuth{}, err
	}
	return auth, r.gate(ctx, "refresh", auth.Session)
}

// reuse ends the session of a token that was spent. It says so only when that is done.
func (r *refresh) reuse(ctx context.Context) error {
	err := r.revoke(ctx, r.token.user, r.token.session, ReasonTokenReuse)
	if err != nil && !errors.Is(err, theorydb.ErrItemNotFound) { // which has ended by itself
		return err
	}
	r.tell(ctx, NoticeTokenReuse)
	return ErrTokenReuse
}

// again reports whether to look again: somebody changed what was read, or nobody can tell what became of the transaction.
func (r *refresh) again(err error) bool {
	return r.tried && (errors.Is(err, theorydb.ErrTransactionCanceled) && errors.Is(err, theorydb.ErrConditionFailed) ||
		errors.Is(err, theorydb.ErrOutcomeUnknown))
}

// settled is the error of a read. Behind a transaction of which nobody knows what became it leaves that open.
func (r *refresh) settled(err error) error {
	if !r.unknown {
		return err
	}
	return fmt.Errorf("%w: %w", theorydb.ErrOutcomeUnknown, err)
}

func (r *refresh) result(family *RefreshFamily, gen int64, session Session, replayed bool) RefreshResult {
	return RefreshResult{
		Session: session, Token: newRefreshToken(r.token.locator, gen, family.BoundSecret.Reveal()), Replayed: replayed,
		Resource: family.Resource, TokenScope: family.TokenScope,
	}
}

func (r *refresh) tell(ctx context.Context, kind NoticeKind) {
	r.notify(ctx, Notice{Kind: kind, Scope: r.scope, UserID: r.token.user, ID: r.token.session})
}
