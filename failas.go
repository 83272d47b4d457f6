package theorydb

import "strings"

// FailAs gives an operation of Transact an error of the caller's own: where its condition fails, what is wrong at its
// position in the TransactionError is err too, before the cause. Callers need not know positions then:
//
//	err := db.Transact(ctx, theorydb.FailAs(members.CheckOp(key), ErrForbidden), documents.UpdateOp(&d))
//	if errors.Is(err, ErrForbidden) { ... }
//
// Failing in any other way, such as a throttled request, is not err. op is left as it is; with a nil err it is given back
// unchanged, and a nil op is refused by Transact.
func FailAs(op TransactOp, err error) TransactOp {
	if op == nil || err == nil {
		return op
	}
	named := *op.planned()
	if named.refusal != nil {
		err = &namedError{err, named.refusal}
	}
	named.refusal = err
	return &named
}

// named is why the item refused it, under the name that FailAs gave.
func (p *prepared) named(reason error) error {
	if p.refusal == nil {
		return reason
	}
	return &namedError{p.refusal, reason}
}

// namedError is a cause under a name of the caller's.
type namedError struct{ name, cause error }

func (e *namedError) Error() string {
	return e.name.Error() + ": " + strings.TrimPrefix(e.cause.Error(), "theorydb: ")
}

func (e *namedError) Unwrap() []error { return []error{e.name, e.cause} }
