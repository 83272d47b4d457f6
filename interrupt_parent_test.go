package theorydb_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// held is a transport that carries requests out, but for those of one operation: they wait for the end of their context.
type held struct {
	next      localaws.HTTPClient
	operation string
	commits   bool // and carries those out too
	underWay  atomic.Int32
}

func (h *held) Do(r *http.Request) (*http.Response, error) {
	if r.Header.Get("X-Amz-Target") != "DynamoDB_20120810."+h.operation {
		return h.next.Do(r)
	}
	h.underWay.Add(1)
	defer h.underWay.Add(-1)
	if h.commits {
		response, err := h.next.Do(r.WithContext(context.WithoutCancel(r.Context())))
		if err != nil {
			return nil, err
		}
		_ = response.Body.Close()
	} else {
		_ = r.Body.Close()
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// hold opens a bank whose requests of an operation are held.
func hold(t *testing.T, operation string, commits bool) (*bank, *held) {
	e := embedded(t)
	b := openBank(t, e)
	h := &held{next: e.aws, operation: operation, commits: commits}
	db, err := theorydb.New(theorydb.Config{
		DynamoDB: e.aws.DynamoDB(func(o *dynamodb.Options) { o.HTTPClient = h }), Table: e.table, Clock: e.clock.Now,
	})
	require.NoError(t, err)
	return &bank{engine: e, db: db, accounts: registered[account](t, db), transfers: b.transfers}, h
}

// A parent that ends while eight requests of a batch are under way ends them all, and the others are not begun.
func TestAParentThatEndsEndsAllRequestsOfABatch(t *testing.T) {
	for name, commits := range map[string]bool{"carried out": true, "not carried out": false} {
		t.Run("BatchWrite, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, h := hold(t, "BatchWriteItem", commits)
				all := accounts(300)
				parent, end := context.WithCancel(t.Context())
				ctx, cancel := context.WithTimeout(parent, time.Hour)
				defer cancel()
				done := make(chan error)
				go func() { done <- b.db.BatchWrite(ctx, putAll(b.accounts, all)...) }()
				synctest.Wait()
				require.Equal(t, int32(8), h.underWay.Load(), "of twelve")
				end()
				err := <-done
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
				var failed *theorydb.BatchError
				require.ErrorAs(t, err, &failed)
				unknown := 0
				for i, cause := range failed.Ops {
					require.ErrorIs(t, cause, context.Canceled)
					require.Zero(t, all[i].Version, "no record is touched")
					if errors.Is(cause, theorydb.ErrOutcomeUnknown) {
						unknown++
					} else {
						require.Nil(t, b.stored(t, "ACCOUNT#"+all[i].ID, "ACCOUNT"))
					}
				}
				require.Equal(t, 200, unknown, "those that were under way")
				require.Len(t, b.aws.Items(b.table), map[bool]int{true: 200, false: 0}[commits])
			})
		})
	}
	t.Run("BatchGet", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b, h := hold(t, "BatchGetItem", false)
			parent, end := context.WithCancel(t.Context())
			var got []*account
			done := make(chan error)
			go func() {
				var err error
				got, err = b.accounts.BatchGet(parent, accounts(1_000))
				done <- err
			}()
			synctest.Wait()
			require.Equal(t, int32(8), h.underWay.Load(), "of ten")
			end()
			err := <-done
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, theorydb.ErrOutcomeUnknown, "a read has no outcome")
			require.Nil(t, got)
		})
	})
}

// The library's own wait ends with the context, and not after it.
func TestTheWaitBetweenAttemptsEndsWithTheContext(t *testing.T) {
	for name, call := range map[string]func(context.Context, *bank) error{
		"Create": func(ctx context.Context, b *bank) error { return b.accounts.Create(ctx, &account{ID: "1"}) },
		"BatchWrite": func(ctx context.Context, b *bank) error {
			return b.db.BatchWrite(ctx, putAll(b.accounts, accounts(30))...)
		},
		"BatchGet": func(ctx context.Context, b *bank) error {
			_, err := b.accounts.BatchGet(ctx, accounts(120))
			return err
		},
		"Transact": func(ctx context.Context, b *bank) error {
			return b.db.Transact(ctx, b.accounts.CreateOp(&account{ID: "1"}))
		},
		"TransactGet": func(ctx context.Context, b *bank) error {
			return b.db.TransactGet(ctx, b.accounts.GetOp(account{ID: "1"}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := embedded(t)
				b := openBank(t, e, func(c *theorydb.Config) { c.Wait, c.Attempts = nil, 1_000 })
				e.faults.On("BatchWriteItem").Always().ThrowBack(func(int) bool { return true })
				e.faults.On("BatchGetItem").Always().ThrowBack(func(int) bool { return true })
				for _, operation := range []string{"PutItem", "TransactWriteItems", "TransactGetItems"} {
					throttled(e.faults.On(operation).Always())
				}
				const allowed = 30*time.Second + time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), allowed)
				defer cancel()
				began := time.Now()
				err := call(ctx, b)
				require.Equal(t, allowed, time.Since(began))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorIs(t, err, theorydb.ErrThrottled)
				require.NotErrorIs(t, err, theorydb.ErrOutcomeUnknown)
				require.Empty(t, e.aws.Items(e.table))
			})
		})
	}
}

// DynamoDB remembers a token for ten minutes. A resend after that could take effect a second time.
func TestATransactionIsNotResentLongerThanItsTokenLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := embedded(t)
		b := openBank(t, e, func(c *theorydb.Config) { c.Wait, c.Attempts = nil, 1_000_000 })
		e.faults.On("TransactWriteItems").CommitThenDrop()
		throttled(e.faults.On("TransactWriteItems").Always())
		var last time.Time
		e.faults.On("TransactWriteItems").When(func(localaws.Request) bool { last = time.Now(); return false })
		began := time.Now()
		err := b.db.Transact(t.Context(), b.accounts.CreateOp(&account{ID: "1"}))
		require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context has not ended")
		require.Less(t, last.Sub(began), 10*time.Minute)
		require.Greater(t, last.Sub(began), 8*time.Minute)
		require.Less(t, time.Since(began), 10*time.Minute)
	})
}

// A write without a version is settled by a strong read. When the context ends during that, the error says so.
func TestAContextThatEndsDuringTheReadThatSettlesAWriteIsTold(t *testing.T) {
	p := openPlainTable(t, embedded(t), 3)
	ctx, cancel := context.WithCancel(t.Context())
	p.faults = &localaws.Faults{Next: p.aws}
	committed(p.faults.On("UpdateItem"))
	p.faults.On("GetItem").Then(cancel).DropBefore()
	err := p.plain.Update(ctx, &CellPlain{ID: "1", Text: "new"})
	require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
	require.ErrorIs(t, err, context.Canceled)
}
