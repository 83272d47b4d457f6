package theorydb_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

// Real concurrency, without faults: the clients run as they please, on the embedded engine and on a DynamoDB endpoint when
// the environment names one. These histories are not the same each time.
func TestHistoriesWithoutFaultsAreLinearizable(t *testing.T) {
	endpoint := os.Getenv("DYNAMODB_LOCAL_ENDPOINT")
	setup := linearSetup{kind: linearLedgers, strict: true, transactions: true, free: true}
	check := func(t *testing.T, open func() *linearBench) {
		tally := map[linearTold]int{}
		found := searchHistories(t, 100, setup, open, func(h *linearHistory) {
			for _, call := range h.calls {
				tally[call.outcome()]++
			}
		})
		t.Logf("calls by what was told: %v", tally)
		requireLegal(t, found)
		require.Zero(t, tally[toldUnknown], "no answer was lost")
		require.Positive(t, tally[toldConflict], "they did come in each other's way")
	}
	t.Run("localaws", func(t *testing.T) {
		check(t, func() *linearBench { return embeddedBench(t, setup.kind) })
	})
	if endpoint == "" {
		return
	}
	t.Run("endpoint", func(t *testing.T) {
		check(t, func() *linearBench { return endpointBench(t, setup.kind, endpoint) })
	})
}

// endpointBench makes histories of a kind at an endpoint, all in one table.
func endpointBench(t *testing.T, kind linearKind, endpoint string) *linearBench {
	suffix := make([]byte, 8)
	_, _ = rand.Read(suffix)
	table := "theorydb-" + hex.EncodeToString(suffix)
	bench := newLinearBench(func(c *linearClient) linearStore {
		client := openClient(c, func(o *dynamodb.Options) { o.BaseEndpoint = &endpoint })
		return openLinearStore(t, kind, openLinearDB(t, c, client, table))
	})
	bench.endpoint = awshttp.NewBuildableClient()
	maker := bench.clients[0]
	maker.start(&linearHistory{endpoint: bench.endpoint})
	require.NoError(t, maker.store.createTable(t.Context()))
	t.Cleanup(func() {
		client := localaws.New().DynamoDB(func(o *dynamodb.Options) { o.BaseEndpoint, o.HTTPClient = &endpoint, bench.endpoint })
		_, _ = client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &table})
	})
	return bench
}
