package identitysuite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

var lastOwner = []Scenario{
	{ID: "id.mem.last_owner_race", run: oneOwnerIsLeftWhenAllLeaveAtOnce},
	{ID: "id.mem.owner_count", run: ownersAndCarriersAreCountedUnderEveryRace},
}

// leave are the ways in which an owner is none any more.
var leave = []func(ctx context.Context, m *identity.Memberships, target identity.Target, user string) error{
	func(ctx context.Context, m *identity.Memberships, target identity.Target, user string) error {
		return m.Remove(ctx, target, user)
	},
	func(ctx context.Context, m *identity.Memberships, target identity.Target, user string) error {
		_, err := m.SetRole(ctx, target, user, identity.RoleMember)
		return err
	},
	func(ctx context.Context, m *identity.Memberships, target identity.Target, user string) error {
		_, err := m.Suspend(ctx, target, user)
		return err
	},
}

func oneOwnerIsLeftWhenAllLeaveAtOnce(t *testing.T, b *bench) {
	crowd := make([]string, 0, racers)
	for i := range racers {
		crowd = append(crowd, fmt.Sprint("u", i))
	}
	b.owned(t, append(crowd, "bob")...)
	for i, place := range places {
		t.Run("two owners of "+place.name, func(t *testing.T) {
			each := b.rounds(100)/3 + 1
			for round := range each {
				n := i*each + round // each way against each other one
				twoOwnersLeave(t, b, place, []int{n % 3, n / 3 % 3})
			}
		})
		t.Run("one after the other has read, "+place.name, func(t *testing.T) {
			for way := range len(leave) * len(leave) {
				oneOwnerLeavesMeanwhile(t, b, place, []int{way % 3, way / 3})
			}
		})
		t.Run("the same owner of "+place.name, func(t *testing.T) {
			for range 30 {
				theSameOwnerLeaves(t, b, place)
			}
		})
		t.Run("sixteen owners of "+place.name, func(t *testing.T) {
			for _, user := range crowd {
				b.join(t, place.target, user, identity.RoleOwner)
			}
			require.NoError(t, b.Memberships.Remove(t.Context(), place.target, "ann"))
			errs := together(racers, func(i int) error {
				err := b.Memberships.Remove(t.Context(), place.target, crowd[i])
				for isOvertaken(err) { // another one was faster four times
					err = b.Memberships.Remove(t.Context(), place.target, crowd[i])
				}
				return err
			})
			left := b.owners(t)[place.name]
			require.Len(t, left, 1)
			for i, err := range errs {
				if crowd[i] == left[0] {
					require.ErrorIs(t, err, identity.ErrLastOwner)
				} else {
					require.NoError(t, err)
				}
			}
		})
	}
}

// twoOwnersLeave makes both owners leave at the same time, each in its way. One of them can't. Afterwards ann is the owner.
func twoOwnersLeave(t *testing.T, b *bench, place ownedPlace, ways []int) {
	t.Helper()
	b.join(t, place.target, "bob", identity.RoleOwner)
	users := []string{"ann", "bob"}
	errs := together(2, func(i int) error { return leave[ways[i]](t.Context(), b.Memberships, place.target, users[i]) })
	owners := b.owners(t)[place.name]
	require.Len(t, owners, 1)
	for i, user := range users {
		if user == owners[0] {
			require.ErrorIs(t, errs[i], identity.ErrLastOwner)
		} else {
			require.NoError(t, errs[i])
		}
	}
	b.annAlone(t, place)
}

// oneOwnerLeavesMeanwhile makes bob leave between what ann's leaving reads and what it writes. So he can, and she can't.
func oneOwnerLeavesMeanwhile(t *testing.T, b *bench, place ownedPlace, ways []int) {
	t.Helper()
	b.join(t, place.target, "bob", identity.RoleOwner)
	var first error
	b.faults.interrupt("TransactWriteItems", func() { first = leave[ways[0]](t.Context(), b.Memberships, place.target, "bob") })
	second := leave[ways[1]](t.Context(), b.Memberships, place.target, "ann")
	require.NoError(t, first)
	require.ErrorIs(t, second, identity.ErrLastOwner)
	require.Equal(t, []string{"ann"}, b.owners(t)[place.name])
	b.annAlone(t, place)
}

// annAlone makes ann the only owner, and bob no member.
func (b *bench) annAlone(t *testing.T, place ownedPlace) {
	t.Helper()
	b.makeOwner(t, place.target, "ann")
	if err := b.Memberships.Remove(t.Context(), place.target, "bob"); err != nil {
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	}
	require.Equal(t, []string{"ann"}, b.owners(t)[place.name])
}

func (b *bench) makeOwner(t *testing.T, target identity.Target, user string) {
	t.Helper()
	found, err := b.Memberships.Get(t.Context(), target, user)
	if errors.Is(err, theorydb.ErrItemNotFound) {
		b.join(t, target, user, identity.RoleOwner)
		return
	}
	require.NoError(t, err)
	if found.Role != identity.RoleOwner {
		_, err = b.Memberships.SetRole(t.Context(), target, user, identity.RoleOwner)
		require.NoError(t, err)
	}
	_, err = b.Memberships.Reactivate(t.Context(), target, user)
	require.NoError(t, err)
}

// theSameOwnerLeaves removes one owner twice and suspends it at the same time.
func theSameOwnerLeaves(t *testing.T, b *bench, place ownedPlace) {
	t.Helper()
	b.join(t, place.target, "bob", identity.RoleOwner)
	errs := together(3, func(i int) error {
		return leave[[]int{0, 0, 2}[i]](t.Context(), b.Memberships, place.target, "bob")
	})
	requireOneWinner(t, errs[:2], theorydb.ErrItemNotFound)
	if errs[2] != nil {
		require.ErrorIs(t, errs[2], theorydb.ErrItemNotFound)
	}
	require.Equal(t, []string{"ann"}, b.owners(t)[place.name])
}

// isOvertaken says that other writers were faster at every try.
func isOvertaken(err error) bool {
	return errors.Is(err, theorydb.ErrTransactionCanceled) &&
		isOneOf(err, []error{theorydb.ErrConditionFailed, theorydb.ErrThrottled}) &&
		!isOneOf(err, []error{theorydb.ErrAlreadyExists, theorydb.ErrItemNotFound})
}

func ownersAndCarriersAreCountedUnderEveryRace(t *testing.T, b *bench) {
	b.owned(t, "bob", "eve", "dan", "fay")
	for _, role := range []string{"billing", "support"} {
		_, err := b.Roles.Create(t.Context(), role, nil)
		require.NoError(t, err)
	}
	for _, place := range places {
		t.Run("one member of "+place.name, func(t *testing.T) {
			for range b.rounds(30) {
				everybodyChangesBob(t, b, place)
			}
		})
	}
	t.Run("any order of verbs", func(t *testing.T) {
		for range b.rounds(20) {
			anyOrderOfVerbs(t, b)
		}
	})
	t.Run("any order of verbs and lost answers", func(t *testing.T) {
		sent := 0
		third := func(localaws.Request) bool { sent++; return sent%3 == 0 }
		lost := b.faults.On("TransactWriteItems").Attempt(1).When(third).Always().CommitThenDrop()
		for range b.rounds(20) {
			anyOrderOfVerbs(t, b)
		}
		require.Positive(t, lost.Fired())
		b.faults.mend()
	})
}

// everybodyChangesBob removes an owner several times, suspends it, reactivates it and gives it roles, all at once.
func everybodyChangesBob(t *testing.T, b *bench, place ownedPlace) {
	t.Helper()
	ctx, m := t.Context(), b.Memberships
	b.join(t, place.target, "bob", identity.RoleOwner)
	verbs := []func() error{
		func() error { return m.Remove(ctx, place.target, "bob") },
		func() error { return m.Remove(ctx, place.target, "bob") },
		func() error { _, err := m.Suspend(ctx, place.target, "bob"); return err },
		func() error { _, err := m.Reactivate(ctx, place.target, "bob"); return err },
		func() error { _, err := m.SetRole(ctx, place.target, "bob", "billing"); return err },
		func() error { _, err := m.SetRole(ctx, place.target, "bob", "support"); return err },
		func() error { _, err := m.SetRole(ctx, place.target, "bob", identity.RoleMember); return err },
		func() error { _, err := m.SetRole(ctx, place.target, "bob", identity.RoleOwner); return err },
	}
	removed := 0
	for i, err := range together(racers, func(i int) error { return verbs[i%len(verbs)]() }) {
		switch {
		case err == nil && i%len(verbs) < 2:
			removed++
		case err != nil:
			require.True(t, errors.Is(err, theorydb.ErrItemNotFound) || isOvertaken(err), "%v", err)
		}
	}
	require.LessOrEqual(t, removed, 1)
	require.Contains(t, b.owners(t)[place.name], "ann")
	if removed == 0 {
		require.NoError(t, m.Remove(ctx, place.target, "bob"), "nobody removed him")
	}
	require.Equal(t, []string{"ann"}, b.owners(t)[place.name])
}

// anyOrderOfVerbs lets everybody do what comes to mind, in all places.
func anyOrderOfVerbs(t *testing.T, b *bench) {
	t.Helper()
	seed := rand.Uint64()
	errs := together(racers, func(i int) error {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		for range 6 {
			if err := verbByChance(t.Context(), b, random); err != nil && !isRefusal(err) {
				return err
			}
		}
		return nil
	})
	require.NoError(t, errors.Join(errs...), "seed %d", seed)
	owners := b.owners(t)
	for _, place := range places {
		require.NotEmpty(t, owners[place.name], "seed %d, %s", seed, place.name)
	}
}

func verbByChance(ctx context.Context, b *bench, random *rand.Rand) (err error) {
	m, target := b.Memberships, places[random.IntN(len(places))].target
	users := []string{"ann", "bob", "eve", "dan", "fay"}
	user, other := users[random.IntN(5)], users[random.IntN(5)]
	role := []string{identity.RoleOwner, identity.RoleOwner, identity.RoleMember, "billing", "support", "unknown"}[random.IntN(6)]
	switch random.IntN(10) {
	case 0, 1, 2:
		_, err = m.Add(ctx, target, user, role, "")
	case 3, 4:
		_, err = m.SetRole(ctx, target, user, role)
	case 5:
		_, err = m.Suspend(ctx, target, user)
	case 6:
		_, err = m.Reactivate(ctx, target, user)
	case 7:
		err = m.Remove(ctx, target, user)
	case 8:
		if user != other {
			err = m.TransferOwnership(ctx, target, user, other)
		}
	case 9:
		if err = b.Roles.Delete(ctx, "support"); err == nil {
			_, err = b.Roles.Create(ctx, "support", nil)
		}
	}
	return err
}

// isRefusal says that a verb was refused for what was stored at the time, or does not know what became of it.
func isRefusal(err error) bool {
	return isOvertaken(err) || isOneOf(err, []error{
		identity.ErrLastOwner, identity.ErrForbidden, identity.ErrInUse, theorydb.ErrItemNotFound, theorydb.ErrAlreadyExists,
		theorydb.ErrOutcomeUnknown,
	})
}
