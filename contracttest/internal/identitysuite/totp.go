package identitysuite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var totp = []Scenario{
	{ID: "id.totp.replay", run: aTOTPCodeCountsOnce},
	{ID: "id.totp.enroll_code_reuse", run: theCodeThatConfirmsIsNoSignIn},
	{ID: "id.totp.adjacent_collision", run: aCodeOfTwoStepsTakesTheNewerOne, options: []func(*identity.Options){soonColliding}},
}

// soonColliding makes authenticators of a seed that has two steps of one code 250 steps after the start of scenarios. Of
// another one they would be found a year later, and after some seconds of search: the scenario does not rely on it.
func soonColliding(o *identity.Options) { o.Rand = collidingSeeds{} }

type collidingSeeds struct{}

func (collidingSeeds) Read(to []byte) (int, error) {
	if len(to) == 20 {
		return copy(to, "a seed of codes 0365"), nil
	}
	return copy(to, random(len(to))), nil
}

func aTOTPCodeCountsOnce(t *testing.T, b *bench) {
	a := b.confirmed(t, b.user(t, "u1").ID)
	now := stepOf(b.clock.Now())
	require.NoError(t, b.MFA.VerifyTOTP(t.Context(), "u1", a.code(now)))
	require.ErrorIs(t, b.MFA.VerifyTOTP(t.Context(), "u1", a.code(now)), identity.ErrCodeReplayed)
	require.ErrorIs(t, b.MFA.VerifyTOTP(t.Context(), "u1", a.code(now-1)), identity.ErrCodeReplayed, "an older step is used up with it")
	b.clock.Advance(2 * time.Minute)
	code := a.code(stepOf(b.clock.Now()))
	errs := together(racers, func(int) error { return b.MFA.VerifyTOTP(t.Context(), "u1", code) })
	requireOneWinner(t, errs, identity.ErrCodeReplayed, identity.ErrTooManyAttempts)
}

func theCodeThatConfirmsIsNoSignIn(t *testing.T, b *bench) {
	a := b.enrolled(t, b.user(t, "u1").ID)
	code := a.code(stepOf(b.clock.Now()))
	require.ErrorIs(t, b.MFA.VerifyTOTP(t.Context(), "u1", code), theorydb.ErrItemNotFound, "pending counts nowhere")
	require.ErrorIs(t, b.MFA.Confirm(t.Context(), "u1", a.id, wrong(t, b.clock.Now(), a)), identity.ErrInvalidToken)
	errs := together(4, func(int) error { return b.MFA.Confirm(t.Context(), "u1", a.id, code) })
	requireOneWinner(t, errs, identity.ErrTokenUsed, theorydb.ErrItemNotFound, identity.ErrTooManyAttempts)
	require.ErrorIs(t, b.MFA.Confirm(t.Context(), "u1", a.id, code), identity.ErrTokenUsed)
	require.ErrorIs(t, b.MFA.VerifyTOTP(t.Context(), "u1", code), identity.ErrCodeReplayed)
	b.clock.Advance(time.Minute)
	require.NoError(t, b.MFA.VerifyTOTP(t.Context(), "u1", a.code(stepOf(b.clock.Now()))))
}

func aCodeOfTwoStepsTakesTheNewerOne(t *testing.T, b *bench) {
	a := b.confirmed(t, b.user(t, "u1").ID)
	newer := stepOf(b.clock.Now()) + 1
	for older := a.code(newer - 1); ; newer++ { // two steps of one code: about one in a million
		code := a.code(newer)
		if code.Equal(older) {
			break
		}
		older = code
	}
	b.clock.Set(time.Unix((newer-1)*30, 0)) // the older one is now, the newer one comes next
	code := a.code(newer)
	require.NoError(t, b.MFA.VerifyTOTP(t.Context(), "u1", code))
	stored, err := rows[identity.MFAEnrolment](t, b).Get(t.Context(), identity.MFAEnrolment{UserID: "u1", ID: a.id}, theorydb.Consistent())
	require.NoError(t, err)
	require.Equal(t, newer, stored.LastStep)
	require.ErrorIs(t, b.MFA.VerifyTOTP(t.Context(), "u1", code), identity.ErrCodeReplayed)
}
