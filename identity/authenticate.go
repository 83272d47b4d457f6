package identity

import (
	"context"
	"time"

	"github.com/theorydb/theorydb"
)

// SessionAuth is whom a session token stands for.
type SessionAuth struct {
	Scope   Scope
	Session Session
	User    User

	at     time.Time
	policy SessionPolicy
}

// Under judges the session by a policy as well, such as that of its organization, as of when it was authenticated. Anything
// but SessionActive is an error that matches ErrInvalidToken.
func (a SessionAuth) Under(policy SessionPolicy) error {
	if a.policy.NotBefore.After(policy.NotBefore) {
		policy.NotBefore = a.policy.NotBefore
	}
	return usable(SessionState(a.Session, a.User, policy, a.at))
}

// AuthenticateSession says whom a session token stands for, in whichever scope. It is the only verb without a scope: the
// token names it, and what the token names is worth nothing unless its secret is the session's.
//
// It is one request of 2 read units, strongly consistent: a session that was revoked, expired or ended by its user's epoch a
// moment ago is refused, and nothing is kept between calls. KMS is not asked. Where the epochs of session and user do not
// match, both are read once more as they are at one moment (4 read units), so that RevokeOthers never refuses the session
// that it keeps. With Options.CheckProject it is 3 read units.
//
// Whatever is wrong with the token is ErrInvalidToken: not of this form (nothing is read), unknown, of another secret, or of
// a session that is no longer valid, which is a *SessionError for the log. Any other error says that nobody could tell.
func (s *Service) AuthenticateSession(ctx context.Context, presented theorydb.Secret[string]) (SessionAuth, error) {
	l, secret, ok := parseSessionToken(presented)
	if !ok {
		return SessionAuth{}, ErrInvalidToken
	}
	scope, err := NewScope(l.tenant, l.project)
	if err != nil {
		return SessionAuth{}, ErrInvalidToken
	}
	return s.authenticate(ctx, scope, l, secret)
}

// Authenticate is AuthenticateSession for the tokens of one scope. That of another is ErrInvalidToken, and nothing is read.
func (s *Sessions) Authenticate(ctx context.Context, presented theorydb.Secret[string]) (SessionAuth, error) {
	if err := s.ready(); err != nil {
		return SessionAuth{}, err
	}
	l, secret, ok := parseSessionToken(presented)
	if !ok || l.tenant != s.scope.tenant || l.project != s.scope.project {
		return SessionAuth{}, ErrInvalidToken
	}
	return s.authenticate(ctx, s.scope, l, secret)
}

func (s *core) authenticate(ctx context.Context, scope Scope, l locator, secret []byte) (SessionAuth, error) {
	holder := s.holderOf(scope, l)
	now := s.db.Now()
	if err := s.db.BatchGet(ctx, holder.ops(), theorydb.Consistent()); err != nil {
		return SessionAuth{}, err
	}
	session := recordOf(holder.session)
	if session == nil {
		s.notify(ctx, Notice{Kind: NoticeMiss, Scope: scope, UserID: l.user, ID: l.session})
		return SessionAuth{}, ErrInvalidToken
	}
	if !isSessionDigest(session.SecretHash, secret) {
		return SessionAuth{}, ErrInvalidToken
	}
	auth, err := holder.judge(ctx, now)
	if err != nil {
		return SessionAuth{}, err
	}
	if !isSessionDigest(auth.Session.SecretHash, secret) { // it was read again, and stepped up meanwhile
		return SessionAuth{}, ErrInvalidToken
	}
	auth.Scope = scope
	return auth, nil
}

// holder reads a session with all that its validity hangs on.
type holder struct {
	db      *theorydb.DB
	session *theorydb.GetOp[Session]
	user    *theorydb.GetOp[User]
	project *theorydb.GetOp[Project] // nil unless Options.CheckProject
}

func (s *core) holderOf(scope Scope, l locator) *holder {
	h := &holder{
		db:      s.db,
		session: s.models.sessions.In(scope.whole).GetOp(Session{UserID: l.user, ID: l.session}),
		user:    s.models.users.In(scope.whole).GetOp(User{ID: l.user}),
	}
	if s.options.CheckProject {
		h.project = s.models.projects.In(scope.tenantScope()).GetOp(Project{ID: scope.project})
	}
	return h
}

func (h *holder) ops(also ...theorydb.ReadOp) []theorydb.ReadOp {
	ops := append(also, h.session, h.user)
	if h.project != nil {
		ops = append(ops, h.project)
	}
	return ops
}

// judge says whether the session that was read is valid. A batch reads its items one by one, so that a session of another
// epoch than its user's may be one whose two halves were read before and behind the transaction that gave both a new one.
func (h *holder) judge(ctx context.Context, now time.Time) (SessionAuth, error) {
	auth := SessionAuth{at: now}
	if h.project != nil {
		project := recordOf(h.project)
		if project == nil {
			return SessionAuth{}, &SessionError{Status: SessionDisabled}
		}
		auth.policy.NotBefore = project.SessionsNotBefore
	}
	for reread := false; ; reread = true {
		session, user := recordOf(h.session), recordOf(h.user)
		if session == nil {
			return SessionAuth{}, ErrInvalidToken
		}
		if user == nil {
			return SessionAuth{}, &SessionError{Status: SessionDisabled}
		}
		auth.Session, auth.User = *session, *user
		status := SessionState(auth.Session, auth.User, auth.policy, now)
		if status != SessionStale || reread || auth.Session.Epoch == auth.User.SessionEpoch {
			if err := usable(status); err != nil {
				return SessionAuth{}, err
			}
			return auth, nil
		}
		if err := h.db.TransactGet(ctx, h.session, h.user); err != nil {
			return SessionAuth{}, err
		}
	}
}
