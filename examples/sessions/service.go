package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// webApp is the OAuth client that the refresh tokens of this service are for.
const webApp = "web"

// service is what a program that signs people in keeps while it runs. Its methods are what its handlers do.
type service struct{ *identity.Stores }

// newService makes the service of one project on a DB. The two keys have 32 random bytes each and come from where the
// program keeps its secrets: they have to be the same after a restart.
func newService(db *theorydb.DB, scope identity.Scope, indexKey, otpKey []byte, notify func(context.Context, identity.Notice)) (*service, error) {
	layer, err := identity.New(db, identity.Options{IndexKey: indexKey, OTPKey: otpKey, Notify: notify})
	if err != nil {
		return nil, err
	}
	return &service{layer.For(scope)}, nil
}

// sendLink mails a link to whoever has the address that somebody typed in. The mail goes to the address as it is stored.
// Nobody having it is no error: else the answer would tell who has an account.
func (s *service) sendLink(ctx context.Context, typed string, mail func(to string, link theorydb.Secret[string])) error {
	found, err := s.Users.Identifier(ctx, identity.KindEmail, typed)
	if errors.Is(err, theorydb.ErrItemNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	profile, err := s.Profiles.Get(ctx, found.UserID)
	if err != nil {
		return err
	}
	link, err := s.OneTimeTokens.Issue(ctx, identity.KindMagicLink, identity.TokenSpec{Subject: found.UserID})
	if err != nil {
		return err
	}
	mail(profile.Emails.Reveal()[found.Digest], link)
	return nil
}

// signIn makes a session of a link, in the transaction that spends the link: either both are done or neither is. It fails
// when the user was disabled or signed out everywhere meanwhile, and then the link is still good.
func (s *service) signIn(ctx context.Context, link theorydb.Secret[string], userAgent string) (*identity.SessionGrant, error) {
	var grant *identity.SessionGrant
	_, err := s.OneTimeTokens.ConsumeWith(ctx, identity.KindMagicLink, link, func(token identity.OneTimeToken) ([]theorydb.TransactOp, error) {
		user, err := s.Users.Get(ctx, token.Subject)
		if err != nil {
			return nil, err
		}
		made, ops, err := s.Sessions.CreateOps(ctx, identity.NewSession{
			User: user, AAL: 1, UserAgent: userAgent, Family: &identity.NewFamily{ClientID: webApp},
		})
		grant = made
		return ops, err
	})
	if err != nil {
		return nil, err
	}
	return grant, nil
}

// whoIs says who sends a request, by the session token in its header.
func (s *service) whoIs(r *http.Request) (identity.SessionAuth, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return s.Sessions.Authenticate(r.Context(), theorydb.NewSecret(token)) // a request without a token has an invalid one
}

// refresh gives the successor of a refresh token.
func (s *service) refresh(ctx context.Context, token theorydb.Secret[string]) (identity.RefreshResult, error) {
	return s.RefreshTokens.Refresh(ctx, token, webApp)
}

// status is what a client is told. Whatever is wrong with a token looks alike from outside. An error that says nothing
// about the token must not sign anybody out, and so it is another status.
func status(err error) string {
	code := http.StatusOK
	switch {
	case errors.Is(identity.Public(err), identity.ErrInvalidToken):
		code = http.StatusUnauthorized
	case err != nil:
		code = http.StatusServiceUnavailable
	}
	return fmt.Sprint(code, " ", http.StatusText(code))
}
