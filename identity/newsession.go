package identity

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/theorydb/theorydb"
)

// NewSession is what a session is made of.
type NewSession struct {
	// User is the user who signed in, as the sign-in read it from the store at its beginning. The session is only made while
	// the user is active and no sessions of theirs were ended since.
	User User
	// OrgID is the organization that the session is for, if any.
	OrgID string
	// AAL is the authenticator assurance level, 1 to 3 (NIST SP 800-63B), and AMR the methods that were used (RFC 8176).
	AAL int64
	AMR []string
	// AuthnAt is when the user authenticated. Zero: now.
	AuthnAt time.Time
	// IP and UserAgent are of the device that signed in. Both may be empty. A user agent is cut to 200 bytes.
	IP, UserAgent string
	// Idle and Absolute shorten what Lifetimes gives, in whole seconds. Zero: what Lifetimes gives. More is refused.
	Idle, Absolute time.Duration
	// Family asks for refresh tokens. Nil: the session has none, and lives shorter.
	Family *NewFamily
}

// NewFamily is what the refresh tokens of a session are bound to for good. Refreshing never widens it.
type NewFamily struct {
	ClientID   string // the OAuth client that may use them
	Resource   string // that access tokens are for (RFC 8707); empty: not bound
	TokenScope string // what access tokens may do, as OAuth's scope
}

// SessionGrant is a new session with what its owner is to be given. The tokens are shown here and never again.
type SessionGrant struct {
	Session Session
	Token   theorydb.Secret[string]
	Refresh theorydb.Secret[string] // not set without a family
}

const (
	maxShownAgent = 200
	maxIP         = 64 // an IPv6 address with a zone
	maxSessionAMR = 16
	maxSmallText  = 256
	maxOAuthText  = 2048
)

// check refuses what can't be stored, and names the field; and a user of another scope, who may have the id of one here.
func (n *NewSession) check(scope Scope, lives sessionLife, now time.Time) error {
	if err := checkID("User.ID", n.User.ID); err != nil {
		return err
	}
	if n.User.TenantID != scope.tenant || n.User.ProjectID != scope.project {
		return theorydb.ErrScopeMismatch
	}
	if n.OrgID != "" {
		if err := checkID("OrgID", n.OrgID); err != nil {
			return err
		}
	}
	if n.IP != "" {
		if _, err := netip.ParseAddr(n.IP); err != nil || len(n.IP) > maxIP {
			return invalidField("IP", "is no IP address") // and not the error, which quotes it
		}
	}
	switch {
	case n.AAL < 1 || n.AAL > 3:
		return invalidField("AAL", "is 1, 2 or 3")
	case n.AuthnAt.After(now.Add(sessionSkew)):
		return invalidField("AuthnAt", "is in the future")
	case n.Idle < 0 || n.Idle > lives.idle || n.Idle%time.Second != 0:
		return invalidField("Idle", "is whole seconds and no more than Lifetimes gives")
	case n.Absolute < 0 || n.Absolute > lives.absolute || n.Absolute%time.Second != 0:
		return invalidField("Absolute", "is whole seconds and no more than Lifetimes gives")
	}
	if err := checkAMR(n.AMR); err != nil {
		return err
	}
	return n.Family.check()
}

func (f *NewFamily) check() error {
	if f == nil {
		return nil
	}
	if err := checkID("Family.ClientID", f.ClientID); err != nil {
		return err
	}
	if err := checkSessionText("Family.Resource", f.Resource, maxOAuthText); err != nil {
		return err
	}
	return checkSessionText("Family.TokenScope", f.TokenScope, maxOAuthText)
}

func checkAMR(methods []string) error {
	if len(methods) > maxSessionAMR {
		return invalidField("AMR", fmt.Sprintf("has more than %d methods", maxSessionAMR))
	}
	for _, method := range methods {
		if method == "" {
			return invalidField("AMR", "has an empty method")
		}
		if err := checkSessionText("AMR", method, maxSmallText); err != nil {
			return err
		}
	}
	return nil
}

func checkSessionText(field, text string, longest int) error {
	if len(text) > longest || !utf8.ValidString(text) {
		return invalidField(field, fmt.Sprintf("is a text of at most %d bytes", longest))
	}
	return nil
}

func invalidField(field, problem string) error {
	return fmt.Errorf("%w: %s %s", theorydb.ErrInvalidValue, field, problem)
}

// shownUserAgent makes any header storable. It is for people to look at, so that mending it is better than refusing a sign-in.
func shownUserAgent(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxShownAgent {
		return text
	}
	end := maxShownAgent
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// sessionLife is how long a session lives.
type sessionLife struct{ idle, absolute time.Duration }

// lifeOf is what Lifetimes gives a session.
func (s *core) lifeOf(family bool) sessionLife {
	l := s.options.Lifetimes
	if family {
		return sessionLife{idle: l.FamilyIdle, absolute: l.FamilyAbsolute}
	}
	return sessionLife{idle: l.SessionIdle, absolute: l.SessionAbsolute}
}

// shortenedBy is the life that a caller asked for.
func (l sessionLife) shortenedBy(n NewSession) sessionLife {
	if n.Idle > 0 {
		l.idle = n.Idle
	}
	if n.Absolute > 0 {
		l.absolute = n.Absolute
	}
	return l
}

// begin sets the ends of a new session. They are whole seconds, cut down, since that is what the ttl attribute can hold.
func (l sessionLife) begin(s *Session, now time.Time) {
	s.LastSeenAt = now
	s.AbsExpiresAt = now.Add(l.absolute).Truncate(time.Second)
	s.moveIdleEnd(now.Add(l.idle))
}

// used moves the idle end of a session that is used now: as far from now as it was from the last use.
func (s *Session) used(now time.Time) {
	idle := s.IdleExpiresAt.Sub(s.LastSeenAt)
	if whole := idle.Truncate(time.Second); whole < idle { // the part of a second that the end was cut by
		idle = whole + time.Second
	}
	s.LastSeenAt = now
	s.moveIdleEnd(now.Add(idle))
}

// moveIdleEnd is the one place that sets an idle end, and with it the ttl.
func (s *Session) moveIdleEnd(end time.Time) {
	end = end.Truncate(time.Second)
	if end.After(s.AbsExpiresAt) {
		end = s.AbsExpiresAt
	}
	s.IdleExpiresAt, s.ExpiresAt = end, end
}
