package theorydb_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

// The negative controls: a search that finds nothing illegal says little until it has been seen to find something. Both do
// the same deeds under the same faults as the real search.

const controlHistories = 60

// forgetful hides write ids: what is stored as _w has another name, and so no answer shows one.
type forgetful struct{ next localaws.HTTPClient }

func (f forgetful) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte(`"_w"`), []byte(`"forgotten"`))))
	return f.next.Do(r)
}

func TestWithoutWriteIDsHistoriesAreIllegal(t *testing.T) {
	for _, kind := range []linearKind{linearLedgers, linearCounters} { // without a version it only doubts more often
		t.Run(kind.name, func(t *testing.T) {
			mustFind(t, linearSetup{kind: kind, strict: true}, func() *linearBench {
				bench := embeddedBench(t, kind)
				bench.before = func(next localaws.HTTPClient) localaws.HTTPClient { return forgetful{next} }
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
	t.Logf("%d of %d histories are illegal", len(found), controlHistories)
	require.NotEmpty(t, found)
	t.Logf("the first, seed %d:\n%s", found[0].seed, found[0].calls)
}
