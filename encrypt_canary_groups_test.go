package theorydb_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// groups are batches and transactions with canaries in hand, those that succeed and those that fail.
func (a *aviary) groups(t *testing.T, n int) {
	ctx := t.Context()
	key := func(i int) Credential { return Credential{PK: fmt.Sprintf("GROUP#%d", n), SK: fmt.Sprint(i)} }
	with := func(i int) *Credential { c := key(i); c.Secret = a.canary(); return &c }
	first, second, third := with(1), with(2), with(3)

	a.faults.On("BatchWriteItem").ThrowBack(func(i int) bool { return i == 0 })
	a.faults.On("BatchWriteItem").CutBody()
	a.did(t, a.db.BatchWrite(ctx, a.source.PutOp(first, theorydb.Unchecked()), a.source.PutOp(second, theorydb.Unchecked())), first, second)
	a.faults.On("TransactWriteItems").CommitThenDrop()
	a.did(t, a.db.Transact(ctx,
		a.source.CreateOp(third), a.source.PutOp(with(4)), a.source.UpdateOp(first, theorydb.Fields("secret")),
		a.source.ChangeOp(key(2), theorydb.Set("secret", a.canary())),
		a.source.ChangeOp(key(5), theorydb.Set("secret", a.canary()), theorydb.OrCreate()),
		a.source.DeleteOp(&Credential{PK: key(6).PK, SK: "6"}),
		a.open.CreateOp(&openRecord{ID: key(0).PK}),
	), third)

	read, err := a.source.BatchGet(ctx, []Credential{key(1), key(2), key(3), key(9)})
	a.did(t, err, read[0], read[1])
	require.NotNil(t, read[2])
	got := a.source.GetOp(key(4))
	a.did(t, a.db.BatchGet(ctx, []theorydb.ReadOp{got}), got)
	opened, err := got.Item()
	a.did(t, err, opened)
	got = a.source.GetOp(key(5))
	a.did(t, a.db.TransactGet(ctx, got), got)

	a.failingGroups(t, key, with)
}

// failingGroups fail on rows 1 to 5 of a group.
func (a *aviary) failingGroups(t *testing.T, key func(int) Credential, with func(int) *Credential) {
	ctx := t.Context()
	a.failed(t, a.db.Transact(ctx, a.source.PutOp(with(2)), a.source.CreateOp(with(1))), theorydb.ErrAlreadyExists)
	a.failed(t, a.db.Transact(ctx, a.source.PutOp(with(1)), a.source.CheckOp(key(2), theorydb.NotExists("secret"))), theorydb.ErrConditionFailed)
	a.failed(t, a.db.Transact(ctx, a.source.PutOp(with(1)), a.source.CheckOp(key(2), theorydb.Equal("secret", a.canary()))), theorydb.ErrEncryptedFieldNotQueryable)
	a.failed(t, a.db.Transact(ctx, a.source.ChangeOp(key(1), theorydb.Append("secret", []string{a.canary()}))), theorydb.ErrEncryptedFieldNotUpdatable)
	a.failed(t, a.db.Transact(ctx, a.source.PutOp(with(1)), a.source.PutOp(with(1))), theorydb.ErrInvalidQuery)
	a.failed(t, a.db.BatchWrite(ctx, a.source.PutOp(with(1), theorydb.Unchecked()), a.source.PutOp(with(2))), theorydb.ErrInvalidQuery)
	a.failed(t, a.db.BatchWrite(ctx, a.source.PutOp(&Credential{"P", "C", a.canary() + "\xff"}, theorydb.Unchecked())), theorydb.ErrInvalidValue)

	reads := []theorydb.ReadOp{a.source.GetOp(key(1)), a.source.GetOp(key(2))}
	for _, fault := range kmsRefusals[:3] {
		a.kmsFaults.On("GenerateDataKey").Error(fault.status, fault.code, "")
		a.failed(t, a.db.BatchWrite(ctx, a.source.PutOp(with(1), theorydb.Unchecked())), fault.want)
		a.kmsFaults.On("GenerateDataKey").Error(fault.status, fault.code, "")
		a.failed(t, a.db.Transact(ctx, a.source.PutOp(with(1))), fault.want)
		a.kmsFaults.On("Decrypt").Error(fault.status, fault.code, "")
		a.failed(t, a.db.BatchGet(ctx, reads), fault.want)
		a.kmsFaults.On("Decrypt").Error(fault.status, fault.code, "")
		a.failed(t, a.db.TransactGet(ctx, reads...), fault.want)
	}
	a.faults.On("BatchWriteItem").Always().CommitThenDrop()
	a.failed(t, a.db.BatchWrite(ctx, a.source.PutOp(with(1), theorydb.Unchecked())), theorydb.ErrOutcomeUnknown)
	a.faults.On("TransactWriteItems").CommitThenDrop()
	a.faults.On("TransactWriteItems").Always().Error(400, "ValidationException", "says what it was sent")
	a.failed(t, a.db.Transact(ctx, a.source.PutOp(with(1))), theorydb.ErrOutcomeUnknown)
	a.faults = &localaws.Faults{Next: a.aws}

	row := a.stored(t, key(1).PK, key(1).SK)
	spoilt := maps.Clone(row)
	spoilt["secret"] = a.stored(t, key(2).PK, key(2).SK)["secret"]
	a.put(t, spoilt)
	a.failed(t, a.db.BatchGet(ctx, reads), theorydb.ErrDecryptAuth)
	a.failed(t, a.db.TransactGet(ctx, reads...), theorydb.ErrDecryptAuth)
	a.put(t, row)
}
