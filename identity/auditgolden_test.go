package identity

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

var rewriteAuditGolden = flag.Bool("rewrite-audit-golden", false, "rewrite the golden auditevent.json from what Append stores")

// The stored item is what other runtimes read. Its write id is random and stands for itself.
func TestAnAuditEventIsStoredAsInTheGoldenItem(t *testing.T) {
	b := openBench(t)
	b.clock.Set(time.Date(2030, 3, 17, 17, 46, 40, 123456789, time.UTC))
	stored, err := b.For(b.scope).Audit.Append(t.Context(), Event{
		Type: EventAuthFailed, ID: "0198c1f2-7e3a-7cc1-9b1e-0d5a7c2f4e11", Actor: "u1", Subject: "u2", IP: "2001:db8::1",
		UserAgent: "Mozilla/5.0", Data: map[string]string{"method": "passkey", "reason": "größe"},
	})
	require.NoError(t, err)
	for _, item := range b.aws.Items(b.table) {
		if item["_t"].(*types.AttributeValueMemberS).Value != "AuditEvent" {
			continue
		}
		require.Len(t, item["_w"].(*types.AttributeValueMemberB).Value, 16)
		delete(item, "_w")
		document := map[string]any{}
		for name, value := range item {
			document[name] = auditJSON(value)
		}
		document["_w"] = map[string]any{"B": "16 random bytes"}
		text, err := json.MarshalIndent(document, "", "  ")
		require.NoError(t, err)
		path := goldenFolder + "auditevent.json"
		if *rewriteAuditGolden {
			require.NoError(t, os.WriteFile(path, append(text, '\n'), 0o600))
		}
		golden, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(golden), string(text)+"\n")
		require.Equal(t, stored.Hash, item["hash"].(*types.AttributeValueMemberS).Value)
		return
	}
	t.Fatal("no event is stored")
}

// auditJSON is DynamoDB JSON of the types that an event has.
func auditJSON(value types.AttributeValue) map[string]any {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberM:
		members := map[string]any{}
		for name := range maps.Keys(v.Value) {
			members[name] = auditJSON(v.Value[name])
		}
		return map[string]any{"M": members}
	}
	return map[string]any{"?": fmt.Sprintf("%T", value)}
}

// What an event costs, as the engine counts it (it does not count what indexes consume beyond what DynamoDB reports).
func TestWhatAnAuditEventCosts(t *testing.T) {
	b := openBench(t)
	audit := b.For(b.scope).Audit
	cost := func(do func()) (requests int, units map[string]float64) {
		b.aws.ResetCalls()
		do()
		units = map[string]float64{}
		for _, call := range b.aws.Calls() {
			units[call.Operation] += call.ConsumedCapacity
		}
		return len(b.aws.Calls()), units
	}
	one := func(id string) func() {
		return func() {
			event := auditEventOf("0198c1f2-7e3a-7cc1-9b1e-0d5a7c2f4e" + id)
			_, err := audit.Append(t.Context(), event)
			require.NoError(t, err)
		}
	}
	one("10")()
	requests, units := cost(one("11"))
	t.Logf("an event: %d requests, %v units", requests, units)
	require.Equal(t, 2, requests)
	require.InDelta(t, 1, units["GetItem"], 0)
	require.LessOrEqual(t, units["TransactWriteItems"], 10.0)

	events := make([]Event, 49)
	for i := range events {
		events[i] = auditEventOf(fmt.Sprintf("0198c1f2-7e3a-7cc1-9b1e-0d5a7c2f4f%02d", i))
	}
	requests, units = cost(func() {
		_, err := audit.AppendBatch(t.Context(), EventAuthFailed, events)
		require.NoError(t, err)
	})
	t.Logf("49 events: %d requests, %v units", requests, units)
	require.Equal(t, 2, requests)
	require.LessOrEqual(t, units["TransactWriteItems"], 49*8+2.0)
	requests, units = cost(one("11"))
	t.Logf("an event again: %d requests, %v units", requests, units)
	require.Equal(t, 4, requests)
}
