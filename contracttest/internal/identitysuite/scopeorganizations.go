package identitysuite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/identity"
)

// useOrganizations uses the verbs of organizations, workspaces, roles, memberships and the tenant one after the other, as a
// program would, the refusals among them.
func (b *bench) useOrganizations(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	_, _, err := b.Platform("test").CreateTenant(ctx, identity.NewTenant{ID: "acme", Name: "Acme", Project: identity.NewProject{ID: "prod", Name: "Production"}})
	require.NoError(t, err)
	for _, id := range []string{"ann", "bob", "eve"} {
		b.user(t, id)
	}
	b.ownedOrganization(t, "o", "ann")
	m, o, target := b.Memberships, b.Organizations, identity.OrganizationTarget("o")
	_, err = b.Roles.Create(ctx, "billing", []string{"invoices.read"})
	require.NoError(t, err)
	_, err = b.Roles.Update(ctx, "billing", func(r *identity.Role) error { r.Permissions = append(r.Permissions, "invoices.pay"); return nil })
	require.NoError(t, err)
	_, err = b.Roles.List(ctx, "")
	require.NoError(t, err)
	_, err = b.Workspaces.Create(ctx, identity.NewWorkspace{Slug: "staging", Name: "Staging", OwnerID: "ann"})
	require.NoError(t, err)
	_, err = b.Workspaces.Update(ctx, "staging", func(w *identity.Workspace) error { w.Name = "Stage"; return nil })
	require.NoError(t, err)
	_, err = b.Workspaces.List(ctx, "")
	require.NoError(t, err)
	for _, place := range []identity.Target{target, identity.WorkspaceTarget("staging"), identity.TenantTarget()} {
		b.useMemberships(t, place)
	}
	_, err = m.ListByUser(ctx, "bob", "")
	require.NoError(t, err)
	_, _, err = b.Users.Erase(ctx, "bob", "")
	require.ErrorIs(t, err, identity.ErrLastOwner, "of the tenant")
	_, err = o.Update(ctx, "o", func(o *identity.Organization) error { o.Slug = "theirs"; return nil })
	require.NoError(t, err)
	_, err = o.GetBySlug(ctx, "theirs")
	require.NoError(t, err)
	_, err = o.List(ctx, "")
	require.NoError(t, err)
	_, err = o.Suspend(ctx, "o")
	require.NoError(t, err)
	_, err = o.Reactivate(ctx, "o")
	require.NoError(t, err)
	require.ErrorIs(t, o.Delete(ctx, "o"), identity.ErrInUse)
	require.NoError(t, m.Remove(ctx, target, "ann"))
	require.NoError(t, o.Delete(ctx, "o"))
	require.NoError(t, m.Remove(ctx, identity.WorkspaceTarget("staging"), "ann"))
	require.NoError(t, b.Workspaces.Delete(ctx, "staging"))
	require.NoError(t, b.Roles.Delete(ctx, "billing"))
	tenant, err := b.ForTenant("acme")
	require.NoError(t, err)
	_, err = tenant.Projects.Create(ctx, identity.NewProject{ID: "test", Name: "Test"})
	require.NoError(t, err)
	_, err = tenant.Projects.List(ctx, "")
	require.NoError(t, err)
	require.NoError(t, tenant.Projects.Delete(ctx, "test"))
	_, err = b.Platform("test").ListTenants(ctx, "")
	require.NoError(t, err)
}

// useMemberships lets bob and eve join a target, and eve leave it. In the end bob is an owner.
func (b *bench) useMemberships(t testing.TB, place identity.Target) {
	t.Helper()
	ctx, m := t.Context(), b.Memberships
	_, err := m.Add(ctx, place, "bob", "billing", "ann")
	require.NoError(t, err)
	require.NoError(t, m.Require(ctx, place, "bob", "billing"))
	_, err = m.SetRole(ctx, place, "bob", identity.RoleOwner)
	require.NoError(t, err)
	_, err = m.Add(ctx, place, "eve", identity.RoleOwner, "")
	require.NoError(t, err)
	_, err = m.Suspend(ctx, place, "bob")
	require.NoError(t, err)
	_, err = m.Reactivate(ctx, place, "bob")
	require.NoError(t, err)
	require.NoError(t, m.TransferOwnership(ctx, place, "eve", "bob"))
	require.NoError(t, m.Remove(ctx, place, "eve"))
	_, err = m.ListByTarget(ctx, place, "")
	require.NoError(t, err)
}
