package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// auditedSnapshot is all that is stored, in an order of its own.
func auditedSnapshot(t testing.TB, b *bench) []map[string]types.AttributeValue {
	t.Helper()
	items := b.items(t)
	text := func(item map[string]types.AttributeValue, name string) string {
		return item[name].(*types.AttributeValueMemberS).Value
	}
	sort.Slice(items, func(i, j int) bool {
		return text(items[i], "PK")+"\x00"+text(items[i], "SK") < text(items[j], "PK")+"\x00"+text(items[j], "SK")
	})
	return items
}

func TestWithAudit(t *testing.T) {
	t.Run("every verb", func(t *testing.T) {
		for _, name := range slices.Sorted(maps.Keys(auditedVerbs)) {
			verb := auditedVerbs[name]
			t.Run(name, func(t *testing.T) { eachBench(t, verb.takesItsEventAlong) })
		}
	})
	t.Run("sixteen_at_once", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			ctx, stores := t.Context(), b.For(b.scope)
			for n := range 16 {
				orgsUser(t, stores.Users.project, fmt.Sprint("u", n), UserActive)
			}
			for range 3 { // and one of them for all
				errs := together(32, func(n int) error {
					if n >= 16 {
						return second(stores.Audit.Append(ctx, Event{Type: EventUserUpdated}))
					}
					return second(stores.Users.Update(ctx, fmt.Sprint("u", n), func(u *User) error { u.SessionEpoch++; return nil }, WithAudit(Event{})))
				})
				require.Equal(t, 32, orgsSucceeded(errs), "%v", errs)
			}
			for n := range 16 {
				user, err := stores.Users.Get(ctx, fmt.Sprint("u", n))
				require.NoError(t, err)
				require.Equal(t, int64(3), user.SessionEpoch)
			}
			auditRequireChain(t, auditAll(t, stores.Audit, AuditQuery{Type: EventUserUpdated}), 96)
		})
	})
	t.Run("one_item", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			ctx, stores := t.Context(), orgsIn(t, b, "bob")
			_, err := stores.Memberships.Add(ctx, orgsTarget, "bob", RoleOwner, "")
			require.NoError(t, err)
			errs := together(2, func(n int) error {
				return stores.Memberships.Remove(ctx, orgsTarget, []string{"ann", "bob"}[n], WithAudit(Event{}))
			})
			require.Equal(t, 1, orgsSucceeded(errs))
			require.ErrorIs(t, errs[slices.IndexFunc(errs, func(err error) bool { return err != nil })], ErrLastOwner)
			require.Len(t, orgsAgree(t, stores, orgsTarget), 1)
			auditRequireChain(t, auditAll(t, stores.Audit, AuditQuery{Type: EventMembershipRemoved}), 1)
		})
	})
	t.Run("drop_after", func(t *testing.T) {
		b := openBench(t)
		stores := orgsIn(t, b)
		lost := b.faults.On("TransactWriteItems").Attempt(1).CommitThenDrop()
		_, err := stores.Users.Disable(t.Context(), "ann", WithAudit(Event{}))
		require.NoError(t, err)
		require.Equal(t, 1, lost.Fired())
		require.Len(t, auditAll(t, stores.Audit, AuditQuery{Type: EventUserDisabled}), 1)
	})
	t.Run("tx_conflict", func(t *testing.T) {
		b := openBench(t)
		stores := orgsIn(t, b)
		conflict := b.faults.On("TransactWriteItems").Times(12).CancelTransaction(1, "TransactionConflict") // on the stream's end
		_, err := stores.Users.Disable(t.Context(), "ann", WithAudit(Event{}))
		require.NoError(t, err)
		require.Equal(t, 12, conflict.Fired())
		require.Len(t, auditAll(t, stores.Audit, AuditQuery{Type: EventUserDisabled}), 1)
		b.faults.On("TransactWriteItems").Always().CancelTransaction(1, "TransactionConflict")
		_, err = stores.Users.Enable(t.Context(), "ann", WithAudit(Event{}))
		require.ErrorIs(t, err, theorydb.ErrThrottled)
	})
	t.Run("no_kms", func(t *testing.T) {
		b := openBench(t)
		stores := orgsIn(t, b)
		b.kmsFaults.On("").Always().Error(400, "AccessDeniedException", "denied")
		pii := theorydb.NewSecret(map[string]string{"why": "marker of a person"})
		_, err := stores.Users.Disable(t.Context(), "ann", WithAudit(Event{PII: pii}))
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		user, err := stores.Users.Get(t.Context(), "ann")
		require.NoError(t, err)
		require.Equal(t, UserActive, user.Status)
		require.Empty(t, auditAll(t, stores.Audit, AuditQuery{Type: EventUserDisabled}))
	})
}

// takesItsEventAlong requires of a verb that its change and its event are stored together or not at all.
func (verb auditedVerb) takesItsEventAlong(t *testing.T, b *bench) {
	stores, client := auditedStores(t, b)
	ctx := t.Context()
	if verb.target == "client:" {
		verb.target += client
	}
	_, err := stores.Audit.Append(ctx, Event{Type: EventAuthFailed, ID: "taken"})
	require.NoError(t, err)
	before := auditedSnapshot(t, b)
	unchanged := func() {
		t.Helper()
		if !verb.inSteps {
			require.Equal(t, before, auditedSnapshot(t, b))
		}
		require.Empty(t, auditAll(t, stores.Audit, AuditQuery{Type: verb.kind}))
	}
	require.ErrorIs(t, verb.run(ctx, stores, client, WithAudit(Event{ID: "taken"})), ErrEventExists)
	unchanged()
	require.ErrorIs(t, verb.run(ctx, stores, client, WithAudit(Event{}), WithAudit(Event{})), theorydb.ErrInvalidValue)
	require.ErrorIs(t, verb.run(ctx, stores, client, WithAudit(Event{Type: "no type"})), theorydb.ErrInvalidValue)
	unchanged()
	var down atomic.Bool
	b.faults.On("TransactWriteItems").Always().DropBefore().When(func(localaws.Request) bool { return down.Load() })
	down.Store(true)
	require.Error(t, verb.run(ctx, stores, client, WithAudit(Event{})))
	down.Store(false)
	unchanged()

	wire := b.faults.Next
	recorder := orgsRecord(b)
	orgsBefore(b, "TransactWriteItems", func() {
		_, err := stores.Audit.Append(ctx, Event{Type: verb.kind, ID: "rival"})
		require.NoError(t, err)
	})
	require.NoError(t, verb.run(ctx, stores, client, WithAudit(Event{ID: "ours", Actor: "operator"})))
	b.faults.Next = wire
	events := auditAll(t, stores.Audit, AuditQuery{Type: verb.kind})
	require.Equal(t, []string{"rival", "ours"}, auditIDs(events))
	auditRequireChain(t, events, 2)
	require.Equal(t, "operator", events[1].Actor)
	require.Equal(t, verb.subject, events[1].Subject)
	if verb.target == "*" {
		require.Regexp(t, `^(org|client|signing_key):[A-Za-z0-9_-]+$`, events[1].Data[DataTarget])
	} else {
		require.Equal(t, verb.target, events[1].Data[DataTarget])
	}
	together := 0
	for _, request := range recorder.requests {
		text, err := json.Marshal(request.body)
		require.NoError(t, err)
		if request.operation == "TransactWriteItems" && bytes.Contains(text, []byte(`{"S":"ours"}`)) {
			together++
			require.GreaterOrEqual(t, len(request.body["TransactItems"].([]any)), 4, "the event, its guard, the end of the stream, and the change")
		}
	}
	require.Equal(t, 2, together, "the first one lost the race")
	require.NotEqual(t, auditedBeside(before), auditedBeside(auditedSnapshot(t, b)))
	for _, secret := range []string{"new@example.com", "sealed"} {
		b.holdsNoneOf(t, secret)
	}
}

// auditedBeside are the items that are no audit events and do not belong to one.
func auditedBeside(items []map[string]types.AttributeValue) (beside []map[string]types.AttributeValue) {
	for _, item := range items {
		if !strings.HasPrefix(item["_t"].(*types.AttributeValueMemberS).Value, "Audit") {
			beside = append(beside, item)
		}
	}
	return beside
}

func TestEveryVerbThatTakesAnEventIsTried(t *testing.T) {
	stores := reflect.TypeFor[Stores]()
	for i := range stores.NumField() {
		store := stores.Field(i)
		if !store.IsExported() {
			continue
		}
		for j := range store.Type.NumMethod() {
			method := store.Type.Method(j)
			if last := method.Type.In(method.Type.NumIn() - 1); method.Type.IsVariadic() && last == reflect.TypeFor[[]WriteOption]() {
				require.Contains(t, auditedVerbs, store.Name+"."+method.Name)
			}
		}
	}
}

func TestNoEventOfWhatDidNotHappen(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, with := t.Context(), WithAudit(Event{Actor: "operator"})
		stores, client := auditedStores(t, b)
		before := auditedSnapshot(t, b)
		// Nothing to do.
		_, err := stores.Users.Enable(ctx, "bob", with)
		require.NoError(t, err)
		_, err = stores.Users.AddIdentifier(ctx, "bob", NewIdentifier{Kind: KindExternal, Value: "first"}, with)
		require.NoError(t, err)
		_, err = stores.Memberships.SetRole(ctx, orgsTarget, "bob", RoleMember, with)
		require.NoError(t, err)
		_, err = stores.Memberships.Suspend(ctx, TenantTarget(), "bob", with)
		require.NoError(t, err)
		require.NoError(t, stores.Clients.Delete(ctx, "none", with))
		require.NoError(t, stores.Credentials.Delete(ctx, "bob", CredentialOAuthToken, "none", with))
		// Refused.
		require.ErrorIs(t, stores.Memberships.Remove(ctx, orgsTarget, "ann", with), ErrLastOwner)
		require.ErrorIs(t, second(stores.Memberships.Add(ctx, orgsTarget, "bob", RoleMember, "", with)), theorydb.ErrAlreadyExists)
		require.ErrorIs(t, second(stores.Memberships.Add(ctx, orgsTarget, "off", RoleMember, "", with)), ErrUserInactive)
		require.ErrorIs(t, second(stores.Memberships.Add(ctx, orgsTarget, "eve", "unknown", "", with)), theorydb.ErrItemNotFound)
		require.ErrorIs(t, second(stores.Users.Create(ctx, User{ID: "ann"}, NewUser{Options: []WriteOption{with}})), theorydb.ErrAlreadyExists)
		taken := &TakenError{}
		err = second(stores.Users.Create(ctx, User{}, NewUser{
			Identifiers: []NewIdentifier{{Kind: KindExternal, Value: "free"}, {Kind: KindExternal, Value: "first"}}, Options: []WriteOption{with},
		}))
		require.ErrorAs(t, err, &taken)
		require.Equal(t, 1, taken.Position)
		require.ErrorIs(t, second(stores.Users.Update(ctx, "bob", func(u *User) error { u.ID = "ann"; return nil }, with)), theorydb.ErrImmutable)
		require.ErrorIs(t, second(stores.Users.Update(ctx, "nobody", func(*User) error { return nil }, with)), theorydb.ErrItemNotFound)
		require.ErrorIs(t, second(stores.Organizations.Update(ctx, "o", func(o *Organization) error { o.Slug = "empty"; return nil }, with)), theorydb.ErrAlreadyExists)
		require.ErrorIs(t, second(stores.Organizations.Create(ctx, NewOrganization{Slug: "x", Name: "X", OwnerID: "off"}, with)), ErrUserInactive)
		require.ErrorIs(t, stores.Organizations.Delete(ctx, "o", with), ErrInUse)
		require.ErrorIs(t, second(stores.Roles.Create(ctx, "billing", nil, with)), theorydb.ErrAlreadyExists)
		require.ErrorIs(t, stores.Roles.Delete(ctx, "none", with), theorydb.ErrItemNotFound)
		require.ErrorIs(t, stores.Credentials.Replace(ctx, "bob", CredentialOAuthToken, "old", 7, theorydb.NewSecret([]byte("x")), with), theorydb.ErrVersionConflict)
		require.ErrorIs(t, stores.Credentials.Register(ctx, "off", CredentialOAuthToken, "a", theorydb.NewSecret([]byte("x")), with), ErrUserInactive)
		require.ErrorIs(t, second(stores.Sessions.RevokeAll(ctx, "nobody", "operator", with)), theorydb.ErrItemNotFound)
		require.ErrorIs(t, second(stores.Clients.RotateSecret(ctx, "none", 0, with)), theorydb.ErrItemNotFound)
		require.Equal(t, before, auditedSnapshot(t, b))

		_, err = stores.Memberships.SetRole(ctx, orgsTarget, "bob", "billing")
		require.NoError(t, err)
		require.ErrorIs(t, stores.Roles.Delete(ctx, "billing", with), ErrInUse)
		_, err = stores.SigningKeys.Rotate(ctx, Rotation{})
		require.NoError(t, err)
		_, err = stores.SigningKeys.Rotate(ctx, Rotation{}, with)
		require.NoError(t, err, "nothing is due")
		require.NoError(t, stores.Clients.Delete(ctx, client))
		require.Empty(t, auditAll(t, stores.Audit, AuditQuery{Actor: "operator"}))
		require.Empty(t, auditAll(t, stores.Audit, AuditQuery{}))
	})
}

func TestRefusalOfTheEventIsNoneOfTheChange(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob")
		_, err := stores.Roles.Create(ctx, "billing", nil)
		require.NoError(t, err)
		orgsSetUser(t, stores.Users.project, "bob", UserDeleting)
		err = stores.Roles.Delete(ctx, "billing", WithAudit(auditAbout("bob", "")))
		require.ErrorIs(t, err, ErrUserInactive)
		require.NotErrorIs(t, err, ErrInUse, "no member carries the role")
	})
}

// The organization is marked in a write of its own before the transaction with the event.
func TestOrganizationIsAsItWasWhenTheEventRefusesItsDeletion(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b)
		_, err := stores.Audit.Append(ctx, Event{Type: EventAuthFailed, ID: "taken"})
		require.NoError(t, err)
		for _, set := range []func(context.Context, string) (Organization, error){stores.Organizations.Suspend, stores.Organizations.Reactivate} {
			before, err := set(ctx, "o")
			require.NoError(t, err)
			require.ErrorIs(t, stores.Organizations.Delete(ctx, "o", WithAudit(Event{ID: "taken"})), ErrEventExists)
			conflict := b.faults.On("TransactWriteItems").Times(160).CancelTransaction(0, "TransactionConflict")
			require.ErrorIs(t, stores.Organizations.Delete(ctx, "o", WithAudit(Event{})), theorydb.ErrThrottled)
			conflict.Times(0)
			after, err := stores.Organizations.Get(ctx, "o")
			require.NoError(t, err)
			require.Equal(t, before.Status, after.Status)
		}
		require.NoError(t, stores.Organizations.Delete(ctx, "o", WithAudit(Event{})))
	})
}

// What a call did whose outcome nobody knows stands in the way of the same call, and its event does too.
func TestChangeIsRepeatedWithItsEvent(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b, "bob")
		for name, run := range map[string]func(WriteOption) error{
			"Users.Create": func(with WriteOption) error {
				return second(stores.Users.Create(ctx, User{}, NewUser{
					Identifiers: []NewIdentifier{{Kind: KindExternal, Value: "x"}}, Options: []WriteOption{with},
				}))
			},
			"Memberships.Add": func(with WriteOption) error {
				return second(stores.Memberships.Add(ctx, orgsTarget, "bob", RoleMember, "", with))
			},
			"Roles.Create": func(with WriteOption) error { return second(stores.Roles.Create(ctx, "billing", nil, with)) },
			"Credentials.Register": func(with WriteOption) error {
				return stores.Credentials.Register(ctx, "bob", CredentialOAuthToken, "a", theorydb.NewSecret([]byte("x")), with)
			},
		} {
			with := WithAudit(Event{ID: name})
			lost := b.faults.On("TransactWriteItems").Times(8).CommitThenDrop()
			require.ErrorIs(t, run(with), theorydb.ErrOutcomeUnknown, name)
			require.Equal(t, 8, lost.Fired(), name)
			require.ErrorIs(t, run(with), ErrEventExists, name)
		}
		require.Len(t, auditAll(t, stores.Audit, AuditQuery{}), 4)
	})
}

func TestEndlessConflictsAreNotTriedAnewByTheVerb(t *testing.T) {
	b := openBench(t)
	ctx, stores := t.Context(), orgsIn(t, b, "bob")
	_, err := stores.Memberships.Add(ctx, orgsTarget, "bob", RoleMember, "")
	require.NoError(t, err)
	const all = 8 * (maxThrottled + 1)
	for name, run := range map[string]func() error{
		"Users.Disable": func() error { return second(stores.Users.Disable(ctx, "ann", WithAudit(Event{}))) },
		"Memberships.SetRole": func() error {
			return second(stores.Memberships.SetRole(ctx, orgsTarget, "bob", RoleAdmin, WithAudit(Event{})))
		},
	} {
		for position := range 2 { // of the change, and of the event
			conflict := b.faults.On("TransactWriteItems").Times(2*all).CancelTransaction(position, "TransactionConflict")
			require.ErrorIs(t, run(), theorydb.ErrThrottled, name)
			require.Equal(t, all, conflict.Fired(), name)
			conflict.Times(0)
		}
	}
}

func TestRivalOfTheChangeIsNoFailureOfTheEvent(t *testing.T) {
	b := openBench(t)
	ctx, with := t.Context(), WithAudit(Event{})
	stores, client := auditedStores(t, b)
	for name, run := range map[string]struct{ rival, change func() error }{
		"Users.Update": {
			func() error {
				return second(stores.Users.Update(ctx, "bob", func(u *User) error { u.SessionEpoch++; return nil }))
			},
			func() error {
				return second(stores.Users.Update(ctx, "bob", func(u *User) error { u.SessionEpoch++; return nil }, with))
			},
		},
		"Organizations.Update": {
			func() error {
				return second(stores.Organizations.Update(ctx, "o", func(o *Organization) error { o.Name = "Theirs"; return nil }))
			},
			func() error {
				return second(stores.Organizations.Update(ctx, "o", func(o *Organization) error { o.Name = "Ours"; return nil }, with))
			},
		},
		"Sessions.RevokeAll": {
			func() error { return second(stores.Sessions.RevokeAll(ctx, "eve", "rival")) },
			func() error { return second(stores.Sessions.RevokeAll(ctx, "eve", "operator", with)) },
		},
		"Clients.RotateSecret": {
			func() error { return second(stores.Clients.RotateSecret(ctx, client, 0)) },
			func() error { return second(stores.Clients.RotateSecret(ctx, client, 0, with)) },
		},
	} {
		before := len(auditAll(t, stores.Audit, AuditQuery{}))
		wire := b.faults.Next
		orgsBefore(b, "TransactWriteItems", func() { require.NoError(t, run.rival(), name) })
		require.NoError(t, run.change(), name)
		b.faults.Next = wire
		require.Len(t, auditAll(t, stores.Audit, AuditQuery{}), before+1, name)
	}
	eve, err := stores.Users.Get(ctx, "eve")
	require.NoError(t, err)
	require.Equal(t, int64(2), eve.SessionEpoch)
}

func TestRotationsEventIsOfItsStep(t *testing.T) {
	b := openBench(t)
	keys, audit, with := b.For(b.scope).SigningKeys, b.For(b.scope).Audit, WithAudit(Event{})
	steps := []RotationStep{}
	for range 4 {
		rotated, err := keys.Rotate(t.Context(), Rotation{Early: true}, with)
		require.NoError(t, err)
		steps = append(steps, rotated.Step)
		if rotated.NextKID != "" {
			events := auditAll(t, audit, AuditQuery{Type: EventSigningKeyPublished})
			require.Equal(t, "signing_key:"+rotated.NextKID, events[len(events)-1].Data[DataTarget])
		}
		b.clock.Advance(b.options.Lifetimes.PrePublish)
	}
	require.Equal(t, []RotationStep{RotationStarted, RotationPublished, RotationPromoted, RotationPublished}, steps)
	require.Len(t, auditAll(t, audit, AuditQuery{Type: EventSigningKeyPublished}), 3)
	require.Len(t, auditAll(t, audit, AuditQuery{Type: EventSigningKeyPromoted}), 1)
}

func TestEventOfAChangeKeepsWhatTheCallerSays(t *testing.T) {
	b := openBench(t)
	stores := orgsIn(t, b, "bob")
	data := map[string]string{"ticket": "4711"}
	event := Event{Type: "support.role_given", Subject: "someone", Data: data, IP: "::ffff:192.0.2.1", ID: "mine"}
	_, err := stores.Memberships.Add(t.Context(), orgsTarget, "bob", RoleMember, "", nil, WithAudit(event))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"ticket": "4711"}, data, "the caller's map is left as it is")
	stored := auditAll(t, stores.Audit, AuditQuery{Type: "support.role_given"})
	require.Len(t, stored, 1)
	require.Equal(t, "someone", stored[0].Subject)
	require.Equal(t, "192.0.2.1", stored[0].IP)
	require.Equal(t, map[string]string{"ticket": "4711", DataTarget: "org:o"}, stored[0].Data)
	require.ErrorIs(t, second(stores.Memberships.SetRole(t.Context(), orgsTarget, "bob", RoleAdmin, WithAudit(event))), ErrEventExists)
	event.ID, event.Data = "", map[string]string{DataTarget: "theirs"}
	_, err = stores.Memberships.SetRole(t.Context(), orgsTarget, "bob", RoleAdmin, WithAudit(event))
	require.NoError(t, err)
	require.Equal(t, "theirs", auditAll(t, stores.Audit, AuditQuery{Type: "support.role_given"})[1].Data[DataTarget])
}

func TestCostOfAnEventWithAChange(t *testing.T) {
	b := openBench(t)
	stores := orgsIn(t, b, "bob")
	sent := b.tokensRequests()
	_, err := stores.Roles.Create(t.Context(), "billing", nil, WithAudit(Event{}))
	require.NoError(t, err)
	require.Equal(t, []string{"GetItem", "TransactWriteItems"}, sent())
	b.aws.ResetCalls()
	_, err = stores.Users.Disable(t.Context(), "bob", WithAudit(Event{}))
	require.NoError(t, err)
	require.Equal(t, []string{"GetItem", "GetItem", "TransactWriteItems"}, sent()[2:])
	require.Empty(t, b.aws.KMSCalls())
	b.aws.ResetCalls()
	_, err = stores.Roles.Create(t.Context(), "support", nil)
	require.NoError(t, err)
	require.Len(t, b.aws.Calls(), 1)
	require.InDelta(t, 1, b.aws.Calls()[0].ConsumedCapacity, 0)
}

func TestUserWithAllThatATransactionTakes(t *testing.T) {
	b := openBench(t)
	stores := orgsIn(t, b, "a", "b", "c", "d")
	details := NewUser{Profile: &Profile{}, Options: []WriteOption{
		WithAudit(Event{PII: theorydb.NewSecret(map[string]string{"why": "marker"})}),
	}}
	for n := range maxIdentifiers {
		details.Identifiers = append(details.Identifiers, NewIdentifier{Kind: KindExternal, Value: fmt.Sprint("id", n)})
	}
	var with []theorydb.TransactOp
	for _, id := range []string{"a", "b", "c", "d"} {
		with = append(with, stores.Users.activeUser(id))
	}
	_, err := stores.Users.Create(t.Context(), User{ID: "new"}, details, with...)
	require.NoError(t, err)
	require.Len(t, auditAll(t, stores.Audit, AuditQuery{Type: EventUserCreated}), 1)
	_, err = stores.Users.Create(t.Context(), User{ID: "newer"}, details, append(with, stores.Users.activeUser("ann"))...)
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
}

// answering gives one answer to the first transaction, and sends the others on.
type answering struct {
	next localaws.HTTPClient
	body string
}

func (a *answering) Do(r *http.Request) (*http.Response, error) {
	if a.body == "" || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".TransactWriteItems") {
		return a.next.Do(r)
	}
	answer := &http.Response{
		StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(a.body)), Request: r,
	}
	a.body = ""
	return answer, nil
}

// DynamoDB tells of both at once: that the end of the stream moved, and that another transaction was on the change's item.
func TestConflictOnTheChangeIsTriedAgainWithTheEndOfTheStream(t *testing.T) {
	b := openBench(t)
	stores := b.For(b.scope)
	_, err := stores.Audit.Append(t.Context(), Event{Type: EventRoleCreated})
	require.NoError(t, err)
	b.faults.Next = &answering{next: b.faults.Next, body: `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",` +
		`"CancellationReasons":[{"Code":"TransactionConflict"},{"Code":"ConditionalCheckFailed"},{"Code":"None"},{"Code":"None"}]}`}
	_, err = stores.Roles.Create(t.Context(), "billing", nil, WithAudit(Event{}))
	require.NoError(t, err)
	auditRequireChain(t, auditAll(t, stores.Audit, AuditQuery{Type: EventRoleCreated}), 2)
}
