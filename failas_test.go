package theorydb_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

var (
	errPoor   = errors.New("too poor")
	errClosed = errors.New("account closed")
)

func TestFailAsNamesWhyAnOperationWasRefused(t *testing.T) {
	eachEngine(t, func(t *testing.T, e *engine) {
		b := openBank(t, e)
		require.NoError(t, b.accounts.Create(t.Context(), &account{ID: "rich", Balance: 10}))
		require.NoError(t, b.accounts.Create(t.Context(), &account{ID: "poor", Balance: 1}))
		pay := func(id string) theorydb.TransactOp {
			return b.accounts.ChangeOp(account{ID: id}, theorydb.Add("balance", -5), theorydb.AnyVersion(), theorydb.OnlyIf(theorydb.GreaterEqual("balance", 5)))
		}
		from := func(id string) theorydb.TransactOp { return theorydb.FailAs(pay(id), errPoor) }
		open := func(id string) theorydb.TransactOp {
			return theorydb.FailAs(b.accounts.CheckOp(account{ID: id}), errClosed)
		}
		require.NoError(t, b.db.Transact(t.Context(), from("rich"), open("poor")))

		err := b.db.Transact(t.Context(), open("rich"), from("poor"))
		require.ErrorIs(t, err, errPoor)
		require.ErrorIs(t, err, theorydb.ErrConditionFailed, "the cause is kept")
		require.NotErrorIs(t, err, errClosed)
		var canceled *theorydb.TransactionError
		require.ErrorAs(t, err, &canceled)
		require.NoError(t, canceled.Ops[0])
		require.ErrorIs(t, canceled.Ops[1], errPoor)
		require.EqualError(t, err, "theorydb: Transact account: transaction canceled: operation 1: Change account: too poor: condition failed")

		err = b.db.Transact(t.Context(), open("nobody"), from("poor"))
		require.ErrorIs(t, err, errClosed)
		require.ErrorIs(t, err, errPoor, "each operation has its own")
		require.ErrorIs(t, err, theorydb.ErrItemNotFound)

		twice := theorydb.FailAs(from("poor"), errClosed)
		require.ErrorIs(t, b.db.Transact(t.Context(), twice), errPoor)
		require.ErrorIs(t, b.db.Transact(t.Context(), twice), errClosed)
		plain := pay("poor")
		require.NotNil(t, theorydb.FailAs(plain, errPoor))
		require.NotErrorIs(t, b.db.Transact(t.Context(), plain), errPoor, "what it was given is as it was")
		require.Equal(t, plain, theorydb.FailAs(plain, nil))
	})
}

func TestFailAsIsNoNameForWhatTheItemDidNotRefuse(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	require.NoError(t, b.accounts.Create(t.Context(), &account{ID: "a"}))
	check := theorydb.FailAs(b.accounts.CheckOp(account{ID: "a"}), errClosed)
	e.faults.On("TransactWriteItems").CancelTransaction(0, "ThrottlingError").Always()
	err := b.db.Transact(t.Context(), check)
	require.ErrorIs(t, err, theorydb.ErrThrottled)
	require.NotErrorIs(t, err, errClosed)

	require.ErrorIs(t, b.db.Transact(t.Context(), theorydb.FailAs(nil, errClosed)), theorydb.ErrInvalidModel)
	err = b.db.Transact(t.Context(), check, check)
	require.ErrorIs(t, err, theorydb.ErrInvalidQuery)
	require.NotErrorIs(t, err, errClosed)
}

// A Change with OrCreate over an expired row takes another form, which keeps the name.
func TestFailAsNamesTheRefusalOfAChangeOrCreate(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	b.expiredAccount(t, "a")
	never := theorydb.FailAs(b.accounts.ChangeOp(account{ID: "a"}, theorydb.Add("balance", 1), theorydb.AnyVersion(), theorydb.OrCreate()), errClosed)
	require.NoError(t, b.db.Transact(t.Context(), never), "over the expired one")
	require.NoError(t, b.db.Transact(t.Context(), never), "of the live one")
	require.NoError(t, b.transfers.Create(t.Context(), &transfer{ID: "1"}))
	err := b.db.Transact(t.Context(), theorydb.FailAs(b.transfers.CreateOp(&transfer{ID: "1"}), errClosed))
	require.ErrorIs(t, err, errClosed)
	require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
}
