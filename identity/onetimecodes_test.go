package identity

import (
	"errors"
	"fmt"
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

func TestContractOneTimeCodes(t *testing.T) {
	t.Run("id.otp.attempts_exact", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			tokens := b.For(b.scope).OneTimeTokens
			code, err := tokens.IssueCode(t.Context(), "flow", CodeSpec{Kind: "email", Subject: "u1"})
			require.NoError(t, err)
			require.True(t, isDigits(code.Reveal(), 8))
			errs := tokensAtOnce(20, func(int) error {
				_, err := tokens.VerifyCode(t.Context(), "flow", anotherCode(code))
				return err
			})
			evaluated := 0
			for _, err := range errs {
				if errors.Is(err, ErrInvalidToken) {
					evaluated++
					continue
				}
				require.ErrorIs(t, err, ErrTooManyAttempts)
			}
			require.Equal(t, 5, evaluated)
			_, err = tokens.VerifyCode(t.Context(), "flow", code)
			require.ErrorIs(t, err, ErrTooManyAttempts, "the right one comes too late")
			_, err = tokens.IssueCode(t.Context(), "flow", CodeSpec{Kind: "email"})
			require.ErrorIs(t, err, theorydb.ErrAlreadyExists, "no new tries by asking again")
			b.tokensHoldNoneOf(t, code.Reveal())
		})
	})
	t.Run("id.otp.attempts_exact/last_try_is_right", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			tokens := b.For(b.scope).OneTimeTokens
			code, err := tokens.IssueCode(t.Context(), "flow", CodeSpec{Kind: "email", Subject: "u1"})
			require.NoError(t, err)
			for range 4 {
				_, err := tokens.VerifyCode(t.Context(), "flow", anotherCode(code))
				require.ErrorIs(t, err, ErrInvalidToken)
			}
			verified, err := tokens.VerifyCode(t.Context(), "flow", code)
			require.NoError(t, err)
			require.Equal(t, "u1", verified.Subject)
			_, err = tokens.VerifyCode(t.Context(), "flow", code)
			require.ErrorIs(t, err, ErrTokenUsed)
		})
	})
	t.Run("id.otp.digest_not_bruteforceable", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			// The same eight bytes make the same code.
			b.options.Rand = zeros{}
			tokens := b.For(b.scope).OneTimeTokens
			first, err := tokens.IssueCode(t.Context(), "flow1", CodeSpec{Kind: "email"})
			require.NoError(t, err)
			second, err := tokens.IssueCode(t.Context(), "flow2", CodeSpec{Kind: "email"})
			require.NoError(t, err)
			require.Equal(t, first.Reveal(), second.Reveal())
			macs := map[string]bool{}
			for _, item := range b.tokensStored(t) {
				macs[fmt.Sprint(item["codeMAC"])] = true
			}
			require.Len(t, macs, 2)
			other, err := NewScope("acme", "test")
			require.NoError(t, err)
			a, err := tokens.codeMAC("flow1", "00000000")
			require.NoError(t, err)
			c, err := b.For(other).OneTimeTokens.codeMAC("flow1", "00000000")
			require.NoError(t, err)
			require.NotEqual(t, a, c)
		})
	})
}

type zeros struct{}

func (zeros) Read(to []byte) (int, error) {
	clear(to)
	return len(to), nil
}

func TestRightCodeWinsOnce(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		tokens := b.For(b.scope).OneTimeTokens
		code, err := tokens.IssueCode(t.Context(), "flow", CodeSpec{Kind: "sms"})
		require.NoError(t, err)
		errs := tokensAtOnce(16, func(int) error {
			_, err := tokens.VerifyCode(t.Context(), "flow", code)
			return err
		})
		tokensOneWinner(t, errs, ErrTokenUsed, ErrTooManyAttempts)
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
