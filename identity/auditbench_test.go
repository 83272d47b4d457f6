package identity

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// auditAll collects a query.
func auditAll(t testing.TB, a *Audit, query AuditQuery) []*AuditEvent {
	t.Helper()
	events, err := theorydb.Collect(a.Query(t.Context(), query))
	require.NoError(t, err)
	return events
}

func auditIDs(events []*AuditEvent) []string {
	ids := make([]string, len(events))
	for i, event := range events {
		ids[i] = event.ID
	}
	return ids
}

// auditRequireChain requires the numbers 1 to n, each once, in order of time, and a chain that verifies.
func auditRequireChain(t testing.TB, events []*AuditEvent, n int) {
	t.Helper()
	require.Len(t, events, n)
	for i, event := range events {
		require.Equal(t, int64(i+1), event.Seq)
		if i > 0 {
			require.False(t, event.CreatedAt.Before(events[i-1].CreatedAt))
		}
	}
	require.NoError(t, VerifyChain(slices.Values(events)))
}

func auditScope(t testing.TB, tenant, project string) Scope {
	t.Helper()
	scope, err := NewScope(tenant, project)
	require.NoError(t, err)
	return scope
}

func auditEventOf(id string) Event {
	return Event{
		Type: EventAuthFailed, ID: id, Actor: "u1", Subject: "u2", IP: "192.0.2.7", UserAgent: "test/1.0",
		Data: map[string]string{"method": "passkey", "n": fmt.Sprint(len(id))},
	}
}
