package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/theorydb/theorydb"
)

var errStateNeedsNonce = fmt.Errorf("%w: a login state is consumed by ConsumeState, with its nonce", theorydb.ErrInvalidValue)

// Consume takes a token, and returns it as it is then. It sends one request, and one more when it fails, to tell why:
// ErrTokenUsed, ErrExpired or theorydb.ErrItemNotFound; ErrInvalidToken when the text can't be a token. Of any number of
// parallel calls exactly one succeeds. theorydb.ErrOutcomeUnknown says that three tries got no answer: the token may be
// spent. A login state is refused; see ConsumeState.
func (o *OneTimeTokens) Consume(ctx context.Context, kind TokenKind, presented theorydb.Secret[string]) (*OneTimeToken, error) {
	if err := o.ready(); err != nil {
		return nil, err
	}
	if kind == KindLoginState {
		return nil, errStateNeedsNonce
	}
	return o.consume(ctx, kind, presented)
}

func (o *OneTimeTokens) consume(ctx context.Context, kind TokenKind, presented theorydb.Secret[string]) (*OneTimeToken, error) {
	c, err := o.consumptionOf(kind, presented)
	if err != nil {
		return nil, err
	}
	var token *OneTimeToken
	_, err = repeatUnknown(ctx, func() (err error) {
		token, err = o.oneTimeTokens.Change(ctx, c.key, consumption(c.mark, c.now)...)
		return err
	})
	if err == nil {
		return token, nil
	}
	return o.judge(ctx, c, err)
}

// tokenConsumption is one call that takes a token.
type tokenConsumption struct {
	key  OneTimeToken
	mark string // what the call leaves in the token
	now  time.Time
}

func (o *OneTimeTokens) consumptionOf(kind TokenKind, presented theorydb.Secret[string]) (tokenConsumption, error) {
	key, err := o.keyOf(kind, presented)
	if err != nil {
		return tokenConsumption{}, err
	}
	mark, err := o.onceMark()
	if err != nil {
		return tokenConsumption{}, err
	}
	return tokenConsumption{key, mark, o.db.Now()}, nil
}

// consumption marks a token or code as taken, where it is valid and nobody took it.
func consumption(mark string, now time.Time) []theorydb.ChangePart {
	return []theorydb.ChangePart{
		theorydb.Set("consumedAt", now), theorydb.Set("consumedBy", mark),
		theorydb.OnlyIf(theorydb.NotExists("consumedAt")), theorydb.OnlyIf(theorydb.Greater("expiresAt", now)),
	}
}

// judge says why a token could not be consumed, or that this very call did it and did not hear so.
func (o *OneTimeTokens) judge(ctx context.Context, c tokenConsumption, refused error) (*OneTimeToken, error) {
	if errors.Is(refused, theorydb.ErrItemNotFound) {
		o.notify(ctx, Notice{Kind: NoticeMiss, Scope: o.scope})
		return nil, refused
	}
	unknown := errors.Is(refused, theorydb.ErrOutcomeUnknown)
	if !unknown && !conditionRefused(refused) {
		return nil, refused
	}
	token, err := o.oneTimeTokens.Get(ctx, c.key, theorydb.Consistent())
	switch {
	case unknown && err != nil:
		return nil, refused
	case err != nil:
		return nil, err
	case token.ConsumedBy == c.mark:
		return token, nil
	case unknown:
		return nil, refused
	}
	if why := token.refusal(c.now); why != nil {
		return nil, why
	}
	return nil, refused
}

// refusal is why a token can't be consumed; nil when it can.
func (t *OneTimeToken) refusal(now time.Time) error {
	return oneTimeRefusal(t.ConsumedAt, t.ExpiresAt, now)
}

// oneTimeRefusal: one without an expiry is expired, whoever stored it so.
func oneTimeRefusal(consumedAt *time.Time, expiresAt, now time.Time) error {
	switch {
	case consumedAt != nil:
		return ErrTokenUsed
	case !now.Before(expiresAt):
		return ErrExpired
	}
	return nil
}

// Find reads a valid token and leaves it as it is: to show an invitation before it is accepted, say. It sends one strongly
// consistent read. Its errors are those of Consume.
func (o *OneTimeTokens) Find(ctx context.Context, kind TokenKind, presented theorydb.Secret[string]) (*OneTimeToken, error) {
	if err := o.ready(); err != nil {
		return nil, err
	}
	if kind == KindLoginState {
		return nil, errStateNeedsNonce
	}
	key, err := o.keyOf(kind, presented)
	if err != nil {
		return nil, err
	}
	return o.find(ctx, key, o.db.Now())
}

func (o *OneTimeTokens) find(ctx context.Context, key OneTimeToken, now time.Time) (*OneTimeToken, error) {
	token, err := o.oneTimeTokens.Get(ctx, key, theorydb.Consistent())
	if errors.Is(err, theorydb.ErrItemNotFound) {
		o.notify(ctx, Notice{Kind: NoticeMiss, Scope: o.scope})
	}
	if err != nil {
		return nil, err
	}
	if why := token.refusal(now); why != nil {
		return nil, why
	}
	return token, nil
}

// ConsumeWith takes a token together with its effect, in one transaction: the token is spent if and only if the effect
// took place. effect is given the token and says what is to be done, such as accepting an invitation or creating a session;
// it must not keep the token. Its own error ends the call, is returned as it is, and leaves the token valid.
//
// It sends a strongly consistent read and the transaction, and one more read when the token itself stood in the way: the
// errors are then those of Consume. When an operation of the effect was the cause, the error is the
// *theorydb.TransactionError, whose first Ops are those of effect in their order, and the token is still valid. A
// transaction whose outcome is unknown is made again, up to three times in all, and the call's mark in the token tells
// whether it took place: the records of the effect's operations are then as effect gave them, without version and times.
// With theorydb.ErrOutcomeUnknown no answer came to that either, and both or neither took place.
func (o *OneTimeTokens) ConsumeWith(
	ctx context.Context, kind TokenKind, presented theorydb.Secret[string],
	effect func(OneTimeToken) ([]theorydb.TransactOp, error),
) (*OneTimeToken, error) {
	if err := o.ready(); err != nil {
		return nil, err
	}
	if kind == KindLoginState {
		return nil, errStateNeedsNonce
	}
	if effect == nil {
		return nil, fmt.Errorf("%w: effect is nil", theorydb.ErrInvalidValue)
	}
	return o.consumeWith(ctx, kind, presented, func(token OneTimeToken) (*consequence, error) {
		ops, err := effect(token)
		return &consequence{ops: ops}, err
	})
}

// consequence is what a token is consumed with.
type consequence struct {
	ops   []theorydb.TransactOp
	event *pendingEvent
	held  []string // see commit
}

func (o *OneTimeTokens) consumeWith(
	ctx context.Context, kind TokenKind, presented theorydb.Secret[string], effect func(OneTimeToken) (*consequence, error),
) (*OneTimeToken, error) {
	c, err := o.consumptionOf(kind, presented)
	if err != nil {
		return nil, err
	}
	token, err := o.find(ctx, c.key, c.now)
	if err != nil {
		return nil, err
	}
	with, err := effect(*token)
	if err != nil {
		return nil, err
	}
	// The token comes last, so that positions in an error are those that the effect knows.
	ops := append(slices.Clone(with.ops), o.oneTimeTokens.ChangeOp(c.key, consumption(c.mark, c.now)...))
	unknown, err := repeatUnknown(ctx, func() error { return o.commit(ctx, with.event, ops, with.held...) })
	if cause := causeAt(err, len(ops)-1); errors.Is(cause, theorydb.ErrConditionFailed) {
		return o.judge(ctx, c, cause)
	}
	if err != nil && unknown {
		// A refusal now is none of the try before, which may still arrive.
		if !errors.Is(err, theorydb.ErrOutcomeUnknown) {
			err = fmt.Errorf("%w: %w", theorydb.ErrOutcomeUnknown, err)
		}
		return o.judge(ctx, c, err)
	}
	if err != nil {
		return nil, err
	}
	token.ConsumedAt, token.ConsumedBy = &c.now, c.mark
	return token, nil
}
