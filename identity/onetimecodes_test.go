package identity

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// anotherCode is a well-formed code that is not the right one.
func anotherCode(right theorydb.Secret[string]) theorydb.Secret[string] {
	text := []byte(right.Reveal())
	text[len(text)-1] = '0' + (text[len(text)-1]-'0'+1)%10
	return theorydb.NewSecret(string(text))
}

func TestRightCodeWinsOnce(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		tokens := b.For(b.scope).OneTimeTokens
		code, err := tokens.IssueCode(t.Context(), "flow", CodeSpec{Kind: "sms"})
		require.NoError(t, err)
		errs := together(16, func(int) error {
			_, err := tokens.VerifyCode(t.Context(), "flow", code)
			return err
		})
		requireOneWinner(t, errs, ErrTokenUsed, ErrTooManyAttempts)
	})
}

func TestCodeExpiresAtItsSecond(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		tokens := b.For(b.scope).OneTimeTokens
		code, err := tokens.IssueCode(t.Context(), "a", CodeSpec{Kind: "sms"})
		require.NoError(t, err)
		b.clock.Advance(10*time.Minute - time.Second)
		_, err = tokens.VerifyCode(t.Context(), "a", code)
		require.NoError(t, err)
		code, err = tokens.IssueCode(t.Context(), "b", CodeSpec{Kind: "sms"})
		require.NoError(t, err)
		b.clock.Advance(10 * time.Minute)
		_, err = tokens.VerifyCode(t.Context(), "b", code)
		require.ErrorIs(t, err, ErrExpired)
		b.clock.Advance(time.Hour)
		_, err = tokens.VerifyCode(t.Context(), "b", code)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = tokens.IssueCode(t.Context(), "b", CodeSpec{Kind: "sms"})
		require.NoError(t, err, "the flow is free again")
		_, err = tokens.VerifyCode(t.Context(), "unknown", code)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	})
}

func TestCodeSurvivesLostAnswers(t *testing.T) {
	for nth := 1; nth <= 2; nth++ { // the count, and the consumption
		b := openBench(t)
		tokens := b.For(b.scope).OneTimeTokens
		code, err := tokens.IssueCode(t.Context(), "flow", CodeSpec{Kind: "sms"})
		require.NoError(t, err)
		b.faults.On("UpdateItem").Nth(nth).CommitThenDrop()
		_, err = tokens.VerifyCode(t.Context(), "flow", code)
		require.NoError(t, err)
		_, err = tokens.VerifyCode(t.Context(), "flow", code)
		require.ErrorIs(t, err, ErrTokenUsed)
	}
	b := openBench(t)
	tokens := b.For(b.scope).OneTimeTokens
	code, err := tokens.IssueCode(t.Context(), "flow", CodeSpec{Kind: "sms"})
	require.NoError(t, err)
	b.faults.On("UpdateItem").DropBefore().Always()
	_, err = tokens.VerifyCode(t.Context(), "flow", anotherCode(code))
	require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown, "a try that may not be counted is not compared")
}

func TestMalformedCodeIsNotCounted(t *testing.T) {
	b := openBench(t)
	tokens := b.For(b.scope).OneTimeTokens
	sent := b.tokensRequests()
	for _, text := range []string{"", "1234567", "123456789", "1234567a", "１２３４５６７８"} {
		_, err := tokens.VerifyCode(t.Context(), "flow", theorydb.NewSecret(text))
		require.ErrorIs(t, err, ErrInvalidToken)
	}
	for _, spec := range []CodeSpec{{}, {Kind: "a b"}, {Kind: "sms", Lifetime: -1}, {Kind: "sms", Lifetime: time.Hour}, {Kind: "sms", Subject: "\xff"}} {
		_, err := tokens.IssueCode(t.Context(), "flow", spec)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	}
	_, err := tokens.IssueCode(t.Context(), "a#b", CodeSpec{Kind: "sms"})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	require.Empty(t, sent())
}
