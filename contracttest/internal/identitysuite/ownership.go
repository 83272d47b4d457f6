package identitysuite

import (
	"slices"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

// ourOrganization is the organization that founded makes.
var ourOrganization = identity.OrganizationTarget("o")

// ownedPlace is a target of memberships, and its name in stored memberships.
type ownedPlace struct {
	name   string
	target identity.Target
}

// places has one of each kind: those that founded and owned make.
var places = []ownedPlace{
	{"org o", ourOrganization},
	{"ws staging", identity.WorkspaceTarget("staging")},
	{"tenant acme", identity.TenantTarget()},
}

// founded gives the bench a tenant, users, and an organization "o" of the owner "ann".
func (b *bench) founded(t testing.TB, users ...string) {
	t.Helper()
	_, _, err := b.Platform("test").CreateTenant(t.Context(), identity.NewTenant{
		ID: "acme", Name: "Acme", Project: identity.NewProject{ID: "prod", Name: "Production"},
	})
	require.NoError(t, err)
	for _, id := range append([]string{"ann"}, users...) {
		b.user(t, id)
	}
	_, err = b.Organizations.Create(t.Context(), identity.NewOrganization{ID: "o", Slug: "ours", Name: "Ours", OwnerID: "ann"})
	require.NoError(t, err)
}

// owned is founded with all places, each of the owner "ann".
func (b *bench) owned(t testing.TB, users ...string) {
	t.Helper()
	b.founded(t, users...)
	_, err := b.Workspaces.Create(t.Context(), identity.NewWorkspace{Slug: "staging", Name: "Staging", OwnerID: "ann"})
	require.NoError(t, err)
	b.join(t, identity.TenantTarget(), "ann", identity.RoleOwner)
}

// join makes a user a member.
func (b *bench) join(t testing.TB, target identity.Target, user, role string) {
	t.Helper()
	_, err := b.Memberships.Add(t.Context(), target, user, role, "")
	require.NoError(t, err)
}

// owners requires that counts agree, and gives the active owners of each place in the order of their ids. It reads stored
// items and nothing of the library: each count of owners is the number of active owners, that of each custom role the
// number of memberships that carry it, and no membership is of a target or a role that does not exist.
func (b *bench) owners(t testing.TB) map[string][]string {
	t.Helper()
	owners, carried := map[string][]string{}, map[string]int64{}
	ownerCounts, members := map[string]int64{}, map[string]int64{}
	var joined []string
	for _, item := range b.items(t) {
		switch attributeText(item, "_t") {
		case "Membership":
			name := attributeText(item, "targetType") + " " + attributeText(item, "targetID")
			joined = append(joined, name)
			role := attributeText(item, "role")
			if role == identity.RoleOwner && attributeText(item, "status") == "active" {
				owners[name] = append(owners[name], attributeText(item, "userID"))
			}
			if !slices.Contains([]string{identity.RoleOwner, identity.RoleAdmin, identity.RoleMember}, role) {
				carried[attributeText(item, "projectID")+" "+role]++
			}
		case "Organization":
			ownerCounts["org "+attributeText(item, "id")] = attributeNumber(t, item, "ownerCount")
		case "Workspace":
			ownerCounts["ws "+attributeText(item, "slug")] = attributeNumber(t, item, "ownerCount")
		case "Tenant":
			ownerCounts["tenant "+attributeText(item, "id")] = attributeNumber(t, item, "ownerCount")
		case "Role":
			members[attributeText(item, "projectID")+" "+attributeText(item, "name")] = attributeNumber(t, item, "members")
		}
	}
	for _, name := range joined {
		require.Contains(t, ownerCounts, name, "a membership of nothing")
	}
	for name, count := range ownerCounts {
		require.Equal(t, int64(len(owners[name])), count, "ownerCount of %s", name)
		slices.Sort(owners[name])
	}
	for role := range carried {
		require.Contains(t, members, role, "a membership carries no role")
	}
	for role, count := range members {
		require.Equal(t, carried[role], count, "members of %s", role)
	}
	return owners
}

// requireOwners requires what owners does, and who owns our organization.
func (b *bench) requireOwners(t testing.TB, users ...string) {
	t.Helper()
	require.Equal(t, users, b.owners(t)["org o"])
}

// attributeText is a text of a stored item; empty when there is none.
func attributeText(item map[string]types.AttributeValue, name string) string {
	text, _ := item[name].(*types.AttributeValueMemberS)
	if text == nil {
		return ""
	}
	return text.Value
}

func attributeNumber(t testing.TB, item map[string]types.AttributeValue, name string) int64 {
	t.Helper()
	number, ok := item[name].(*types.AttributeValueMemberN)
	require.True(t, ok, name)
	n, err := strconv.ParseInt(number.Value, 10, 64)
	require.NoError(t, err)
	return n
}

// firstCause is what the first operation of a canceled transaction failed with.
func firstCause(t testing.TB, err error) error {
	t.Helper()
	var canceled *theorydb.TransactionError
	require.ErrorAs(t, err, &canceled)
	require.NotEmpty(t, canceled.Ops)
	return canceled.Ops[0]
}
