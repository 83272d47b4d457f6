package identity

import (
	"context"

	"github.com/theorydb/theorydb"
)

// MetaNonce is the name in TokenSpec.Meta of the nonce of a login state: what a browser was given, so that the answer of the
// other provider counts in that browser only.
const MetaNonce = "client_state_nonce"

// ConsumeState takes a login state and compares its nonce with the one that came back, in constant time. The state is spent
// either way: a nonce that is absent, shorter or another is ErrStateMismatch, whose public code is csrf_state_mismatch, and
// there is no second try. The Meta of the state is returned byte by byte as it was given to Issue.
//
// A state that was issued without a nonce is accepted, whatever nonce came back, and Options.Notify is told of it. Requests
// and the other errors are those of Consume.
func (o *OneTimeTokens) ConsumeState(ctx context.Context, presented theorydb.Secret[string], nonce string) (*OneTimeToken, error) {
	if err := o.ready(); err != nil {
		return nil, err
	}
	state, err := o.consume(ctx, KindLoginState, presented)
	if err != nil {
		return nil, err
	}
	expected, given := state.Meta[MetaNonce]
	if !given {
		o.notify(ctx, Notice{Kind: NoticeStateWithoutNonce, Scope: o.scope, ID: state.FlowID})
		return state, nil
	}
	if !EqualNonce(nonce, expected) {
		return nil, ErrStateMismatch
	}
	return state, nil
}
