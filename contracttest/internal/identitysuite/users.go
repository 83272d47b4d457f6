package identitysuite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

var users = []Scenario{
	{ID: "id.user.unique_email_race", run: ofSixteenUsersWithOneAddressOneIsMade},
	{ID: "id.user.same_email_other_project", run: anAddressIsUniqueInItsProjectOnly},
	{ID: "id.user.create_drop_after", run: aUserWhoseAnswerWasLostIsTheSameUser},
	{ID: "id.user.read_your_write", run: aUserIsFoundThoughIndexesAreBehind, needs: "an index that lags"},
	{ID: "id.user.update_version_conflict", run: aStaleUpdateOfAUserChangesNothing},
	{ID: "id.user.parallel_increment", run: noParallelUpdateOfAUserIsLost},
	{ID: "id.user.disabled_blocks_create", Of: "epoch", run: noSessionOfADisabledUserIsOfItsEpoch},
	{ID: "id.user.oversize", run: aUserThatIsTooLargeIsRefusedWithoutItsValues},
}

func ofSixteenUsersWithOneAddressOneIsMade(t *testing.T, b *bench) {
	details := b.emails("bob@example.com")
	made := make([]identity.User, racers)
	all := together(racers, func(n int) (err error) {
		made[n], err = b.Users.Create(t.Context(), identity.User{}, details)
		return err
	})
	requireOneWinner(t, all, identity.ErrIdentifierTaken)
	for _, entity := range []string{"User", "Identifier", "Profile"} {
		require.Len(t, b.itemsOf(t, entity), 1)
	}
	found, err := b.Users.GetByIdentifier(t.Context(), identity.KindEmail, "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, made[slices.Index(all, nil)].ID, found.ID)
}

func anAddressIsUniqueInItsProjectOnly(t *testing.T, b *bench) {
	other := b.For(newScope(t, "acme", "staging"))
	b.addressed(t, "u1", "bob@example.com")
	_, err := other.Users.Create(t.Context(), identity.User{ID: "u2"}, b.emails("bob@example.com"))
	require.NoError(t, err)
	found, err := other.Users.GetByIdentifier(t.Context(), identity.KindEmail, "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, "u2", found.ID)
	_, err = other.Users.Get(t.Context(), "u1")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	found, err = b.Users.GetByIdentifier(t.Context(), identity.KindEmail, "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, "u1", found.ID)
}

func aUserWhoseAnswerWasLostIsTheSameUser(t *testing.T, b *bench) {
	lost := b.faults.On("TransactWriteItems").Attempt(1).CommitThenDrop()
	made, err := b.Users.Create(t.Context(), identity.User{}, b.emails("bob@example.com"))
	require.NoError(t, err)
	require.Equal(t, 1, lost.Fired())
	found, err := b.Users.GetByIdentifier(t.Context(), identity.KindEmail, "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, made, found)
	require.Len(t, b.itemsOf(t, "User"), 1)
}

func aUserIsFoundThoughIndexesAreBehind(t *testing.T, b *bench) {
	lagging := localaws.New(localaws.WithClock(b.clock), localaws.WithIndexLag(10*time.Second))
	behind := open(t, Engine{Client: lagging.DynamoDB(), KMS: lagging, Clock: b.clock})
	made := behind.addressed(t, "u1", "bob@example.com")
	page, err := behind.Users.List(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, page.Items, "the index does lag")
	found, err := behind.Users.GetByIdentifier(t.Context(), identity.KindEmail, "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, made, found)
	lagging.SyncIndexes()
	page, err = behind.Users.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	behind.holdsNoSecret(t)
}

func aStaleUpdateOfAUserChangesNothing(t *testing.T, b *bench) {
	stale := b.addressed(t, "u1")
	stored, err := b.Users.Disable(t.Context(), "u1")
	require.NoError(t, err)
	stale.SessionEpoch = 40
	require.ErrorIs(t, rows[identity.User](t, b).Update(t.Context(), &stale), theorydb.ErrVersionConflict)
	found, err := b.Users.Get(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, stored, found)

	_, err = b.Users.Update(t.Context(), "u1", func(user *identity.User) error { // a rival is faster every time
		user.SessionEpoch += 1000
		stored, err = b.Users.Update(t.Context(), "u1", func(user *identity.User) error { user.SessionEpoch++; return nil })
		return err
	})
	require.ErrorIs(t, err, theorydb.ErrVersionConflict)
	found, err = b.Users.Get(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, stored, found)
}

func noParallelUpdateOfAUserIsLost(t *testing.T, b *bench) {
	b.addressed(t, "u1")
	seen := make([]int64, racers)
	for _, err := range together(racers, func(n int) error {
		for {
			user, err := b.Users.Update(t.Context(), "u1", func(user *identity.User) error { user.SessionEpoch++; return nil })
			seen[n] = user.SessionEpoch
			if !errors.Is(err, theorydb.ErrVersionConflict) {
				return err
			}
		}
	}) {
		require.NoError(t, err)
	}
	slices.Sort(seen)
	for n, epoch := range seen {
		require.Equal(t, int64(n+1), epoch)
	}
	found, err := b.Users.Get(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, int64(racers), found.SessionEpoch)
	require.Equal(t, int64(racers+1), found.Version)
}

// The sessions here are made by the models, under the checks that a store makes: what a disabled user's epoch promises to any
// program that makes sessions of its own.
func noSessionOfADisabledUserIsOfItsEpoch(t *testing.T, b *bench) {
	held := b.addressed(t, "u1")
	stored := rows[identity.Session](t, b)
	signIn := func(id string) error {
		return b.db.Transact(t.Context(), stored.CreateOp(b.sessionRow("u1", id, held.SessionEpoch)),
			rows[identity.User](t, b).CheckOp(identity.User{ID: "u1"},
				theorydb.Equal("status", identity.UserActive), theorydb.Equal("sessionEpoch", held.SessionEpoch)))
	}
	require.NoError(t, signIn("first"))
	made := together(racers, func(n int) error {
		if n == racers/2 {
			return errorOf(b.Users.Disable(t.Context(), "u1"))
		}
		return signIn(fmt.Sprint("s", n))
	})
	require.NoError(t, made[racers/2])
	require.ErrorIs(t, signIn("after"), theorydb.ErrConditionFailed)
	user, err := b.Users.Get(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, identity.UserDisabled, user.Status)
	all, err := theorydb.Collect(stored.Query(t.Context(), theorydb.Query[identity.Session]{Key: identity.Session{UserID: "u1"}, Consistent: true}))
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, session := range all {
		require.Less(t, session.Epoch, user.SessionEpoch, "no session is of the user's epoch")
	}
	again, err := b.Users.Disable(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, user, again)
	enabled, err := b.Users.Enable(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, user.SessionEpoch, enabled.SessionEpoch)
	require.ErrorIs(t, signIn("later"), theorydb.ErrConditionFailed, "with the epoch of before")
}

func aUserThatIsTooLargeIsRefusedWithoutItsValues(t *testing.T, b *bench) {
	const marker = "somebody's life"
	b.addressed(t, "u1", "bob@example.com")
	b.keepSecret(marker)
	before := b.items(t)
	big := theorydb.NewSecret(map[string]string{"life": strings.Repeat(marker, 28_000)})
	_, err := b.Users.Create(t.Context(), identity.User{}, identity.NewUser{Profile: &identity.Profile{Custom: big}})
	require.ErrorIs(t, err, theorydb.ErrItemTooLarge)
	require.NotContains(t, err.Error(), marker)
	_, err = b.Profiles.Update(t.Context(), "u1", func(p *identity.Profile) error { p.Custom = big; return nil })
	require.ErrorIs(t, err, theorydb.ErrItemTooLarge)
	require.NotContains(t, err.Error(), marker)
	_, err = b.Profiles.Update(t.Context(), "u1", func(p *identity.Profile) error {
		p.Name = theorydb.NewSecret(strings.Repeat(marker, 20))
		return nil
	})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	require.ErrorContains(t, err, "name has")
	require.NotContains(t, err.Error(), marker)
	require.ElementsMatch(t, before, b.items(t))
}

// sessionRow is a session as the models take it.
func (b *bench) sessionRow(userID, id string, epoch int64) *identity.Session {
	later := b.clock.Now().Add(time.Hour).Truncate(time.Second)
	return &identity.Session{
		UserID: userID, ID: id, SecretHash: "of " + id, Epoch: epoch, AuthnAt: b.clock.Now(), LastSeenAt: b.clock.Now(),
		IdleExpiresAt: later, AbsExpiresAt: later, ExpiresAt: later,
	}
}

// storedAddresses are the addresses that a user's profile keeps.
func (b *bench) storedAddresses(t testing.TB, userID string) []string {
	t.Helper()
	profile, err := b.Profiles.Get(t.Context(), userID)
	require.NoError(t, err)
	var all []string
	for _, address := range profile.Emails.Reveal() {
		all = append(all, address)
	}
	slices.Sort(all)
	return all
}

// errorOf is the error of a call with one result.
func errorOf[T any](_ T, err error) error { return err }
