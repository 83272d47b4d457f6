package identity

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestEraseRefusesTheLastOwnerAndTakesAnother(t *testing.T) {
	b := openBench(t)
	users := b.For(b.scope).Users
	manyItems(t, b, "alice", 3)
	newUser(t, b.For(b.scope), "bob", "bob@example.com")
	organization := &Organization{ID: "o", Slug: "o", Name: "O", Status: "active", OwnerCount: 1}
	require.NoError(t, users.organizations.Create(t.Context(), organization))
	owner := func(id string) *Membership {
		return &Membership{TargetType: "org", TargetID: "o", UserID: id, Role: "owner", Status: "active"}
	}
	require.NoError(t, users.memberships.Create(t.Context(), owner("alice")))
	before := usersItems(t, b)
	next, done, err := users.Erase(t.Context(), "alice", "")
	require.ErrorIs(t, err, ErrLastOwner)
	require.Empty(t, next)
	require.False(t, done)
	require.Equal(t, before, usersItems(t, b), "she can still act, and hand over")

	require.NoError(t, users.memberships.Create(t.Context(), owner("bob")))
	organization.OwnerCount = 2
	require.NoError(t, users.organizations.Update(t.Context(), organization))
	eraseAll(t, users, "alice", "")
	require.Empty(t, namesUser(t, b, "alice"))
	stored, err := users.organizations.Get(t.Context(), Organization{ID: "o"}, theorydb.Consistent())
	require.NoError(t, err)
	require.Equal(t, int64(1), stored.OwnerCount)
	_, _, err = users.Erase(t.Context(), "bob", "")
	require.ErrorIs(t, err, ErrLastOwner)
}
