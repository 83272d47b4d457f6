package identity

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestThiefAndVictimCantBothGoOn(t *testing.T) {
	eachSessBench(t, func(t *testing.T, b *sessBench) {
		grant := b.signIn(t, b.user(t, "u1"))
		victim := b.refresh(t, grant.Refresh)
		thief := b.refresh(t, grant.Refresh) // inside the grace: the token that the victim holds too
		require.True(t, thief.Token.Equal(victim.Token))
		b.clock.Advance(time.Minute)
		b.refresh(t, thief.Token)
		b.clock.Advance(time.Minute)
		_, err := b.RefreshTokens.Refresh(t.Context(), victim.Token, "app")
		require.ErrorIs(t, err, ErrTokenReuse)
	})
}
