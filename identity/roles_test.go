package identity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestContractRoles(t *testing.T) {
	t.Run("id.role.custom", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			ctx, stores := t.Context(), orgsIn(t, b, "bob")
			other, err := NewScope("acme", "test")
			require.NoError(t, err)
			there := b.For(other)
			_, err = there.Roles.Create(ctx, "billing", nil)
			require.NoError(t, err)
			_, err = stores.Memberships.Add(ctx, orgsTarget, "bob", "billing", "")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound, "a role of another project is unknown here")
			_, err = stores.Roles.Get(ctx, "billing")
			require.ErrorIs(t, err, theorydb.ErrItemNotFound)

			made, err := stores.Roles.Create(ctx, "billing", []string{"invoices.read"})
			require.NoError(t, err)
			_, err = stores.Roles.Create(ctx, "billing", nil)
			require.ErrorIs(t, err, theorydb.ErrAlreadyExists)
			got, err := stores.Roles.Get(ctx, "billing")
			require.NoError(t, err)
			require.Equal(t, made, got)
			_, err = stores.Memberships.Add(ctx, orgsTarget, "bob", "billing", "")
			require.NoError(t, err)
			require.ErrorIs(t, stores.Roles.Delete(ctx, "billing"), ErrInUse)
			_, err = stores.Memberships.Suspend(ctx, orgsTarget, "bob")
			require.NoError(t, err)
			require.ErrorIs(t, stores.Roles.Delete(ctx, "billing"), ErrInUse, "a suspended membership carries it too")
			_, err = stores.Memberships.SetRole(ctx, orgsTarget, "bob", RoleMember)
			require.NoError(t, err)
			require.NoError(t, stores.Roles.Delete(ctx, "billing"))
			require.ErrorIs(t, stores.Roles.Delete(ctx, "billing"), theorydb.ErrItemNotFound)
			_, err = there.Roles.Get(ctx, "billing")
			require.NoError(t, err)

			for _, name := range []string{RoleOwner, RoleAdmin, RoleMember} {
				_, err := stores.Roles.Create(ctx, name, nil)
				require.ErrorIs(t, err, theorydb.ErrInvalidValue)
				_, err = stores.Roles.Update(ctx, name, func(*Role) error { return nil })
				require.ErrorIs(t, err, theorydb.ErrInvalidValue)
				require.ErrorIs(t, stores.Roles.Delete(ctx, name), theorydb.ErrInvalidValue)
			}
		})
	})
	t.Run("id.role.custom/deleted_while_given", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			ctx, stores := t.Context(), orgsIn(t, b, "bob")
			for range 30 {
				_, err := stores.Roles.Create(ctx, "billing", nil)
				require.NoError(t, err)
				errs := orgsRace(2, func(i int) error {
					if i == 0 {
						return stores.Roles.Delete(ctx, "billing")
					}
					_, err := stores.Memberships.Add(ctx, orgsTarget, "bob", "billing", "")
					return err
				})
				require.Equal(t, 1, orgsSucceeded(errs), "%v", errs)
				if errs[1] == nil {
					require.ErrorIs(t, errs[0], ErrInUse)
					orgsAgree(t, stores, orgsTarget, "billing")
					require.NoError(t, stores.Memberships.Remove(ctx, orgsTarget, "bob"))
					require.NoError(t, stores.Roles.Delete(ctx, "billing"))
				}
			}
		})
	})
}

func TestPermissionsOfARoleAreUpdated(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		ctx, stores := t.Context(), orgsIn(t, b)
		_, err := stores.Roles.Create(ctx, "billing", []string{"a", "b"})
		require.NoError(t, err)
		changed, err := stores.Roles.Update(ctx, "billing", func(r *Role) error { r.Permissions, r.Members = []string{"c"}, 5; return nil })
		require.NoError(t, err)
		require.Equal(t, []string{"c"}, changed.Permissions)
		require.Zero(t, changed.Members, "only permissions are taken")
		changed, err = stores.Roles.Update(ctx, "billing", func(r *Role) error { r.Permissions = nil; return nil })
		require.NoError(t, err)
		require.Empty(t, changed.Permissions)
		for _, bad := range [][]string{{""}, {strings.Repeat("x", 257)}, {"\xff"}, make([]string, 1001)} {
			_, err = stores.Roles.Update(ctx, "billing", func(r *Role) error { r.Permissions = bad; return nil })
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
			_, err = stores.Roles.Create(ctx, "support", bad)
			require.ErrorIs(t, err, theorydb.ErrInvalidValue)
		}
		_, err = stores.Workspaces.Create(ctx, NewWorkspace{Slug: "staging", Name: "Staging"})
		require.NoError(t, err)
		page, err := stores.Roles.List(ctx, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, "billing", page.Items[0].Name)
	})
}
