package identitysuite

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
)

// The tokens of the golden items, of which every byte is known.
func TestTokenPartsReadAndWriteTheGoldenTokens(t *testing.T) {
	ids := [4]string{"acme", "prod", "018f2b6e-7c1a-7d3e-9f00-00000000000a", "018f2b6e-7c1a-7d3e-9f00-0123456789ab"}
	counted := make([]byte, 64)
	for i := range counted {
		counted[i] = byte(i)
	}
	session := partsOf(t, theorydb.NewSecret(goldenSessionToken))
	require.Equal(t, tokenParts{prefix: "sess_", ids: ids, rest: counted[:32]}, session)
	require.Equal(t, goldenSessionToken, session.token().Reveal())
	require.Equal(t, "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd", sessionDigest(session.rest))

	refresh := partsOf(t, theorydb.NewSecret(goldenRefreshToken))
	require.Equal(t, ids, refresh.ids)
	require.EqualValues(t, 1, refresh.generation())
	require.Equal(t, goldenRefreshToken, refresh.token().Reveal())
	require.Equal(t, goldenRefreshToken, session.ofGeneration(1, counted[32:]).token().Reveal())
	require.NotEqual(t, goldenRefreshToken, session.ofGeneration(2, counted[32:]).token().Reveal())
	require.NotEqual(t, goldenRefreshToken, session.ofGeneration(1, counted[:32]).token().Reveal())
}

func TestTokenPartsReadWhatTheyWrote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		written := tokenParts{prefix: "sess_", rest: rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "secret")}
		for i := range written.ids {
			written.ids[i] = rapid.StringMatching(`[A-Za-z0-9._~-]{1,128}`).Draw(t, "id")
		}
		read, ok := readToken(written.token().Reveal())
		require.True(t, ok)
		require.Equal(t, written, read)

		generation := rapid.Uint32().Draw(t, "generation")
		refresh, ok := readToken(written.ofGeneration(generation, written.rest).token().Reveal())
		require.True(t, ok)
		require.Equal(t, written.ids, refresh.ids)
		require.EqualValues(t, generation, refresh.generation())
		require.Equal(t, read, written, "another token was made, this one stays as it is")
		require.Equal(t, "other", written.ofUser("other").ids[2])
		require.Equal(t, "other", written.ofSession("other").ids[3])
	})
}

func TestTokenPartsRefuseWhatIsNoToken(t *testing.T) {
	whole, err := base64.RawURLEncoding.DecodeString(goldenSessionToken[len("sess_"):])
	require.NoError(t, err)
	encode := func(whole []byte) string { return "sess_" + base64.RawURLEncoding.EncodeToString(whole) }
	_, ok := readToken(encode(whole))
	require.True(t, ok)
	for _, text := range []string{
		"", "sess_", "sess", "sess_!", goldenSessionToken + "=", "rt_" + goldenSessionToken[len("sess_"):], "x_" + goldenSessionToken[len("sess_"):],
		encode(whole[:len(whole)-1]), encode(append(whole, 0)), encode(append([]byte{2}, whole[1:]...)), encode(whole[:4]), encode(whole[:6]),
	} {
		_, ok := readToken(text)
		require.False(t, ok, text)
	}
}
