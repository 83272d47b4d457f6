package identitysuite

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/identity"
)

var scopeKeys = []Scenario{
	{ID: "id.scope.keys_prefix", run: everyPartitionKeyBeginsWithTheScope},
	{ID: "id.scope.no_scan", run: noVerbScans},
	{ID: "id.ws.partition", run: aWorkspaceHasNothingOfAnother},
}

// everyPartitionKeyBeginsWithTheScope shows what lets a policy confine a role to a tenant or a project.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_dynamodb_rows.html
func everyPartitionKeyBeginsWithTheScope(t *testing.T, b *bench) {
	b.useEveryStore(t)
	seen := 0
	for _, sent := range b.faults.all() {
		if sent.operation == "CreateTable" {
			continue
		}
		for _, key := range partitionKeys(decoded(t, sent)) {
			seen++
			require.True(t, ofTenant(key), "%s names the partition %s", sent.operation, key)
		}
	}
	require.Greater(t, seen, 500)
}

func noVerbScans(t *testing.T, b *bench) {
	require.NotContains(t, b.faults.during(func() { b.useEveryStore(t) }), "Scan")
}

// useEveryStore uses the verbs of every store, refusals among them, in the bench's project. Every secret that one of them
// returns is kept secret, and so must be what their errors say.
func (b *bench) useEveryStore(t testing.TB) {
	t.Helper()
	b.useOrganizations(t)
	service, db := b.serve(t, nil, constantIDs)
	pool := b.fill(t, service, b.scope)
	for _, verb := range verbsOf(b.Stores) {
		arguments, err := pool.arguments(t.Context(), verb)
		require.NoError(t, err)
		for values := range arguments {
			o := call(t.Context(), db, verb, values)
			_ = b.tells(o.err)
			for _, secret := range o.secrets {
				if len(secret) >= 6 {
					b.keepSecret(secret)
				}
			}
		}
	}
}

func aWorkspaceHasNothingOfAnother(t *testing.T, b *bench) {
	ctx := t.Context()
	for _, id := range []string{"ann", "bob"} {
		b.user(t, id)
	}
	for slug, owner := range map[string]string{"a": "ann", "a-b": "bob", "b": "bob"} {
		_, err := b.Workspaces.Create(ctx, identity.NewWorkspace{Slug: slug, Name: slug, OwnerID: owner})
		require.NoError(t, err)
	}
	_, err := b.Organizations.Create(ctx, identity.NewOrganization{ID: "a", Slug: "a", Name: "an organization of the same id", OwnerID: "bob"})
	require.NoError(t, err)
	page, err := b.Memberships.ListByTarget(ctx, identity.WorkspaceTarget("a"), "")
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.Equal(t, "ann", page.Items[0].UserID)
	require.ErrorIs(t, b.Memberships.Require(ctx, identity.WorkspaceTarget("a"), "bob", identity.RoleAny), identity.ErrForbidden)
	page, err = b.For(newScope(t, "acme", "test")).Memberships.ListByTarget(ctx, identity.WorkspaceTarget("a"), "")
	require.NoError(t, err)
	require.Empty(t, page.Items)
}

// ofTenant says whether a partition key is one of the bench's tenant: of its project, of the tenant itself, or one of the
// lists that only Platform reads.
func ofTenant(key string) bool {
	return key == "T#acme#P#prod" || strings.HasPrefix(key, "T#acme#P#prod#") || key == "T#acme" || strings.HasPrefix(key, "G#TENANTS#")
}

func decoded(t testing.TB, sent request) (body any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(sent.body, &body))
	return body
}

var partitionCondition = regexp.MustCompile(`(#\w+) = (:\w+)`)

// partitionKeys are all partition keys in a request, of the table and of indexes, wherever they stand.
func partitionKeys(value any) (found []string) {
	switch v := value.(type) {
	case []any:
		for _, member := range v {
			found = append(found, partitionKeys(member)...)
		}
	case map[string]any:
		if condition, ok := v["KeyConditionExpression"].(string); ok {
			found = append(found, queriedPartition(condition, v))
		}
		for name, member := range v {
			if text, ok := member.(map[string]any); ok && strings.HasSuffix(name, "PK") {
				if key, ok := text["S"].(string); ok {
					found = append(found, key)
				}
			}
			found = append(found, partitionKeys(member)...)
		}
	}
	return found
}

// queriedPartition is the partition that a key condition names; where it can't be found, a text that is none of a scope.
func queriedPartition(condition string, query map[string]any) string {
	names, _ := query["ExpressionAttributeNames"].(map[string]any)
	values, _ := query["ExpressionAttributeValues"].(map[string]any)
	for _, pair := range partitionCondition.FindAllStringSubmatch(condition, -1) {
		name, _ := names[pair[1]].(string)
		value, _ := values[pair[2]].(map[string]any)
		if key, ok := value["S"].(string); ok && strings.HasSuffix(name, "PK") {
			return key
		}
	}
	return fmt.Sprintf("a query without a partition: %s", condition)
}
