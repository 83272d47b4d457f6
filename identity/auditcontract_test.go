package identity

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

func TestContractAudit(t *testing.T) {
	t.Run("id.aud.seq_race", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) { auditSeqRace(t, b) })
	})
	t.Run("id.aud.idempotent", func(t *testing.T) {
		t.Run("again", func(t *testing.T) { eachBench(t, auditAppendedAgain) })
		t.Run("answer lost", auditAnswerLost)
	})
	t.Run("id.aud.immutable", func(t *testing.T) { eachBench(t, auditImmutable) })
	t.Run("id.aud.month_boundary", func(t *testing.T) { eachBench(t, auditMonthBoundary) })
	t.Run("id.aud.retention", func(t *testing.T) { eachBench(t, auditRetention) })
	t.Run("id.aud.by_actor_and_type", func(t *testing.T) { eachBench(t, auditByActorAndType) })
	t.Run("id.erase.audit_shred", func(t *testing.T) { eachBench(t, auditShred) })
	t.Run("id.enc.hot_path_without_kms", auditWithoutKMS)
	t.Run("id.scope.zero", auditZeroScope)
}

// auditSeqRace: 16 writers of 100 events each in one stream (fewer under -short and on an endpoint, which takes long).
func auditSeqRace(t *testing.T, b *bench) {
	writers, each := 16, 100
	if testing.Short() || raceDetector || len(b.aws.Calls()) == 0 {
		each = 8
	}
	audit := b.For(b.scope).Audit
	start := make(chan struct{})
	failed := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			<-start
			for i := range each {
				b.clock.Advance(time.Nanosecond)
				if _, err := audit.Append(t.Context(), Event{Type: EventAuthSucceeded, ID: fmt.Sprintf("e-%d-%d", w, i)}); err != nil {
					failed[w] = err
					return
				}
			}
		})
	}
	close(start)
	wg.Wait()
	require.NoError(t, errors.Join(failed...))
	sent := 0
	for _, call := range b.aws.Calls() {
		if call.Operation == "TransactWriteItems" {
			sent++
		}
	}
	t.Logf("%d transactions for %d events", sent, writers*each)
	events := auditAll(t, audit, AuditQuery{Type: EventAuthSucceeded})
	auditRequireChain(t, events, writers*each)
	ids := auditIDs(events)
	slices.Sort(ids)
	require.Len(t, slices.Compact(ids), writers*each)
}

func auditAppendedAgain(t *testing.T, b *bench) {
	audit := b.For(b.scope).Audit
	first, err := audit.Append(t.Context(), auditEventOf("same"))
	require.NoError(t, err)
	_, err = audit.Append(t.Context(), auditEventOf("other"))
	require.NoError(t, err)
	b.clock.Advance(time.Hour)
	again, err := audit.Append(t.Context(), auditEventOf("same"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, int64(1), again.Seq)

	batch, err := audit.AppendBatch(t.Context(), EventAuthFailed, []Event{auditEventOf("new"), auditEventOf("same"), auditEventOf("new")})
	require.NoError(t, err)
	require.Equal(t, []int64{3, 1, 3}, []int64{batch[0].Seq, batch[1].Seq, batch[2].Seq})
	auditRequireChain(t, auditAll(t, audit, AuditQuery{Type: EventAuthFailed}), 3)

	other := auditEventOf("same")
	other.Type = EventAuthSucceeded
	_, err = audit.Append(t.Context(), other)
	require.ErrorIs(t, err, theorydb.ErrAlreadyExists)

	b.clock.Advance(b.options.Lifetimes.AuditGuard)
	later, err := audit.Append(t.Context(), auditEventOf("same"))
	require.NoError(t, err)
	require.Equal(t, int64(4), later.Seq, "the guard's time is over")
}

func auditAnswerLost(t *testing.T) {
	for name, lose := range map[string]func(*localaws.Rule) *localaws.Rule{
		"one answer":            func(r *localaws.Rule) *localaws.Rule { return r.CommitThenDrop() },
		"all of a transaction":  func(r *localaws.Rule) *localaws.Rule { return r.Times(8).CommitThenDrop() },
		"all, nothing done":     func(r *localaws.Rule) *localaws.Rule { return r.Times(8).DropBefore() },
		"an answer cut in half": func(r *localaws.Rule) *localaws.Rule { return r.CutBody() },
	} {
		t.Run(name, func(t *testing.T) {
			b := openBench(t)
			audit := b.For(b.scope).Audit
			lose(b.faults.On("TransactWriteItems"))
			stored, err := audit.Append(t.Context(), auditEventOf("e"))
			require.NoError(t, err)
			require.Empty(t, b.faults.Unfired())
			require.Equal(t, int64(1), stored.Seq)
			events := auditAll(t, audit, AuditQuery{Type: EventAuthFailed})
			auditRequireChain(t, events, 1)
			require.Equal(t, &stored, events[0])
		})
	}
	t.Run("for good", func(t *testing.T) {
		b := openBench(t)
		audit := b.For(b.scope).Audit
		lost := b.faults.On("TransactWriteItems").Always().CommitThenDrop()
		_, err := audit.Append(t.Context(), auditEventOf("e"))
		require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
		require.Positive(t, lost.Fired())
		auditRequireChain(t, auditAll(t, audit, AuditQuery{Type: EventAuthFailed}), 1)

		b.faults = &localaws.Faults{Next: b.aws} // the line is back
		stored, err := audit.Append(t.Context(), auditEventOf("e"))
		require.NoError(t, err)
		require.Equal(t, int64(1), stored.Seq)
		auditRequireChain(t, auditAll(t, audit, AuditQuery{Type: EventAuthFailed}), 1)
	})
}

func auditImmutable(t *testing.T, b *bench) {
	// No verb of the store but PurgeMonth takes an event away.
	var verbs []string
	for i := range reflect.TypeFor[*Audit]().NumMethod() {
		if name := reflect.TypeFor[*Audit]().Method(i).Name; name != "For" { // the Service's own
			verbs = append(verbs, name)
		}
	}
	require.Equal(t, []string{"Append", "AppendBatch", "Cursor", "Op", "PII", "PurgeMonth", "Query"}, verbs)

	p := b.For(b.scope)
	stored, err := p.Audit.Append(t.Context(), auditEventOf("e"))
	require.NoError(t, err)
	events := p.Audit.events
	changed := stored
	changed.Actor = "somebody"
	require.ErrorIs(t, events.Create(t.Context(), &changed), theorydb.ErrAlreadyExists)
	require.ErrorIs(t, events.Put(t.Context(), &changed), theorydb.ErrInvalidQuery)
	require.ErrorIs(t, events.Update(t.Context(), &changed), theorydb.ErrInvalidQuery)
	require.ErrorIs(t, events.Delete(t.Context(), &changed), theorydb.ErrInvalidQuery)
	_, err = events.Change(t.Context(), changed, theorydb.Set("actor", "somebody"))
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	require.Error(t, b.db.BatchWrite(t.Context(), events.DeleteOp(&changed, theorydb.Unchecked())))
	_, err = b.db.ClearPartition(t.Context(), events.Partition(AuditEvent{EventType: stored.EventType, Month: stored.Month}), "")
	require.NoError(t, err)
	require.Equal(t, []*AuditEvent{&stored}, auditAll(t, p.Audit, AuditQuery{Type: EventAuthFailed}))
	_, err = p.Audit.PurgeMonth(t.Context(), stored.Month, "to hide it", "")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
}

func auditMonthBoundary(t *testing.T, b *bench) {
	audit := b.For(b.scope).Audit
	boundary := time.Date(2030, 5, 1, 0, 0, 0, 0, time.UTC)
	var want []string
	for _, at := range []time.Time{boundary.Add(-time.Microsecond), boundary.Add(-1), boundary, boundary.Add(time.Second)} {
		b.clock.Set(at)
		stored, err := audit.Append(t.Context(), Event{Type: EventAuthFailed, Actor: "u1"})
		require.NoError(t, err)
		require.Equal(t, at, stored.CreatedAt)
		require.Equal(t, map[bool]string{true: "2030-04", false: "2030-05"}[at.Before(boundary)], stored.Month)
		want = append(want, stored.ID)
	}
	for name, query := range map[string]AuditQuery{"type": {Type: EventAuthFailed}, "actor": {Actor: "u1"}, "all": {}} {
		events := auditAll(t, audit, query)
		require.Equal(t, want, auditIDs(events), name)
		auditRequireChain(t, events, 4)
		query.From, query.To = boundary.Add(-1), boundary.Add(time.Second)
		require.Equal(t, want[1:3], auditIDs(auditAll(t, audit, query)), name)
	}

	// A clock that runs behind does not go back over the boundary.
	b.clock.Set(boundary.Add(-30 * time.Second))
	stored, err := audit.Append(t.Context(), Event{Type: EventAuthFailed})
	require.NoError(t, err)
	require.Equal(t, "2030-05", stored.Month)
	require.Equal(t, boundary.Add(time.Second), stored.CreatedAt)
	require.Equal(t, int64(5), stored.Seq)
	b.clock.Set(boundary.Add(time.Second - 60*time.Second))
	_, err = audit.Append(t.Context(), Event{Type: EventAuthFailed})
	require.NoError(t, err, "60 s ahead is not more than 60 s")
	b.clock.Set(boundary.Add(time.Second - 60*time.Second - 1))
	_, err = audit.Append(t.Context(), Event{Type: EventAuthFailed})
	require.ErrorIs(t, err, ErrClockSkew)
	b.clock.Set(boundary.Add(time.Second - 60*time.Second - 1))
	_, err = audit.Op(t.Context(), Event{Type: EventAuthFailed})
	require.ErrorIs(t, err, ErrClockSkew)
	auditRequireChain(t, auditAll(t, audit, AuditQuery{Type: EventAuthFailed}), 6)
}

func auditRetention(t *testing.T, b *bench) {
	audit, other := b.For(b.scope).Audit, b.For(auditScope(t, "acme", "other")).Audit
	b.clock.Set(time.Date(2030, 3, 20, 12, 0, 0, 0, time.UTC))
	born := b.clock.Now()
	for _, a := range []*Audit{audit, other} {
		for _, eventType := range []EventType{EventAuthFailed, EventUserCreated} {
			for i := range 4 {
				b.clock.Set(born)
				_, err := a.Append(t.Context(), Event{Type: eventType, Actor: "u1", Data: map[string]string{"n": fmt.Sprint(i)}})
				require.NoError(t, err)
			}
			b.clock.Set(born.Add(time.Second))
			_, err := a.Append(t.Context(), Event{Type: eventType, Actor: "u1"})
			require.NoError(t, err)
		}
	}
	before := len(auditItems(t, b))
	queries := map[string]AuditQuery{"type": {Type: EventAuthFailed}, "actor": {Actor: "u1"}, "all": {}}
	for name, query := range queries {
		half := map[bool]int{true: 1, false: 2}[query.Type != ""]
		b.clock.Set(born.Add(30*24*time.Hour - 1))
		require.Len(t, auditAll(t, audit, query), 5*half, name)
		b.clock.Set(born.Add(30 * 24 * time.Hour))
		require.Len(t, auditAll(t, audit, query), half, name)
		query.From = born
		b.clock.Set(born.Add(30 * 24 * time.Hour))
		require.Len(t, auditAll(t, audit, query), half, name)
		b.clock.Set(born.Add(time.Second + 30*24*time.Hour))
		require.Empty(t, auditAll(t, audit, query), name)
	}
	require.Len(t, auditItems(t, b), before, "nothing was deleted yet")

	b.clock.Set(time.Date(2030, 4, 30, 23, 59, 59, 999_999_998, time.UTC))
	_, err := audit.PurgeMonth(t.Context(), "2030-03", "past keeping", "")
	require.ErrorIs(t, err, theorydb.ErrInvalidValue, "an event of March may still be shown")
	b.clock.Set(time.Date(2030, 4, 30, 23, 59, 59, 999_999_999, time.UTC))
	_, err = audit.PurgeMonth(t.Context(), "2030-03", " ", "")
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	require.Equal(t, 8, auditPurge(t, audit, "2030-03"))
	require.Len(t, auditItems(t, b), before-10)

	// The other project has what it had, and the stream goes on behind its purged month.
	b.clock.Set(born.Add(time.Hour))
	require.Len(t, auditAll(t, other, AuditQuery{}), 10)
	require.Empty(t, auditAll(t, audit, AuditQuery{}))
	stored, err := audit.Append(t.Context(), Event{Type: EventAuthFailed})
	require.NoError(t, err)
	require.Equal(t, int64(6), stored.Seq)
	require.NoError(t, VerifyChain(auditRow(auditAll(t, audit, AuditQuery{Type: EventAuthFailed}))))
	auditRequireChain(t, auditAll(t, other, AuditQuery{Type: EventAuthFailed}), 5)
}

func auditByActorAndType(t *testing.T, b *bench) {
	audit := b.For(b.scope).Audit
	for i := range 30 {
		b.clock.Advance(time.Duration(i%3) * time.Second) // some at one time
		_, err := audit.Append(t.Context(), Event{Type: EventSessionRevoked, Actor: "u1"})
		require.NoError(t, err)
		if i%5 == 0 {
			_, err = audit.Append(t.Context(), Event{Type: EventUserCreated})
			require.NoError(t, err)
		}
	}
	byType, byActor, all := auditAll(t, audit, AuditQuery{Type: EventSessionRevoked}), auditAll(t, audit, AuditQuery{Actor: "u1"}), auditAll(t, audit, AuditQuery{})
	require.Len(t, byType, 30)
	require.ElementsMatch(t, byType, byActor)
	require.Len(t, all, 36)
	for _, events := range [][]*AuditEvent{byActor, all} {
		require.True(t, slices.IsSortedFunc(events, func(x, y *AuditEvent) int { return x.CreatedAt.Compare(y.CreatedAt) }))
	}
	var revoked []*AuditEvent
	for _, event := range all {
		if event.EventType == string(EventSessionRevoked) {
			revoked = append(revoked, event)
		}
	}
	require.Equal(t, byActor, revoked, "both in order of time and id")

	// Page by page, wherever a page ends.
	for name, query := range map[string]AuditQuery{"type": {Type: EventSessionRevoked}, "actor": {Actor: "u1"}, "all": {}} {
		whole := auditIDs(auditAll(t, audit, query))
		for i, event := range auditAll(t, audit, query) {
			cursor, err := audit.Cursor(query, event)
			require.NoError(t, err)
			next := query
			next.After = cursor
			require.Equal(t, whole[i+1:], auditIDs(auditAll(t, audit, next)), name)
		}
	}
}

func auditShred(t *testing.T, b *bench) {
	const address = "erase-me@example.org"
	audit := b.For(b.scope).Audit
	pii := map[string]string{"email": address, "name": "Erase Me Marker"}
	with := auditEventOf("with")
	with.PII = theorydb.NewSecret(pii)
	stored, err := audit.Append(t.Context(), with)
	require.NoError(t, err)
	_, err = audit.Append(t.Context(), auditEventOf("without"))
	require.NoError(t, err)
	require.NotEmpty(t, stored.PIIHash)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", with, with, with), "Marker")

	found, err := audit.PII(t.Context(), &stored)
	require.NoError(t, err)
	require.Equal(t, pii, found.Reveal())
	auditHoldsNoneOf(t, b, address, "Erase Me Marker")

	// The digest tells nobody that two events say the same, and nothing without the nonce.
	twin := auditEventOf("twin")
	twin.Type, twin.PII = EventUserUpdated, with.PII
	second, err := audit.Append(t.Context(), twin)
	require.NoError(t, err)
	require.NotEqual(t, stored.PIIHash, second.PIIHash)
	require.NotEqual(t, stored.PIIHash, audit.piiHash(nil, pii))

	forged := stored
	forged.PIIHash = strings.Repeat("0", 64)
	_, err = audit.PII(t.Context(), &forged)
	require.ErrorIs(t, err, ErrChainBroken)
	_, err = b.For(auditScope(t, "acme", "other")).Audit.PII(t.Context(), &stored)
	require.ErrorIs(t, err, theorydb.ErrScopeMismatch)

	_, err = b.db.ClearPartition(t.Context(), audit.users.Partition(User{ID: "u2"}), "")
	require.NoError(t, err)
	_, err = audit.PII(t.Context(), &stored)
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	events := auditAll(t, audit, AuditQuery{Type: EventAuthFailed})
	auditRequireChain(t, events, 2)
	require.Equal(t, &stored, events[0], "the event stays as it was")
	auditHoldsNoneOf(t, b, address, "Erase Me Marker")
	for _, item := range auditItems(t, b) {
		require.NotEqual(t, "SubjectPII", item["_t"].(*types.AttributeValueMemberS).Value)
		_, nonce := item["nonce"]
		require.False(t, nonce, "without it the digest says nothing")
	}
}

func auditWithoutKMS(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	with := auditEventOf("with")
	with.PII = theorydb.NewSecret(map[string]string{"email": "marker@example.org"})
	stored, err := audit.Append(t.Context(), with)
	require.NoError(t, err)
	b.kmsFaults.On("").Always().Error(500, "KMSInternalException", "down")
	b.aws.ResetCalls()

	_, err = audit.Append(t.Context(), auditEventOf("without"))
	require.NoError(t, err)
	_, err = audit.AppendBatch(t.Context(), EventAuthFailed, []Event{auditEventOf("a"), auditEventOf("b")})
	require.NoError(t, err)
	auditRequireChain(t, auditAll(t, audit, AuditQuery{Type: EventAuthFailed}), 4)
	require.Empty(t, b.aws.KMSCalls())

	again := with
	again.ID = "again"
	_, err = audit.Append(t.Context(), again)
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	secret, err := audit.PII(t.Context(), &stored)
	require.ErrorIs(t, err, theorydb.ErrEncryption)
	require.False(t, secret.IsSet())
	auditRequireChain(t, auditAll(t, audit, AuditQuery{Type: EventAuthFailed}), 4)
	auditHoldsNoneOf(t, b, "marker@example.org")
}

func auditZeroScope(t *testing.T) {
	b := openBench(t)
	b.aws.ResetCalls()
	zero := b.For(Scope{})
	verbs := map[string]func() error{
		"Append":      func() error { _, err := zero.Audit.Append(t.Context(), auditEventOf("e")); return err },
		"AppendBatch": func() error { _, err := zero.Audit.AppendBatch(t.Context(), EventAuthFailed, nil); return err },
		"Op":          func() error { _, err := zero.Audit.Op(t.Context(), auditEventOf("e")); return err },
		"Query":       func() error { _, err := theorydb.Collect(zero.Audit.Query(t.Context(), AuditQuery{})); return err },
		"Cursor":      func() error { _, err := zero.Audit.Cursor(AuditQuery{}, &AuditEvent{}); return err },
		"PII":         func() error { _, err := zero.Audit.PII(t.Context(), &AuditEvent{}); return err },
		"PurgeMonth":  func() error { _, err := zero.Audit.PurgeMonth(t.Context(), "2020-01", "r", ""); return err },
		"Rotate":      func() error { _, err := zero.SigningKeys.Rotate(t.Context(), Rotation{}); return err },
		"Active":      func() error { _, err := zero.SigningKeys.Active(t.Context()); return err },
		"JWKS":        func() error { _, err := zero.SigningKeys.JWKS(t.Context()); return err },
		"Public":      func() error { _, err := zero.SigningKeys.Public(t.Context(), "k"); return err },
	}
	for _, store := range []reflect.Type{reflect.TypeFor[*Audit](), reflect.TypeFor[*SigningKeys]()} {
		for i := range store.NumMethod() {
			if name := store.Method(i).Name; name != "For" { // the Service's own
				require.Contains(t, verbs, name)
			}
		}
	}
	for name, verb := range verbs {
		require.ErrorIs(t, verb(), theorydb.ErrScopeRequired, name)
	}
	require.Empty(t, b.aws.Calls())
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
