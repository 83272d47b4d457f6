package identity

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestAuditCursorsAreBoundToTheirQueryAndProject(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	stored, err := audit.Append(t.Context(), auditEventOf("e"))
	require.NoError(t, err)
	_, err = audit.Append(t.Context(), auditEventOf("f"))
	require.NoError(t, err)
	query := AuditQuery{Type: EventAuthFailed}
	cursor, err := audit.Cursor(query, &stored)
	require.NoError(t, err)
	query.After = cursor
	require.Equal(t, []string{"f"}, auditIDs(auditAll(t, audit, query)))

	for name, c := range map[string]struct {
		audit *Audit
		query AuditQuery
	}{
		"another type":    {audit, AuditQuery{Type: EventAuthSucceeded, After: cursor}},
		"by actor":        {audit, AuditQuery{Actor: "u1", After: cursor}},
		"all":             {audit, AuditQuery{After: cursor}},
		"another project": {b.For(auditScope(t, "acme", "other")).Audit, query},
		"another tenant":  {b.For(auditScope(t, "acmeprod", "x")).Audit, query},
		"a bit":           {audit, AuditQuery{Type: EventAuthFailed, After: "B" + cursor[1:]}},
		"cut":             {audit, AuditQuery{Type: EventAuthFailed, After: cursor[:len(cursor)-4]}},
		"more":            {audit, AuditQuery{Type: EventAuthFailed, After: cursor + "AAAA"}},
		"a line feed":     {audit, AuditQuery{Type: EventAuthFailed, After: cursor + "\n"}},
		"before From":     {audit, AuditQuery{Type: EventAuthFailed, After: cursor, From: stored.CreatedAt.Add(1)}},
	} {
		_, err := theorydb.Collect(c.audit.Query(t.Context(), c.query))
		require.ErrorIs(t, err, theorydb.ErrInvalidCursor, name)
	}

	byActor, err := audit.Cursor(AuditQuery{Actor: "u1"}, &stored)
	require.NoError(t, err)
	_, err = theorydb.Collect(audit.Query(t.Context(), AuditQuery{Actor: "u2", After: byActor}))
	require.ErrorIs(t, err, theorydb.ErrInvalidCursor)

	_, err = audit.Cursor(AuditQuery{Type: EventAuthSucceeded}, &stored)
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	_, err = audit.Cursor(AuditQuery{Actor: "u2"}, &stored)
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	_, err = audit.Cursor(AuditQuery{Actor: "u1", Type: EventAuthFailed}, &stored)
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	_, err = audit.Cursor(AuditQuery{}, nil)
	require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	_, err = b.For(auditScope(t, "acme", "other")).Audit.Cursor(AuditQuery{}, &stored)
	require.ErrorIs(t, err, theorydb.ErrScopeMismatch)
}

// Whoever follows a stream is told when events were taken out of it, and is not misled by events that are appended while
// it reads.
func TestAStreamConsumerMissesNoEvent(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		audit := b.For(b.scope).Audit
		boundary := time.Date(2030, 5, 1, 0, 0, 0, 0, time.UTC)
		put := func(at time.Time) *AuditEvent {
			b.clock.Set(at)
			stored, err := audit.Append(t.Context(), Event{Type: EventAuthFailed})
			require.NoError(t, err)
			return &stored
		}
		first := put(boundary.Add(-3 * time.Second))

		// Another event of April and one of May come when April was read to its end.
		var got []int64
		added := false
		for event, err := range audit.Query(t.Context(), AuditQuery{Type: EventAuthFailed}) {
			require.NoError(t, err)
			got = append(got, event.Seq)
			if !added {
				added = true
				b.clock.Set(boundary.Add(-time.Second))
				put(boundary.Add(-time.Second))
				put(boundary.Add(time.Second))
			}
		}
		require.Equal(t, []int64{1, 2, 3}, got)

		cursor, err := audit.Cursor(AuditQuery{Type: EventAuthFailed}, first)
		require.NoError(t, err)
		following := AuditQuery{Type: EventAuthFailed, After: cursor}
		require.Len(t, auditAll(t, audit, following), 2)

		all := auditAll(t, audit, AuditQuery{Type: EventAuthFailed})
		_, err = audit.events.Retention("by somebody else").Clear(t.Context(), theorydb.Query[AuditEvent]{
			Key: AuditEvent{EventType: string(EventAuthFailed), Month: "2030-04"}, Sort: theorydb.Is(all[1].CreatedAt), Consistent: true,
		}, "")
		require.NoError(t, err)
		_, err = theorydb.Collect(audit.Query(t.Context(), following))
		require.ErrorIs(t, err, ErrChainBroken)
		require.Len(t, auditAll(t, audit, AuditQuery{Type: EventAuthFailed}), 2, "a list shows what there is")

		// So is one who comes back too late.
		b.clock.Set(boundary.Add(30 * 24 * time.Hour))
		_, err = theorydb.Collect(audit.Query(t.Context(), following))
		require.ErrorIs(t, err, ErrChainBroken)
	})
}

func FuzzAuditCursor(f *testing.F) {
	b := openBench(f)
	audit := b.For(b.scope).Audit
	event := &AuditEvent{TenantID: "acme", ProjectID: "prod", EventType: "auth.failed", CreatedAt: time.Unix(1_900_000_000, 7).UTC(), Seq: 9, ID: "e"}
	for _, query := range []AuditQuery{{}, {Type: EventAuthFailed}} {
		cursor, err := audit.Cursor(query, event)
		require.NoError(f, err)
		f.Add(cursor)
	}
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, cursorFixed+cursorMAC16)))
	f.Fuzz(func(t *testing.T, text string) {
		for _, query := range []AuditQuery{{}, {Type: EventAuthFailed}, {Actor: "u1"}} {
			at, err := audit.parseAuditCursor(query, text)
			if err != nil {
				require.ErrorIs(t, err, theorydb.ErrInvalidCursor)
				continue
			}
			// There is one way to write a cursor.
			again, err := audit.Cursor(query, &AuditEvent{
				TenantID: "acme", ProjectID: "prod", EventType: string(query.Type), Actor: query.Actor, CreatedAt: at.at, Seq: at.seq, ID: at.id,
			})
			require.NoError(t, err)
			require.Equal(t, text, again)
		}
	})
}
