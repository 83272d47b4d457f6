package theorydb_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

func accounts(n int) []account {
	all := make([]account, n)
	for i := range all {
		all[i] = account{ID: fmt.Sprint(i), Balance: int64(i)}
	}
	return all
}

func putAll(m *theorydb.Model[account], records []account) []theorydb.BatchOp {
	ops := make([]theorydb.BatchOp, len(records))
	for i := range records {
		ops[i] = m.PutOp(&records[i], theorydb.Unchecked())
	}
	return ops
}

func TestBatchGetGivesRecordsInTheOrderOfTheirKeys(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		b := openBank(t, e)
		all := accounts(230)
		all[7].ExpiresAt = time.Unix(4_000_000_000, 0).UTC()
		require.NoError(t, b.db.BatchWrite(t.Context(), putAll(b.accounts, all)...))
		e.clock.Advance(time.Unix(4_000_000_000, 0).Sub(e.clock.Now()))

		keys := make([]account, 0, 231)
		for i := range all {
			keys = append(keys, account{ID: fmt.Sprint(len(all) - 1 - i)})
		}
		keys = append(keys, account{ID: "absent"})
		var got []*account
		requests := e.sends(func() {
			var err error
			got, err = b.accounts.BatchGet(t.Context(), keys, theorydb.Consistent())
			require.NoError(t, err)
		})
		require.GreaterOrEqual(t, requests, 3)
		require.Len(t, got, len(keys))
		for i, record := range got {
			switch keys[i].ID {
			case "absent", "7":
				require.Nil(t, record, "absent or expired")
			default:
				require.Equal(t, all[len(all)-1-i], *record)
			}
		}
		require.Zero(t, e.sends(func() {
			none, err := b.accounts.BatchGet(t.Context(), nil)
			require.NoError(t, err)
			require.Empty(t, none)
		}))
	})
}

func TestReadsOfSeveralModels(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		b := openBank(t, e)
		a := account{ID: "1", Balance: 5}
		require.NoError(t, b.accounts.Create(t.Context(), &a))
		require.NoError(t, b.transfers.Create(t.Context(), &transfer{ID: "1", Amount: 9}))
		for name, read := range map[string]func(...theorydb.ReadOp) error{
			"BatchGet":    func(ops ...theorydb.ReadOp) error { return b.db.BatchGet(t.Context(), ops, theorydb.Consistent()) },
			"TransactGet": func(ops ...theorydb.ReadOp) error { return b.db.TransactGet(t.Context(), ops...) },
		} {
			t.Run(name, func(t *testing.T) {
				first, second, absent := b.accounts.GetOp(account{ID: "1"}), b.transfers.GetOp(transfer{ID: "1"}), b.accounts.GetOp(account{ID: "2"})
				_, err := first.Item()
				require.Error(t, err, "not read yet")
				require.NotErrorIs(t, err, theorydb.ErrItemNotFound)
				require.Equal(t, 1, e.sends(func() { require.NoError(t, read(first, second, absent)) }))
				got, err := first.Item()
				require.NoError(t, err)
				require.Equal(t, a, *got)
				moved, err := second.Item()
				require.NoError(t, err)
				require.Equal(t, int64(9), moved.Amount)
				_, err = absent.Item()
				require.ErrorIs(t, err, theorydb.ErrItemNotFound)

				require.Zero(t, e.sends(func() {
					require.NoError(t, read())
					require.ErrorIs(t, read(first, first), theorydb.ErrInvalidQuery)
					require.ErrorIs(t, read(first, nil), theorydb.ErrInvalidModel)
					require.ErrorIs(t, read(b.accounts.GetOp(account{})), theorydb.ErrKeyIncomplete)
				}))
			})
		}
		planted := e.stored(t, "ACCOUNT#1", "ACCOUNT")
		planted["balance"] = str("no number")
		e.put(t, planted)
		first, second := b.transfers.GetOp(transfer{ID: "1"}), b.accounts.GetOp(account{ID: "1"})
		require.ErrorIs(t, b.db.BatchGet(t.Context(), []theorydb.ReadOp{first, second}), theorydb.ErrInvalidValue)
		_, err := first.Item()
		require.Error(t, err, "the call failed whole")
		_, err = b.accounts.BatchGet(t.Context(), []account{{ID: "2"}, {ID: "1"}})
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
	})
}

func TestBatchWriteWritesAndDeletes(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		b := openBank(t, e)
		all := accounts(60)
		require.Equal(t, 3, e.sends(func() { require.NoError(t, b.db.BatchWrite(t.Context(), putAll(b.accounts, all)...)) }))
		for i := range all {
			require.Equal(t, all[i], *b.account(t, all[i].ID), "the record holds what a read gives")
			require.Equal(t, int64(1), all[i].Version)
		}
		ops := putAll(b.accounts, all[:30])
		for i := 30; i < 60; i++ {
			ops = append(ops, b.accounts.DeleteOp(&account{ID: all[i].ID}, theorydb.Unchecked()))
		}
		require.NoError(t, b.db.BatchWrite(t.Context(), ops...))
		require.Equal(t, int64(2), b.account(t, "0").Version)
		_, err := b.accounts.Get(t.Context(), account{ID: "30"}, theorydb.Consistent())
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	})
}

func TestBatchWriteRefusesBeforeItSends(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	a := account{ID: "1"}
	for name, test := range map[string]struct {
		op  theorydb.BatchOp
		err error
	}{
		"no Unchecked":         {b.accounts.PutOp(&a), theorydb.ErrInvalidQuery},
		"a delete without":     {b.accounts.DeleteOp(&a), theorydb.ErrInvalidQuery},
		"a condition":          {b.accounts.PutOp(&a, theorydb.Unchecked(), theorydb.OnlyIf(theorydb.Exists("note"))), theorydb.ErrInvalidQuery},
		"a version":            {b.accounts.DeleteOp(&a, theorydb.Unchecked(), theorydb.IfVersion(1)), theorydb.ErrInvalidQuery},
		"an append-only model": {b.transfers.PutOp(&transfer{ID: "1"}, theorydb.Unchecked()), theorydb.ErrInvalidQuery},
		"an append-only row":   {b.transfers.DeleteOp(&transfer{ID: "1"}, theorydb.Unchecked()), theorydb.ErrInvalidQuery},
		"one item twice":       {b.accounts.PutOp(&account{ID: "0"}, theorydb.Unchecked()), theorydb.ErrInvalidQuery},
		"nothing":              {nil, theorydb.ErrInvalidModel},
	} {
		t.Run(name, func(t *testing.T) {
			require.Zero(t, e.sends(func() {
				err := b.db.BatchWrite(t.Context(), b.accounts.PutOp(&account{ID: "0"}, theorydb.Unchecked()), test.op)
				require.ErrorIs(t, err, test.err)
			}))
		})
	}
}

func TestBatchWriteOfTenThousandItemsLosesNone(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	all := accounts(10_000)
	dropped := e.faults.On("BatchWriteItem").Nth(20).CommitThenDrop()
	cut := e.faults.On("BatchWriteItem").Nth(200).CutBody()
	chance := rand.New(rand.NewPCG(1, 2))
	var mu sync.Mutex
	var asked, back int
	e.faults.On("BatchWriteItem").Always().ThrowBack(func(int) bool {
		mu.Lock()
		defer mu.Unlock()
		asked++
		takes := chance.Float64() < 0.3
		if takes {
			back++
		}
		return takes
	})
	require.NoError(t, b.db.BatchWrite(t.Context(), putAll(b.accounts, all)...))
	require.Equal(t, []int{1, 1}, []int{dropped.Fired(), cut.Fired()})
	t.Logf("10,000 items in %d requests: %d puts, %d of them thrown back, 2 answers lost", e.requests.Load(), asked, back)
	stored, err := b.accounts.BatchGet(t.Context(), all, theorydb.Consistent())
	require.NoError(t, err)
	for i := range all {
		require.NotNil(t, stored[i])
		require.Equal(t, all[i], *stored[i])
	}
}

func TestBatchWriteNamesWhatWasNotStored(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	all := accounts(100)
	full := func(r localaws.Request) bool { return bytes.Contains(r.Body, []byte("ACCOUNT#60")) }
	e.faults.On("BatchWriteItem").Always().When(full).ThrowBack(func(i int) bool { return true })
	err := b.db.BatchWrite(t.Context(), putAll(b.accounts, all)...)
	require.ErrorIs(t, err, theorydb.ErrThrottled)
	var failed *theorydb.BatchError
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Ops, 100)
	missing := 0
	for i := range all {
		if failed.Ops[i] != nil {
			missing++
			require.Nil(t, e.stored(t, "ACCOUNT#"+all[i].ID, "ACCOUNT"))
			require.Zero(t, all[i].Version, "not touched")
		} else {
			require.Equal(t, all[i], *b.account(t, all[i].ID))
		}
	}
	require.NotZero(t, missing)
}

func TestABatchWriteNobodyAnswersIsUnknown(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	all := accounts(30)
	lost := func(r localaws.Request) bool { return bytes.Contains(r.Body, []byte("ACCOUNT#29")) }
	e.faults.On("BatchWriteItem").Always().When(lost).CommitThenDrop()
	err := b.db.BatchWrite(t.Context(), putAll(b.accounts, all)...)
	require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
	require.NotErrorIs(t, err, theorydb.ErrThrottled)
	var failed *theorydb.BatchError
	require.ErrorAs(t, err, &failed)
	for i, cause := range failed.Ops {
		if i < 25 {
			require.NoError(t, cause)
		} else {
			require.ErrorIs(t, cause, theorydb.ErrOutcomeUnknown)
		}
	}
}

func TestAnItemThrownBackAfterALostAnswerIsUnknown(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	e.faults.On("BatchWriteItem").Nth(1).CommitThenDrop()
	e.faults.On("BatchWriteItem").Always().ThrowBack(func(i int) bool { return true })
	err := b.db.BatchWrite(t.Context(), putAll(b.accounts, accounts(1))...)
	require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
	require.NotErrorIs(t, err, theorydb.ErrThrottled)
}

func TestBatchGetAsksAgainForWhatIsLeftUnprocessed(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	require.NoError(t, b.db.BatchWrite(t.Context(), putAll(b.accounts, accounts(100))...))
	rounds := 0
	e.faults.On("BatchGetItem").Times(3).ThrowBack(func(i int) bool {
		if i == 0 {
			rounds++
		}
		return i >= 10*rounds
	})
	got, err := b.accounts.BatchGet(t.Context(), accounts(100))
	require.NoError(t, err)
	require.NotContains(t, got, (*account)(nil))

	e.faults.On("BatchGetItem").Always().ThrowBack(func(i int) bool { return i == 0 })
	requests := e.sends(func() {
		_, err = b.accounts.BatchGet(t.Context(), accounts(5))
	})
	require.ErrorIs(t, err, theorydb.ErrThrottled)
	var failed *theorydb.BatchError
	require.ErrorAs(t, err, &failed)
	require.Error(t, failed.Ops[0])
	require.NoError(t, failed.Ops[4])
	require.Equal(t, 9, requests, "one that got somewhere, and as many as Config.Attempts that did not")
}
