package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/theorydb/theorydb"
)

// OneTimeTokens keeps links, challenges, login states, invitations and codes that count once.
//
// A token is 256 random bits, of which only the SHA-256 is stored. Consuming it is one conditional write that leaves the
// call's own mark: of any number of callers one wins, and one whose answer was lost is told that it won. A token is valid
// until the moment of its expiry and not at it; for Lifetimes.TokenGrace after that it is ErrExpired or ErrTokenUsed, and
// then theorydb.ErrItemNotFound. Answer users with Public of the error, which makes them alike.
type OneTimeTokens struct{ *project }

// TokenKind says what a one-time token is for. A token of one kind is none of another.
type TokenKind string

// The kinds of one-time tokens, with how long they live. TokenSpec.Lifetime shortens that.
const (
	// KindMagicLink is a link sent by mail: Lifetimes.MagicLink. It is signed as well, see SignMagicLink.
	KindMagicLink TokenKind = "magic_link"
	// KindChallenge is a WebAuthn challenge: Lifetimes.MagicLink.
	KindChallenge TokenKind = "challenge"
	// KindLoginState is the state of a login at another provider: Lifetimes.MagicLink. ConsumeState alone consumes it.
	KindLoginState TokenKind = "login_state"
	// KindInvitation is an invitation: Lifetimes.Invitation.
	KindInvitation TokenKind = "invitation"
	// KindAuthorizationCode is an OAuth authorization code: Lifetimes.Authorization.
	KindAuthorizationCode TokenKind = "authorization_code"
	// KindPortalLink is a link to an administration portal: Lifetimes.MagicLink, and up to 7 days when TokenSpec asks for it.
	KindPortalLink TokenKind = "portal_link"
	// KindDomain is a text to be found in the DNS: 7 days.
	KindDomain TokenKind = "domain"
)

const (
	sevenDays    = 7 * 24 * time.Hour
	maxTokenMeta = 16 << 10
	maxShortText = 256
)

// TokenSpec says what a one-time token stands for.
type TokenSpec struct {
	Subject string            // whom it is about, such as a user's id: at most 256 bytes. It is stored in clear.
	FlowID  string            // the flow that it belongs to: an id, or empty
	Meta    map[string]string // what comes back when it is consumed: at most 16 KB. It is stored in clear.
	// Lifetime shortens the lifetime of the kind. Zero: that of the kind.
	Lifetime time.Duration
}

// lifetimesOf are the usual and the longest lifetime of a kind.
func (p *project) lifetimesOf(kind TokenKind) (usual, longest time.Duration, err error) {
	times := p.options.Lifetimes
	switch kind {
	case KindMagicLink, KindChallenge, KindLoginState:
		return times.MagicLink, times.MagicLink, nil
	case KindInvitation:
		return times.Invitation, times.Invitation, nil
	case KindAuthorizationCode:
		return times.Authorization, times.Authorization, nil
	case KindPortalLink:
		return times.MagicLink, max(times.MagicLink, sevenDays), nil
	case KindDomain:
		return sevenDays, sevenDays, nil
	}
	return 0, 0, fmt.Errorf("%w: the kind is none of the one-time tokens'", theorydb.ErrInvalidValue)
}

// Issue makes a one-time token and gives its secret, which is nowhere else: not stored, and not given again. It sends one
// request. Bad input is theorydb.ErrInvalidValue, and nothing is sent.
func (o *OneTimeTokens) Issue(ctx context.Context, kind TokenKind, spec TokenSpec) (theorydb.Secret[string], error) {
	var none theorydb.Secret[string]
	if err := o.ready(); err != nil {
		return none, err
	}
	made, token, err := o.newToken(kind, spec)
	if err != nil {
		return none, err
	}
	if err := o.oneTimeTokens.Create(ctx, made); err != nil {
		return none, err
	}
	return token, nil
}

// newToken makes a token, to be stored, and its secret.
func (p *project) newToken(kind TokenKind, spec TokenSpec) (*OneTimeToken, theorydb.Secret[string], error) {
	var none theorydb.Secret[string]
	usual, longest, err := p.lifetimesOf(kind)
	if err != nil {
		return nil, none, err
	}
	if err := spec.check(kind, longest); err != nil {
		return nil, none, err
	}
	if spec.Lifetime == 0 {
		spec.Lifetime = usual
	}
	text, err := p.randomText()
	if err != nil {
		return nil, none, err
	}
	token := theorydb.NewSecret(text)
	if kind == KindMagicLink {
		if token, err = SignMagicLink(p.options.OTPKey, p.scope, token); err != nil {
			return nil, none, err
		}
	}
	expires := p.db.Now().Add(spec.Lifetime)
	return &OneTimeToken{
		Kind: string(kind), SecretHash: randomTextHash(text),
		Subject: spec.Subject, FlowID: spec.FlowID, Meta: spec.Meta,
		ExpiresAt: expires, TTL: expires.Add(p.options.Lifetimes.TokenGrace),
	}, token, nil
}

func (s *TokenSpec) check(kind TokenKind, longest time.Duration) error {
	if s.Lifetime < 0 || s.Lifetime > longest {
		return fmt.Errorf("%w: Lifetime is negative or longer than the kind's, which is %s", theorydb.ErrInvalidValue, longest)
	}
	if err := fitsAsText("Subject", s.Subject, maxShortText); err != nil {
		return err
	}
	if s.FlowID != "" {
		if err := checkID("FlowID", s.FlowID); err != nil {
			return err
		}
	}
	size := 0
	for name, value := range s.Meta {
		if err := errors.Join(fitsAsText("a name in Meta", name, maxTokenMeta), fitsAsText("a value in Meta", value, maxTokenMeta)); err != nil {
			return err
		}
		size += len(name) + len(value)
	}
	if size > maxTokenMeta {
		return fmt.Errorf("%w: Meta has more than %d bytes", theorydb.ErrInvalidValue, maxTokenMeta)
	}
	if nonce, given := s.Meta[MetaNonce]; kind == KindLoginState && given && nonce == "" {
		return fmt.Errorf("%w: Meta has an empty %s, which would match nothing", theorydb.ErrInvalidValue, MetaNonce)
	}
	return nil
}

// keyOf is the key of a token by what was presented. What can't be a token of the kind is ErrInvalidToken, without a request.
func (o *OneTimeTokens) keyOf(kind TokenKind, presented theorydb.Secret[string]) (OneTimeToken, error) {
	if _, _, err := o.lifetimesOf(kind); err != nil {
		return OneTimeToken{}, err
	}
	if kind == KindMagicLink {
		var err error
		if presented, err = VerifyMagicLink(o.options.OTPKey, o.scope, presented); err != nil {
			return OneTimeToken{}, err
		}
	}
	text := presented.Reveal()
	if !isRandomText(text) {
		return OneTimeToken{}, ErrInvalidToken
	}
	return OneTimeToken{Kind: string(kind), SecretHash: randomTextHash(text)}, nil
}
