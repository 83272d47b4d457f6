package theorydb_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// observer keeps what Config.Observe was told.
type observer struct {
	mu   sync.Mutex
	told []theorydb.Observation
}

func (o *observer) configure(c *theorydb.Config) {
	c.Observe = func(_ context.Context, told theorydb.Observation) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.told = append(o.told, told)
	}
}

// take gives what was told since the last time.
func (o *observer) take() []theorydb.Observation {
	o.mu.Lock()
	defer o.mu.Unlock()
	told := o.told
	o.told = nil
	return told
}

// stepClock is a clock of which every read is a second later than the one before.
func stepClock(start time.Time) func() time.Time {
	var reads atomic.Int64
	return func() time.Time { return start.Add(time.Duration(reads.Add(1)) * time.Second) }
}

// watched is a vault with models of every kind, and an observer.
type watched struct {
	*safe
	*observer
	accounts *theorydb.Model[account]
	logs     *theorydb.Model[transfer]
	tagged   *theorydb.Model[shelved]
}

// shelved has an index.
type shelved struct {
	_ theorydb.Key `theorydb:"pk" key:"SHELVED#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"SHELVED"`
	_ theorydb.Key `theorydb:"index:shelves,pk" key:"SHELF#{shelf}"`
	_ theorydb.Key `theorydb:"index:shelves,sk" key:"BOOK#{id}"`

	ID    string
	Shelf string
}

func openWatched(t *testing.T, change ...func(*theorydb.Config)) *watched {
	w := &watched{safe: &safe{vault: openVault(t)}, observer: &observer{}}
	config := append([]func(*theorydb.Config){w.sealed, w.configure}, change...)
	db := w.vault.open(t, config...)
	w.use(t, db)
	w.accounts = registered[account](t, db)
	w.logs = registered[transfer](t, db)
	w.tagged = registered[shelved](t, db)
	require.NoError(t, db.CreateTable(t.Context()))
	return w
}

// observedCall is a use of a verb, and what is told of it.
type observedCall struct {
	name string
	call func(context.Context) error
	want theorydb.Observation // without Attempts, Capacity and Duration, which are measured
}

func observation(op, model string, items int, class string) theorydb.Observation {
	return theorydb.Observation{Op: op, Model: model, Items: items, Error: class}
}

// calls are uses of all verbs, one after the other.
func (w *watched) calls() []observedCall {
	const credential, acct = "versionedCredential", "account"
	held := account{ID: "1", Balance: 1}
	other := account{ID: "2"}
	sealed := versionedCredential{ID: "1", Secret: theorydb.NewSecret("s")}
	query := theorydb.Query[account]{Key: account{ID: "1"}}
	key := versionedCredential{ID: "1"}
	return []observedCall{
		{"Create", func(ctx context.Context) error { return w.accounts.Create(ctx, &held) }, observation("Create", acct, 1, "")},
		{"Create, sealed", func(ctx context.Context) error { return w.credentials.Create(ctx, &sealed) }, observation("Create", credential, 1, "")},
		{"Create of what exists", func(ctx context.Context) error { return w.accounts.Create(ctx, &held) }, observation("Create", acct, 0, "ErrAlreadyExists")},
		{"Put", func(ctx context.Context) error { return w.accounts.Put(ctx, &held) }, observation("Put", acct, 1, "")},
		{"Update", func(ctx context.Context) error { return w.accounts.Update(ctx, &held) }, observation("Update", acct, 1, "")},
		{"Update of what is absent", func(ctx context.Context) error { return w.accounts.Update(ctx, &account{ID: "absent"}) }, observation("Update", acct, 0, "ErrItemNotFound")},
		{"stale Update", func(ctx context.Context) error {
			return w.accounts.Update(ctx, &account{ID: "1", CreatedAt: held.CreatedAt})
		}, observation("Update", acct, 0, "ErrVersionConflict")},
		{"Update under a condition", func(ctx context.Context) error {
			return w.accounts.Update(ctx, ptr(held), theorydb.OnlyIf(theorydb.Equal("balance", 9)))
		}, observation("Update", acct, 0, "ErrConditionFailed")},
		{"Change", func(ctx context.Context) error {
			_, err := w.credentials.Change(ctx, key, theorydb.Set("label", "l"), theorydb.IfVersion(1))
			return err
		}, observation("Change", credential, 1, "")},
		{"Change that creates", func(ctx context.Context) error {
			_, err := w.accounts.Change(ctx, account{ID: "made"}, theorydb.Add("balance", 1), theorydb.AnyVersion(), theorydb.OrCreate())
			return err
		}, observation("Change", acct, 1, "")},
		{"Get", func(ctx context.Context) error { _, err := w.credentials.Get(ctx, key); return err }, observation("Get", credential, 1, "")},
		{"Get of what is absent", func(ctx context.Context) error { _, err := w.accounts.Get(ctx, account{ID: "absent"}); return err }, observation("Get", acct, 0, "ErrItemNotFound")},
		{"Raw", func(ctx context.Context) error { _, err := w.credentials.Raw(ctx, key); return err }, observation("Raw", credential, 1, "")},
		{"Query", func(ctx context.Context) error { _, err := theorydb.Collect(w.accounts.Query(ctx, query)); return err }, observation("Query", acct, 1, "")},
		{"QueryPage", func(ctx context.Context) error {
			page, err := w.accounts.QueryPage(ctx, query, "")
			if err == nil && (len(page.Items) != 1 || page.Capacity != 0.5) {
				err = fmt.Errorf("%d items for %v units", len(page.Items), page.Capacity)
			}
			return err
		}, observation("QueryPage", acct, 1, "")},
		{"Count", func(ctx context.Context) error { _, err := w.accounts.Count(ctx, query); return err }, observation("Count", acct, 1, "")},
		{"Count of an index", func(ctx context.Context) error {
			_, err := w.tagged.Count(ctx, theorydb.Query[shelved]{Key: shelved{Shelf: "s"}, Index: "shelves"})
			return err
		}, theorydb.Observation{Op: "Count", Model: "shelved", Index: "shelves"}},
		{"BatchWrite", func(ctx context.Context) error {
			ops := []theorydb.BatchOp{w.accounts.PutOp(&other, theorydb.Unchecked()), w.credentials.DeleteOp(&versionedCredential{ID: "9"}, theorydb.Unchecked())}
			return w.db.BatchWrite(ctx, append(ops, putAll(w.accounts, accounts(70)[10:])...)...)
		}, observation("BatchWrite", "account, versionedCredential", 62, "")},
		{"BatchGet of a model", func(ctx context.Context) error { _, err := w.accounts.BatchGet(ctx, accounts(130)); return err }, observation("BatchGet", acct, 62, "")},
		{"BatchGet", func(ctx context.Context) error {
			return w.db.BatchGet(ctx, []theorydb.ReadOp{w.credentials.GetOp(key), w.accounts.GetOp(held), w.accounts.GetOp(account{ID: "absent"})}, theorydb.Consistent())
		}, observation("BatchGet", "account, versionedCredential", 2, "")},
		{"BatchGet of nothing", func(ctx context.Context) error { _, err := w.accounts.BatchGet(ctx, nil); return err }, observation("BatchGet", acct, 0, "")},
		{"Transact", func(ctx context.Context) error {
			return w.db.Transact(ctx, w.logs.CreateOp(&transfer{ID: "1"}), w.accounts.UpdateOp(&held), w.accounts.CheckOp(account{ID: "10"}))
		}, observation("Transact", "account, transfer", 2, "")},
		{"canceled Transact", func(ctx context.Context) error {
			return w.db.Transact(ctx, w.logs.CreateOp(&transfer{ID: "1"}), w.accounts.DeleteOp(&account{ID: "10"}, theorydb.AnyVersion()))
		}, observation("Transact", "account, transfer", 0, "ErrAlreadyExists")},
		{"Transact of nothing", func(ctx context.Context) error { return w.db.Transact(ctx) }, observation("Transact", "", 0, "")},
		{"TransactGet", func(ctx context.Context) error {
			return w.db.TransactGet(ctx, w.credentials.GetOp(key), w.accounts.GetOp(account{ID: "absent"}), w.logs.GetOp(transfer{ID: "1"}))
		}, observation("TransactGet", "account, transfer, versionedCredential", 2, "")},
		{"Delete", func(ctx context.Context) error { return w.accounts.Delete(ctx, &held) }, observation("Delete", acct, 1, "")},
	}
}

func TestEveryVerbIsObservedOnceWithWhatItSentAndCost(t *testing.T) {
	w := openWatched(t, func(c *theorydb.Config) { c.Clock = stepClock(c.Clock()) })
	var unmetered []string
	w.faults.On("").When(func(r localaws.Request) bool {
		if !bytes.Contains(r.Body, []byte(`"ReturnConsumedCapacity":"TOTAL"`)) {
			unmetered = append(unmetered, r.Operation)
		}
		return false
	})
	for _, c := range w.calls() {
		w.aws.ResetCalls()
		w.take()
		var err error
		requests := w.sends(func() { err = c.call(t.Context()) })
		want := c.want
		want.Attempts, want.Duration = requests, time.Second // the clock was read at the beginning and at the end
		for _, call := range w.aws.Calls() {
			if call.ErrorCode == "" {
				want.Capacity += call.ConsumedCapacity
			}
		}
		require.Equal(t, want.Error == "", err == nil, "%s: %v", c.name, err)
		require.Equal(t, []theorydb.Observation{want}, w.take(), c.name)
		if requests > 0 && err == nil {
			require.Positive(t, want.Capacity, c.name)
		}
	}
	require.Empty(t, unmetered)
}

func TestNobodyIsAskedForCapacityThatNobodyWantsToKnow(t *testing.T) {
	w := openWatched(t, func(c *theorydb.Config) { c.Observe = nil })
	metered := map[string]int{}
	sent := 0
	w.faults.On("").When(func(r localaws.Request) bool {
		sent++
		if bytes.Contains(r.Body, []byte("ReturnConsumedCapacity")) {
			metered[r.Operation]++
		}
		return false
	})
	for _, c := range w.calls() {
		_ = c.call(t.Context())
	}
	require.Equal(t, map[string]int{"Query": 1}, metered, "QueryPage, for Page.Capacity")
	require.Greater(t, sent, 25)
	require.Empty(t, w.take())
}

func TestTheCapacityOfAPageIsThatOfAllItsRequests(t *testing.T) {
	w := openWatched(t)
	for i := range 6 {
		require.NoError(t, w.many.Create(t.Context(), ptr(manySecretsAt(fmt.Sprint(i)))))
	}
	w.aws.ResetCalls()
	w.take()
	page, err := w.many.QueryPage(t.Context(), theorydb.Query[manySecrets]{Key: manySecrets{PK: "M"}, PageSize: 2, Limit: 5}, "")
	require.NoError(t, err)
	total := 0.0
	for _, call := range w.aws.Calls() {
		total += call.ConsumedCapacity
	}
	require.Positive(t, total)
	require.Equal(t, total, page.Capacity) //nolint:testifylint // halves are exact
	told := w.take()
	require.Len(t, told, 1)
	require.Equal(t, total, told[0].Capacity) //nolint:testifylint // halves are exact
	require.Equal(t, 3, told[0].Attempts)
}

// What is sent again is an attempt too. An answer that is lost tells no capacity.
func TestResendsAreAttempts(t *testing.T) {
	for name, group := range groupVerbs {
		t.Run(name, func(t *testing.T) {
			e, o := embedded(t), &observer{}
			b := openBank(t, e, o.configure)
			e.meets(group.operation, throttled, committed, failed)
			e.aws.ResetCalls()
			require.Equal(t, 4, e.sends(func() { require.NoError(t, group.call(t.Context(), b, "1")) }))
			told := o.take()
			require.Len(t, told, 1)
			require.Equal(t, 4, told[0].Attempts)
			calls := e.aws.Calls()
			require.Len(t, calls, 2, "the one whose answer was lost, and the last")
			require.Equal(t, calls[1].ConsumedCapacity, told[0].Capacity) //nolint:testifylint // halves are exact
		})
	}
}
