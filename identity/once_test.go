package identity

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestWhatIsRepeatedStaysUnknownUntilAnAnswerSettlesIt(t *testing.T) {
	unknown, slow := theorydb.ErrOutcomeUnknown, theorydb.ErrThrottled
	for _, c := range []struct {
		answers []error
		unknown bool
		want    []error
	}{
		{[]error{nil}, false, nil},
		{[]error{slow}, false, []error{slow}},
		{[]error{unknown, nil}, true, nil},
		{[]error{unknown, unknown, unknown}, true, []error{unknown}},
		{[]error{unknown, slow}, true, []error{unknown, slow}},
		{[]error{unknown, theorydb.ErrConditionFailed}, true, []error{theorydb.ErrConditionFailed}},
	} {
		sent := 0
		wasUnknown, err := repeatUnknown(t.Context(), func() error { sent++; return c.answers[sent-1] })
		require.Len(t, c.answers, sent)
		require.Equal(t, c.unknown, wasUnknown)
		require.Equal(t, len(c.want) == 0, err == nil)
		for _, want := range c.want {
			require.ErrorIs(t, err, want)
		}
		require.Equal(t, errors.Is(err, unknown), len(c.want) > 0 && errors.Is(c.want[0], unknown))
	}
}

// What counts once is taken by a write whose answer is lost, and the next try is throttled: its caller has it all the same.
func TestWhoTookWhatCountsOnceIsToldSoWhateverFollowsTheLostAnswer(t *testing.T) {
	for name, scenario := range map[string]struct {
		nth  int // the UpdateItem that takes it
		take func(t *testing.T, b *bench, s *Stores) error
	}{
		"token": {1, func(t *testing.T, _ *bench, s *Stores) error {
			token, err := s.OneTimeTokens.Issue(t.Context(), KindInvitation, TokenSpec{})
			require.NoError(t, err)
			return second(s.OneTimeTokens.Consume(t.Context(), KindInvitation, token))
		}},
		"code": {2, func(t *testing.T, _ *bench, s *Stores) error {
			code, err := s.OneTimeTokens.IssueCode(t.Context(), "flow", CodeSpec{Kind: "email"})
			require.NoError(t, err)
			return second(s.OneTimeTokens.VerifyCode(t.Context(), "flow", code))
		}},
		"TOTP": {4, func(t *testing.T, b *bench, s *Stores) error { // two of them confirm the authenticator
			b.tokensUser(t, "u1")
			a := b.confirmedTOTP(t, "u1")
			b.clock.Advance(time.Hour)
			return s.MFA.VerifyTOTP(t.Context(), "u1", a.code(t, totpStep(b.clock.Now())))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBench(t)
			lost := b.faults.On("UpdateItem").Nth(scenario.nth).CommitThenDrop().Then(func() {
				b.faults.On("GetItem").DropBefore().Times(8)
				b.faults.On("UpdateItem").Error(400, "ThrottlingException", "slow").Times(8)
			})
			require.NoError(t, scenario.take(t, b, b.For(b.scope)))
			require.Equal(t, 1, lost.Fired())
		})
	}
}
