package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/theorydb/theorydb"
)

// RoleAny stands for every role in the role gate. No role can have this name.
const RoleAny = "*"

// Require is the role gate: it passes where the user has an active membership of the target in one of the roles. No role
// includes another one, so name all that will do, or RoleAny. It is a strong read of 1 read unit.
//
// ErrForbidden says that it does not pass: no membership, a suspended one, or another role. Without a role it is
// theorydb.ErrInvalidValue, since a list that was left empty must not let anybody in. The status of the target and of the
// user is not asked.
func (m *Memberships) Require(ctx context.Context, target Target, userID string, roles ...string) error {
	if err := m.checkMember(target, userID); err != nil {
		return err
	}
	if len(roles) == 0 {
		return fmt.Errorf("%w: the role gate needs a role", theorydb.ErrInvalidValue)
	}
	key := m.key(target, userID)
	found, err := m.memberships.Get(ctx, key, theorydb.Consistent())
	switch {
	case errors.Is(err, theorydb.ErrItemNotFound):
		m.notify(ctx, Notice{Kind: NoticeMiss, Scope: m.scope, UserID: userID, ID: key.TargetID})
		return ErrForbidden
	case err != nil:
		return err
	case found.Status != StatusActive, !slices.Contains(roles, RoleAny) && !slices.Contains(roles, found.Role):
		return ErrForbidden
	}
	return nil
}

// RequireOp is Require as an operation of DB.Transact, so that the check and the change that it guards are one: nobody can
// lose the role in between.
//
//	err := stores.Transact(ctx, stores.Memberships.RequireOp(identity.OrganizationTarget(id), userID, identity.RoleAdmin), change)
//
// Where the gate does not pass the transaction is ErrForbidden. What is wrong with the arguments is told by the
// transaction: without a role it is theorydb.ErrInvalidQuery, with the zero Scope theorydb.ErrScopeRequired. It costs 2
// write units.
func (m *Memberships) RequireOp(target Target, userID string, roles ...string) theorydb.TransactOp {
	conditions := []theorydb.Condition{theorydb.Equal("status", StatusActive)}
	if !slices.Contains(roles, RoleAny) {
		names := make([]any, len(roles))
		for i, role := range roles {
			names[i] = role
		}
		conditions = append(conditions, theorydb.In("role", names...))
	}
	return theorydb.FailAs(m.memberships.CheckOp(m.key(target, userID), conditions...), ErrForbidden)
}
