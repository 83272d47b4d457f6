package identity

import (
	"context"
	"slices"

	"github.com/theorydb/theorydb"
)

// Sessions keeps the sessions of users. All that it decides it reads strongly from the table itself, and none of it needs
// KMS but the making of a refresh family.
type Sessions struct{ *project }

// Create makes a session, with a refresh family when NewSession asks for one: in one transaction, which fails when the user
// is not active or had their sessions ended since NewSession.User was read (ErrUserInactive). So nothing is created across a
// Disable or a RevokeAll. Options.Gate is asked before. After an error there is neither session nor family.
//
// It sends one request of 4 write units and asks KMS for nothing; with a family 6 write units and one data key.
func (s *Sessions) Create(ctx context.Context, n NewSession) (*SessionGrant, error) {
	grant, ops, err := s.CreateOps(ctx, n)
	if err != nil {
		return nil, err
	}
	if err := s.db.Transact(ctx, ops...); err != nil {
		return nil, err
	}
	return grant, nil
}

// CreateOps is Create as operations for a transaction that does more, such as consuming the token that was signed in with:
// then the one takes effect if and only if the other does. The grant is worth something when the transaction has taken
// effect, which is ErrUserInactive where Create would be. The last operation is the check of the user, on whose item the
// transaction can have no other.
func (s *Sessions) CreateOps(ctx context.Context, n NewSession) (*SessionGrant, []theorydb.TransactOp, error) {
	if err := s.ready(); err != nil {
		return nil, nil, err
	}
	now, life := s.db.Now(), s.lifeOf(n.Family != nil)
	if err := n.check(s.scope, life, now); err != nil {
		return nil, nil, err
	}
	if n.User.Status != UserActive {
		return nil, nil, ErrUserInactive
	}
	id, err := s.options.NewID()
	if err != nil {
		return nil, nil, err
	}
	if err := checkID("Options.NewID", id); err != nil {
		return nil, nil, err
	}
	secret, err := s.secret(sessionSecretSize)
	if err != nil {
		return nil, nil, err
	}
	grant := &SessionGrant{Session: Session{
		TenantID: s.scope.tenant, ProjectID: s.scope.project, UserID: n.User.ID, ID: id,
		SecretHash: sessionDigest(secret), OrgID: n.OrgID, AAL: n.AAL, AMR: slices.Clone(n.AMR), AuthnAt: n.AuthnAt,
		Epoch: n.User.SessionEpoch, IP: n.IP, UserAgent: shownUserAgent(n.UserAgent),
	}}
	if n.AuthnAt.IsZero() {
		grant.Session.AuthnAt = now
	}
	life.shortenedBy(n).begin(&grant.Session, now)
	if err := s.gate(ctx, "create", grant.Session); err != nil {
		return nil, nil, err
	}
	l := s.locate(grant.Session)
	grant.Token = sessionToken(l, secret)
	ops := []theorydb.TransactOp{s.sessions.CreateOp(&grant.Session)}
	if n.Family != nil {
		family, err := s.newFamily(*n.Family, grant.Session)
		if err != nil {
			return nil, nil, err
		}
		grant.Refresh = newRefreshToken(l, family.Gen, family.BoundSecret.Reveal())
		ops = append(ops, s.families.CreateOp(family))
	}
	return grant, append(ops, s.userAtEpoch(n.User.ID, n.User.SessionEpoch)), nil
}

func (s *Sessions) newFamily(n NewFamily, session Session) (*RefreshFamily, error) {
	bound, err := s.secret(boundSecretSize)
	if err != nil {
		return nil, err
	}
	return &RefreshFamily{
		UserID: session.UserID, SessionID: session.ID, Gen: 1, RotatedAt: session.LastSeenAt,
		BoundSecret: theorydb.NewSecret(bound), ClientID: n.ClientID, Resource: n.Resource, TokenScope: n.TokenScope,
		AbsExpiresAt: session.AbsExpiresAt,
	}, nil
}

func (p *project) locate(session Session) locator {
	return locator{p.scope.tenant, p.scope.project, session.UserID, session.ID}
}

// gate asks Options.Gate.
func (p *project) gate(ctx context.Context, action string, session Session) error {
	if p.options.Gate == nil {
		return nil
	}
	return p.options.Gate(ctx, GateRequest{Scope: p.scope, Action: action, Session: session})
}

// Get reads a session, in one request and 1 read unit. An unknown or expired one is theorydb.ErrItemNotFound. A revoked one
// is given, as is one that another reason ends: SessionState judges it.
func (s *Sessions) Get(ctx context.Context, userID, sessionID string) (Session, error) {
	if err := s.readyFor(userID, sessionID); err != nil {
		return Session{}, err
	}
	return valueOf(s.sessions.Get(ctx, Session{UserID: userID, ID: sessionID}, theorydb.Consistent()))
}

// ListByUser reads the sessions of a user that have not expired, revoked ones too, in the order of their ids: a strongly
// consistent query, paged until all are read. Whoever has none, or does not exist, gives an empty list.
func (s *Sessions) ListByUser(ctx context.Context, userID string) ([]Session, error) {
	if err := s.readyFor(userID); err != nil {
		return nil, err
	}
	var all []Session
	for session, err := range s.sessions.Query(ctx, theorydb.Query[Session]{Key: Session{UserID: userID}, Consistent: true}) {
		if err != nil {
			return nil, err
		}
		all = append(all, *session)
	}
	return all, nil
}

// readyFor refuses the zero scope and ids that are none.
func (s *Sessions) readyFor(userID string, sessionIDs ...string) error {
	if err := s.ready(); err != nil {
		return err
	}
	if err := checkID("userID", userID); err != nil {
		return err
	}
	for _, id := range sessionIDs {
		if err := checkID("sessionID", id); err != nil {
			return err
		}
	}
	return nil
}
