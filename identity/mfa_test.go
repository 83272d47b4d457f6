package identity

import (
	"encoding/base32"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// authenticator is what a user has in hand: an app that was set up with the URL.
type authenticator struct {
	userID, id string
	seed       []byte
}

func (b *bench) enrolled(t testing.TB, userID string) authenticator {
	t.Helper()
	id, text, err := b.For(b.scope).MFA.Enroll(t.Context(), userID, NewAuthenticator{Issuer: "Acme", Account: "someone@example.com"})
	require.NoError(t, err)
	parsed, err := url.Parse(text.Reveal())
	require.NoError(t, err)
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(parsed.Query().Get("secret"))
	require.NoError(t, err)
	require.Len(t, seed, totpSeedSize)
	return authenticator{userID, id, seed}
}

func (a authenticator) code(t testing.TB, step int64) theorydb.Secret[string] {
	t.Helper()
	code, err := totpCode(a.seed, step)
	require.NoError(t, err)
	return theorydb.NewSecret(code)
}

// wrong is a code of none of the authenticators, now or in a minute.
func wrong(t testing.TB, at time.Time, all ...authenticator) theorydb.Secret[string] {
	t.Helper()
	for n := range 1000 {
		code, fits := theorydb.NewSecret(string([]byte{'9', '0' + byte(n/100), '0' + byte(n/10%10), '0' + byte(n%10), '1', '2'})), false
		for _, a := range all {
			_, found, err := matchTOTP(a.seed, code.Reveal(), at)
			require.NoError(t, err)
			fits = fits || found
		}
		if !fits {
			return code
		}
	}
	t.Fatal("no wrong code")
	return theorydb.Secret[string]{}
}

// confirmed is an authenticator whose last code is some steps back.
func (b *bench) confirmedTOTP(t testing.TB, userID string) authenticator {
	t.Helper()
	a := b.enrolled(t, userID)
	require.NoError(t, b.For(b.scope).MFA.Confirm(t.Context(), userID, a.id, a.code(t, totpStep(b.clock.Now()))))
	b.clock.Advance(5 * time.Minute)
	return a
}

func (b *bench) enrolment(t testing.TB, a authenticator) *MFAEnrolment {
	t.Helper()
	stored, err := b.models.in(b.scope).enrolments.Get(t.Context(), MFAEnrolment{UserID: a.userID, ID: a.id}, theorydb.Consistent())
	require.NoError(t, err)
	return stored
}

func TestTOTPLocksAfterFiveTriesAndUnlocksByTime(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		mfa, a := b.For(b.scope).MFA, b.confirmedTOTP(t, b.tokensUser(t, "u1"))
		for round := range 2 {
			errs := together(20, func(int) error { return mfa.VerifyTOTP(t.Context(), "u1", wrong(t, b.clock.Now(), a)) })
			compared := 0
			for _, err := range errs {
				if errors.Is(err, ErrInvalidToken) {
					compared++
					continue
				}
				require.ErrorIs(t, err, ErrTooManyAttempts)
			}
			require.Equal(t, 5, compared, "round %d", round)
			b.clock.Advance(15*time.Minute - time.Second)
			require.ErrorIs(t, mfa.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now()))), ErrTooManyAttempts)
			b.clock.Advance(time.Second)
		}
		require.NoError(t, mfa.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now()))))
		require.Zero(t, b.enrolment(t, a).FailCount)
	})
}

func TestTOTPSuccessBeginsTheCountAnew(t *testing.T) {
	b := openBench(t)
	mfa, a := b.For(b.scope).MFA, b.confirmedTOTP(t, b.tokensUser(t, "u1"))
	for range 3 {
		for range 4 {
			require.ErrorIs(t, mfa.VerifyTOTP(t.Context(), "u1", wrong(t, b.clock.Now(), a)), ErrInvalidToken)
		}
		require.NoError(t, mfa.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now()))))
		b.clock.Advance(time.Minute)
	}
}

func TestTOTPOfSeveralAuthenticators(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		mfa, a := b.For(b.scope).MFA, b.confirmedTOTP(t, b.tokensUser(t, "u1"))
		second := b.confirmedTOTP(t, "u1")
		for range 12 { // the other one is not locked by successes of this one
			require.NoError(t, mfa.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now()))))
			b.clock.Advance(time.Minute)
			require.NoError(t, mfa.VerifyTOTP(t.Context(), "u1", second.code(t, totpStep(b.clock.Now()))))
			b.clock.Advance(time.Minute)
		}
		require.Zero(t, b.enrolment(t, a).FailCount)
		require.Zero(t, b.enrolment(t, second).FailCount)
		require.NoError(t, mfa.Remove(t.Context(), "u1", a.id))
		require.NoError(t, mfa.Remove(t.Context(), "u1", a.id), "twice")
		require.ErrorIs(t, mfa.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now()))), ErrInvalidToken)
		list, err := mfa.List(t.Context(), "u1")
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.NoError(t, mfa.Remove(t.Context(), "u1", second.id))
		require.ErrorIs(t, mfa.VerifyTOTP(t.Context(), "u1", a.code(t, 1)), theorydb.ErrItemNotFound)
	})
}

func TestTOTPSurvivesLostAnswers(t *testing.T) {
	for nth := 1; nth <= 2; nth++ { // the count, and the step
		for _, dropped := range []bool{false, true} {
			b := openBench(t)
			mfa, a := b.For(b.scope).MFA, b.confirmedTOTP(t, b.tokensUser(t, "u1"))
			rule := b.faults.On("UpdateItem").Nth(nth)
			if dropped {
				rule.DropBefore()
			} else {
				rule.CommitThenDrop()
			}
			require.NoError(t, mfa.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now()))), "%d %v", nth, dropped)
			require.Empty(t, b.faults.Unfired())
		}
	}
	// The step was taken, and neither that answer nor the reads that would settle it arrive.
	b := openBench(t)
	mfa, a := b.For(b.scope).MFA, b.confirmedTOTP(t, b.tokensUser(t, "u1"))
	b.faults.On("UpdateItem").Nth(2).CommitThenDrop()
	b.faults.On("GetItem").DropBefore().Times(8)
	require.NoError(t, mfa.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now()))))
	require.ErrorIs(t, mfa.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now()))), ErrCodeReplayed)
}

func TestMFARefusesBadInputWithoutARequest(t *testing.T) {
	b := openBench(t)
	mfa := b.For(b.scope).MFA
	sent := b.tokensRequests()
	for _, text := range []string{"", "12345", "1234567", "12345x", " 12345"} {
		require.ErrorIs(t, mfa.VerifyTOTP(t.Context(), "u1", theorydb.NewSecret(text)), ErrInvalidToken)
		require.ErrorIs(t, mfa.Confirm(t.Context(), "u1", "a", theorydb.NewSecret(text)), ErrInvalidToken)
	}
	code := theorydb.NewSecret("123456")
	require.ErrorIs(t, mfa.VerifyTOTP(t.Context(), "a#b", code), theorydb.ErrInvalidValue)
	require.ErrorIs(t, mfa.Confirm(t.Context(), "u1", "", code), theorydb.ErrInvalidValue)
	require.ErrorIs(t, mfa.Remove(t.Context(), "", "a"), theorydb.ErrInvalidValue)
	_, err := mfa.List(t.Context(), "")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, _, err = mfa.Enroll(t.Context(), "u1", NewAuthenticator{})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	require.ErrorIs(t, b.For(Scope{}).MFA.VerifyTOTP(t.Context(), "u1", code), theorydb.ErrScopeRequired)
	require.Empty(t, sent())
	_, _, err = mfa.Enroll(t.Context(), "nobody", NewAuthenticator{Issuer: "Acme", Account: "a"})
	require.ErrorIs(t, err, ErrUserInactive)
}
