package identity

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func (b *bench) challenge(t testing.TB, userID string) theorydb.Secret[string] {
	t.Helper()
	challenge, err := b.For(b.scope).OneTimeTokens.Issue(t.Context(), KindChallenge, TokenSpec{Subject: userID})
	require.NoError(t, err)
	return challenge
}

func newPasskey(credentialID string, count uint32) NewPasskey {
	return NewPasskey{CredentialID: credentialID, PublicKey: []byte{1, 2, 3}, RPID: "example.com", Transports: []string{"internal", "hybrid"}, SignCount: count}
}

func (b *bench) passkey(t testing.TB, userID, credentialID string, count uint32) *Passkeys {
	t.Helper()
	passkeys := b.For(b.scope).Passkeys
	_, err := passkeys.Register(t.Context(), userID, newPasskey(credentialID, count), b.challenge(t, userID))
	require.NoError(t, err)
	return passkeys
}

func TestPasskeyIsRegisteredWithItsOwnChallengeOnce(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		b.tokensUser(t, "u1")
		b.tokensUser(t, "u2")
		passkeys := b.For(b.scope).Passkeys
		challenge := b.challenge(t, "u1")
		_, err := passkeys.Register(t.Context(), "u2", newPasskey("aaaa", 0), challenge)
		require.ErrorIs(t, err, ErrInvalidToken)
		registered, err := passkeys.Register(t.Context(), "u1", newPasskey("aaaa", 7), challenge)
		require.NoError(t, err)
		require.Equal(t, int64(1), registered.Version)
		_, err = passkeys.Register(t.Context(), "u1", newPasskey("bbbb", 0), challenge)
		require.ErrorIs(t, err, ErrTokenUsed)
		_, err = passkeys.Register(t.Context(), "nobody", newPasskey("bbbb", 0), b.challenge(t, "nobody"))
		require.ErrorIs(t, err, ErrUserInactive)

		list, err := passkeys.List(t.Context(), "u1")
		require.NoError(t, err)
		require.Equal(t, []*Passkey{registered}, list)
		require.ErrorIs(t, passkeys.Delete(t.Context(), "u2", "aaaa"), theorydb.ErrItemNotFound, "of somebody else")
		owner, err := passkeys.FindUser(t.Context(), "aaaa")
		require.NoError(t, err)
		require.Equal(t, "u1", owner)
		require.NoError(t, passkeys.Delete(t.Context(), "u1", "aaaa"))
		_, err = passkeys.FindUser(t.Context(), "aaaa")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		require.ErrorIs(t, passkeys.AssertSignCount(t.Context(), "u1", "aaaa", 9), theorydb.ErrItemNotFound)
		b.passkey(t, "u2", "aaaa", 0) // the id is free again
	})
}

func TestLostAnswerOfAnAssertionIsNoClone(t *testing.T) {
	b := openBench(t)
	passkeys := b.passkey(t, b.tokensUser(t, "u1"), "aaaa", 5)
	b.faults.On("TransactWriteItems").CommitThenDrop().Times(3)
	require.NoError(t, passkeys.AssertSignCount(t.Context(), "u1", "aaaa", 6))
	passkey, err := passkeys.Get(t.Context(), "u1", "aaaa")
	require.NoError(t, err)
	require.False(t, passkey.CloneWarning)
	require.Empty(t, b.faults.Unfired())
}

func TestCloneIsNoticed(t *testing.T) {
	var told atomic.Int64
	b := openBench(t, func(o *Options) {
		o.Notify = func(_ context.Context, n Notice) {
			if n.Kind == NoticeClone && n.UserID == "u1" {
				told.Add(1)
			}
		}
	})
	passkeys := b.passkey(t, b.tokensUser(t, "u1"), "aaaa", 5)
	require.ErrorIs(t, passkeys.AssertSignCount(t.Context(), "u1", "aaaa", 5), ErrCloneSuspected)
	require.Equal(t, int64(1), told.Load())
	b.faults.On("UpdateItem").DropBefore().Always()
	require.ErrorIs(t, passkeys.AssertSignCount(t.Context(), "u1", "aaaa", 5), ErrCloneSuspected, "also where the warning can't be stored")
}

func TestPasskeysNeedNoKMSAndRefuseBadInput(t *testing.T) {
	b := openBench(t)
	b.kmsFaults.On("").DropBefore().Always()
	passkeys := b.passkey(t, b.tokensUser(t, "u1"), "aaaa", 5)
	challenge := b.challenge(t, "u1")
	sent := b.tokensRequests()
	for name, change := range map[string]func(*NewPasskey){
		"no id": func(n *NewPasskey) { n.CredentialID = "" }, "padded": func(n *NewPasskey) { n.CredentialID = "aa==" },
		"standard alphabet": func(n *NewPasskey) { n.CredentialID = "+/aa" }, "new line": func(n *NewPasskey) { n.CredentialID = "aa\naa" },
		"trailing bits": func(n *NewPasskey) { n.CredentialID = "ab" }, "too long": func(n *NewPasskey) { n.CredentialID = strings.Repeat("a", 1368) },
		"no key": func(n *NewPasskey) { n.PublicKey = nil }, "large key": func(n *NewPasskey) { n.PublicKey = make([]byte, 5000) },
		"no rp": func(n *NewPasskey) { n.RPID = "" }, "transports": func(n *NewPasskey) { n.Transports = make([]string, 11) },
		"transport": func(n *NewPasskey) { n.Transports = []string{""} },
	} {
		passkey := newPasskey("bbbb", 0)
		change(&passkey)
		_, err := passkeys.Register(t.Context(), "u1", passkey, challenge)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, name)
	}
	_, err := passkeys.FindUser(t.Context(), "not base64!")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = b.For(Scope{}).Passkeys.FindUser(t.Context(), "aaaa")
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	require.Empty(t, sent())
}
