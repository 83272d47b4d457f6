package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What was presented is in no error, whichever way the call fails.
func TestErrorsOfTokensHoldNoSecret(t *testing.T) {
	b := openBench(t)
	stores := b.For(b.scope)
	ctx := t.Context()
	b.tokensUser(t, "u1")
	token, err := stores.OneTimeTokens.Issue(ctx, KindInvitation, TokenSpec{Subject: "subject@example.com"})
	require.NoError(t, err)
	state, err := stores.OneTimeTokens.Issue(ctx, KindLoginState, TokenSpec{Meta: map[string]string{MetaNonce: "expected-nonce"}})
	require.NoError(t, err)
	code, err := stores.OneTimeTokens.IssueCode(ctx, "flow", CodeSpec{Kind: "email"})
	require.NoError(t, err)
	recovery, err := stores.RecoveryCodes.Generate(ctx, "u1")
	require.NoError(t, err)
	a := b.confirmedTOTP(t, "u1")
	_, client, err := stores.Clients.Create(ctx, NewClient{Type: ClientConfidential})
	require.NoError(t, err)
	totp := a.code(t, totpStep(b.clock.Now()))
	secrets := []string{
		token.Reveal(), randomTextHash(token.Reveal()), state.Reveal(), "expected-nonce", "presented-nonce", code.Reveal(), recovery[0].Reveal(),
		strings.ReplaceAll(recovery[0].Reveal(), "-", ""), client.Reveal(), "deposited-secret", "subject@example.com", string(a.seed),
	}
	var errs []error
	fail := func(err error) {
		t.Helper()
		require.Error(t, err)
		errs = append(errs, err)
	}
	everything := func() {
		_, err := stores.OneTimeTokens.Consume(ctx, KindInvitation, token)
		fail(err)
		_, err = stores.OneTimeTokens.ConsumeWith(ctx, KindInvitation, token, noEffect)
		fail(err)
		_, err = stores.OneTimeTokens.ConsumeState(ctx, state, "presented-nonce")
		fail(err)
		_, err = stores.OneTimeTokens.VerifyCode(ctx, "flow", code)
		fail(err)
		_, err = stores.RecoveryCodes.Consume(ctx, "u1", recovery[0])
		fail(err)
		fail(stores.MFA.VerifyTOTP(ctx, "u1", totp))
		fail(stores.Credentials.Register(ctx, "u2", CredentialOAuthToken, "c1", deposit("deposited-secret")))
		_, err = stores.Clients.VerifySecret(ctx, "unknown", client)
		fail(err)
	}
	lost := b.faults.On("").DropBefore().Always()
	everything()
	lost.Times(0)
	_, err = stores.OneTimeTokens.Consume(ctx, KindInvitation, token)
	require.NoError(t, err)
	_, err = stores.OneTimeTokens.VerifyCode(ctx, "flow", code)
	require.NoError(t, err)
	_, err = stores.RecoveryCodes.Consume(ctx, "u1", recovery[0])
	require.NoError(t, err)
	require.NoError(t, stores.MFA.VerifyTOTP(ctx, "u1", totp))
	everything()
	b.clock.Advance(30 * 24 * time.Hour)
	token, err = stores.OneTimeTokens.Issue(ctx, KindInvitation, TokenSpec{Lifetime: time.Second})
	require.NoError(t, err)
	secrets = append(secrets, token.Reveal())
	b.clock.Advance(time.Second)
	everything()
	require.Len(t, errs, 24)
	for _, err := range errs {
		text := fmt.Sprintf("%v %+v %#v", err, err, err)
		for i, secret := range secrets {
			require.NotContains(t, text, secret, "secret %d", i)
		}
	}
}
