package identitysuite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var roles = []Scenario{
	{ID: "id.role.custom", run: aCustomRoleBelongsToItsProjectAndItsCarriers},
}

func aCustomRoleBelongsToItsProjectAndItsCarriers(t *testing.T, b *bench) {
	b.founded(t, "bob")
	t.Run("its project", func(t *testing.T) { aCustomRoleIsOfOneProject(t, b) })
	t.Run("deleted while given", func(t *testing.T) { aRoleIsDeletedOrGiven(t, b) })
}

func aCustomRoleIsOfOneProject(t *testing.T, b *bench) {
	ctx := t.Context()
	there := b.For(newScope(t, "acme", "test"))
	_, err := there.Roles.Create(ctx, "billing", nil)
	require.NoError(t, err)
	_, err = b.Memberships.Add(ctx, ourOrganization, "bob", "billing", "")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound, "a role of another project is unknown here")
	_, err = b.Roles.Get(ctx, "billing")
	require.ErrorIs(t, err, theorydb.ErrItemNotFound)

	made, err := b.Roles.Create(ctx, "billing", []string{"invoices.read"})
	require.NoError(t, err)
	_, err = b.Roles.Create(ctx, "billing", nil)
	require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
	got, err := b.Roles.Get(ctx, "billing")
	require.NoError(t, err)
	require.Equal(t, made, got)
	b.join(t, ourOrganization, "bob", "billing")
	b.owners(t)
	require.ErrorIs(t, b.Roles.Delete(ctx, "billing"), identity.ErrInUse)
	_, err = b.Memberships.Suspend(ctx, ourOrganization, "bob")
	require.NoError(t, err)
	require.ErrorIs(t, b.Roles.Delete(ctx, "billing"), identity.ErrInUse, "a suspended membership carries it too")
	_, err = b.Memberships.SetRole(ctx, ourOrganization, "bob", identity.RoleMember)
	require.NoError(t, err)
	b.owners(t)
	require.NoError(t, b.Roles.Delete(ctx, "billing"))
	require.ErrorIs(t, b.Roles.Delete(ctx, "billing"), theorydb.ErrItemNotFound)
	_, err = there.Roles.Get(ctx, "billing")
	require.NoError(t, err)

	for _, name := range []string{identity.RoleOwner, identity.RoleAdmin, identity.RoleMember} {
		_, err := b.Roles.Create(ctx, name, nil)
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		_, err = b.Roles.Update(ctx, name, func(*identity.Role) error { return nil })
		require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		require.ErrorIs(t, b.Roles.Delete(ctx, name), theorydb.ErrInvalidValue)
	}
	require.NoError(t, b.Memberships.Remove(ctx, ourOrganization, "bob"))
}

func aRoleIsDeletedOrGiven(t *testing.T, b *bench) {
	ctx := t.Context()
	for range 30 {
		_, err := b.Roles.Create(ctx, "billing", nil)
		require.NoError(t, err)
		errs := together(2, func(i int) error {
			if i == 0 {
				return b.Roles.Delete(ctx, "billing")
			}
			_, err := b.Memberships.Add(ctx, ourOrganization, "bob", "billing", "")
			return err
		})
		requireOneWinner(t, errs, identity.ErrInUse, theorydb.ErrItemNotFound)
		b.owners(t)
		if errs[1] == nil {
			require.ErrorIs(t, errs[0], identity.ErrInUse)
			require.NoError(t, b.Memberships.Remove(ctx, ourOrganization, "bob"))
			require.NoError(t, b.Roles.Delete(ctx, "billing"))
		}
	}
}
