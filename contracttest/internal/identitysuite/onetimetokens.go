package identitysuite

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var oneTimeTokens = []Scenario{
	{ID: "id.ott.consume_once", run: aOneTimeTokenIsConsumedOnce},
	{ID: "id.ott.boundary", run: aOneTimeTokenIsValidUntilItsExpiryAndNotAtIt},
	{ID: "id.ott.consume_with_effect", run: aOneTimeTokenIsSpentIfAndOnlyIfItsEffectTookPlace},
	{ID: "id.ott.nonce_roundtrip", run: aLoginStateCountsWithItsNonceOnly},
}

// issue makes a one-time token, which is kept secret.
func (b *bench) issue(t testing.TB, kind identity.TokenKind, spec identity.TokenSpec) theorydb.Secret[string] {
	t.Helper()
	token, err := b.OneTimeTokens.Issue(t.Context(), kind, spec)
	require.NoError(t, err)
	b.keepTokenSecret(t, token)
	return token
}

// keepTokenSecret keeps a one-time token secret: its text, and the 32 bytes that it is made of. A magic link is a token, a
// dot and a MAC.
func (b *bench) keepTokenSecret(t testing.TB, token theorydb.Secret[string]) {
	t.Helper()
	for _, text := range strings.Split(token.Reveal(), ".") {
		whole, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(t, err)
		require.Len(t, whole, 32)
		b.keepSecret(text, string(whole))
	}
}

func aOneTimeTokenIsConsumedOnce(t *testing.T, b *bench) {
	for _, kind := range []identity.TokenKind{
		identity.KindMagicLink, identity.KindChallenge, identity.KindInvitation, identity.KindAuthorizationCode,
		identity.KindPortalLink, identity.KindDomain,
	} {
		token := b.issue(t, kind, identity.TokenSpec{Subject: "u1", FlowID: "f1", Meta: map[string]string{"a": "b"}})
		errs := together(racers, func(int) error {
			consumed, err := b.OneTimeTokens.Consume(t.Context(), kind, token)
			if err == nil && (consumed.Subject != "u1" || consumed.FlowID != "f1" || consumed.Meta["a"] != "b" || consumed.ConsumedAt == nil) {
				return errors.New("another token")
			}
			return err
		})
		requireOneWinner(t, errs, identity.ErrTokenUsed)
	}

	t.Run("with an effect", func(t *testing.T) {
		token := b.issue(t, identity.KindInvitation, identity.TokenSpec{Subject: "invited"})
		users := rows[identity.User](t, b)
		errs := together(racers, func(i int) error {
			_, err := b.OneTimeTokens.ConsumeWith(t.Context(), identity.KindInvitation, token, func(got identity.OneTimeToken) ([]theorydb.TransactOp, error) {
				return []theorydb.TransactOp{users.CreateOp(&identity.User{ID: fmt.Sprint(got.Subject, i), Status: "active"})}, nil
			})
			return err
		})
		requireOneWinner(t, errs, identity.ErrTokenUsed)
		require.Len(t, b.itemsOf(t, "User"), 1)
	})
}

func aOneTimeTokenIsValidUntilItsExpiryAndNotAtIt(t *testing.T, b *bench) {
	noEffect := func(identity.OneTimeToken) ([]theorydb.TransactOp, error) { return nil, nil }
	consume := func(token theorydb.Secret[string], after time.Duration) error {
		b.clock.Advance(after)
		_, err := b.OneTimeTokens.Consume(t.Context(), identity.KindMagicLink, token)
		return err
	}
	link := func() theorydb.Secret[string] { return b.issue(t, identity.KindMagicLink, identity.TokenSpec{}) }
	require.NoError(t, consume(link(), 5*time.Minute-time.Second))
	require.ErrorIs(t, consume(link(), 5*time.Minute), identity.ErrExpired)
	expired := link()
	require.ErrorIs(t, consume(expired, 5*time.Minute+time.Second), identity.ErrExpired)
	_, err := b.OneTimeTokens.Find(t.Context(), identity.KindMagicLink, expired)
	require.ErrorIs(t, err, identity.ErrExpired)
	_, err = b.OneTimeTokens.ConsumeWith(t.Context(), identity.KindMagicLink, expired, noEffect)
	require.ErrorIs(t, err, identity.ErrExpired)
	require.ErrorIs(t, consume(expired, time.Hour), theorydb.ErrItemNotFound, "past its grace")
	require.ErrorIs(t, identity.Public(consume(expired, 0)), identity.ErrInvalidToken)

	short := b.issue(t, identity.KindMagicLink, identity.TokenSpec{Lifetime: time.Minute})
	require.ErrorIs(t, consume(short, time.Minute), identity.ErrExpired)

	t.Run("at the nanosecond", func(t *testing.T) {
		for _, early := range []time.Duration{1, 0} {
			token := b.issue(t, identity.KindChallenge, identity.TokenSpec{})
			found, err := b.OneTimeTokens.Find(t.Context(), identity.KindChallenge, token)
			require.NoError(t, err)
			b.clock.Set(found.ExpiresAt.Add(-early))
			_, err = b.OneTimeTokens.Consume(t.Context(), identity.KindChallenge, token)
			require.Equal(t, early == 0, errors.Is(err, identity.ErrExpired), "%v", err)
		}
	})
}

func aOneTimeTokenIsSpentIfAndOnlyIfItsEffectTookPlace(t *testing.T, b *bench) {
	tokens, sessions, users := b.OneTimeTokens, rows[identity.Session](t, b), rows[identity.User](t, b)
	token := b.issue(t, identity.KindMagicLink, identity.TokenSpec{Subject: "nobody"})
	ends := b.clock.Now().Add(time.Hour)
	session := identity.Session{UserID: "nobody", ID: "s1", IdleExpiresAt: ends, AbsExpiresAt: ends, ExpiresAt: ends}
	signIn := func(got identity.OneTimeToken) ([]theorydb.TransactOp, error) {
		return []theorydb.TransactOp{
			sessions.CreateOp(&session), users.CheckOp(identity.User{ID: got.Subject}, theorydb.Equal("status", "active")),
		}, nil
	}
	_, err := tokens.ConsumeWith(t.Context(), identity.KindMagicLink, token, signIn)
	var canceled *theorydb.TransactionError
	require.ErrorAs(t, err, &canceled)
	require.NoError(t, canceled.Ops[0])
	require.ErrorIs(t, canceled.Ops[1], theorydb.ErrItemNotFound, "positions are those of the effect")
	require.Empty(t, b.itemsOf(t, "Session"))

	stop := errors.New("no")
	_, err = tokens.ConsumeWith(t.Context(), identity.KindMagicLink, token, func(identity.OneTimeToken) ([]theorydb.TransactOp, error) { return nil, stop })
	require.Equal(t, stop, err)

	found, err := tokens.Find(t.Context(), identity.KindMagicLink, token)
	require.NoError(t, err, "still valid")
	require.Nil(t, found.ConsumedAt)
	b.user(t, "nobody")
	consumed, err := tokens.ConsumeWith(t.Context(), identity.KindMagicLink, token, signIn)
	require.NoError(t, err)
	require.NotNil(t, consumed.ConsumedAt)
	_, err = sessions.Get(t.Context(), session, theorydb.Consistent())
	require.NoError(t, err)
	_, err = tokens.ConsumeWith(t.Context(), identity.KindMagicLink, token, signIn)
	require.ErrorIs(t, err, identity.ErrTokenUsed)
}

func aLoginStateCountsWithItsNonceOnly(t *testing.T, b *bench) {
	nonce := "Zm9v YmFy\u00e4\x00\n" + strings.Repeat("n", 32)
	for _, presented := range []string{nonce, nonce[:len(nonce)-1] + "m", "", nonce[1:], nonce + "n", strings.ToUpper(nonce)} {
		given := map[string]string{identity.MetaNonce: nonce, "pkce": "p"}
		state := b.issue(t, identity.KindLoginState, identity.TokenSpec{Meta: given})
		_, err := b.OneTimeTokens.Consume(t.Context(), identity.KindLoginState, state)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, "not without its nonce")
		got, err := b.OneTimeTokens.ConsumeState(t.Context(), state, presented)
		if presented == nonce {
			require.NoError(t, err)
			require.Equal(t, given, got.Meta, "byte by byte")
		} else {
			require.ErrorIs(t, err, identity.ErrStateMismatch)
			require.Nil(t, got)
		}
		_, err = b.OneTimeTokens.ConsumeState(t.Context(), state, nonce)
		require.ErrorIs(t, err, identity.ErrTokenUsed, "consumed either way")
	}

	// One that was issued without a nonce, as by a program of before, is accepted and told, once.
	require.Zero(t, b.notices(identity.NoticeStateWithoutNonce))
	old := b.issue(t, identity.KindLoginState, identity.TokenSpec{FlowID: "f1", Meta: map[string]string{"pkce": "p"}})
	got, err := b.OneTimeTokens.ConsumeState(t.Context(), old, "")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"pkce": "p"}, got.Meta)
	_, err = b.OneTimeTokens.ConsumeState(t.Context(), old, "")
	require.ErrorIs(t, err, identity.ErrTokenUsed)
	require.Equal(t, 1, b.notices(identity.NoticeStateWithoutNonce))
	_, err = b.OneTimeTokens.Issue(t.Context(), identity.KindLoginState, identity.TokenSpec{Meta: map[string]string{identity.MetaNonce: ""}})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue, "an empty one is not none")
}
