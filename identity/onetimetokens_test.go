package identity

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func noEffect(OneTimeToken) ([]theorydb.TransactOp, error) { return nil, nil }

func TestStateWithoutANonceIsAcceptedAndNoticedOnce(t *testing.T) {
	var noticed atomic.Int64
	b := openBench(t, func(o *Options) {
		o.Notify = func(_ context.Context, n Notice) {
			if n.Kind == NoticeStateWithoutNonce && n.ID == "flow" {
				noticed.Add(1)
			}
		}
	})
	tokens := b.For(b.scope).OneTimeTokens
	state, err := tokens.Issue(t.Context(), KindLoginState, TokenSpec{FlowID: "flow"})
	require.NoError(t, err)
	_, err = tokens.ConsumeState(t.Context(), state, "whatever")
	require.NoError(t, err)
	_, err = tokens.ConsumeState(t.Context(), state, "whatever")
	require.ErrorIs(t, err, ErrTokenUsed)
	require.Equal(t, int64(1), noticed.Load())
	_, err = tokens.Issue(t.Context(), KindLoginState, TokenSpec{Meta: map[string]string{MetaNonce: ""}})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
}

func TestTokenOfAnotherKindOrProjectIsNone(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		tokens := b.For(b.scope).OneTimeTokens
		token, err := tokens.Issue(t.Context(), KindInvitation, TokenSpec{})
		require.NoError(t, err)
		_, err = tokens.Consume(t.Context(), KindChallenge, token)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		other, err := NewScope("acme", "test")
		require.NoError(t, err)
		_, err = b.For(other).OneTimeTokens.Consume(t.Context(), KindInvitation, token)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = tokens.Consume(t.Context(), KindInvitation, token)
		require.NoError(t, err)
	})
}

func TestWhatCantBeATokenSendsNothing(t *testing.T) {
	b := openBench(t)
	tokens := b.For(b.scope).OneTimeTokens
	link, err := tokens.Issue(t.Context(), KindMagicLink, TokenSpec{})
	require.NoError(t, err)
	other, err := NewScope("acme", "test")
	require.NoError(t, err)
	foreign, err := b.For(other).OneTimeTokens.Issue(t.Context(), KindMagicLink, TokenSpec{})
	require.NoError(t, err)
	sent := b.tokensRequests()
	forged := link.Reveal()[:len(link.Reveal())-43] + strings.Repeat("A", 43)
	for _, text := range []string{"", "x", strings.Repeat("A", 10_000), strings.Repeat("A", 42) + "B", link.Reveal()[:43], forged, foreign.Reveal()} {
		_, err := tokens.Consume(t.Context(), KindMagicLink, theorydb.NewSecret(text))
		require.ErrorIs(t, err, ErrInvalidToken)
	}
	for _, text := range []string{"", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("A", 42) + "B", strings.Repeat("+", 43), strings.Repeat("A", 42) + "\n"} {
		_, err := tokens.Consume(t.Context(), KindInvitation, theorydb.NewSecret(text))
		require.ErrorIs(t, err, ErrInvalidToken)
		_, err = tokens.ConsumeState(t.Context(), theorydb.NewSecret(text), "n")
		require.ErrorIs(t, err, ErrInvalidToken)
		_, err = tokens.ConsumeWith(t.Context(), KindInvitation, theorydb.NewSecret(text), noEffect)
		require.ErrorIs(t, err, ErrInvalidToken)
	}
	for name, spec := range map[string]TokenSpec{
		"long subject": {Subject: strings.Repeat("s", 257)}, "no UTF-8": {Subject: "\xff"}, "flow": {FlowID: "a#b"},
		"large meta": {Meta: map[string]string{"a": strings.Repeat("m", maxTokenMeta)}}, "negative": {Lifetime: -1},
		"longer": {Lifetime: 8 * 24 * time.Hour}, "meta no UTF-8": {Meta: map[string]string{"\xff": ""}},
	} {
		_, err := tokens.Issue(t.Context(), KindPortalLink, spec)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, name)
	}
	_, err = tokens.Issue(t.Context(), "password_reset", TokenSpec{})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	none := b.For(Scope{}).OneTimeTokens
	_, err = none.Issue(t.Context(), KindInvitation, TokenSpec{})
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	_, err = tokens.ConsumeWith(t.Context(), KindInvitation, link, nil)
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = none.Consume(t.Context(), KindInvitation, link)
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	require.Empty(t, sent())
}

func TestConsumingCostsOneRequest(t *testing.T) {
	b := openBench(t)
	tokens := b.For(b.scope).OneTimeTokens
	token, err := tokens.Issue(t.Context(), KindInvitation, TokenSpec{})
	require.NoError(t, err)
	b.aws.ResetCalls()
	_, err = tokens.Consume(t.Context(), KindInvitation, token)
	require.NoError(t, err)
	require.Len(t, b.aws.Calls(), 1)
	require.InDelta(t, 1, b.aws.Calls()[0].ConsumedCapacity, 0)
	require.Empty(t, b.aws.KMSCalls())

	token, err = tokens.Issue(t.Context(), KindInvitation, TokenSpec{})
	require.NoError(t, err)
	b.aws.ResetCalls()
	_, err = tokens.ConsumeWith(t.Context(), KindInvitation, token, noEffect)
	require.NoError(t, err)
	require.Len(t, b.aws.Calls(), 2)
	require.InDelta(t, 1, b.aws.Calls()[0].ConsumedCapacity, 0)
	require.InDelta(t, 2, b.aws.Calls()[1].ConsumedCapacity, 0)
}

func TestTokensShortLivesStayWithinTheirKind(t *testing.T) {
	b := openBench(t)
	tokens := b.For(b.scope).OneTimeTokens
	for kind, lifetime := range map[TokenKind]time.Duration{
		KindMagicLink: 5 * time.Minute, KindChallenge: 5 * time.Minute, KindInvitation: sevenDays,
		KindAuthorizationCode: time.Minute, KindPortalLink: 5 * time.Minute, KindDomain: sevenDays,
	} {
		token, err := tokens.Issue(t.Context(), kind, TokenSpec{})
		require.NoError(t, err)
		found, err := tokens.Find(t.Context(), kind, token)
		require.NoError(t, err)
		require.WithinDuration(t, b.clock.Now().Add(lifetime), found.ExpiresAt, time.Millisecond, kind)
		require.Equal(t, found.ExpiresAt.Add(time.Hour).Unix(), found.TTL.Unix())
		longest := lifetime
		if kind == KindPortalLink {
			longest = sevenDays
		}
		_, err = tokens.Issue(t.Context(), kind, TokenSpec{Lifetime: longest})
		require.NoError(t, err)
		_, err = tokens.Issue(t.Context(), kind, TokenSpec{Lifetime: longest + 1})
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	}
}
