package theorydb_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// linearTable is the table of every history on the embedded engine.
const linearTable = "linear"

// openClient gives a DynamoDB client whose requests go through a client of histories.
func openClient(c localaws.HTTPClient, change ...func(*dynamodb.Options)) *dynamodb.Client {
	return localaws.New().DynamoDB(append(change, func(o *dynamodb.Options) { o.HTTPClient = c })...)
}

func openLinearDB(t testing.TB, c *linearClient, client *dynamodb.Client, table string) *theorydb.DB {
	db, err := theorydb.New(theorydb.Config{
		DynamoDB: client, Table: table, Clock: c.Now, Attempts: 5,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	require.NoError(t, err)
	return db
}

func openLinearStore(t testing.TB, kind linearKind, db *theorydb.DB) linearStore {
	var store linearStore
	var err error
	switch kind {
	case linearLedgers:
		store, err = ledgerStore(db)
	case linearCounters:
		store, err = counterStore(db)
	default:
		store, err = plainStore(db)
	}
	require.NoError(t, err)
	return store
}

// embeddedBench makes histories of a kind on the embedded engine.
func embeddedBench(t testing.TB, kind linearKind) *linearBench {
	return newLinearBench(func(c *linearClient) linearStore {
		return openLinearStore(t, kind, openLinearDB(t, c, openClient(c), linearTable))
	})
}

// guarded are the verbs whose condition the write itself makes false, so that a lost answer alone leaves no doubt.
func (k linearKind) guarded(verb linearVerb) bool {
	switch {
	case verb == verbCreate, verb.deletes(), verb == verbTransact:
		return true
	case verb == verbPut, verb == verbUpdate, verb == verbChange:
		return k.versioned
	}
	return false
}

func TestHistoriesAreLinearizable(t *testing.T) {
	for _, c := range []struct {
		kind      linearKind
		histories int
	}{{linearLedgers, 1500}, {linearCounters, 300}, {linearPlains, 300}} {
		t.Run(c.kind.name, func(t *testing.T) {
			tally, inDoubt, missed := map[linearTold]int{}, doubts{}, 0
			found := searchHistories(t, shareOf(c.histories), linearSetup{kind: c.kind, strict: true, transactions: true}, func() *linearBench {
				return embeddedBench(t, c.kind)
			}, func(h *linearHistory) {
				inDoubt.count(h.calls)
				for _, call := range h.calls {
					tally[call.outcome()]++
					if !slices.Equal(call.fired, call.faults.drawn()) {
						missed++
					}
				}
			})
			t.Logf("calls by what was told: %v\n%s", tally, inDoubt)
			requireLegal(t, found)
			require.Zero(t, missed, "calls whose faults did not happen as they were drawn")
			for verb := range linearVerb(linearVerbs) {
				requireDoubts(t, c.kind, verb, inDoubt)
			}
		})
	}
}

// requireDoubts checks how often answers to a verb were lost, and how often that left its caller in doubt.
func requireDoubts(t *testing.T, kind linearKind, verb linearVerb, inDoubt doubts) {
	t.Helper()
	if verb == verbCheck || *linearSeed != 0 { // an operation of a transaction alone
		return
	}
	lost, _ := inDoubt.of(verb, doubtNone, doubtRival, doubtStale, doubtExhausted)
	require.Positive(t, lost, "%s lost an answer", verb)
	if kind.guarded(verb) {
		lost, unknown := inDoubt.of(verb, doubtNone)
		require.Positive(t, lost, "%s lost an answer, with nobody in between", verb)
		require.Zero(t, unknown, "%s, with nobody in between", verb)
	}
	if verb == verbTransact {
		lost, unknown := inDoubt.of(verb, doubtRival, doubtStale)
		require.Positive(t, lost, "a transaction met a rival")
		require.Zero(t, unknown, "a transaction, whatever rivals do")
	}
}

// A history is a matter of its seed alone: that is what makes one that was found worth printing.
func TestHistoryOfASeedIsTheSameEachTime(t *testing.T) {
	setup := linearSetup{kind: linearLedgers, strict: true, transactions: true}
	first, second := embeddedBench(t, setup.kind), embeddedBench(t, setup.kind)
	for seed := range uint64(10) {
		a, err := first.history(t.Context(), setup, seed)
		require.NoError(t, err)
		text := a.String()
		b, err := second.history(t.Context(), setup, seed)
		require.NoError(t, err)
		require.Equal(t, text, b.String())
	}
}
