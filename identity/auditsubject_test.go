package identity

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// auditAbout is an event with PII about a user.
func auditAbout(userID, id string) Event {
	return Event{Type: EventAuthFailed, ID: id, Subject: userID, PII: theorydb.NewSecret(map[string]string{"name": "Sealed Marker"})}
}

// auditErase erases a user to the end.
func auditErase(t testing.TB, stores *Stores, id string) {
	t.Helper()
	for cursor, done := "", false; !done; {
		var err error
		cursor, done, err = stores.Users.Erase(t.Context(), id, cursor)
		require.NoError(t, err)
	}
}

func TestErasureLeavesNoPIIOfAnEventBesideIt(t *testing.T) {
	t.Run("being_erased", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			ctx, stores := t.Context(), b.For(b.scope)
			newUser(t, stores, "bob", "bob@example.com")
			first, err := stores.Audit.Append(ctx, auditAbout("bob", "first"))
			require.NoError(t, err)
			cursor, _, err := stores.Users.Erase(ctx, "bob", "")
			require.NoError(t, err)
			_, err = stores.Audit.Append(ctx, auditAbout("bob", "second"))
			require.ErrorIs(t, err, ErrUserInactive)
			ops, err := stores.Audit.Op(ctx, auditAbout("bob", "third"))
			require.NoError(t, err)
			require.ErrorIs(t, b.db.Transact(ctx, ops...), theorydb.ErrConditionFailed)
			_, err = stores.Audit.Append(ctx, Event{Type: EventAuthFailed, ID: "without", Subject: "bob"})
			require.NoError(t, err, "what the event says in clear is not the user's")
			again, err := stores.Audit.Append(ctx, auditAbout("bob", "first"))
			require.NoError(t, err, "it is appended already")
			require.Equal(t, first, again)
			for done := false; !done; {
				cursor, done, err = stores.Users.Erase(ctx, "bob", cursor)
				require.NoError(t, err)
			}
			require.Zero(t, b.countOf(t, "SubjectPII"))
			auditRequireChain(t, auditAll(t, stores.Audit, AuditQuery{Type: EventAuthFailed}), 2)
			b.holdsNoneOf(t, "Sealed Marker")
		})
	})
	t.Run("erased_meanwhile", func(t *testing.T) {
		for name, erase := range map[string]func(t testing.TB, stores *Stores){
			"begun": func(t testing.TB, stores *Stores) {
				_, _, err := stores.Users.Erase(t.Context(), "bob", "")
				require.NoError(t, err)
			},
			"over": func(t testing.TB, stores *Stores) { auditErase(t, stores, "bob") },
		} {
			for verb, write := range map[string]func(stores *Stores) error{
				"append": func(stores *Stores) error { return second(stores.Audit.Append(t.Context(), auditAbout("bob", ""))) },
				"batch": func(stores *Stores) error {
					event := auditAbout("bob", "")
					return second(stores.Audit.AppendBatch(t.Context(), event.Type, []Event{event, auditAbout("nobody", "")}))
				},
				"with a change": func(stores *Stores) error {
					return second(stores.Roles.Create(t.Context(), "billing", nil, WithAudit(auditAbout("bob", ""))))
				},
				"with a change of the user": func(stores *Stores) error {
					return second(stores.Users.Disable(t.Context(), "bob", WithAudit(auditAbout("bob", ""))))
				},
				"with the end of the user's sessions": func(stores *Stores) error {
					return second(stores.Sessions.RevokeAll(t.Context(), "bob", "operator", WithAudit(auditAbout("bob", ""))))
				},
			} {
				t.Run(name+"/"+verb, func(t *testing.T) {
					b := openBench(t)
					stores := b.For(b.scope)
					newUser(t, stores, "bob", "bob@example.com")
					orgsBefore(b, "TransactWriteItems", func() { erase(t, stores) })
					err := write(stores)
					require.True(t, errors.Is(err, ErrUserInactive) || errors.Is(err, theorydb.ErrItemNotFound), "%v", err)
					require.Zero(t, b.countOf(t, "AuditEvent"))
					require.Zero(t, b.countOf(t, "SubjectPII"))
					require.Zero(t, b.countOf(t, "Role"))
				})
			}
		}
	})
	t.Run("race", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			stores := b.For(b.scope)
			newUser(t, stores, "bob", "bob@example.com")
			var all sync.WaitGroup
			refused := make([]error, 8)
			for n := range refused {
				all.Go(func() {
					event := auditAbout("bob", "")
					event.Type = EventType(fmt.Sprint("test.lane", n))
					for range 2000 {
						if _, refused[n] = stores.Audit.Append(t.Context(), event); refused[n] != nil {
							return
						}
					}
				})
			}
			_, _, err := stores.Users.Erase(t.Context(), "bob", "")
			require.NoError(t, err)
			all.Wait()
			for _, err := range refused {
				require.ErrorIs(t, err, ErrUserInactive)
			}
			auditErase(t, stores, "bob")
			require.Zero(t, b.countOf(t, "SubjectPII"))
		})
	})
}

func TestPIIAboutManyUsersFitsIntoTransactions(t *testing.T) {
	b := openBench(t)
	stores := b.For(b.scope)
	var events []Event
	for n := range 60 {
		newUser(t, stores, fmt.Sprint("u", n))
		events = append(events, auditAbout(fmt.Sprint("u", n), ""))
	}
	events = append(events, auditAbout("u1", ""), auditAbout("no user", ""))
	events[len(events)-1].Subject = "no-user"
	b.aws.ResetCalls()
	stored, err := stores.Audit.AppendBatch(t.Context(), EventAuthFailed, events)
	require.NoError(t, err)
	require.Len(t, stored, 62)
	sent := 0
	for _, call := range b.aws.Calls() {
		if call.Operation == "TransactWriteItems" {
			sent++
			require.LessOrEqual(t, len(call.Targets), maxTransactOps)
		}
	}
	require.Equal(t, 3, sent)
	for _, event := range stored {
		_, err := stores.Audit.PII(t.Context(), &event)
		require.NoError(t, err)
	}
}

// The change's own operation on the user takes the place of the check.
func TestEventsPIIAboutTheUserThatIsChanged(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob", "eve")
		with := WithAudit(Event{Actor: "operator", PII: auditAbout("", "").PII})
		_, err := stores.Memberships.Add(ctx, orgsTarget, "bob", RoleMember, "", with)
		require.NoError(t, err)
		_, err = stores.Memberships.SetRole(ctx, orgsTarget, "bob", RoleAdmin, with)
		require.NoError(t, err)
		_, err = stores.Memberships.SetRole(ctx, orgsTarget, "bob", RoleOwner, with)
		require.NoError(t, err)
		require.NoError(t, stores.Memberships.TransferOwnership(ctx, orgsTarget, "bob", "ann", with), "who owns it already")
		require.NoError(t, stores.Memberships.TransferOwnership(ctx, orgsTarget, "ann", "bob", with))
		require.NoError(t, stores.Memberships.Remove(ctx, orgsTarget, "ann", with))
		_, err = stores.Organizations.Create(ctx, NewOrganization{Slug: "theirs", Name: "Theirs", OwnerID: "eve"}, with)
		require.NoError(t, err)
		require.NoError(t, stores.Credentials.Register(ctx, "bob", CredentialOAuthToken, "a", theorydb.NewSecret([]byte("x")), with))
		require.NoError(t, stores.Credentials.Delete(ctx, "bob", CredentialOAuthToken, "a", with))
		_, err = stores.Sessions.RevokeAll(ctx, "bob", "operator", with)
		require.NoError(t, err)
		_, err = stores.Users.AddIdentifier(ctx, "bob", NewIdentifier{Kind: KindExternal, Value: "x"}, with)
		require.NoError(t, err)
		_, err = stores.Users.Disable(ctx, "bob", with)
		require.NoError(t, err)
		events := auditAll(t, stores.Audit, AuditQuery{Actor: "operator"})
		require.Len(t, events, 12)
		for _, event := range events {
			require.NotEmpty(t, event.PIIHash)
		}
		require.Equal(t, 12, b.countOf(t, "SubjectPII"))
		b.holdsNoneOf(t, "Sealed Marker")

		orgsSetUser(t, stores.Users.project, "eve", UserDeleting)
		_, err = stores.Sessions.RevokeAll(ctx, "eve", "operator", with)
		require.ErrorIs(t, err, ErrUserInactive)
	})
}
