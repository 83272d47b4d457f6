package identity

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// auditItems are all stored items of the bench's table.
func auditItems(t testing.TB, b *bench) (items []map[string]types.AttributeValue) {
	t.Helper()
	pages := dynamodb.NewScanPaginator(b.client, &dynamodb.ScanInput{TableName: aws.String(b.table), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.WithoutCancel(t.Context()))
		require.NoError(t, err)
		items = append(items, page.Items...)
	}
	return items
}

// auditHolding is the first stored item with one of some texts in it.
func auditHolding(t testing.TB, b *bench, secrets ...string) (map[string]types.AttributeValue, bool) {
	t.Helper()
	for _, item := range auditItems(t, b) {
		for _, secret := range secrets {
			for name, value := range item {
				if strings.Contains(name, secret) || auditValueHolds(value, secret) {
					return item, true
				}
			}
		}
	}
	return nil, false
}

func auditValueHolds(value types.AttributeValue, secret string) bool {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return strings.Contains(v.Value, secret)
	case *types.AttributeValueMemberB:
		return bytes.Contains(v.Value, []byte(secret))
	case *types.AttributeValueMemberM:
		for name, member := range v.Value {
			if strings.Contains(name, secret) || auditValueHolds(member, secret) {
				return true
			}
		}
	case *types.AttributeValueMemberL:
		for _, member := range v.Value {
			if auditValueHolds(member, secret) {
				return true
			}
		}
	}
	return false
}

func auditHoldsNoneOf(t testing.TB, b *bench, secrets ...string) {
	t.Helper()
	_, found := auditHolding(t, b, secrets...)
	require.False(t, found, "a stored item holds a secret")
}

func TestTheSearchForSecretsInAuditItemsFindsAPlantedOne(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	_, err := audit.Append(t.Context(), Event{Type: EventAuthFailed, Data: map[string]string{"why": "planted-marker"}})
	require.NoError(t, err)
	auditHoldsNoneOf(t, b, "another-marker")
	_, found := auditHolding(t, b, "planted-marker")
	require.True(t, found)
}

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
	require.NoError(t, VerifyChain(auditRow(events)))
}

// auditRow is a row of events to verify.
func auditRow(events []*AuditEvent) func(yield func(*AuditEvent) bool) {
	return func(yield func(*AuditEvent) bool) {
		for _, event := range events {
			if !yield(event) {
				return
			}
		}
	}
}

// auditPurge purges a month to its end.
func auditPurge(t testing.TB, a *Audit, month string) (calls int) {
	t.Helper()
	for cursor := ""; calls == 0 || cursor != ""; calls++ {
		var err error
		cursor, err = a.PurgeMonth(t.Context(), month, "past keeping", cursor)
		require.NoError(t, err)
	}
	return calls
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
