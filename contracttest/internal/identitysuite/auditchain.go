package identitysuite

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

// auditGuard is in how long an event of the same id is the same event, by default.
const auditGuard = 7 * 24 * time.Hour

var auditChain = []Scenario{
	{ID: "id.aud.seq_race", run: manyWritersOfOneStreamLeaveNoGap},
	{ID: "id.aud.idempotent", run: anEventIsAppendedOnce},
}

// eventOf is an event about u2 by u1.
func eventOf(eventType identity.EventType, id string) identity.Event {
	return identity.Event{
		Type: eventType, ID: id, Actor: "u1", Subject: "u2", IP: "192.0.2.7", UserAgent: "test/1.0",
		Data: map[string]string{"method": "passkey", "n": fmt.Sprint(len(id))},
	}
}

// events collects a query.
func events(t testing.TB, audit *identity.Audit, query identity.AuditQuery) []*identity.AuditEvent {
	t.Helper()
	found, err := theorydb.Collect(audit.Query(t.Context(), query))
	require.NoError(t, err)
	return found
}

func eventIDs(events []*identity.AuditEvent) []string {
	ids := make([]string, len(events))
	for i, event := range events {
		ids[i] = event.ID
	}
	return ids
}

// requireChain requires the numbers 1 to n, each once, in order of time, and a chain that verifies.
func requireChain(t testing.TB, events []*identity.AuditEvent, n int) {
	t.Helper()
	require.Len(t, events, n)
	for i, event := range events {
		require.Equal(t, int64(i+1), event.Seq)
		if i > 0 {
			require.False(t, event.CreatedAt.Before(events[i-1].CreatedAt))
		}
	}
	require.NoError(t, identity.VerifyChain(slices.Values(events)))
}

// requireStream requires a chain of n events in a stream, as Query gives it and as it is stored, by the sort keys.
func requireStream(t testing.TB, b *bench, eventType identity.EventType, n int) []*identity.AuditEvent {
	t.Helper()
	found := events(t, b.Audit, identity.AuditQuery{Type: eventType})
	requireChain(t, found, n)
	stored := slices.DeleteFunc(b.itemsOf(t, "AuditEvent"), func(item map[string]types.AttributeValue) bool {
		return attributeText(item, "eventType") != string(eventType) || attributeText(item, "projectID") != b.scope.Project()
	})
	require.Len(t, stored, n)
	slices.SortFunc(stored, func(x, y map[string]types.AttributeValue) int {
		if months := strings.Compare(attributeText(x, "PK"), attributeText(y, "PK")); months != 0 {
			return months
		}
		return strings.Compare(attributeText(x, "SK"), attributeText(y, "SK"))
	})
	for i, item := range stored {
		require.Equal(t, int64(i+1), attributeNumber(t, item, "seq"))
		require.Equal(t, found[i].ID, attributeText(item, "id"))
		require.Equal(t, found[i].Hash, attributeText(item, "hash"))
	}
	return found
}

func manyWritersOfOneStreamLeaveNoGap(t *testing.T, b *bench) {
	each := b.rounds(100)
	want := map[string]bool{}
	for w := range racers {
		for i := range each {
			want[fmt.Sprintf("e-%d-%d", w, i)] = true
		}
	}
	sent := b.faults.during(func() {
		for _, err := range together(racers, func(w int) error {
			for i := range each {
				b.clock.Advance(time.Nanosecond)
				event := identity.Event{Type: identity.EventAuthSucceeded, ID: fmt.Sprintf("e-%d-%d", w, i)}
				if _, err := b.Audit.Append(t.Context(), event); err != nil {
					return err
				}
			}
			return nil
		}) {
			require.NoError(t, err)
		}
	})
	t.Logf("%d requests for %d events", len(sent), racers*each)
	found := requireStream(t, b, identity.EventAuthSucceeded, racers*each)
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(eventIDs(found))), "each once")
}

func anEventIsAppendedOnce(t *testing.T, b *bench) {
	t.Run("again", func(t *testing.T) { anEventIsAppendedAgain(t, b) })
	for name, lose := range map[string]func(*localaws.Rule) *localaws.Rule{
		"one answer":            func(r *localaws.Rule) *localaws.Rule { return r.CommitThenDrop() },
		"all of a transaction":  func(r *localaws.Rule) *localaws.Rule { return r.Times(8).CommitThenDrop() },
		"all, nothing done":     func(r *localaws.Rule) *localaws.Rule { return r.Times(8).DropBefore() },
		"an answer cut in half": func(r *localaws.Rule) *localaws.Rule { return r.CutBody() },
	} {
		t.Run("answer lost/"+name, func(t *testing.T) { anAnswerOfAppendIsLost(t, b, lose) })
	}
	t.Run("answer lost/for good", func(t *testing.T) { noAnswerOfAppendComes(t, b) })
}

func anEventIsAppendedAgain(t *testing.T, b *bench) {
	ctx, audit, event := t.Context(), b.Audit, func(id string) identity.Event { return eventOf(identity.EventAuthFailed, id) }
	first, err := audit.Append(ctx, event("same"))
	require.NoError(t, err)
	_, err = audit.Append(ctx, event("other"))
	require.NoError(t, err)
	b.clock.Advance(time.Hour)
	again, err := audit.Append(ctx, event("same"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, int64(1), again.Seq)

	batch, err := audit.AppendBatch(ctx, identity.EventAuthFailed, []identity.Event{event("new"), event("same"), event("new")})
	require.NoError(t, err)
	require.Equal(t, []int64{3, 1, 3}, []int64{batch[0].Seq, batch[1].Seq, batch[2].Seq})
	requireStream(t, b, identity.EventAuthFailed, 3)

	_, err = audit.Append(ctx, eventOf(identity.EventAuthSucceeded, "same"))
	require.ErrorIs(t, err, theorydb.ErrAlreadyExists, "an event of another type has the id")

	b.clock.Advance(auditGuard)
	later, err := audit.Append(ctx, event("same"))
	require.NoError(t, err)
	require.Equal(t, int64(4), later.Seq, "the guard's time is over")
	requireStream(t, b, identity.EventAuthFailed, 4)
}

// anAnswerOfAppendIsLost appends to a stream of its own.
func anAnswerOfAppendIsLost(t *testing.T, b *bench, lose func(*localaws.Rule) *localaws.Rule) {
	stream := newStream(t)
	rule := lose(b.faults.On("TransactWriteItems"))
	stored, err := b.Audit.Append(t.Context(), eventOf(stream, string(stream)))
	require.NoError(t, err)
	require.Positive(t, rule.Fired())
	b.faults.mend()
	require.Equal(t, int64(1), stored.Seq)
	found := requireStream(t, b, stream, 1)
	require.Equal(t, &stored, found[0])
}

func noAnswerOfAppendComes(t *testing.T, b *bench) {
	stream := newStream(t)
	event := eventOf(stream, string(stream))
	lost := b.faults.On("TransactWriteItems").Always().CommitThenDrop()
	_, err := b.Audit.Append(t.Context(), event)
	require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
	require.Positive(t, lost.Fired())
	requireStream(t, b, stream, 1)

	b.faults.mend()
	stored, err := b.Audit.Append(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, int64(1), stored.Seq)
	requireStream(t, b, stream, 1)
}

// newStream is an event type that no other event has.
func newStream(t testing.TB) identity.EventType {
	t.Helper()
	stream, err := identity.NewEventType(fmt.Sprintf("suite.s%x", random(8)))
	require.NoError(t, err)
	return stream
}
