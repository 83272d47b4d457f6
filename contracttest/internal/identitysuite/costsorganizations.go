package identitysuite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/identity"
)

// organizationCosts are those of Organizations, Memberships, Audit and SigningKeys.
var organizationCosts = []cost{
	{
		name: "organization create", requests: []string{"TransactWriteItems"}, write: 8, index: 2,
		prepare: func(t *testing.T, b *bench) func() error {
			b.user(t, costlyUser)
			return func() error {
				_, err := b.Organizations.Create(t.Context(), identity.NewOrganization{ID: "o", Slug: "ours", Name: "Ours", OwnerID: costlyUser})
				return err
			}
		},
	},
	// The target is one of the operations, so that nobody joins one that is being deleted.
	{
		name: "member add", requests: []string{"TransactWriteItems"}, write: 6, index: 1,
		prepare: onOrganization(func(t *testing.T, b *bench) error {
			_, err := b.Memberships.Add(t.Context(), ourOrganization, costlyUser, identity.RoleMember, "")
			return err
		}),
	},
	{
		name: "owner add", requests: []string{"TransactWriteItems"}, write: 6, index: 2,
		prepare: onOrganization(func(t *testing.T, b *bench) error {
			_, err := b.Memberships.Add(t.Context(), ourOrganization, costlyUser, identity.RoleOwner, "")
			return err
		}),
	},
	{
		name: "member add, in a custom role", requests: []string{"TransactWriteItems"}, write: 8, index: 1,
		prepare: onOrganization(func(t *testing.T, b *bench) error {
			_, err := b.Memberships.Add(t.Context(), ourOrganization, costlyUser, "billing", "")
			return err
		}),
	},
	{
		name: "role set, as it is", requests: []string{"TransactGetItems"}, read: 4,
		prepare: onOrganization(func(t *testing.T, b *bench) error {
			_, err := b.Memberships.SetRole(t.Context(), ourOrganization, "ann", identity.RoleOwner)
			return err
		}),
	},
	{
		name: "role gate", requests: []string{"GetItem"}, read: 1,
		prepare: onOrganization(func(t *testing.T, b *bench) error {
			return b.Memberships.Require(t.Context(), ourOrganization, "ann", identity.RoleOwner)
		}),
	},
	{
		name: "role gate in a transaction", requests: []string{"TransactWriteItems"}, write: 2,
		prepare: onOrganization(func(t *testing.T, b *bench) error {
			return b.Transact(t.Context(), b.Memberships.RequireOp(ourOrganization, "ann", identity.RoleOwner))
		}),
	},
	{
		name: "organization by slug", requests: []string{"GetItem", "GetItem"}, read: 2,
		prepare: onOrganization(func(t *testing.T, b *bench) error {
			_, err := b.Organizations.GetBySlug(t.Context(), "ours")
			return err
		}),
	},
	{
		name: "audit append", requests: []string{"GetItem", "TransactWriteItems"}, read: 1, write: 6, index: 2,
		prepare: func(t *testing.T, b *bench) func() error {
			event := identity.Event{Type: identity.EventAuthSucceeded, Actor: costlyUser, Subject: costlyUser}
			_, err := b.Audit.Append(t.Context(), event)
			require.NoError(t, err)
			return func() error { _, err := b.Audit.Append(t.Context(), event); return err }
		},
	},
	{
		name: "public signing keys", requests: []string{"Query"}, read: 1,
		prepare: func(t *testing.T, b *bench) func() error {
			_, err := b.SigningKeys.Rotate(t.Context(), identity.Rotation{})
			require.NoError(t, err)
			return func() error { _, err := b.SigningKeys.JWKS(t.Context()); return err }
		},
	},
	{
		name: "active signing key", requests: []string{"GetItem", "BatchGetItem"}, read: 3, kms: []string{"Decrypt"},
		prepare: func(t *testing.T, b *bench) func() error {
			_, err := b.SigningKeys.Rotate(t.Context(), identity.Rotation{})
			require.NoError(t, err)
			return func() error { _, err := b.SigningKeys.Active(t.Context()); return err }
		},
	},
}

// onOrganization is an operation beside an organization of ann's and a user.
func onOrganization(run func(*testing.T, *bench) error) func(*testing.T, *bench) func() error {
	return func(t *testing.T, b *bench) func() error {
		b.founded(t, costlyUser)
		_, err := b.Roles.Create(t.Context(), "billing", nil)
		require.NoError(t, err)
		return func() error { return run(t, b) }
	}
}
