package identity

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

var magicLinkKey = bytes.Repeat([]byte{7}, keySize)

func magicLinkScope(t require.TestingT, tenant, project string) Scope {
	scope, err := NewScope(tenant, project)
	require.NoError(t, err)
	return scope
}

func TestMagicLinkRoundTripsInItsScopeAndUnderItsKeyOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "random")
		source := &Service{&core{options: Options{Rand: bytes.NewReader(random)}}}
		text, err := source.randomText()
		require.NoError(t, err)
		require.True(t, isRandomText(text))
		here := magicLinkScope(t, rapid.StringMatching(`[a-z]{1,8}`).Draw(t, "tenant"), rapid.StringMatching(`[a-z]{1,8}`).Draw(t, "project"))
		link, err := SignMagicLink(magicLinkKey, here, theorydb.NewSecret(text))
		require.NoError(t, err)
		token, err := VerifyMagicLink(magicLinkKey, here, link)
		require.NoError(t, err)
		require.Equal(t, text, token.Reveal())

		for _, elsewhere := range []Scope{magicLinkScope(t, here.tenant+"x", here.project), magicLinkScope(t, here.tenant[:len(here.tenant)-1]+"-", here.project)} {
			_, err = VerifyMagicLink(magicLinkKey, elsewhere, link)
			require.ErrorIs(t, err, ErrInvalidToken)
		}
		_, err = VerifyMagicLink(bytes.Repeat([]byte{8}, keySize), here, link)
		require.ErrorIs(t, err, ErrInvalidToken)

		changed := []byte(link.Reveal())
		at := rapid.IntRange(0, len(changed)-1).Draw(t, "at")
		changed[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		_, err = VerifyMagicLink(magicLinkKey, here, theorydb.NewSecret(string(changed)))
		require.ErrorIs(t, err, ErrInvalidToken)
	})
}

func TestMagicLinkBordersAreBound(t *testing.T) {
	a, err := magicLinkMAC(magicLinkKey, magicLinkScope(t, "ab", "c"), "t")
	require.NoError(t, err)
	b, err := magicLinkMAC(magicLinkKey, magicLinkScope(t, "a", "bc"), "t")
	require.NoError(t, err)
	require.NotEqual(t, a, b)
}

func TestMagicLinkRefusesAShortKeyAndNoScope(t *testing.T) {
	scope := magicLinkScope(t, "a", "b")
	text := strings.Repeat("A", randomTextSize)
	_, err := SignMagicLink(magicLinkKey[1:], scope, theorydb.NewSecret(text))
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = SignMagicLink(magicLinkKey, Scope{}, theorydb.NewSecret(text))
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	_, err = SignMagicLink(magicLinkKey, scope, theorydb.Secret[string]{})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = VerifyMagicLink(nil, scope, theorydb.NewSecret(text+"."+text))
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
}

// FuzzVerifyMagicLink: what verifies is exactly what signing gives.
func FuzzVerifyMagicLink(f *testing.F) {
	scope := magicLinkScope(f, "a", "b")
	link, err := SignMagicLink(magicLinkKey, scope, theorydb.NewSecret(strings.Repeat("A", randomTextSize)))
	require.NoError(f, err)
	for _, seed := range []string{link.Reveal(), "", ".", "a.b", link.Reveal() + ".", strings.Repeat("A", 43) + "." + strings.Repeat("A", 43)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := VerifyMagicLink(magicLinkKey, scope, theorydb.NewSecret(text))
		if err != nil {
			require.ErrorIs(t, err, ErrInvalidToken)
			require.False(t, token.IsSet())
			return
		}
		again, err := SignMagicLink(magicLinkKey, scope, token)
		require.NoError(t, err)
		require.Equal(t, text, again.Reveal())
	})
}

func TestEqualNonceNeedsTwoEqualNonces(t *testing.T) {
	require.True(t, EqualNonce("a", "a"))
	for _, pair := range [][2]string{{"", ""}, {"a", ""}, {"", "a"}, {"a", "b"}, {"a", "aa"}, {"aa", "a"}, {"a", "A"}} {
		require.False(t, EqualNonce(pair[0], pair[1]))
	}
}
