package identitysuite

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var oneTimeCodes = []Scenario{
	{ID: "id.otp.attempts_exact", run: exactlyFiveCodesOfAFlowAreCompared},
	{ID: "id.otp.digest_not_bruteforceable", run: equalCodesAreStoredAsOtherDigests},
}

// issueCode makes a code of 8 digits, which is kept secret.
func (b *bench) issueCode(t testing.TB, tokens *identity.OneTimeTokens, flowID string) theorydb.Secret[string] {
	t.Helper()
	code, err := tokens.IssueCode(t.Context(), flowID, identity.CodeSpec{Kind: "email", Subject: "u1"})
	require.NoError(t, err)
	require.Regexp(t, `^[0-9]{8}$`, code.Reveal())
	b.keepSecret(code.Reveal())
	return code
}

// anotherCode is a well-formed code that is not the right one.
func anotherCode(right theorydb.Secret[string]) theorydb.Secret[string] {
	text := []byte(right.Reveal())
	text[len(text)-1] = '0' + (text[len(text)-1]-'0'+1)%10
	return theorydb.NewSecret(string(text))
}

func exactlyFiveCodesOfAFlowAreCompared(t *testing.T, b *bench) {
	tokens, code := b.OneTimeTokens, b.issueCode(t, b.OneTimeTokens, "flow")
	b.keepSecret(anotherCode(code).Reveal())
	errs := together(20, func(int) error {
		_, err := tokens.VerifyCode(t.Context(), "flow", anotherCode(code))
		return err
	})
	compared := 0
	for _, err := range errs {
		if errors.Is(err, identity.ErrInvalidToken) {
			compared++
			continue
		}
		require.ErrorIs(t, err, identity.ErrTooManyAttempts)
	}
	require.Equal(t, 5, compared)
	_, err := tokens.VerifyCode(t.Context(), "flow", code)
	require.ErrorIs(t, err, identity.ErrTooManyAttempts, "the right one comes too late")
	_, err = tokens.IssueCode(t.Context(), "flow", identity.CodeSpec{Kind: "email"})
	require.ErrorIs(t, err, theorydb.ErrAlreadyExists, "no new tries by asking again")

	t.Run("the last try is right", func(t *testing.T) {
		code := b.issueCode(t, tokens, "another")
		for range 4 {
			_, err := tokens.VerifyCode(t.Context(), "another", anotherCode(code))
			require.ErrorIs(t, err, identity.ErrInvalidToken)
		}
		verified, err := tokens.VerifyCode(t.Context(), "another", code)
		require.NoError(t, err)
		require.Equal(t, "u1", verified.Subject)
		_, err = tokens.VerifyCode(t.Context(), "another", code)
		require.ErrorIs(t, err, identity.ErrTokenUsed)
	})
}

// repeated gives the same eight bytes over and over: codes made of them are equal.
type repeated [8]byte

func (r repeated) Read(to []byte) (int, error) {
	for i := range to {
		to[i] = r[i%len(r)]
	}
	return len(to), nil
}

func equalCodesAreStoredAsOtherDigests(t *testing.T, b *bench) {
	same := repeated(random(8))
	service, _ := b.serve(t, nil, func(o *identity.Options) { o.Rand = same })
	here, elsewhere := service.For(b.scope).OneTimeTokens, service.For(newScope(t, "acme", "test")).OneTimeTokens
	code := b.issueCode(t, here, "flow1")
	require.Equal(t, code.Reveal(), b.issueCode(t, here, "flow2").Reveal())
	require.Equal(t, code.Reveal(), b.issueCode(t, elsewhere, "flow1").Reveal())
	digests := map[string]bool{}
	for _, item := range b.itemsOf(t, "OneTimeCode") {
		digest, ok := item["codeMAC"].(*types.AttributeValueMemberS)
		require.True(t, ok)
		require.Len(t, digest.Value, 43, "256 bits")
		digests[digest.Value] = true
	}
	require.Len(t, digests, 3, "they differ by flow and by project")

	// Who reads the table can try all codes against a digest without a key. None is stored.
	for _, text := range []string{code.Reveal(), "flow1" + code.Reveal(), "flow1#" + code.Reveal(), "flow1:" + code.Reveal(), code.Reveal() + "flow1"} {
		short, long := sha256.Sum256([]byte(text)), sha512.Sum512([]byte(text))
		b.keepSecret(string(short[:]), string(long[:]))
	}
	// By the key it is verified: under another one the right code is a wrong one.
	rekeyed, _ := b.serve(t, nil, func(o *identity.Options) { o.OTPKey = random(32) })
	_, err := rekeyed.For(b.scope).OneTimeTokens.VerifyCode(t.Context(), "flow1", code)
	require.ErrorIs(t, err, identity.ErrInvalidToken)
	_, err = here.VerifyCode(t.Context(), "flow1", code)
	require.NoError(t, err)
}
