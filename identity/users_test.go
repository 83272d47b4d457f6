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
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

func TestContractUsers(t *testing.T) {
	t.Run("id.user.unique_email_race", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			users := b.For(b.scope).Users
			made := make([]User, racers)
			all := usersTogether(func(n int) (err error) {
				made[n], err = users.Create(t.Context(), User{}, email("bob@example.com"))
				return err
			})
			requireOneWinner(t, all, ErrIdentifierTaken)
			require.Equal(t, 1, usersOf(t, b, "User"))
			require.Equal(t, 1, usersOf(t, b, "Identifier"))
			require.Equal(t, 1, usersOf(t, b, "Profile"))
			found, err := users.GetByIdentifier(t.Context(), KindEmail, "bob@example.com")
			require.NoError(t, err)
			require.Equal(t, made[slices.Index(all, nil)].ID, found.ID)
			usersHoldNoneOf(t, b, "bob@example.com")
		})
	})
	t.Run("id.user.same_email_other_project", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			other, err := NewScope("acme", "staging")
			require.NoError(t, err)
			newUser(t, b.For(b.scope), "u1", "bob@example.com")
			newUser(t, b.For(other), "u2", "bob@example.com")
			found, err := b.For(other).Users.GetByIdentifier(t.Context(), KindEmail, "bob@example.com")
			require.NoError(t, err)
			require.Equal(t, "u2", found.ID)
			_, err = b.For(other).Users.Get(t.Context(), "u1")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		})
	})
	t.Run("id.user.change_email_race", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			users := b.For(b.scope).Users
			for n := range racers {
				newUser(t, b.For(b.scope), fmt.Sprint("u", n), fmt.Sprintf("old%d@example.com", n))
			}
			all := usersTogether(func(n int) error {
				return second(users.ChangeIdentifier(t.Context(), fmt.Sprint("u", n), fmt.Sprintf("old%d@example.com", n),
					NewIdentifier{Kind: KindEmail, Value: "free@example.com"}))
			})
			requireOneWinner(t, all, ErrIdentifierTaken)
			winner := slices.Index(all, nil)
			for n := range racers {
				old := fmt.Sprintf("old%d@example.com", n)
				found, err := users.GetByIdentifier(t.Context(), KindEmail, old)
				require.Equal(t, n == winner, errors.Is(err, theorydb.ErrItemNotFound))
				if n != winner {
					require.NoError(t, err)
					require.Equal(t, fmt.Sprint("u", n), found.ID)
					require.Equal(t, []string{old}, addressesOf(t, b, found.ID))
				}
			}
			found, err := users.GetByIdentifier(t.Context(), KindEmail, "free@example.com")
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("u", winner), found.ID)
			require.Equal(t, []string{"free@example.com"}, addressesOf(t, b, found.ID))
			require.Equal(t, racers, usersOf(t, b, "Identifier"))
			usersHoldNoneOf(t, b, "free@example.com", "old1@example.com")
		})
	})
	t.Run("id.user.change_email_atomic", func(t *testing.T) {
		b := openBench(t)
		users := b.For(b.scope).Users
		newUser(t, b.For(b.scope), "u1", "old@example.com")
		b.faults.On("TransactWriteItems").Always().DropBefore()
		_, err := users.ChangeIdentifier(t.Context(), "u1", "old@example.com", NewIdentifier{Kind: KindEmail, Value: "new@example.com"})
		require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
		found, err := users.GetByIdentifier(t.Context(), KindEmail, "old@example.com")
		require.NoError(t, err)
		require.Equal(t, "u1", found.ID)
		_, err = users.GetByIdentifier(t.Context(), KindEmail, "new@example.com")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
		require.Equal(t, []string{"old@example.com"}, addressesOf(t, b, "u1"))
	})
	t.Run("id.user.create_drop_after", func(t *testing.T) {
		b := openBench(t)
		users := b.For(b.scope).Users
		b.faults.On("TransactWriteItems").Attempt(1).CommitThenDrop()
		made, err := users.Create(t.Context(), User{}, email("bob@example.com"))
		require.NoError(t, err)
		require.Empty(t, b.faults.Unfired())
		found, err := users.GetByIdentifier(t.Context(), KindEmail, "bob@example.com")
		require.NoError(t, err)
		require.Equal(t, made, found)
		require.Equal(t, 1, usersOf(t, b, "User"))
	})
	t.Run("id.user.read_your_write", func(t *testing.T) {
		lagging := localaws.New(localaws.WithIndexLag(10 * time.Second))
		b := &bench{aws: lagging, client: lagging.DynamoDB(), clock: localaws.NewClock(time.Unix(1_900_000_000, 0)), table: "lagging"}
		lagging.KMSKey("alias/identity")
		b.Service = usersService(t, b, func(*theorydb.Config) {})
		require.NoError(t, b.Service.db.CreateTable(t.Context()))
		scope, err := NewScope("acme", "prod")
		require.NoError(t, err)
		users := b.For(scope).Users
		made := newUser(t, b.For(scope), "u1", "bob@example.com")
		page, err := users.List(t.Context(), "")
		require.NoError(t, err)
		require.Empty(t, page.Items, "the index does lag")
		found, err := users.GetByIdentifier(t.Context(), KindEmail, "bob@example.com")
		require.NoError(t, err)
		require.Equal(t, made, found)
		lagging.SyncIndexes()
		page, err = users.List(t.Context(), "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
	})
	t.Run("id.user.kelvin_sign", func(t *testing.T) {
		b := openBench(t)
		users := b.For(b.scope).Users
		newUser(t, b.For(b.scope), "u1", "quack@example.com")
		_, err := users.GetByIdentifier(t.Context(), KindEmail, "quac\u212a@example.com")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = users.Create(t.Context(), User{}, email("quac\u212a@example.com"))
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	})
	for id, same := range map[string][2]string{
		"id.user.nfc_nfd": {"j\u00fcrgen@example.com", "ju\u0308rgen@example.com"},
		"id.user.idna":    {"bob@m\u00fcnchen.de", "bob@xn--mnchen-3ya.de"},
	} {
		t.Run(id, func(t *testing.T) {
			eachBench(t, func(t *testing.T, b *bench) {
				users := b.For(b.scope).Users
				made := newUser(t, b.For(b.scope), "u1", same[0])
				_, err := users.Create(t.Context(), User{}, email("other@example.com", same[1]))
				var taken *TakenError
				require.ErrorAs(t, err, &taken)
				require.Equal(t, 1, taken.Position)
				require.NotContains(t, err.Error(), "example")
				found, err := users.GetByIdentifier(t.Context(), KindEmail, same[1])
				require.NoError(t, err)
				require.Equal(t, made, found)
				require.Equal(t, []string{same[0]}, addressesOf(t, b, "u1"), "the stored address is the one that was given")
			})
		})
	}
	t.Run("id.user.control_and_zero_width", func(t *testing.T) {
		b := openBench(t)
		b.aws.ResetCalls()
		users := b.For(b.scope).Users
		for _, address := range []string{
			"b\x00b@example.com", "bob@example.com\r", "b\u200bb@example.com", "b\u202eb@example.com",
			"b\xed\xa0\x80b@example.com", strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 95),
		} {
			_, err := users.Create(t.Context(), User{}, email(address))
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			_, err = users.GetByIdentifier(t.Context(), KindEmail, address)
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			_, err = users.AddIdentifier(t.Context(), "u1", NewIdentifier{Kind: KindEmail, Value: address})
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		}
		require.Empty(t, b.aws.Calls())
		require.Empty(t, b.aws.KMSCalls())
	})
	t.Run("id.key.delimiter_injection", usersRefuseForeignKeys)
	t.Run("id.user.update_version_conflict", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			users := b.For(b.scope).Users
			stale := newUser(t, b.For(b.scope), "u1")
			stored, err := users.Disable(t.Context(), "u1")
			require.NoError(t, err)
			stale.SessionEpoch = 40
			require.ErrorIs(t, users.users.Update(t.Context(), &stale), theorydb.ErrVersionConflict)
			found, err := users.Get(t.Context(), "u1")
			require.NoError(t, err)
			require.Equal(t, stored, found)

			_, err = users.Update(t.Context(), "u1", func(user *User) error { // a rival is faster every time
				user.SessionEpoch += 1000
				stored, err = users.Update(t.Context(), "u1", func(user *User) error { user.SessionEpoch++; return nil })
				return err
			})
			require.ErrorIs(t, err, theorydb.ErrVersionConflict)
			found, err = users.Get(t.Context(), "u1")
			require.NoError(t, err)
			require.Equal(t, stored, found)
		})
	})
	t.Run("id.user.parallel_increment", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			users := b.For(b.scope).Users
			newUser(t, b.For(b.scope), "u1")
			seen := make([]int64, racers)
			for _, err := range usersTogether(func(n int) error {
				for {
					user, err := users.Update(t.Context(), "u1", func(user *User) error { user.SessionEpoch++; return nil })
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
			found, err := users.Get(t.Context(), "u1")
			require.NoError(t, err)
			require.Equal(t, int64(racers), found.SessionEpoch)
			require.Equal(t, int64(racers+1), found.Version)
		})
	})
	t.Run("id.user.disabled_blocks_create", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			users := b.For(b.scope).Users
			held := newUser(t, b.For(b.scope), "u1")
			signIn := func(id string) error {
				return b.db.Transact(t.Context(), users.sessions.CreateOp(testSession(b, "u1", id, held.SessionEpoch)),
					users.users.CheckOp(User{ID: "u1"}, theorydb.Equal("status", UserActive), theorydb.Equal("sessionEpoch", held.SessionEpoch)))
			}
			require.NoError(t, signIn("first"))
			made := usersTogether(func(n int) error {
				if n == racers/2 {
					return second(users.Disable(t.Context(), "u1"))
				}
				return signIn(fmt.Sprint("s", n))
			})
			require.NoError(t, made[racers/2])
			require.ErrorIs(t, signIn("after"), theorydb.ErrConditionFailed)
			user, err := users.Get(t.Context(), "u1")
			require.NoError(t, err)
			require.Equal(t, UserDisabled, user.Status)
			sessions, err := theorydb.Collect(users.sessions.Query(t.Context(), theorydb.Query[Session]{Key: Session{UserID: "u1"}, Consistent: true}))
			require.NoError(t, err)
			require.NotEmpty(t, sessions)
			for _, session := range sessions {
				require.Less(t, session.Epoch, user.SessionEpoch, "no session is of the user's epoch")
			}
			again, err := users.Disable(t.Context(), "u1")
			require.NoError(t, err)
			require.Equal(t, user, again)
			enabled, err := users.Enable(t.Context(), "u1")
			require.NoError(t, err)
			require.Equal(t, user.SessionEpoch, enabled.SessionEpoch)
			require.ErrorIs(t, signIn("later"), theorydb.ErrConditionFailed, "with the epoch of before")
		})
	})
	t.Run("id.user.oversize", func(t *testing.T) {
		b := openBench(t)
		stores := b.For(b.scope)
		newUser(t, stores, "u1", "bob@example.com")
		marker := "somebody's life"
		big := theorydb.NewSecret(map[string]string{"life": strings.Repeat(marker, 28_000)})
		_, err := stores.Users.Create(t.Context(), User{}, NewUser{Profile: &Profile{Custom: big}})
		require.ErrorIs(t, err, theorydb.ErrItemTooLarge)
		require.NotContains(t, err.Error(), marker)
		_, err = stores.Profiles.Update(t.Context(), "u1", func(p *Profile) error { p.Custom = big; return nil })
		require.ErrorIs(t, err, theorydb.ErrItemTooLarge)
		require.NotContains(t, err.Error(), marker)
		_, err = stores.Profiles.Update(t.Context(), "u1", func(p *Profile) error {
			p.Name = theorydb.NewSecret(strings.Repeat(marker, 20))
			return nil
		})
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		require.ErrorContains(t, err, "name has")
		require.NotContains(t, err.Error(), marker)
	})
}

// requireOneWinner demands one nil, and of the others one error.
func requireOneWinner(t *testing.T, all []error, lost error) {
	winners := 0
	for _, err := range all {
		if err == nil {
			winners++
			continue
		}
		require.ErrorIs(t, err, lost)
	}
	require.Equal(t, 1, winners)
}

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

func testSession(b *bench, userID, id string, epoch int64) *Session {
	later := b.clock.Now().Add(time.Hour).Truncate(time.Second)
	return &Session{
		UserID: userID, ID: id, SecretHash: "of " + id, Epoch: epoch, AuthnAt: b.clock.Now(), LastSeenAt: b.clock.Now(),
		IdleExpiresAt: later, AbsExpiresAt: later, ExpiresAt: later,
	}
}

// usersRefuseForeignKeys shows that no id and no text of a caller's names a record of another.
func usersRefuseForeignKeys(t *testing.T) {
	b := openBench(t)
	stores := b.For(b.scope)
	account := Upstream{"i", "s", "c"}
	b.aws.ResetCalls()
	for _, id := range []string{"a#U#b", "%23", "a/b", "", strings.Repeat("a", 129), "a\nb", "a\x00", "\u00fc", "a b", "a\n"} {
		for verb, call := range map[string]func(context.Context) error{
			"Create": func(ctx context.Context) error { return second(stores.Users.Create(ctx, User{ID: id}, NewUser{})) },
			"Get":    func(ctx context.Context) error { return second(stores.Users.Get(ctx, id)) },
			"Update": func(ctx context.Context) error {
				return second(stores.Users.Update(ctx, id, func(*User) error { return nil }))
			},
			"Disable": func(ctx context.Context) error { return second(stores.Users.Disable(ctx, id)) },
			"Enable":  func(ctx context.Context) error { return second(stores.Users.Enable(ctx, id)) },
			"RemoveIdentifier": func(ctx context.Context) error {
				return second(stores.Users.RemoveIdentifier(ctx, id, KindExternal, "x"))
			},
			"VerifyIdentifier": func(ctx context.Context) error { return stores.Users.VerifyIdentifier(ctx, id, KindExternal, "x") },
			"Erase":            func(ctx context.Context) error { _, _, err := stores.Users.Erase(ctx, id, ""); return err },
			"Export":           func(ctx context.Context) error { return exportError(ctx, stores.Users, id) },
			"Profile":          func(ctx context.Context) error { return second(stores.Profiles.Get(ctx, id)) },
			"Link":             func(ctx context.Context) error { return second(stores.Identities.Link(ctx, id, "i", "s")) },
			"Unlink":           func(ctx context.Context) error { return stores.Identities.Unlink(ctx, id, "i", "s") },
			"Identities":       func(ctx context.Context) error { return second(stores.Identities.List(ctx, id)) },
			"Bindings":         func(ctx context.Context) error { return second(stores.Bindings.List(ctx, id)) },
			"Tokens":           func(ctx context.Context) error { return second(stores.Bindings.Tokens(ctx, id, account)) },
			"Unbind":           func(ctx context.Context) error { return stores.Bindings.Unbind(ctx, id, account) },
		} {
			err := call(t.Context())
			if id == "" && verb == "Create" { // which makes one
				require.NoError(t, err)
				b.aws.ResetCalls()
				continue
			}
			require.ErrorIs(t, err, theorydb.ErrInvalidValue, "%s of %q", verb, id)
		}
	}
	require.Empty(t, b.aws.Calls())

	// Texts of other systems are in keys as digests: two that differ never meet, however they are put together.
	pieces := []string{"a", "b", "#", "%23", "%", "..", "/", "IDP#", "UQ", "$", " "}
	texts := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 4), func(all []string) string { return strings.Join(all, "") })
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		scope, err := NewScope("acme", fmt.Sprint("run", run))
		require.NoError(r, err)
		stores := b.For(scope)
		one, two := [2]string{texts.Draw(r, "i1"), texts.Draw(r, "s1")}, [2]string{texts.Draw(r, "i2"), texts.Draw(r, "s2")}
		for n, pair := range [][2]string{one, two} {
			_, err := stores.Users.Create(t.Context(), User{ID: fmt.Sprint("u", n)}, NewUser{})
			require.NoError(r, err)
			_, err = stores.Identities.Link(t.Context(), fmt.Sprint("u", n), pair[0], pair[1])
			require.Equal(r, n == 1 && one == two, errors.Is(err, ErrIdentifierTaken))
		}
		found, err := stores.Identities.FindUser(t.Context(), one[0], one[1])
		require.NoError(r, err)
		require.Equal(r, "u0", found.ID)
	})
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
			require.Len(t, page.Items, listPage)
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
		usersHoldNoneOf(t, b, "Bob@example.com", "bob@example.com", "491512345678", "ERP-7", "carol@example.com")
	})
}

func TestIdentifiersOfOneUserAddedAtTheSameTimeAllStay(t *testing.T) {
	b := openBench(t)
	users := b.For(b.scope).Users
	newUser(t, b.For(b.scope), "u1")
	for _, err := range usersTogether(func(n int) error {
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
	require.Equal(t, racers, usersOf(t, b, "Identifier"))
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
	require.Equal(t, 1, usersOf(t, b, "User"))
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
