package theorydb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

type account struct {
	_ theorydb.Key `theorydb:"pk" key:"ACCOUNT#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"ACCOUNT"`

	ID        string
	Balance   int64
	Note      string
	Pin       string    `theorydb:"immutable,omitempty"`
	ExpiresAt time.Time `theorydb:"ttl"`
	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
}

type transfer struct {
	_ theorydb.Entity `theorydb:"append_only"`
	_ theorydb.Key    `theorydb:"pk" key:"TRANSFER#{id}"`
	_ theorydb.Key    `theorydb:"sk" key:"TRANSFER"`

	ID     string
	Amount int64
}

// bank has two models in one table.
type bank struct {
	*engine
	db        *theorydb.DB
	accounts  *theorydb.Model[account]
	transfers *theorydb.Model[transfer]
}

func openBank(t testing.TB, e *engine, change ...func(*theorydb.Config)) *bank {
	b := &bank{engine: e, db: e.open(t, change...)}
	var err error
	b.accounts, err = theorydb.NewModel[account](b.db)
	require.NoError(t, err)
	b.transfers, err = theorydb.NewModel[transfer](b.db)
	require.NoError(t, err)
	require.NoError(t, b.db.CreateTable(t.Context()))
	return b
}

func (b *bank) account(t testing.TB, id string) *account {
	a, err := b.accounts.Get(t.Context(), account{ID: id}, theorydb.Consistent())
	require.NoError(t, err)
	return a
}

func TestTransactTakesEffectWhole(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		b := openBank(t, e)
		from, to := account{ID: "from", Balance: 10}, account{ID: "to"}
		require.NoError(t, b.db.Transact(t.Context(), b.accounts.CreateOp(&from), b.accounts.CreateOp(&to)))
		require.Equal(t, int64(1), from.Version)
		require.Equal(t, *b.account(t, "from"), from, "the record holds what a read gives")

		gone := account{ID: "gone"}
		require.NoError(t, b.accounts.Create(t.Context(), &gone))
		whole := account{ID: "whole", Note: "put"}
		move := transfer{ID: "1", Amount: 4}
		from.Balance -= 4
		require.Equal(t, 1, e.sends(func() {
			require.NoError(t, b.db.Transact(t.Context(),
				b.transfers.CreateOp(&move),
				b.accounts.UpdateOp(&from, theorydb.Fields("balance"), theorydb.OnlyIf(theorydb.Equal("balance", 10))),
				b.accounts.ChangeOp(account{ID: "to"}, theorydb.Add("balance", 4), theorydb.IfVersion(1)),
				b.accounts.PutOp(&whole),
				b.accounts.DeleteOp(&gone),
			))
		}), "one request")
		require.Equal(t, int64(2), from.Version)
		require.Equal(t, *b.account(t, "from"), from)
		require.Equal(t, *b.account(t, "whole"), whole)
		require.Equal(t, int64(4), b.account(t, "to").Balance)
		require.Equal(t, account{ID: "gone", Version: 1, CreatedAt: gone.CreatedAt}, gone, "a deleted record is left as it is")
		_, err := b.accounts.Get(t.Context(), account{ID: "gone"})
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)
	})
}

func TestACanceledTransactionDoesNothingAndNamesTheCauses(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		b := openBank(t, e)
		stale := account{ID: "stale", Balance: 1, Pin: "1"}
		require.NoError(t, b.accounts.Create(t.Context(), &stale))
		current := stale
		require.NoError(t, b.accounts.Update(t.Context(), &current))
		require.NoError(t, b.transfers.Create(t.Context(), &transfer{ID: "there"}))
		expired := account{ID: "expired", ExpiresAt: e.clock.Now().Add(2e9 * time.Second)}
		require.NoError(t, b.accounts.Create(t.Context(), &expired))
		repinned := current
		repinned.Pin = "2"

		fresh, untouched := account{ID: "fresh", Note: "n"}, stale
		for _, test := range []struct {
			name  string
			op    theorydb.TransactOp
			cause error
		}{
			{"a stale update", b.accounts.UpdateOp(&stale), theorydb.ErrVersionConflict},
			{"a stale put", b.accounts.PutOp(&stale), theorydb.ErrVersionConflict},
			{"a stale delete", b.accounts.DeleteOp(&stale), theorydb.ErrVersionConflict},
			{"a change of another version", b.accounts.ChangeOp(account{ID: "stale"}, theorydb.Add("balance", 1), theorydb.IfVersion(7)), theorydb.ErrVersionConflict},
			{"an immutable attribute", b.accounts.UpdateOp(&repinned), theorydb.ErrImmutable},
			{"the caller's condition", b.accounts.UpdateOp(&current, theorydb.OnlyIf(theorydb.Equal("balance", 9))), theorydb.ErrConditionFailed},
			{"a create of what exists", b.transfers.CreateOp(&transfer{ID: "there"}), theorydb.ErrAlreadyExists},
			{"a change of what is absent", b.accounts.ChangeOp(account{ID: "absent"}, theorydb.Add("balance", 1), theorydb.AnyVersion()), theorydb.ErrItemNotFound},
			{"a check of what is absent", b.accounts.CheckOp(account{ID: "absent"}), theorydb.ErrItemNotFound},
			{"a check that fails", b.accounts.CheckOp(account{ID: "stale"}, theorydb.Greater("balance", 5)), theorydb.ErrConditionFailed},
		} {
			t.Run(test.name, func(t *testing.T) {
				requests := e.sends(func() {
					err := b.db.Transact(t.Context(), b.accounts.CheckOp(account{ID: "expired"}), b.accounts.CreateOp(&fresh), test.op)
					require.ErrorIs(t, err, theorydb.ErrTransactionCanceled)
					require.ErrorIs(t, err, test.cause)
					var failed *theorydb.TransactionError
					require.ErrorAs(t, err, &failed)
					require.Len(t, failed.Ops, 3)
					require.NoError(t, failed.Ops[0])
					require.NoError(t, failed.Ops[1])
					require.ErrorIs(t, failed.Ops[2], test.cause)
					var op *theorydb.OpError
					require.ErrorAs(t, failed.Ops[2], &op)
					if errors.Is(test.cause, theorydb.ErrVersionConflict) {
						require.Equal(t, int64(2), op.StoredVersion)
					}
				})
				require.Equal(t, 1, requests)
				require.Equal(t, account{ID: "fresh", Note: "n"}, fresh, "no record is touched")
				require.Equal(t, untouched, stale)
				require.Nil(t, e.stored(t, "ACCOUNT#fresh", "ACCOUNT"))
			})
		}
	})
}

func TestAnExpiredItemIsNoItemToATransaction(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		b := openBank(t, e)
		at := time.Unix(4_000_000_000, 0).UTC()
		old := account{ID: "1", Balance: 7, ExpiresAt: at}
		require.NoError(t, b.accounts.Create(t.Context(), &old))
		e.clock.Advance(at.Sub(e.clock.Now()))

		for name, op := range map[string]theorydb.TransactOp{
			"update": b.accounts.UpdateOp(ptr(old)), "check": b.accounts.CheckOp(account{ID: "1"}),
			"change": b.accounts.ChangeOp(account{ID: "1"}, theorydb.Add("balance", 1), theorydb.AnyVersion()),
		} {
			t.Run(name, func(t *testing.T) {
				require.ErrorIs(t, b.db.Transact(t.Context(), op), theorydb.ErrItemNotFound)
			})
		}
		requests := e.sends(func() {
			require.NoError(t, b.db.Transact(t.Context(),
				b.accounts.ChangeOp(account{ID: "1"}, theorydb.Add("balance", 1), theorydb.AnyVersion(), theorydb.OrCreate())))
		})
		require.Equal(t, 2, requests, "an update would keep what the expired item held")
		now := b.account(t, "1")
		require.Equal(t, int64(1), now.Balance)
		require.Equal(t, int64(1), now.Version)
	})
}

func TestTransactRefusesBeforeItSends(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	other := openBank(t, embedded(t))
	a := account{ID: "1"}
	var many []theorydb.TransactOp
	for i := range 101 {
		many = append(many, b.accounts.CreateOp(&account{ID: fmt.Sprint(i)}))
	}
	var large []theorydb.TransactOp
	for i := range 12 {
		large = append(large, b.accounts.CreateOp(&account{ID: fmt.Sprint(i), Note: strings.Repeat("x", 390_000)}))
	}
	old := account{}
	for _, test := range []struct {
		name string
		ops  []theorydb.TransactOp
		err  error
	}{
		{"more than 100", many, theorydb.ErrInvalidQuery},
		{"more than 4 MB", large, theorydb.ErrItemTooLarge},
		{"one item twice", []theorydb.TransactOp{b.accounts.CreateOp(&a), b.accounts.CheckOp(account{ID: "1"})}, theorydb.ErrInvalidQuery},
		{"no operation", []theorydb.TransactOp{nil}, theorydb.ErrInvalidModel},
		{"no record", []theorydb.TransactOp{b.accounts.CreateOp(nil)}, theorydb.ErrInvalidValue},
		{"no key", []theorydb.TransactOp{b.accounts.UpdateOp(&account{})}, theorydb.ErrKeyIncomplete},
		{"a zero model", []theorydb.TransactOp{(&theorydb.Model[account]{}).CheckOp(a)}, theorydb.ErrInvalidModel},
		{"another DB", []theorydb.TransactOp{other.accounts.CreateOp(&a)}, theorydb.ErrInvalidQuery},
		{"unchecked", []theorydb.TransactOp{b.accounts.PutOp(&a, theorydb.Unchecked())}, theorydb.ErrInvalidQuery},
		{"returning", []theorydb.TransactOp{b.accounts.PutOp(&a, theorydb.Returning(&old))}, theorydb.ErrInvalidQuery},
		{"append-only", []theorydb.TransactOp{b.transfers.PutOp(&transfer{ID: "1"})}, theorydb.ErrInvalidQuery},
		{"a change without a version", []theorydb.TransactOp{b.accounts.ChangeOp(a, theorydb.Add("balance", 1))}, theorydb.ErrInvalidQuery},
		{"an unknown attribute", []theorydb.TransactOp{b.accounts.CheckOp(a, theorydb.Equal("nothing", 1))}, theorydb.ErrInvalidQuery},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Zero(t, e.sends(func() {
				err := b.db.Transact(t.Context(), test.ops...)
				require.ErrorIs(t, err, test.err)
				var op *theorydb.OpError
				require.ErrorAs(t, err, &op)
				require.Equal(t, "Transact", op.Op)
				require.NotErrorIs(t, err, theorydb.ErrTransactionCanceled)
			}))
		})
	}
	require.Zero(t, e.sends(func() { require.NoError(t, b.db.Transact(t.Context())) }))
}

func TestATransactionWhoseAnswerIsLostTakesEffectOnce(t *testing.T) {
	for name, lose := range map[string]func(*localaws.Rule) *localaws.Rule{
		"committed, then dropped":    (*localaws.Rule).CommitThenDrop,
		"committed, then cut":        (*localaws.Rule).CutBody,
		"dropped before it was sent": (*localaws.Rule).DropBefore,
	} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, e *engine) {
				b := openBank(t, e)
				a := account{ID: "1", Balance: 1}
				require.NoError(t, b.accounts.Create(t.Context(), &a))
				rule := lose(e.faults.On("TransactWriteItems").Attempt(1))
				rule.Then(func() {
					if strings.HasPrefix(name, "committed") { // a rival in between
						_, err := b.accounts.Change(t.Context(), account{ID: "1"}, theorydb.Add("balance", 100), theorydb.AnyVersion())
						require.NoError(t, err)
					}
				})
				requests := e.sends(func() {
					require.NoError(t, b.db.Transact(t.Context(), b.accounts.ChangeOp(account{ID: "1"}, theorydb.Add("balance", 1), theorydb.AnyVersion())))
				})
				require.Equal(t, 1, rule.Fired())
				if strings.HasPrefix(name, "committed") {
					require.Equal(t, 3, requests, "the attempt, the rival's change and the resend")
					require.Equal(t, int64(102), b.account(t, "1").Balance)
				} else {
					require.Equal(t, 2, requests)
					require.Equal(t, int64(2), b.account(t, "1").Balance)
				}
			})
		})
	}
}

func TestATransactionNobodyAnswersIsUnknown(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	e.faults.On("TransactWriteItems").Always().CommitThenDrop()
	a := account{ID: "1"}
	err := b.db.Transact(t.Context(), b.accounts.CreateOp(&a))
	require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
	require.NotErrorIs(t, err, theorydb.ErrTransactionCanceled)
	require.Equal(t, account{ID: "1"}, a)
	require.NotNil(t, e.stored(t, "ACCOUNT#1", "ACCOUNT"), "it did take effect")
}
