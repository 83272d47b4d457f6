package identity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

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
