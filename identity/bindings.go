package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/theorydb/theorydb"
)

// Bindings keeps upstream accounts of users, with their tokens, sealed.
type Bindings struct{ *project }

// Upstream is an upstream account as one client sees it: the subject of an issuer. Each part is compared byte by byte and
// has 1 to 1,024 bytes without control characters.
type Upstream struct {
	Issuer, Subject, ClientID string
}

func (u Upstream) check() error {
	if err := checkText("issuer", u.Issuer, maxUpstream); err != nil {
		return err
	}
	if err := checkText("subject", u.Subject, maxUpstream); err != nil {
		return err
	}
	return checkText("clientID", u.ClientID, maxUpstream)
}

// Upstream is the account of a binding.
func (b Binding) Upstream() Upstream {
	return Upstream{Issuer: b.Issuer, Subject: b.Subject, ClientID: b.ClientID}
}

// BindingTokens are the tokens of a binding.
type BindingTokens struct {
	Access  theorydb.Secret[string] // may be unset
	Refresh theorydb.Secret[string]
	Expires *time.Time // of the access token
	// Resource and TokenScope are what the tokens are for. As a new pair's they are checked and not stored: empty, or within
	// what the binding has.
	Resource, TokenScope string
	// Version is that of the binding when they were read, which Rotate asks for.
	Version int64
}

// Bind gives an active user an upstream account: Binding and BindingClaim in one transaction. Of the given Binding it takes
// UserID, the account, Resource, TokenScope, the tokens and TokenExpires. Resource is the resource indicator that the refresh
// token is bound to (RFC 8707), and with TokenScope never changes.
//
// It costs one request and one data key of KMS; when KMS is down nothing is written. An account has one user in a project:
// bound to another one it is ErrIdentifierTaken, to this user theorydb.ErrAlreadyExists; Rotate or Unbind it. A user that is
// not there or not active is ErrUserInactive.
func (b *Bindings) Bind(ctx context.Context, binding Binding) (Binding, error) {
	account := binding.Upstream()
	if err := b.check(binding.UserID, account); err != nil {
		return Binding{}, err
	}
	if err := checkText("resource", binding.Resource, maxResource); err != nil {
		return Binding{}, err
	}
	if err := checkOptionalText("tokenScope", binding.TokenScope, maxResource); err != nil {
		return Binding{}, err
	}
	if err := checkTokens(binding.AccessToken, binding.RefreshToken); err != nil {
		return Binding{}, err
	}
	claim := &BindingClaim{Issuer: account.Issuer, Subject: account.Subject, ClientID: account.ClientID, UserID: binding.UserID}
	if _, err := b.claim(ctx, binding.UserID, b.bindingClaims.CreateOp(claim), b.bindings.CreateOp(&binding)); err != nil {
		return Binding{}, err
	}
	return binding, nil
}

// Get reads a binding without its tokens: one strong read, and no KMS. An account that the user does not have is
// theorydb.ErrItemNotFound.
func (b *Bindings) Get(ctx context.Context, userID string, account Upstream) (Binding, error) {
	if err := b.check(userID, account); err != nil {
		return Binding{}, err
	}
	for binding, err := range b.outlines(ctx, bindingOf(userID, account)) {
		return binding, err
	}
	return Binding{}, fmt.Errorf("%w: the user has no such binding", theorydb.ErrItemNotFound)
}

// Tokens reads the tokens of a binding and opens them: one strong read, and one or two requests to KMS. Where they can't or
// may not be opened, or were tampered with, it is an error that matches theorydb.ErrEncryption, with no tokens. An account
// that the user does not have is theorydb.ErrItemNotFound.
func (b *Bindings) Tokens(ctx context.Context, userID string, account Upstream) (BindingTokens, error) {
	if err := b.check(userID, account); err != nil {
		return BindingTokens{}, err
	}
	stored, err := b.bindings.Get(ctx, bindingOf(userID, account), theorydb.Consistent())
	if err != nil {
		return BindingTokens{}, err
	}
	return BindingTokens{
		Access: stored.AccessToken, Refresh: stored.RefreshToken, Expires: stored.TokenExpires,
		Resource: stored.Resource, TokenScope: stored.TokenScope, Version: stored.Version,
	}, nil
}

// Rotate stores new tokens of a binding over those of the version that was read, when the user is active: a strong read and
// a transaction, and one data key of KMS. Of two that come at the same time one wins, the other is
// theorydb.ErrVersionConflict and reads the Tokens again.
//
// A resource that is not the binding's, or a scope value that the binding does not have, is ErrForbidden, with nothing
// written: what a refresh token is for never widens (RFC 6749, 6; RFC 8707, 2.2). What is stored stays as it is even where
// the new tokens are for less. A user that is not active is ErrUserInactive.
func (b *Bindings) Rotate(ctx context.Context, userID string, account Upstream, tokens BindingTokens) error {
	stored, err := b.Get(ctx, userID, account)
	if err != nil {
		return err
	}
	if tokens.Resource != "" && tokens.Resource != stored.Resource {
		return fmt.Errorf("%w: resource is another one", ErrForbidden)
	}
	if !isWithin(tokens.TokenScope, stored.TokenScope) {
		return fmt.Errorf("%w: tokenScope is wider", ErrForbidden)
	}
	if err := checkTokens(tokens.Access, tokens.Refresh); err != nil {
		return err
	}
	parts := []theorydb.ChangePart{
		theorydb.IfVersion(tokens.Version), theorydb.OnlyIf(isFor(stored)), theorydb.Set("refreshToken", tokens.Refresh),
	}
	if tokens.Access.IsSet() {
		parts = append(parts, theorydb.Set("accessToken", tokens.Access))
	} else {
		parts = append(parts, theorydb.Remove("accessToken"))
	}
	if tokens.Expires != nil {
		parts = append(parts, theorydb.Set("tokenExpires", *tokens.Expires))
	} else {
		parts = append(parts, theorydb.Remove("tokenExpires"))
	}
	change := theorydb.FailAs(b.bindings.ChangeOp(bindingOf(userID, account), parts...), theorydb.ErrVersionConflict)
	return b.db.Transact(ctx, change, b.activeUser(userID))
}

// isFor is the condition that a binding is for what it was read to be for. One that was unbound and bound again begins with
// the same versions.
func isFor(stored Binding) theorydb.Condition {
	scope := theorydb.NotExists("tokenScope")
	if stored.TokenScope != "" {
		scope = theorydb.Equal("tokenScope", stored.TokenScope)
	}
	return theorydb.And(theorydb.Equal("resource", stored.Resource), scope)
}

// Unbind takes an upstream account from a user, active or not, with its tokens; it is free at once. One that the user does
// not have is theorydb.ErrItemNotFound. KMS is not needed.
func (b *Bindings) Unbind(ctx context.Context, userID string, account Upstream) error {
	if err := b.check(userID, account); err != nil {
		return err
	}
	return b.unbind(ctx, bindingOf(userID, account))
}

func (p *project) unbind(ctx context.Context, row Binding) error {
	return p.release(ctx,
		p.bindingClaims.DeleteOp(&BindingClaim{Issuer: row.Issuer, Subject: row.Subject, ClientID: row.ClientID}, theirs(row.UserID)...),
		p.bindings.DeleteOp(&row, theorydb.AnyVersion()))
}

// FindUser reads the user that an upstream account is bound to: two strong reads, and no KMS. An account of nobody is
// theorydb.ErrItemNotFound, of which Options.Notify is told, without it. Look at the user's Status.
func (b *Bindings) FindUser(ctx context.Context, account Upstream) (User, error) {
	if err := b.ready(); err != nil {
		return User{}, err
	}
	if err := account.check(); err != nil {
		return User{}, err
	}
	claim, err := b.bindingClaims.Get(ctx,
		BindingClaim{Issuer: account.Issuer, Subject: account.Subject, ClientID: account.ClientID}, theorydb.Consistent())
	if err != nil {
		return User{}, b.missed(ctx, "", err)
	}
	return b.readUser(ctx, claim.UserID)
}

// List reads the bindings of a user strongly, without their tokens and without KMS.
func (b *Bindings) List(ctx context.Context, userID string) ([]Binding, error) {
	if err := b.ready(); err != nil {
		return nil, err
	}
	if err := checkID("userID", userID); err != nil {
		return nil, err
	}
	var all []Binding
	for binding, err := range b.outlines(ctx, Binding{UserID: userID}) {
		if err != nil {
			return nil, err
		}
		all = append(all, binding)
	}
	return all, nil
}

func (b *Bindings) check(userID string, account Upstream) error {
	if err := b.ready(); err != nil {
		return err
	}
	if err := account.check(); err != nil {
		return err
	}
	return checkID("userID", userID)
}

func bindingOf(userID string, account Upstream) Binding {
	return Binding{UserID: userID, Issuer: account.Issuer, Subject: account.Subject, ClientID: account.ClientID}
}

func checkTokens(access, refresh theorydb.Secret[string]) error {
	if err := checkText("refreshToken", refresh.Reveal(), maxToken); err != nil {
		return err
	}
	return checkOptionalText("accessToken", access.Reveal(), maxToken)
}

// maxToken bounds a token of another system, which may be a JWT with many claims.
const maxToken = 32 << 10

// isWithin reports whether every value of one scope is in another (RFC 6749, 3.3: values between spaces, in any order).
func isWithin(scope, whole string) bool {
	values := strings.Fields(whole)
	for value := range strings.FieldsSeq(scope) {
		if !slices.Contains(values, value) {
			return false
		}
	}
	return true
}
