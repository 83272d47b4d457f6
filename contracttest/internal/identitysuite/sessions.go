package identitysuite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var sessions = []Scenario{
	{ID: "id.sess.touched_outlives", run: aTouchedSessionOutlivesItsFirstIdleEnd},
}

func aTouchedSessionOutlivesItsFirstIdleEnd(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"), withoutFamily)
	b.clock.Advance(20 * time.Minute)
	touched, err := b.Sessions.Touch(t.Context(), grant.Session)
	require.NoError(t, err)
	b.clock.Set(grant.Session.IdleExpiresAt.Add(time.Minute))
	auth, err := b.AuthenticateSession(t.Context(), grant.Token)
	require.NoError(t, err)
	require.Equal(t, touched, auth.Session)
}
