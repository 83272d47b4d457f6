package identitysuite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var passkeys = []Scenario{
	{ID: "id.wa.sign_count", run: theSignatureCounterOnlyGrows},
	{ID: "id.wa.credential_unique", run: aPasskeyBelongsToOneUser},
}

func (b *bench) challenge(t testing.TB, userID string) theorydb.Secret[string] {
	t.Helper()
	return b.issue(t, identity.KindChallenge, identity.TokenSpec{Subject: userID})
}

func newPasskey(credentialID string, count uint32) identity.NewPasskey {
	return identity.NewPasskey{
		CredentialID: credentialID, PublicKey: []byte{1, 2, 3}, RPID: "example.com", Transports: []string{"internal", "hybrid"}, SignCount: count,
	}
}

// passkey registers a passkey with a challenge of its own.
func (b *bench) passkey(t testing.TB, userID, credentialID string, count uint32) {
	t.Helper()
	_, err := b.Passkeys.Register(t.Context(), userID, newPasskey(credentialID, count), b.challenge(t, userID))
	require.NoError(t, err)
}

func theSignatureCounterOnlyGrows(t *testing.T, b *bench) {
	b.user(t, "u1")
	for _, c := range []struct {
		name            string
		stored, counted uint32
		clone           bool
	}{
		{"aaaa", 5, 6, false},
		{"bbbb", 6, 6, true},
		{"cccc", 6, 5, true},
		{"dddd", 0, 0, false},
		{"eeee", 6, 0, true},
		{"ffff", 0, 1, false},
		{"gggg", 5, 1<<32 - 1, false},
	} {
		b.passkey(t, "u1", c.name, c.stored)
		told := b.notices(identity.NoticeClone)
		err := b.Passkeys.AssertSignCount(t.Context(), "u1", c.name, c.counted)
		passkey, readErr := b.Passkeys.Get(t.Context(), "u1", c.name)
		require.NoError(t, readErr)
		require.Equal(t, c.clone, passkey.CloneWarning)
		if !c.clone {
			require.NoError(t, err)
			require.Equal(t, int64(c.counted), passkey.SignCount)
			require.NotNil(t, passkey.LastUsedAt)
			require.Equal(t, told, b.notices(identity.NoticeClone))
			continue
		}
		require.ErrorIs(t, err, identity.ErrCloneSuspected)
		require.Equal(t, int64(c.stored), passkey.SignCount)
		require.Nil(t, passkey.LastUsedAt)
		require.Equal(t, told+1, b.notices(identity.NoticeClone))
		if c.counted > 0 {
			require.NoError(t, b.Passkeys.AssertSignCount(t.Context(), "u1", c.name, c.stored+1))
			passkey, err = b.Passkeys.Get(t.Context(), "u1", c.name)
			require.NoError(t, err)
			require.True(t, passkey.CloneWarning, "it stays")
		}
	}

	t.Run("race", func(t *testing.T) {
		b.passkey(t, "u1", "hhhh", 5)
		errs := together(racers, func(int) error { return b.Passkeys.AssertSignCount(t.Context(), "u1", "hhhh", 6) })
		requireOneWinner(t, errs, identity.ErrCloneSuspected)
	})
}

func aPasskeyBelongsToOneUser(t *testing.T, b *bench) {
	users := []string{b.user(t, "u1").ID, b.user(t, "u2").ID}
	b.passkey(t, "u1", "aaaa", 0)
	for _, userID := range users {
		challenge := b.challenge(t, userID)
		_, err := b.Passkeys.Register(t.Context(), userID, newPasskey("aaaa", 0), challenge)
		require.ErrorIs(t, err, identity.ErrIdentifierTaken)
		_, err = b.Passkeys.Register(t.Context(), userID, newPasskey("bbbb"+userID+"_A", 0), challenge)
		require.NoError(t, err, "the challenge was not spent")
	}
	owner, err := b.Passkeys.FindUser(t.Context(), "aaaa")
	require.NoError(t, err)
	require.Equal(t, "u1", owner)

	challenges := make([]theorydb.Secret[string], racers)
	for i := range challenges {
		challenges[i] = b.challenge(t, users[i%2])
	}
	errs := together(racers, func(i int) error {
		_, err := b.Passkeys.Register(t.Context(), users[i%2], newPasskey("cccc", 0), challenges[i])
		return err
	})
	requireOneWinner(t, errs, identity.ErrIdentifierTaken)
	require.Len(t, b.itemsOf(t, "Passkey"), 4)
	require.Len(t, b.itemsOf(t, "PasskeyLocator"), 4)
}
