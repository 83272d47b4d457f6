package identity

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

var anyLocator = rapid.Custom(func(t *rapid.T) locator {
	id := rapid.StringMatching(`[A-Za-z0-9._~-]{1,128}`)
	return locator{id.Draw(t, "tenant"), id.Draw(t, "project"), id.Draw(t, "user"), id.Draw(t, "session")}
})

func TestTokensReadBackAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLocator.Draw(t, "locator")
		secret := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "secret")
		readLocator, readSecret, ok := parseSessionToken(sessionToken(l, secret))
		require.True(t, ok)
		require.Equal(t, l, readLocator)
		require.Equal(t, secret, readSecret)

		gen := rapid.Int64Range(0, maxGeneration).Draw(t, "gen")
		token, ok := parseRefreshToken(newRefreshToken(l, gen, secret))
		require.True(t, ok)
		require.Equal(t, l, token.locator)
		require.Equal(t, gen, token.gen)
		require.True(t, token.isOf(secret))
		other := bytes.Clone(secret)
		other[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		require.False(t, token.isOf(other))
		require.False(t, token.isOf(nil))
	})
}

func TestTwoLocatorsNeverHaveOneToken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyLocator.Draw(t, "a"), anyLocator.Draw(t, "b")
		require.Equal(t, a == b, bytes.Equal(encodeLocator(a), encodeLocator(b)))
	})
	// The border between two ids is part of the text.
	require.NotEqual(t, encodeLocator(locator{"ab", "c", "u", "s"}), encodeLocator(locator{"a", "bc", "u", "s"}))
}

func TestARefreshTokenIsWorthlessWithAnyBitChanged(t *testing.T) {
	bound := bytes.Repeat([]byte{5}, 32)
	text := newRefreshToken(locator{"acme", "prod", "u1", "s1"}, 7, bound).Reveal()
	whole, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, refreshPrefix))
	require.NoError(t, err)
	for i := range len(whole) * 8 {
		changed := bytes.Clone(whole)
		changed[i/8] ^= 1 << (i % 8)
		token, ok := parseRefreshToken(theorydb.NewSecret(encodeToken(refreshPrefix, changed)))
		require.False(t, ok && token.isOf(bound), "bit %d", i)
	}
}

func TestTokensHaveOneText(t *testing.T) {
	l := locator{"acme", "prod", "u1", "s1"}
	text := sessionToken(l, bytes.Repeat([]byte{9}, 32)).Reveal()
	require.Equal(t, "sess_AQRhY21lBHByb2QCdTECczEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQ", text)
	payload := func(change func(b []byte) []byte) string {
		whole, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, sessionPrefix))
		require.NoError(t, err)
		return encodeToken(sessionPrefix, change(whole))
	}
	for name, other := range map[string]string{
		"empty":          "",
		"prefix alone":   sessionPrefix,
		"other prefix":   refreshPrefix + strings.TrimPrefix(text, sessionPrefix),
		"upper case":     strings.ToUpper(text[:5]) + text[5:],
		"padding":        text + "=",
		"line break":     text[:30] + "\n" + text[30:],
		"carriage":       text + "\r",
		"space":          " " + text,
		"standard set":   strings.Replace(text, "J", "+", 1),
		"spare bits":     text[:len(text)-1] + "R",
		"version 0":      payload(func(b []byte) []byte { b[0] = 0; return b }),
		"version 2":      payload(func(b []byte) []byte { b[0] = 2; return b }),
		"empty id":       payload(func(b []byte) []byte { return append([]byte{1, 0}, b[6:]...) }),
		"long id":        payload(func(b []byte) []byte { b[1] = 129; return b }),
		"bad id":         payload(func(b []byte) []byte { b[2] = '#'; return b }),
		"short secret":   payload(func(b []byte) []byte { return b[:len(b)-1] }),
		"long secret":    payload(func(b []byte) []byte { return append(b, 0) }),
		"cut in locator": payload(func(b []byte) []byte { return b[:4] }),
		"10 KB":          sessionPrefix + strings.Repeat("A", 10<<10),
	} {
		_, _, ok := parseSessionToken(theorydb.NewSecret(other))
		require.False(t, ok, name)
	}
	for length := range 256 { // whatever length the first id is said to have
		_, _, ok := parseSessionToken(theorydb.NewSecret(payload(func([]byte) []byte {
			return append([]byte{1, byte(length)}, make([]byte, 400)...)
		})))
		require.False(t, ok, "an id of %d bytes", length)
	}
	long := strings.Repeat("x", 128)
	_, _, ok := parseSessionToken(sessionToken(locator{long, long, long, long}, make([]byte, 32)))
	require.True(t, ok, "the longest token")
}

func FuzzParseSessionToken(f *testing.F) {
	f.Add(sessionToken(locator{"acme", "prod", "u1", "s1"}, make([]byte, 32)).Reveal())
	f.Add("sess_AQ")
	f.Add(encodeToken(sessionPrefix, []byte{tokenVersion, 255}, make([]byte, 400)))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		l, secret, ok := parseSessionToken(theorydb.NewSecret(text))
		if !ok {
			return
		}
		for _, id := range l.ids() {
			require.NoError(t, checkID("id", id))
		}
		require.Equal(t, text, sessionToken(l, secret).Reveal(), "of a token there is one text")
	})
}

func FuzzParseRefreshToken(f *testing.F) {
	bound := bytes.Repeat([]byte{1}, 32)
	f.Add(newRefreshToken(locator{"acme", "prod", "u1", "s1"}, 1, bound).Reveal())
	f.Add("rt_AQ")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		token, ok := parseRefreshToken(theorydb.NewSecret(text))
		if !ok {
			return
		}
		require.Equal(t, text, encodeToken(refreshPrefix, token.signed, token.mac), "of a token there is one text")
		require.Equal(t, token.isOf(bound), newRefreshToken(token.locator, token.gen, bound).Reveal() == text)
	})
}
