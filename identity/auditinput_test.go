package identity

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

func TestEveryEventTypeOfTheCatalogueIsOneAndEachOnce(t *testing.T) {
	seen := map[EventType]bool{}
	for _, eventType := range EventTypes() {
		again, err := NewEventType(string(eventType))
		require.NoError(t, err)
		require.Equal(t, eventType, again)
		require.False(t, seen[eventType], eventType)
		seen[eventType] = true
	}
	EventTypes()[0] = "changed"
	require.Equal(t, EventAuthSucceeded, EventTypes()[0])
}

func TestNewEventTypeRefusesWhatIsNoName(t *testing.T) {
	custom, err := NewEventType("billing.plan_changed2")
	require.NoError(t, err)
	require.Equal(t, EventType("billing.plan_changed2"), custom)
	for _, name := range []string{
		"", "auth", "auth.", ".failed", "auth..failed", "Auth.failed", "auth.failed ", "auth.fa-iled", "auth.2", "2.auth", "auth.failed\n",
		"auth#x.failed", "auth.fäiled", "a." + strings.Repeat("b", 63),
	} {
		_, err := NewEventType(name)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, name)
	}
}

func TestAppendRefusesBadEventsBeforeAnythingIsSent(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	b.aws.ResetCalls()
	const marker = "MARKER"
	for field, change := range map[string]func(*Event){
		"event type": func(e *Event) { e.Type = marker },
		"id ":        func(e *Event) { e.ID = marker + "#" },
		"actor":      func(e *Event) { e.Actor = marker + "\x00" },
		"subject":    func(e *Event) { e.Subject = strings.Repeat(marker, 30) },
		"subject is": func(e *Event) { e.Subject, e.PII = "", theorydb.NewSecret(map[string]string{"a": marker}) },
		"ip":         func(e *Event) { e.IP = marker },
		"ip ":        func(e *Event) { e.IP = "fe80::1%" + marker },
		"userAgent":  func(e *Event) { e.UserAgent = marker + "\xff" },
		"data has a": func(e *Event) { e.Data = map[string]string{"": marker} },
		"data ":      func(e *Event) { e.Data = map[string]string{strings.Repeat("n", 257): marker} },
		"data  ":     func(e *Event) { e.Data = map[string]string{marker + "\xff": ""} },
		"data   ":    func(e *Event) { e.Data = map[string]string{"a": marker + "\xff"} },
		"data has 3": func(e *Event) { e.Data = map[string]string{"a": marker + strings.Repeat("x", 32<<10-6)} },
		"pii":        func(e *Event) { e.PII = theorydb.NewSecret(map[string]string{"a": strings.Repeat(marker, 32<<10)}) },
	} {
		event := auditEventOf("e")
		change(&event)
		_, err := audit.Append(t.Context(), event)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, field)
		require.ErrorContains(t, err, strings.TrimSpace(field))
		require.NotContains(t, err.Error(), marker)
		_, err = audit.AppendBatch(t.Context(), EventAuthFailed, []Event{auditEventOf("ok"), event})
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, field)
		_, err = audit.Op(t.Context(), event)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, field)
	}
	_, err := audit.AppendBatch(t.Context(), EventAuthSucceeded, []Event{auditEventOf("of another type")})
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = theorydb.Collect(audit.Query(t.Context(), AuditQuery{Type: EventAuthFailed, Actor: "u1"}))
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	_, err = theorydb.Collect(audit.Query(t.Context(), AuditQuery{Type: "x"}))
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	for _, month := range []string{"", "2030", "2030-13", "2030-1", "2030-01-01", "x"} {
		_, err = audit.PurgeMonth(t.Context(), month, "r", "")
		require.ErrorIs(t, err, theorydb.ErrInvalidValue, month)
	}
	for _, cursor := range []string{"x", "8.", "-1.", "01.", "1", "1.x", "+1."} {
		_, err = audit.PurgeMonth(t.Context(), "2020-01", "r", cursor)
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor, cursor)
	}
	require.Empty(t, b.aws.Calls())
}

func TestAppendStoresAnEventAsItIsDocumented(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	data := map[string]string{"a": strings.Repeat("x", 32<<10-1)}
	event := Event{Type: EventAuthFailed, IP: "::ffff:192.0.2.1", UserAgent: strings.Repeat("é", 101), Data: data}
	stored, err := audit.Append(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, "192.0.2.1", stored.IP)
	require.Equal(t, strings.Repeat("é", 100), stored.UserAgent)
	require.Len(t, stored.ID, 36)
	require.Empty(t, stored.Actor)
	require.Empty(t, stored.PIIHash)
	require.True(t, stored.TTL.IsZero(), "an event with an expiry could not be kept longer")
	require.Equal(t, firstPrevHash, stored.PrevHash)
	data["a"] = "changed by the caller"
	require.NotEqual(t, data["a"], stored.Data["a"])
	require.Equal(t, &stored, auditAll(t, audit, AuditQuery{Type: EventAuthFailed})[0])

	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "agent")
		cut, err := cutUserAgent(text)
		if !utf8.ValidString(text) {
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			return
		}
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(text, cut) && utf8.ValidString(cut) && len(cut) <= 200 && len(cut) >= min(len(text), 197))
	})
}

func TestAppendBatchSplitsAndKeepsTheOrder(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		audit := b.For(b.scope).Audit
		var events []Event
		for i := range 120 {
			event := Event{ID: fmt.Sprintf("e%d", i), Actor: "u1", Subject: "u2"}
			if i >= 100 {
				event.PII = theorydb.NewSecret(map[string]string{"n": fmt.Sprint(i)})
			}
			events = append(events, event)
		}
		stored, err := audit.AppendBatch(t.Context(), EventRiskDecided, events)
		require.NoError(t, err)
		require.Len(t, stored, 120)
		for i, event := range stored {
			require.Equal(t, events[i].ID, event.ID)
			require.Equal(t, int64(i+1), event.Seq)
		}
		auditRequireChain(t, auditAll(t, audit, AuditQuery{Type: EventRiskDecided}), 120)
		sent := 0
		for _, call := range b.aws.Calls() {
			if call.Operation == "TransactWriteItems" {
				sent++
				require.LessOrEqual(t, len(call.Targets), 100)
			}
		}
		if sent > 0 { // on the embedded engine
			require.Equal(t, 3, sent)
		}

		none, err := audit.AppendBatch(t.Context(), EventRiskDecided, nil)
		require.NoError(t, err)
		require.Empty(t, none)
	})
}

func TestAppendBatchReturnsWhatWasAppendedBeforeItFailed(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	events := make([]Event, 60)
	for i := range events {
		events[i] = Event{ID: fmt.Sprintf("e%d", i)}
	}
	b.faults.On("TransactWriteItems").Nth(2).Error(400, "AccessDeniedException", "no")
	stored, err := audit.AppendBatch(t.Context(), EventRiskDecided, events)
	require.Error(t, err)
	require.Len(t, stored, 49)
	stored, err = audit.AppendBatch(t.Context(), EventRiskDecided, events)
	require.NoError(t, err)
	require.Len(t, stored, 60)
	auditRequireChain(t, auditAll(t, audit, AuditQuery{Type: EventRiskDecided}), 60)
}

func TestAnEventAndAChangeTakeEffectTogether(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		p := b.For(b.scope)
		profiles := p.Audit.workspaces
		event := func(id string) Event { return Event{Type: EventWorkspaceCreated, ID: id, Actor: "u1"} }
		ops, err := p.Audit.Op(t.Context(), event("one"))
		require.NoError(t, err)
		require.Len(t, ops, 3)
		require.NoError(t, b.db.Transact(t.Context(), append(ops, profiles.CreateOp(&Workspace{Slug: "w", Name: "W"}))...))

		// Somebody appends in between: nothing of it takes effect, and the first operation is the cause.
		ops, err = p.Audit.Op(t.Context(), event("two"))
		require.NoError(t, err)
		_, err = p.Audit.Append(t.Context(), event("between"))
		require.NoError(t, err)
		err = b.db.Transact(t.Context(), append(ops, profiles.CreateOp(&Workspace{Slug: "x", Name: "X"}))...)
		var canceled *theorydb.TransactionError
		require.ErrorAs(t, err, &canceled)
		require.ErrorIs(t, canceled.Ops[0], theorydb.ErrConditionFailed)
		_, err = profiles.Get(t.Context(), Workspace{Slug: "x"}, theorydb.Consistent())
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)

		// The change is refused: there is no event.
		ops, err = p.Audit.Op(t.Context(), event("three"))
		require.NoError(t, err)
		require.Error(t, b.db.Transact(t.Context(), append(ops, profiles.CreateOp(&Workspace{Slug: "w", Name: "W"}))...))
		auditRequireChain(t, auditAll(t, p.Audit, AuditQuery{Type: EventWorkspaceCreated}), 2)
	})
}

func TestAnEventBehindTheEndOfItsStreamIsFound(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	_, err := audit.Append(t.Context(), auditEventOf("one"))
	require.NoError(t, err)
	heads := AuditHead{EventType: string(EventAuthFailed)}
	head, err := audit.heads.Get(t.Context(), heads, theorydb.Consistent())
	require.NoError(t, err)
	now := b.clock.Now()
	b.clock.Set(now)
	_, err = audit.Append(t.Context(), auditEventOf("two"))
	require.NoError(t, err)
	require.NoError(t, audit.heads.Put(t.Context(), head)) // put back, as from a backup
	b.clock.Set(now)
	_, err = audit.Append(t.Context(), auditEventOf("three"))
	require.ErrorIs(t, err, ErrChainBroken)

	head.Buckets = 4
	require.NoError(t, audit.heads.Put(t.Context(), head))
	_, err = audit.Append(t.Context(), auditEventOf("three"))
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
}

// A conflict on a busy stream's end is no verdict: the end is read again.
func TestAppendReadsTheEndAgainAfterAConflict(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	b.faults.On("TransactWriteItems").Times(20).CancelTransaction(0, "TransactionConflict")
	stored, err := audit.Append(t.Context(), auditEventOf("e"))
	require.NoError(t, err)
	require.Equal(t, int64(1), stored.Seq)
	require.Equal(t, 20, b.faults.Fired())

	b.faults.On("TransactWriteItems").Always().CancelTransaction(0, "TransactionConflict")
	_, err = audit.Append(t.Context(), auditEventOf("f"))
	require.ErrorIs(t, err, theorydb.ErrThrottled)
	require.NotErrorIs(t, err, theorydb.ErrConditionFailed)
	auditRequireChain(t, auditAll(t, audit, AuditQuery{Type: EventAuthFailed}), 1)
}

func TestAnEventWithEmptyPIIIsOneWithout(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	event := auditEventOf("e")
	event.PII = theorydb.NewSecret(map[string]string{})
	event.Data = map[string]string{}
	stored, err := audit.Append(t.Context(), event)
	require.NoError(t, err)
	require.Empty(t, stored.PIIHash)
	require.Nil(t, stored.Data)
	require.Empty(t, b.aws.KMSCalls())
	_, err = audit.PII(t.Context(), &stored)
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	require.Equal(t, &stored, auditAll(t, audit, AuditQuery{Type: EventAuthFailed})[0])
}

func TestAnAuditQueryStopsWhenItIsToldAndAtItsFirstError(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	for range 20 {
		_, err := audit.Append(t.Context(), Event{Type: EventAuthFailed})
		require.NoError(t, err)
	}
	b.aws.ResetCalls()
	query := audit.Query(t.Context(), AuditQuery{})
	require.Empty(t, b.aws.Calls(), "nothing is sent before it is ranged over")
	for range 2 {
		seen := 0
		for _, err := range query {
			require.NoError(t, err)
			if seen++; seen == 3 {
				break
			}
		}
		require.Equal(t, 3, seen)
	}
	for nth := range 8 {
		b.faults = &localaws.Faults{Next: b.aws}
		b.faults.On("Query").Nth(nth+10).Error(400, "AccessDeniedException", "no")
		failures := 0
		for event, err := range query {
			require.Zero(t, failures, "an error is the last")
			if err != nil {
				require.Nil(t, event)
				failures++
			}
		}
		require.Equal(t, map[bool]int{true: 1, false: 0}[b.faults.Fired() > 0], failures)
	}
}

func TestAppendStopsWhenTheContextEnds(t *testing.T) {
	b := openBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.aws.ResetCalls()
	_, err := b.For(b.scope).Audit.Append(ctx, auditEventOf("e"))
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, b.aws.Calls())
}
