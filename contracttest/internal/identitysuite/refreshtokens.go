package identitysuite

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// refreshTokens are about what a refresh token is worth, and for how long.
var refreshTokens = []Scenario{
	{ID: "id.rt.normal", run: aRefreshRotatesTheTokenAndUsesTheSession},
	{ID: "id.rt.lost_response", run: aClientWhoseAnswerWasLostGetsTheSameSuccessor},
	{ID: "id.rt.reuse_after_grace", run: anOldTokenBehindTheGraceEndsItsSession},
	{ID: "id.rt.generations_behind", run: theGraceIsForTheLastTokenAlone},
	{ID: "id.rt.forged", run: aForgedTokenTouchesNothing},
	{ID: "id.rt.future_generation", run: aTokenThatWasNeverGivenOutIsRefusedAndTold},
	{ID: "id.rt.absolute", run: aRefreshNeverPassesTheAbsoluteEnd},
	{ID: "id.rt.idle", run: anIdleSessionIsNotRefreshed},
	{ID: "id.rt.other_client_or_resource", run: aTokenIsForItsClientAndResource},
}

func aRefreshRotatesTheTokenAndUsesTheSession(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"), func(n *identity.NewSession) {
		n.Family = &identity.NewFamily{ClientID: "app", Resource: "https://api.example", TokenScope: "read write"}
	})
	first := b.family(t, grant.Session)
	require.EqualValues(t, 1, first.Gen)
	require.Equal(t, grant.Session.AbsExpiresAt, first.AbsExpiresAt)
	b.clock.Advance(time.Hour)
	result := b.refresh(t, grant.Refresh)
	require.False(t, result.Replayed)
	require.Equal(t, "https://api.example", result.Resource)
	require.Equal(t, "read write", result.TokenScope)
	require.Equal(t, result.Session, b.storedSession(t, grant.Session))
	require.Equal(t, time.Hour, result.Session.IdleExpiresAt.Sub(grant.Session.IdleExpiresAt))
	require.Equal(t, result.Session.IdleExpiresAt, result.Session.ExpiresAt)
	require.Equal(t, grant.Session.Version+1, result.Session.Version)
	require.EqualValues(t, 2, b.family(t, grant.Session).Gen)
	require.True(t, first.BoundSecret.Equal(b.family(t, grant.Session).BoundSecret))
	require.False(t, result.Token.Equal(grant.Refresh))
	require.EqualValues(t, 2, partsOf(t, result.Token).generation())
	require.NoError(t, b.authenticates(t, grant.Token), "the session's own token goes on")
	b.refresh(t, result.Token)
	require.EqualValues(t, 3, b.family(t, grant.Session).Gen)
}

func aClientWhoseAnswerWasLostGetsTheSameSuccessor(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	result := b.refresh(t, grant.Refresh) // its answer never reaches the client
	b.clock.Advance(5 * time.Second)
	again := b.refresh(t, grant.Refresh)
	require.True(t, again.Replayed)
	require.True(t, again.Token.Equal(result.Token))
	require.EqualValues(t, 2, b.family(t, grant.Session).Gen)
	require.EqualValues(t, 1, b.familyWrites(t, grant.Session))
	b.refresh(t, again.Token)
	require.EqualValues(t, 3, b.family(t, grant.Session).Gen)
}

func anOldTokenBehindTheGraceEndsItsSession(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	grant, other := b.signIn(t, user), b.signIn(t, user)
	result := b.refresh(t, grant.Refresh)
	rotated := b.family(t, grant.Session).RotatedAt
	b.clock.Set(rotated.Add(10*time.Second - time.Nanosecond))
	require.True(t, b.refresh(t, grant.Refresh).Token.Equal(result.Token))
	b.clock.Set(rotated.Add(10 * time.Second))
	err := b.refreshes(t, grant.Refresh)
	require.ErrorIs(t, err, identity.ErrTokenReuse)
	require.Equal(t, identity.ErrInvalidToken, identity.Public(err))
	require.Equal(t, identity.ReasonTokenReuse, b.storedSession(t, grant.Session).RevokeReason)
	require.Equal(t, 1, b.notices(identity.NoticeTokenReuse))
	requireStatus(t, b.refreshes(t, result.Token), identity.SessionRevoked)
	requireStatus(t, b.authenticates(t, grant.Token), identity.SessionRevoked)
	b.refresh(t, other.Refresh) // the user's other devices go on
}

func theGraceIsForTheLastTokenAlone(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	b.refresh(t, b.refresh(t, grant.Refresh).Token)
	require.ErrorIs(t, b.refreshes(t, grant.Refresh), identity.ErrTokenReuse)
}

func aForgedTokenTouchesNothing(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	b.refresh(t, grant.Refresh)
	b.clock.Advance(time.Hour)
	before := b.items(t)
	for _, generation := range []uint32{0, 1, 2, 3, math.MaxUint32} {
		forged := partsOf(t, grant.Refresh).ofGeneration(generation, bytes.Repeat([]byte{7}, 32))
		require.Equal(t, identity.ErrInvalidToken, b.refreshes(t, forged.token()))
	}
	require.Equal(t, before, b.items(t))
	require.Zero(t, b.notices(identity.NoticeTokenReuse)+b.notices(identity.NoticeFutureToken))
}

func aTokenThatWasNeverGivenOutIsRefusedAndTold(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	before := b.items(t)
	bound := b.family(t, grant.Session).BoundSecret.Reveal()
	future := partsOf(t, grant.Refresh).ofGeneration(2, bound).token()
	require.Equal(t, identity.ErrInvalidToken, b.refreshes(t, future))
	require.Equal(t, 1, b.notices(identity.NoticeFutureToken))
	require.Equal(t, before, b.items(t))
	require.Equal(t, future.Reveal(), b.refresh(t, grant.Refresh).Token.Reveal(), "it was right but for its time")
}

func aRefreshNeverPassesTheAbsoluteEnd(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"), lasting(time.Hour))
	end := b.family(t, grant.Session).AbsExpiresAt
	require.Equal(t, grant.Session.AbsExpiresAt, end)
	b.clock.Set(end.Add(-time.Minute))
	result := b.refresh(t, grant.Refresh)
	require.Equal(t, end, result.Session.IdleExpiresAt)
	b.clock.Set(end)
	for _, token := range []theorydb.Secret[string]{grant.Refresh, result.Token} {
		err := b.refreshes(t, token)
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		require.Equal(t, identity.ErrInvalidToken, identity.Public(err))
	}
}

func anIdleSessionIsNotRefreshed(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	b.clock.Set(grant.Session.IdleExpiresAt)
	require.ErrorIs(t, b.refreshes(t, grant.Refresh), theorydb.ErrItemNotFound)
	require.EqualValues(t, 1, b.family(t, grant.Session).Gen)
	require.Zero(t, b.familyWrites(t, grant.Session))
}

func aTokenIsForItsClientAndResource(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	bound := b.signIn(t, user, func(n *identity.NewSession) {
		n.Family = &identity.NewFamily{ClientID: "app", Resource: "https://a"}
	})
	free := b.signIn(t, user)
	before := b.items(t)
	refresh := func(grant *identity.SessionGrant, client string, resource ...string) error {
		result, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, client, resource...)
		b.handedOut(t, result.Token)
		return err
	}
	require.Equal(t, identity.ErrInvalidToken, refresh(bound, "other"))
	require.Equal(t, identity.ErrInvalidToken, refresh(bound, ""))
	require.Equal(t, identity.ErrInvalidToken, refresh(bound, "app", "https://b"))
	require.Equal(t, identity.ErrInvalidToken, refresh(bound, "app", "https://a", "https://b"))
	require.Equal(t, identity.ErrInvalidToken, refresh(free, "app", "https://a"))
	require.Equal(t, before, b.items(t))
	require.NoError(t, refresh(bound, "app", "https://a"))
	require.NoError(t, refresh(free, "app"))
	require.Equal(t, "https://a", b.family(t, bound.Session).Resource)
}
