package identitysuite

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

// refreshRaces are about refreshes that race with each other and with what else happens to their session.
var refreshRaces = []Scenario{
	{ID: "id.rt.race_one_winner", run: racersWithOneTokenGetOneSuccessor},
	{ID: "id.rt.race_half_lost", run: racersGetOneSuccessorWhileHalfOfAllAnswersAreLost},
	{ID: "id.rt.race_strict", run: withoutGraceOneRacerSucceeds, options: []func(*identity.Options){withoutGrace}},
	{
		ID: "id.rt.race_strict_read_as_current", run: withoutGraceTheSlowerRacerIsNoThief,
		options: []func(*identity.Options){withoutGrace},
	},
	{ID: "id.rt.touch_between", run: aTouchIsNoRivalOfARefresh},
	{ID: "id.rt.revoked_between", run: aRefreshNeverSucceedsBehindARevocation},
}

func withoutGrace(o *identity.Options) { o.Lifetimes.NoRefreshGrace = true }

func racersWithOneTokenGetOneSuccessor(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	for _, gathered := range []int{0, racers} { // as it comes, and with all having read the token as the current one
		grant := b.signIn(t, user)
		gate := b.gather("TransactWriteItems", gathered)
		requireOneRotation(t, b, grant, func() (identity.RefreshResult, error) {
			return b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
		})
		require.Equal(t, gathered, gate.Fired())
	}
}

// Half of all answers of DynamoDB are lost, to whatever operation, after it was carried out.
func racersGetOneSuccessorWhileHalfOfAllAnswersAreLost(t *testing.T, b *bench) {
	random := rand.New(rand.NewPCG(1, 2)) // used under the lock of the faults
	user, lost, n := b.user(t, "u1"), 0, b.rounds(3000)
	for round := range n {
		grant := b.signIn(t, user)
		// At most six of the eight answers to a write are lost, so that its caller learns what became of it: who never does
		// can't be told that it was first. A read that fails is made again by its caller.
		answers := b.faults.On("").Always().CommitThenDrop().When(func(r localaws.Request) bool {
			return (r.Operation == "BatchGetItem" || r.Attempt <= 6) && random.IntN(2) == 0
		})
		requireOneRotation(t, b, grant, func() (identity.RefreshResult, error) {
			for {
				result, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app")
				if err == nil || t.Context().Err() != nil {
					return result, err
				}
			}
		})
		lost += answers.Fired()
		if round%500 == 499 { // what was sent is searched, and need not be kept
			b.holdsNoSecret(t)
			b.faults.forget()
			b.kmsFaults.forget()
		}
	}
	t.Logf("%d rounds of %d callers, %d answers lost", n, racers, lost)
	require.Greater(t, lost, n*racers/2)
}

// requireOneRotation has 16 callers refresh one token that was not used yet at the same time: one write, one successor, and
// one who is told that it was first. Faults end with it.
func requireOneRotation(t *testing.T, b *bench, grant *identity.SessionGrant, refresh func() (identity.RefreshResult, error)) {
	t.Helper()
	results := make([]identity.RefreshResult, racers)
	errs := together(racers, func(i int) (err error) {
		results[i], err = refresh()
		return err
	})
	b.faults.mend()
	family := b.family(t, grant.Session)
	require.EqualValues(t, 2, family.Gen)
	require.EqualValues(t, 1, b.familyWrites(t, grant.Session))
	successor := partsOf(t, grant.Token).ofGeneration(2, family.BoundSecret.Reveal()).token()
	b.handedOut(t, successor)
	first := 0
	for i, result := range results {
		require.NoError(t, errs[i])
		require.Equal(t, successor.Reveal(), result.Token.Reveal())
		if !result.Replayed {
			first++
		}
	}
	require.Equal(t, 1, first)
}

func withoutGraceOneRacerSucceeds(t *testing.T, b *bench) {
	user := b.user(t, "u1")
	refresh := func(grant *identity.SessionGrant) func(int) error {
		return func(int) error { return b.refreshes(t, grant.Refresh) }
	}
	current := b.signIn(t, user)
	gate := b.gather("TransactWriteItems", racers) // all have read the token as the current one
	requireOneWinner(t, together(racers, refresh(current)), theorydb.ErrVersionConflict)
	requireFired(t, gate)
	require.Nil(t, b.storedSession(t, current.Session).RevokedAt)

	grant := b.signIn(t, user)
	requireOneWinner(t, together(racers, refresh(grant)), theorydb.ErrVersionConflict, identity.ErrTokenReuse)
	for _, raced := range []*identity.SessionGrant{current, grant} {
		require.EqualValues(t, 2, b.family(t, raced.Session).Gen)
		require.EqualValues(t, 1, b.familyWrites(t, raced.Session))
	}

	require.ErrorIs(t, b.refreshes(t, grant.Refresh), identity.ErrTokenReuse) // it reads a later generation
	require.Equal(t, identity.ReasonTokenReuse, b.storedSession(t, grant.Session).RevokeReason)
}

func withoutGraceTheSlowerRacerIsNoThief(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	var rival error // it rotates between the read and the transaction
	b.rivalBefore("TransactWriteItems", func() { rival = b.refreshes(t, grant.Refresh) })
	err := b.refreshes(t, grant.Refresh)
	require.NoError(t, rival)
	require.ErrorIs(t, err, theorydb.ErrVersionConflict)
	require.NotErrorIs(t, err, identity.ErrTokenReuse)
	require.Nil(t, b.storedSession(t, grant.Session).RevokedAt)
}

func aTouchIsNoRivalOfARefresh(t *testing.T, b *bench) {
	grant := b.signIn(t, b.user(t, "u1"))
	b.clock.Advance(time.Hour)
	var rival error
	between := b.rivalBefore("TransactWriteItems", func() { _, rival = b.Sessions.Touch(t.Context(), grant.Session) })
	result := b.refresh(t, grant.Refresh)
	requireFired(t, between)
	require.NoError(t, rival)
	require.False(t, result.Replayed)
	require.Equal(t, grant.Session.Version+2, result.Session.Version)
	require.Equal(t, result.Session, b.storedSession(t, grant.Session))
}

func aRefreshNeverSucceedsBehindARevocation(t *testing.T, b *bench) {
	for name, revoke := range map[string]func(b *bench, s identity.Session) error{
		"session": func(b *bench, s identity.Session) error {
			return b.Sessions.Revoke(t.Context(), s.UserID, s.ID, "test")
		},
		"all": func(b *bench, s identity.Session) error {
			_, err := b.Sessions.RevokeAll(t.Context(), s.UserID, "test")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			b.beside(t, func(b *bench) {
				grant := b.signIn(t, b.user(t, "u1"))
				var failed error
				between := b.rivalBefore("TransactWriteItems", func() { failed = revoke(b, grant.Session) })
				requireStatus(t, b.refreshes(t, grant.Refresh), identity.SessionRevoked)
				requireFired(t, between)
				require.NoError(t, failed)
				require.EqualValues(t, 1, b.family(t, grant.Session).Gen)
				require.Zero(t, b.familyWrites(t, grant.Session))
			})
		})
	}
}
