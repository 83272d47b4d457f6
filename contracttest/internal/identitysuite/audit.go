package identitysuite

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var audit = []Scenario{
	{ID: "id.aud.immutable", run: noVerbChangesAnEvent},
	{ID: "id.aud.month_boundary", run: aStreamGoesOnOverTheEndOfAMonth},
	{ID: "id.aud.retention", run: eventsAreShownForTheirTimeAndPurgedAfterIt},
	{ID: "id.aud.by_actor_and_type", run: eventsAreTheSameByActorAndByType},
}

func noVerbChangesAnEvent(t *testing.T, b *bench) {
	// No verb of the store but PurgeMonth takes an event away.
	var verbs []string
	for i := range reflect.TypeFor[*identity.Audit]().NumMethod() {
		if name := reflect.TypeFor[*identity.Audit]().Method(i).Name; name != "For" { // the Service's own
			verbs = append(verbs, name)
		}
	}
	require.Equal(t, []string{"Append", "AppendBatch", "Cursor", "Op", "PII", "PurgeMonth", "Query"}, verbs)

	ctx := t.Context()
	stored, err := b.Audit.Append(ctx, eventOf(identity.EventAuthFailed, "e"))
	require.NoError(t, err)
	before := b.items(t)
	model, changed := rows[identity.AuditEvent](t, b), stored
	changed.Actor = "somebody"
	require.ErrorIs(t, model.Create(ctx, &changed), theorydb.ErrAlreadyExists)
	require.ErrorIs(t, model.Put(ctx, &changed), theorydb.ErrInvalidQuery)
	require.ErrorIs(t, model.Update(ctx, &changed), theorydb.ErrInvalidQuery)
	require.ErrorIs(t, model.Delete(ctx, &changed), theorydb.ErrInvalidQuery)
	_, err = model.Change(ctx, changed, theorydb.Set("actor", "somebody"))
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	require.Error(t, b.db.BatchWrite(ctx, model.DeleteOp(&changed, theorydb.Unchecked())))
	_, err = b.db.ClearPartition(ctx, model.Partition(identity.AuditEvent{EventType: stored.EventType, Month: stored.Month}), "")
	require.NoError(t, err)
	require.Equal(t, []*identity.AuditEvent{&stored}, events(t, b.Audit, identity.AuditQuery{Type: identity.EventAuthFailed}))
	_, err = b.Audit.PurgeMonth(ctx, stored.Month, "to hide it", "")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	require.ElementsMatch(t, before, b.items(t))
}

func aStreamGoesOnOverTheEndOfAMonth(t *testing.T, b *bench) {
	boundary := time.Date(2034, 5, 1, 0, 0, 0, 0, time.UTC)
	var want []string
	for _, at := range []time.Time{boundary.Add(-time.Microsecond), boundary.Add(-1), boundary, boundary.Add(time.Second)} {
		b.clock.Set(at)
		stored, err := b.Audit.Append(t.Context(), identity.Event{Type: identity.EventAuthFailed, Actor: "u1"})
		require.NoError(t, err)
		require.Equal(t, at, stored.CreatedAt)
		require.Equal(t, map[bool]string{true: "2034-04", false: "2034-05"}[at.Before(boundary)], stored.Month)
		want = append(want, stored.ID)
	}
	for name, query := range map[string]identity.AuditQuery{"type": {Type: identity.EventAuthFailed}, "actor": {Actor: "u1"}, "all": {}} {
		found := events(t, b.Audit, query)
		require.Equal(t, want, eventIDs(found), name)
		requireChain(t, found, 4)
		query.From, query.To = boundary.Add(-1), boundary.Add(time.Second)
		require.Equal(t, want[1:3], eventIDs(events(t, b.Audit, query)), name)
	}

	// A clock that runs behind does not go back over the boundary.
	b.clock.Set(boundary.Add(-30 * time.Second))
	stored, err := b.Audit.Append(t.Context(), identity.Event{Type: identity.EventAuthFailed})
	require.NoError(t, err)
	require.Equal(t, "2034-05", stored.Month)
	require.Equal(t, boundary.Add(time.Second), stored.CreatedAt)
	require.Equal(t, int64(5), stored.Seq)
	b.clock.Set(boundary.Add(time.Second - 60*time.Second))
	_, err = b.Audit.Append(t.Context(), identity.Event{Type: identity.EventAuthFailed})
	require.NoError(t, err, "60 s ahead is not more than 60 s")
	b.clock.Set(boundary.Add(time.Second - 60*time.Second - 1))
	_, err = b.Audit.Append(t.Context(), identity.Event{Type: identity.EventAuthFailed})
	require.ErrorIs(t, err, identity.ErrClockSkew)
	b.clock.Set(boundary.Add(time.Second - 60*time.Second - 1))
	_, err = b.Audit.Op(t.Context(), identity.Event{Type: identity.EventAuthFailed})
	require.ErrorIs(t, err, identity.ErrClockSkew)
	requireStream(t, b, identity.EventAuthFailed, 6)
}

func eventsAreShownForTheirTimeAndPurgedAfterIt(t *testing.T, b *bench) {
	here, other := b.Audit, b.For(newScope(t, "acme", "other")).Audit
	born := time.Date(2034, 3, 20, 12, 0, 0, 0, time.UTC)
	for _, audit := range []*identity.Audit{here, other} {
		for _, eventType := range []identity.EventType{identity.EventAuthFailed, identity.EventUserCreated} {
			for i := range 4 {
				b.clock.Set(born)
				event := identity.Event{Type: eventType, Actor: "u1", Data: map[string]string{"n": fmt.Sprint(i)}}
				_, err := audit.Append(t.Context(), event)
				require.NoError(t, err)
			}
			b.clock.Set(born.Add(time.Second))
			_, err := audit.Append(t.Context(), identity.Event{Type: eventType, Actor: "u1"})
			require.NoError(t, err)
		}
	}
	before := b.items(t)
	const month = 30 * 24 * time.Hour
	for name, query := range map[string]identity.AuditQuery{"type": {Type: identity.EventAuthFailed}, "actor": {Actor: "u1"}, "all": {}} {
		streams := map[bool]int{true: 1, false: 2}[query.Type != ""]
		b.clock.Set(born.Add(month - 1))
		require.Len(t, events(t, here, query), 5*streams, name)
		b.clock.Set(born.Add(month))
		require.Len(t, events(t, here, query), streams, name)
		query.From = born
		b.clock.Set(born.Add(month))
		require.Len(t, events(t, here, query), streams, name)
		b.clock.Set(born.Add(time.Second + month))
		require.Empty(t, events(t, here, query), name)
	}
	require.ElementsMatch(t, before, b.items(t), "nothing was deleted yet")

	b.clock.Set(time.Date(2034, 4, 30, 23, 59, 59, 999_999_998, time.UTC))
	_, err := here.PurgeMonth(t.Context(), "2034-03", "past keeping", "")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue, "an event of March may still be shown")
	b.clock.Set(time.Date(2034, 4, 30, 23, 59, 59, 999_999_999, time.UTC))
	_, err = here.PurgeMonth(t.Context(), "2034-03", " ", "")
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	require.ElementsMatch(t, before, b.items(t))
	require.Equal(t, 8, purge(t, here, "2034-03"))
	after := b.items(t)
	require.Len(t, after, len(before)-10)
	require.Subset(t, before, after)

	// The other project has what it had, and the stream goes on behind its purged month.
	b.clock.Set(born.Add(time.Hour))
	require.Len(t, events(t, other, identity.AuditQuery{}), 10)
	require.Empty(t, events(t, here, identity.AuditQuery{}))
	stored, err := here.Append(t.Context(), identity.Event{Type: identity.EventAuthFailed})
	require.NoError(t, err)
	require.Equal(t, int64(6), stored.Seq)
	left := events(t, here, identity.AuditQuery{Type: identity.EventAuthFailed})
	require.NoError(t, identity.VerifyChain(slices.Values(left)))
	requireChain(t, events(t, other, identity.AuditQuery{Type: identity.EventAuthFailed}), 5)
}

// purge purges a month to its end.
func purge(t testing.TB, audit *identity.Audit, month string) (calls int) {
	t.Helper()
	for cursor := ""; calls == 0 || cursor != ""; calls++ {
		var err error
		cursor, err = audit.PurgeMonth(t.Context(), month, "past keeping", cursor)
		require.NoError(t, err)
	}
	return calls
}

func eventsAreTheSameByActorAndByType(t *testing.T, b *bench) {
	for i := range 30 {
		b.clock.Advance(time.Duration(i%3) * time.Second) // some at one time
		_, err := b.Audit.Append(t.Context(), identity.Event{Type: identity.EventSessionRevoked, Actor: "u1"})
		require.NoError(t, err)
		if i%5 == 0 {
			_, err = b.Audit.Append(t.Context(), identity.Event{Type: identity.EventUserCreated})
			require.NoError(t, err)
		}
	}
	queries := map[string]identity.AuditQuery{"type": {Type: identity.EventSessionRevoked}, "actor": {Actor: "u1"}, "all": {}}
	byType, byActor, all := events(t, b.Audit, queries["type"]), events(t, b.Audit, queries["actor"]), events(t, b.Audit, queries["all"])
	require.Len(t, byType, 30)
	require.ElementsMatch(t, byType, byActor)
	require.Len(t, all, 36)
	for _, found := range [][]*identity.AuditEvent{byActor, all} {
		require.True(t, slices.IsSortedFunc(found, func(x, y *identity.AuditEvent) int { return x.CreatedAt.Compare(y.CreatedAt) }))
	}
	revoked := slices.DeleteFunc(slices.Clone(all), func(event *identity.AuditEvent) bool {
		return event.EventType != string(identity.EventSessionRevoked)
	})
	require.Equal(t, byActor, revoked, "both in order of time and id")

	// Page by page, wherever a page ends.
	for name, query := range queries {
		whole := events(t, b.Audit, query)
		for i, event := range whole {
			cursor, err := b.Audit.Cursor(query, event)
			require.NoError(t, err)
			next := query
			next.After = cursor
			require.Equal(t, eventIDs(whole[i+1:]), eventIDs(events(t, b.Audit, next)), name)
		}
	}
}
