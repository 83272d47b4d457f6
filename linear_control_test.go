package theorydb_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

// The negative controls: a search that finds nothing illegal says little until it has been seen to find something. All do
// the same deeds under the same faults as the real search.

const controlHistories = 60

// forgetful hides a member of every request under another name.
type forgetful struct {
	next   localaws.HTTPClient
	member string
}

func (f forgetful) before(next localaws.HTTPClient) localaws.HTTPClient {
	f.next = next
	return f
}

func (f forgetful) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(`"`+f.member+`"`), []byte(`"forgotten"`))))
	return f.next.Do(r)
}

func TestWithoutWriteIDsHistoriesAreIllegal(t *testing.T) {
	for _, kind := range []linearKind{linearLedgers, linearCounters} { // without a version it only doubts more often
		t.Run(kind.name, func(t *testing.T) {
			mustFind(t, linearSetup{kind: kind, strict: true}, func() *linearBench {
				bench := embeddedBench(t, kind)
				bench.before = forgetful{member: "_w"}.before // it is stored under another name, and so no answer shows one
				return bench
			})
		})
	}
}

func TestWithoutClientRequestTokensHistoriesAreIllegal(t *testing.T) {
	for _, kind := range []linearKind{linearLedgers, linearCounters, linearPlains} {
		t.Run(kind.name, func(t *testing.T) {
			mustFind(t, linearSetup{kind: kind, strict: true, transactions: true}, func() *linearBench {
				bench := embeddedBench(t, kind)
				bench.before = forgetful{member: "ClientRequestToken"}.before
				return bench
			})
		})
	}
}

func TestWithThePlainSDKHistoriesAreIllegal(t *testing.T) {
	for _, kind := range []linearKind{linearLedgers, linearCounters, linearPlains} {
		t.Run(kind.name, func(t *testing.T) {
			mustFind(t, linearSetup{kind: kind, strict: true}, func() *linearBench {
				return newLinearBench(func(c *linearClient) linearStore {
					client := openClient(c)
					table := openLinearStore(t, kind, openLinearDB(t, c, client, linearTable)).createTable
					return &sdkStore{kind: kind, client: client, caller: c, table: table}
				})
			})
		})
	}
}

func mustFind(t *testing.T, setup linearSetup, open func() *linearBench) {
	found := searchHistories(t, controlHistories, setup, open, func(*linearHistory) {})
	found = slices.DeleteFunc(found, func(f illegalHistory) bool { return f.ordered }) // as a caller would see it
	t.Logf("%d of %d histories are illegal", len(found), controlHistories)
	require.NotEmpty(t, found)
	t.Logf("the first, seed %d:\n%s", found[0].seed, found[0].calls)
}
