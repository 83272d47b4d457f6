package theorydb_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/theorydb/theorydb"
)

// Transactions in histories: several deeds on as many keys, that take effect together or not at all.

// transactionVerbs are what an operation of a transaction is drawn from.
var transactionVerbs = []linearVerb{
	verbCreate, verbCreate, verbPut, verbPut, verbUpdate, verbUpdate, verbChange, verbAdd, verbAdd, verbDelete, verbDeleteAny, verbCheck,
}

// drawTransaction gives at least two deeds.
func (c *linearClient) drawTransaction() []linearDeed {
	keys := c.random.Perm(c.history.keys)
	var deeds []linearDeed
	for _, key := range keys[:2+c.random.IntN(len(keys)-1)] {
		deed := c.draw(transactionVerbs[c.random.IntN(len(transactionVerbs))], key)
		deed.grouped = true
		deeds = append(deeds, deed)
	}
	return deeds
}

// transact does deeds as one transaction.
func (s *recordStore[T]) transact(ctx context.Context, h *linearHistory, deeds []linearDeed) []linearVerdict {
	records, before := make([]T, len(deeds)), make([]T, len(deeds))
	ops := make([]theorydb.TransactOp, len(deeds))
	for i, d := range deeds {
		records[i] = s.given(h, d)
		before[i] = records[i]
		ops[i] = s.operation(d, &records[i])
	}
	err := s.db.Transact(ctx, ops...)
	told := make([]linearVerdict, len(deeds))
	var canceled *theorydb.TransactionError
	named := errors.As(err, &canceled) && len(canceled.Ops) == len(deeds)
	for i, d := range deeds {
		switch {
		case err == nil:
			told[i] = s.verdict(d, &records[i], nil)
		case records[i] != before[i]:
			told[i] = linearVerdict{told: toldWrongly, err: fmt.Errorf("a record was touched by a transaction that failed: %w", err)}
		case !named:
			told[i] = s.verdict(d, nil, err)
		case canceled.Ops[i] == nil:
			told[i] = linearVerdict{told: toldNoCause}
		default:
			told[i] = s.verdict(d, nil, canceled.Ops[i])
		}
	}
	return told
}

// operation is a deed as an operation of a transaction.
func (s *recordStore[T]) operation(d linearDeed, record *T) theorydb.TransactOp {
	switch d.verb {
	case verbCreate:
		return s.model.CreateOp(record)
	case verbPut:
		return s.model.PutOp(record)
	case verbUpdate:
		return s.model.UpdateOp(record)
	case verbDelete:
		return s.model.DeleteOp(record)
	case verbDeleteAny:
		if s.kind.versioned {
			return s.model.DeleteOp(record, theorydb.AnyVersion())
		}
		return s.model.DeleteOp(record)
	case verbChange, verbAdd:
		return s.model.ChangeOp(*record, s.parts(d)...)
	case verbCheck:
		return s.model.CheckOp(*record)
	case verbGet, verbTransact:
	}
	return nil // refused by Transact
}
