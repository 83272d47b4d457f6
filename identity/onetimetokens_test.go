package identity

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func noEffect(OneTimeToken) ([]theorydb.TransactOp, error) { return nil, nil }

func TestContractOneTimeTokens(t *testing.T) {
	t.Run("id.ott.consume_once", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			tokens := b.For(b.scope).OneTimeTokens
			for _, kind := range []TokenKind{
				KindMagicLink, KindChallenge, KindInvitation, KindAuthorizationCode, KindPortalLink, KindDomain,
			} {
				token, err := tokens.Issue(t.Context(), kind, TokenSpec{Subject: "u1", FlowID: "f1", Meta: map[string]string{"a": "b"}})
				require.NoError(t, err)
				errs := tokensAtOnce(16, func(int) error {
					consumed, err := tokens.Consume(t.Context(), kind, token)
					if err == nil && (consumed.Subject != "u1" || consumed.FlowID != "f1" || consumed.Meta["a"] != "b" || consumed.ConsumedAt == nil) {
						return errors.New("another token")
					}
					return err
				})
				tokensOneWinner(t, errs, ErrTokenUsed)
				b.tokensHoldNoneOf(t, token.Reveal(), token.Reveal()[:randomTextSize])
			}
		})
	})
	t.Run("id.ott.consume_once/with_effect", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			tokens := b.For(b.scope).OneTimeTokens
			token, err := tokens.Issue(t.Context(), KindInvitation, TokenSpec{Subject: "invited"})
			require.NoError(t, err)
			users := b.models.in(b.scope).users
			errs := tokensAtOnce(16, func(i int) error {
				_, err := tokens.ConsumeWith(t.Context(), KindInvitation, token, func(got OneTimeToken) ([]theorydb.TransactOp, error) {
					return []theorydb.TransactOp{users.CreateOp(&User{ID: got.Subject + string(rune('a'+i)), Status: "active"})}, nil
				})
				return err
			})
			tokensOneWinner(t, errs, ErrTokenUsed)
			effects := 0
			for _, item := range b.tokensStored(t) {
				if _, isUser := item["sessionEpoch"]; isUser {
					effects++
				}
			}
			require.Equal(t, 1, effects)
		})
	})
	t.Run("id.ott.consume_drop_after", func(t *testing.T) {
		for _, lost := range []int{1, 2, 3} { // answers: the change's, and those of the reads that settle it
			b := openBench(t)
			tokens := b.For(b.scope).OneTimeTokens
			token, err := tokens.Issue(t.Context(), KindMagicLink, TokenSpec{})
			require.NoError(t, err)
			b.faults.On("UpdateItem").CommitThenDrop().Times(lost)
			consumed, err := tokens.Consume(t.Context(), KindMagicLink, token)
			require.NoError(t, err)
			require.NotNil(t, consumed.ConsumedAt)
			require.Empty(t, b.faults.Unfired())
			_, err = tokens.Consume(t.Context(), KindMagicLink, token)
			require.ErrorIs(t, err, ErrTokenUsed)
		}
	})
	t.Run("id.ott.consume_drop_after/never_arrived", func(t *testing.T) {
		b := openBench(t)
		tokens := b.For(b.scope).OneTimeTokens
		token, err := tokens.Issue(t.Context(), KindChallenge, TokenSpec{})
		require.NoError(t, err)
		b.faults.On("UpdateItem").DropBefore().Times(2)
		_, err = tokens.Consume(t.Context(), KindChallenge, token)
		require.NoError(t, err)
		require.Empty(t, b.faults.Unfired())

		token, err = tokens.Issue(t.Context(), KindChallenge, TokenSpec{})
		require.NoError(t, err)
		b.faults.On("UpdateItem").DropBefore().Always()
		_, err = tokens.Consume(t.Context(), KindChallenge, token)
		require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown, "who can't know does not say that it lost")
	})
	t.Run("id.ott.consume_drop_after/own_mark", func(t *testing.T) { // neither the answer nor the reads that would settle it arrive
		b := openBench(t)
		tokens := b.For(b.scope).OneTimeTokens
		token, err := tokens.Issue(t.Context(), KindChallenge, TokenSpec{})
		require.NoError(t, err)
		b.faults.On("UpdateItem").CommitThenDrop()
		b.faults.On("GetItem").DropBefore().Times(8)
		consumed, err := tokens.Consume(t.Context(), KindChallenge, token)
		require.NoError(t, err)
		require.NotEmpty(t, consumed.ConsumedBy)
		require.Empty(t, b.faults.Unfired())
	})
	t.Run("id.ott.consume_drop_after/with_effect", func(t *testing.T) {
		b := openBench(t)
		tokens := b.For(b.scope).OneTimeTokens
		token, err := tokens.Issue(t.Context(), KindInvitation, TokenSpec{})
		require.NoError(t, err)
		b.faults.On("TransactWriteItems").CommitThenDrop()
		user := &User{ID: "u1", Status: "active"}
		_, err = tokens.ConsumeWith(t.Context(), KindInvitation, token, func(OneTimeToken) ([]theorydb.TransactOp, error) {
			return []theorydb.TransactOp{b.models.in(b.scope).users.CreateOp(user)}, nil
		})
		require.NoError(t, err)
		require.Equal(t, int64(1), user.Version)
		require.Empty(t, b.faults.Unfired())
	})
	t.Run("id.ott.boundary", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			tokens := b.For(b.scope).OneTimeTokens
			issued := func() theorydb.Secret[string] {
				token, err := tokens.Issue(t.Context(), KindMagicLink, TokenSpec{})
				require.NoError(t, err)
				return token
			}
			consume := func(token theorydb.Secret[string], after time.Duration) error {
				b.clock.Advance(after)
				_, err := tokens.Consume(t.Context(), KindMagicLink, token)
				return err
			}
			require.NoError(t, consume(issued(), 5*time.Minute-time.Second))
			require.ErrorIs(t, consume(issued(), 5*time.Minute), ErrExpired)
			expired := issued()
			require.ErrorIs(t, consume(expired, 5*time.Minute+time.Second), ErrExpired)
			_, err := tokens.Find(t.Context(), KindMagicLink, expired)
			require.ErrorIs(t, err, ErrExpired)
			_, err = tokens.ConsumeWith(t.Context(), KindMagicLink, expired, noEffect)
			require.ErrorIs(t, err, ErrExpired)
			require.ErrorIs(t, consume(expired, time.Hour), theorydb.ErrItemNotFound, "past its grace")
			require.ErrorIs(t, Public(consume(expired, 0)), ErrInvalidToken)

			short, err := tokens.Issue(t.Context(), KindMagicLink, TokenSpec{Lifetime: time.Minute})
			require.NoError(t, err)
			require.ErrorIs(t, consume(short, time.Minute), ErrExpired)
		})
	})
	t.Run("id.ott.boundary/at_the_nanosecond", func(t *testing.T) {
		b := openBench(t)
		tokens := b.For(b.scope).OneTimeTokens
		for _, early := range []time.Duration{1, 0} {
			token, err := tokens.Issue(t.Context(), KindChallenge, TokenSpec{})
			require.NoError(t, err)
			found, err := tokens.Find(t.Context(), KindChallenge, token)
			require.NoError(t, err)
			b.clock.Set(found.ExpiresAt.Add(-early))
			_, err = tokens.Consume(t.Context(), KindChallenge, token)
			require.Equal(t, early == 0, errors.Is(err, ErrExpired), "%v", err)
		}
	})
	t.Run("id.ott.consume_with_effect", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			tokens := b.For(b.scope).OneTimeTokens
			token, err := tokens.Issue(t.Context(), KindMagicLink, TokenSpec{Subject: "nobody"})
			require.NoError(t, err)
			sessions := b.models.in(b.scope).sessions
			session := Session{
				UserID: "nobody", ID: "s1", IdleExpiresAt: b.clock.Now().Add(time.Hour), AbsExpiresAt: b.clock.Now().Add(time.Hour),
				ExpiresAt: b.clock.Now().Add(time.Hour),
			}
			signIn := func(got OneTimeToken) ([]theorydb.TransactOp, error) {
				return []theorydb.TransactOp{sessions.CreateOp(&session), tokens.activeUser(got.Subject)}, nil
			}
			_, err = tokens.ConsumeWith(t.Context(), KindMagicLink, token, signIn)
			var canceled *theorydb.TransactionError
			require.ErrorAs(t, err, &canceled)
			require.NoError(t, canceled.Ops[0])
			require.ErrorIs(t, canceled.Ops[1], theorydb.ErrItemNotFound, "positions are those of the effect")

			stop := errors.New("no")
			_, err = tokens.ConsumeWith(t.Context(), KindMagicLink, token, func(OneTimeToken) ([]theorydb.TransactOp, error) { return nil, stop })
			require.Equal(t, stop, err)

			found, err := tokens.Find(t.Context(), KindMagicLink, token)
			require.NoError(t, err, "still valid")
			require.Nil(t, found.ConsumedAt)
			b.tokensUser(t, "nobody")
			consumed, err := tokens.ConsumeWith(t.Context(), KindMagicLink, token, signIn)
			require.NoError(t, err)
			require.NotNil(t, consumed.ConsumedAt)
			_, err = sessions.Get(t.Context(), session, theorydb.Consistent())
			require.NoError(t, err)
			_, err = tokens.ConsumeWith(t.Context(), KindMagicLink, token, signIn)
			require.ErrorIs(t, err, ErrTokenUsed)
			b.tokensHoldNoneOf(t, token.Reveal())
		})
	})
	t.Run("id.ott.nonce_roundtrip", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			tokens := b.For(b.scope).OneTimeTokens
			nonce := "Zm9v YmFy\u00e4\x00\n" + strings.Repeat("n", 32)
			for _, presented := range []string{nonce, nonce[:len(nonce)-1] + "m", "", nonce[1:], nonce + "n", strings.ToUpper(nonce)} {
				state, err := tokens.Issue(t.Context(), KindLoginState, TokenSpec{Meta: map[string]string{MetaNonce: nonce, "pkce": "p"}})
				require.NoError(t, err)
				_, err = tokens.Consume(t.Context(), KindLoginState, state)
				require.ErrorIs(t, err, theorydb.ErrInvalidValue, "not without its nonce")
				got, err := tokens.ConsumeState(t.Context(), state, presented)
				if presented == nonce {
					require.NoError(t, err)
					require.Equal(t, map[string]string{MetaNonce: nonce, "pkce": "p"}, got.Meta)
				} else {
					require.ErrorIs(t, err, ErrStateMismatch)
					require.Nil(t, got)
				}
				_, err = tokens.ConsumeState(t.Context(), state, nonce)
				require.ErrorIs(t, err, ErrTokenUsed, "consumed either way")
			}
		})
	})
}

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
	for _, text := range []string{"", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("A", 42) + "B", strings.Repeat("+", 43)} {
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
