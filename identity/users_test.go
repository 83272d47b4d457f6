package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// addressesOf are the stored addresses of a user.
func addressesOf(t *testing.T, b *bench, userID string) []string {
	profile, err := b.For(b.scope).Profiles.Get(t.Context(), userID)
	require.NoError(t, err)
	var all []string
	for _, address := range profile.Emails.Reveal() {
		all = append(all, address)
	}
	slices.Sort(all)
	return all
}

func exportError(ctx context.Context, users *Users, id string) (last error) {
	for _, err := range users.Export(ctx, id) {
		last = err
	}
	return last
}

func TestUsersAreListedOverAllShards(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		users := b.For(b.scope).Users
		want := map[string]bool{}
		for n := range 230 {
			user, err := users.Create(t.Context(), User{ID: fmt.Sprint("user-", n)}, NewUser{})
			require.NoError(t, err)
			want[user.ID] = true
		}
		other, err := NewScope("acme", "staging")
		require.NoError(t, err)
		newUser(t, b.For(other), "elsewhere")

		got, pages, cursor := map[string]bool{}, 0, ""
		for {
			page, err := users.List(t.Context(), cursor)
			require.NoError(t, err)
			pages++
			for _, user := range page.Items {
				require.False(t, got[user.ID])
				got[user.ID] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
			require.Len(t, page.Items, listSize)
		}
		require.Equal(t, want, got)
		require.Equal(t, 3, pages)

		page, err := users.List(t.Context(), "")
		require.NoError(t, err)
		_, err = b.For(other).Users.List(t.Context(), page.Next)
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
		_, _, err = users.Erase(t.Context(), "user-1", page.Next)
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
		for n := range page.Next {
			damaged := []byte(page.Next)
			damaged[n] ^= 1
			_, err = users.List(t.Context(), string(damaged))
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
		}
		for _, foreign := range []string{"x", page.Next + "AA", strings.Repeat("A", maxCursor+1)} {
			_, err = users.List(t.Context(), foreign)
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
		}
	})
}

func FuzzUserCursor(f *testing.F) {
	b := openBench(f)
	p := b.For(b.scope).Users.project
	f.Add(p.waypointText("Users.List", "", waypoint{3, "x y"}))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		at, err := p.waypointFrom("Users.List", "", cursor)
		if err != nil {
			require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
		} else if cursor != "" {
			require.Equal(t, cursor, p.waypointText("Users.List", "", at))
		}
	})
}

func TestCreatingAUserCosts(t *testing.T) {
	b := openBench(t)
	b.aws.ResetCalls()
	user, err := b.For(b.scope).Users.Create(t.Context(), User{}, email("bob@example.com"))
	require.NoError(t, err)
	require.Len(t, user.ID, 36)
	require.Len(t, b.aws.Calls(), 1)
	require.Len(t, b.aws.KMSCalls(), 2, "the alias, once, and a data key")
	require.InDelta(t, 8.0, b.aws.Calls()[0].ConsumedCapacity, 0, "two for each of user, identifier and profile, and for the index, which the engine counts like them")

	b.aws.ResetCalls()
	_, err = b.For(b.scope).Users.GetByIdentifier(t.Context(), KindEmail, "bob@example.com")
	require.NoError(t, err)
	require.Len(t, b.aws.Calls(), 2)
	for _, call := range b.aws.Calls() {
		require.Equal(t, "GetItem", call.Operation)
		require.InDelta(t, 1.0, call.ConsumedCapacity, 0, "a strong read")
	}
	require.Empty(t, b.aws.KMSCalls())
}

func TestUsersVerbsOfTheZeroScopeSendNothing(t *testing.T) {
	b := openBench(t)
	b.aws.ResetCalls()
	users := b.For(Scope{}).Users
	_, err := users.Create(t.Context(), User{}, email("bob@example.com"))
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	_, err = users.GetByIdentifier(t.Context(), KindEmail, "bob@example.com")
	require.ErrorIs(t, err, theorydb.ErrScopeRequired)
	require.ErrorIs(t, exportError(t.Context(), users, "u1"), theorydb.ErrScopeRequired)
	require.Empty(t, b.aws.Calls())
}

func TestCreateRefusesWhatIsNoUser(t *testing.T) {
	b := openBench(t)
	b.aws.ResetCalls()
	users := b.For(b.scope).Users
	many := NewUser{}
	for n := range maxIdentifiers + 1 {
		many.Identifiers = append(many.Identifiers, NewIdentifier{Kind: KindExternal, Value: fmt.Sprint(n)})
	}
	for name, c := range map[string]struct {
		user    User
		details NewUser
	}{
		"status":              {User{Status: UserDeleting}, NewUser{}},
		"unknown status":      {User{Status: "x"}, NewUser{}},
		"epoch":               {User{SessionEpoch: -1}, NewUser{}},
		"identifiers in User": {User{Identifiers: []string{"email:x"}}, NewUser{}},
		"kind":                {User{}, NewUser{Identifiers: []NewIdentifier{{Kind: "fax", Value: "1"}}}},
		"empty ext":           {User{}, NewUser{Identifiers: []NewIdentifier{{Kind: KindExternal}}}},
		"one twice":           {User{}, email("bob@example.com", "BOB@example.com")},
		"too many":            {User{}, many},
		"profile of another":  {User{ID: "u1"}, NewUser{Profile: &Profile{UserID: "u2"}}},
		"emails in Profile":   {User{}, NewUser{Profile: &Profile{Emails: theorydb.NewSecret(map[string]string{})}}},
		"name":                {User{}, NewUser{Profile: &Profile{Name: theorydb.NewSecret("\xff")}}},
	} {
		_, err := users.Create(t.Context(), c.user, c.details)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, name)
	}
	require.Empty(t, b.aws.Calls())

	many.Identifiers = many.Identifiers[:maxIdentifiers]
	user, err := users.Create(t.Context(), User{ID: "u1"}, many)
	require.NoError(t, err)
	require.Len(t, user.Identifiers, maxIdentifiers)
	_, err = users.AddIdentifier(t.Context(), "u1", NewIdentifier{Kind: KindExternal, Value: "more"})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = users.Create(t.Context(), User{ID: "u1"}, NewUser{})
	require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
	require.NotErrorIs(t, err, ErrIdentifierTaken)
}

func TestIdentifiersComeAndGoWithTheirAddresses(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		users := b.For(b.scope).Users
		newUser(t, b.For(b.scope), "u1", "Bob@example.com")
		add := func(kind, value string) (User, error) {
			return users.AddIdentifier(t.Context(), "u1", NewIdentifier{Kind: kind, Value: value, Verified: true})
		}
		user, err := add(KindPhone, "+49 151 2345678")
		require.NoError(t, err)
		require.Len(t, user.Identifiers, 2)
		user, err = add(KindExternal, "ERP-7#x")
		require.NoError(t, err)
		require.Len(t, user.Identifiers, 3)
		again, err := add(KindPhone, "+491512345678")
		require.NoError(t, err)
		require.Equal(t, user, again, "what the user has already is left as it is")

		phone, err := users.Identifier(t.Context(), KindPhone, "+491512345678")
		require.NoError(t, err)
		require.NotNil(t, phone.VerifiedAt)
		address, err := users.Identifier(t.Context(), KindEmail, "bob@example.com")
		require.NoError(t, err)
		require.Nil(t, address.VerifiedAt)
		require.NoError(t, users.VerifyIdentifier(t.Context(), "u1", KindEmail, "bob@example.com"))
		address, err = users.Identifier(t.Context(), KindEmail, "bob@example.com")
		require.NoError(t, err)
		first := *address.VerifiedAt
		b.clock.Advance(time.Hour)
		require.NoError(t, users.VerifyIdentifier(t.Context(), "u1", KindEmail, "bob@example.com"))
		address, err = users.Identifier(t.Context(), KindEmail, "bob@example.com")
		require.NoError(t, err)
		require.True(t, first.Equal(*address.VerifiedAt), "the first time stays")

		same, err := users.ChangeIdentifier(t.Context(), "u1", "bob@example.com", NewIdentifier{Kind: KindEmail, Value: "BOB@example.com"})
		require.NoError(t, err)
		require.Equal(t, user, same)
		require.Equal(t, []string{"Bob@example.com"}, addressesOf(t, b, "u1"))

		newUser(t, b.For(b.scope), "u2", "carol@example.com")
		_, err = add(KindEmail, "carol@example.com")
		require.ErrorIs(t, err, ErrIdentifierTaken)
		require.ErrorIs(t, users.VerifyIdentifier(t.Context(), "u1", KindEmail, "carol@example.com"), theorydb.ErrItemNotFound)
		require.ErrorIs(t, users.VerifyIdentifier(t.Context(), "u1", KindEmail, "nobody@example.com"), theorydb.ErrItemNotFound)
		_, err = users.RemoveIdentifier(t.Context(), "u1", KindEmail, "carol@example.com")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		_, err = users.ChangeIdentifier(t.Context(), "u1", "carol@example.com", NewIdentifier{Kind: KindEmail, Value: "new@example.com"})
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)

		for _, i := range [][2]string{{KindPhone, "+491512345678"}, {KindExternal, "ERP-7#x"}, {KindEmail, "bob@example.com"}} {
			user, err = users.RemoveIdentifier(t.Context(), "u1", i[0], i[1])
			require.NoError(t, err)
			_, err = users.GetByIdentifier(t.Context(), i[0], i[1])
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		}
		require.Empty(t, user.Identifiers)
		profile, err := b.For(b.scope).Profiles.Get(t.Context(), "u1")
		require.NoError(t, err)
		require.False(t, profile.Emails.IsSet())
		require.False(t, profile.Phones.IsSet())
		newUser(t, b.For(b.scope), "u3", "bob@example.com") // free again

		_, err = users.Disable(t.Context(), "u1")
		require.NoError(t, err)
		for _, id := range []string{"u1", "nobody"} {
			_, err = users.AddIdentifier(t.Context(), id, NewIdentifier{Kind: KindExternal, Value: "y"})
			require.ErrorIs(t, err, ErrUserInactive)
		}
		require.ErrorIs(t, users.VerifyIdentifier(t.Context(), "nobody", KindEmail, "carol@example.com"), ErrUserInactive)
		b.holdsNoneOf(t, "Bob@example.com", "bob@example.com", "491512345678", "ERP-7", "carol@example.com")
	})
}

func TestIdentifiersOfOneUserAddedAtTheSameTimeAllStay(t *testing.T) {
	b := openBench(t)
	users := b.For(b.scope).Users
	newUser(t, b.For(b.scope), "u1")
	for _, err := range together(racers, func(n int) error {
		for {
			_, err := users.AddIdentifier(t.Context(), "u1", NewIdentifier{Kind: KindEmail, Value: fmt.Sprintf("a%d@example.com", n)})
			if !errors.Is(err, theorydb.ErrVersionConflict) {
				return err
			}
		}
	}) {
		require.NoError(t, err)
	}
	user, err := users.Get(t.Context(), "u1")
	require.NoError(t, err)
	require.Len(t, user.Identifiers, racers)
	require.Len(t, addressesOf(t, b, "u1"), racers)
	require.Equal(t, racers, b.countOf(t, "Identifier"))
}

func TestIdentifiersAreAddedWhenARivalWasFaster(t *testing.T) {
	b := openBench(t)
	users := b.For(b.scope).Users
	newUser(t, b.For(b.scope), "u1", "bob@example.com")
	refuse := func(rival func()) {
		b.faults.On("TransactWriteItems").Error(400, "ThrottlingException", "slower").Then(rival)
	}
	refuse(func() {
		_, err := users.Update(t.Context(), "u1", func(user *User) error { user.SessionEpoch = 7; return nil })
		require.NoError(t, err)
	})
	user, err := users.AddIdentifier(t.Context(), "u1", NewIdentifier{Kind: KindEmail, Value: "second@example.com"})
	require.NoError(t, err)
	require.Equal(t, int64(7), user.SessionEpoch)
	require.Len(t, user.Identifiers, 2)
	refuse(func() {
		_, err := b.For(b.scope).Profiles.Update(t.Context(), "u1", func(p *Profile) error { p.Name = theorydb.NewSecret("Bob"); return nil })
		require.NoError(t, err)
	})
	_, err = users.RemoveIdentifier(t.Context(), "u1", KindEmail, "second@example.com")
	require.NoError(t, err)
	require.Equal(t, []string{"bob@example.com"}, addressesOf(t, b, "u1"))
	profile, err := b.For(b.scope).Profiles.Get(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, "Bob", profile.Name.Reveal())
	refuse(func() {
		_, err := users.Disable(t.Context(), "u1")
		require.NoError(t, err)
	})
	_, err = users.AddIdentifier(t.Context(), "u1", NewIdentifier{Kind: KindEmail, Value: "third@example.com"})
	require.ErrorIs(t, err, ErrUserInactive)
	require.Empty(t, b.faults.Unfired())
}

func TestUpdateRefusesWhatHasVerbsOfItsOwn(t *testing.T) {
	b := openBench(t)
	users := b.For(b.scope).Users
	made := newUser(t, b.For(b.scope), "u1", "bob@example.com")
	for _, change := range []func(*User) error{
		func(u *User) error { u.Identifiers = nil; return nil },
		func(u *User) error { u.Identifiers[0] = "email:x"; return nil },
		func(u *User) error { u.Status = UserDeleting; return nil },
		func(u *User) error { u.Status = ""; return nil },
		func(u *User) error { u.SessionEpoch--; return nil },
	} {
		_, err := users.Update(t.Context(), "u1", change)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	}
	mine := errors.New("no")
	_, err := users.Update(t.Context(), "u1", func(*User) error { return mine })
	require.ErrorIs(t, err, mine)
	_, err = users.Update(t.Context(), "u1", nil)
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	found, err := users.Get(t.Context(), "u1")
	require.NoError(t, err)
	require.Equal(t, made, found)
	_, err = users.Update(t.Context(), "nobody", func(*User) error { return nil })
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
}

func TestCreateTakesFurtherOperationsAlong(t *testing.T) {
	b := openBench(t)
	users := b.For(b.scope).Users
	newUser(t, b.For(b.scope), "inviter")
	_, err := users.Create(t.Context(), User{ID: "u1"}, email("bob@example.com"), users.activeUser("nobody"))
	require.ErrorIs(t, err, theorydb.ErrConditionFailed)
	require.NotErrorIs(t, err, ErrIdentifierTaken)
	require.Equal(t, 1, b.countOf(t, "User"))
	_, err = users.Create(t.Context(), User{ID: "u1"}, email("bob@example.com"), users.activeUser("inviter"))
	require.NoError(t, err)
}

func TestReadsThatFindNothingAreTold(t *testing.T) {
	var told []Notice
	b := openBench(t, func(o *Options) { o.Notify = func(_ context.Context, n Notice) { told = append(told, n) } })
	users := b.For(b.scope).Users
	_, err := users.Get(t.Context(), "nobody")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	_, err = users.GetByIdentifier(t.Context(), KindEmail, "nobody@example.com")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	require.Equal(t, []Notice{{Kind: NoticeMiss, Scope: b.scope, UserID: "nobody"}, {Kind: NoticeMiss, Scope: b.scope}}, told)
}
