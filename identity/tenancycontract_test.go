package identity

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

func TestContractTenancy(t *testing.T) {
	t.Run("id.scope.keys_prefix", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			recorder := orgsRecord(b)
			orgsEverything(t, b)
			seen := 0
			for _, request := range recorder.requests {
				for _, key := range partitionKeys(request.body) {
					seen++
					require.True(t, ofTenant(key), "%s names the partition %s", request.operation, key)
				}
			}
			require.Greater(t, seen, 200)
		})
	})
	t.Run("id.scope.no_scan", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			recorder := orgsRecord(b)
			orgsEverything(t, b)
			require.NotEmpty(t, recorder.requests)
			for _, request := range recorder.requests {
				require.NotEqual(t, "Scan", request.operation)
			}
			require.Empty(t, scansIn(t, "."))
		})
	})
	t.Run("id.ws.partition", func(t *testing.T) {
		eachBench(t, func(t *testing.T, b *bench) {
			ctx, stores := t.Context(), orgsIn(t, b, "bob")
			for slug, owner := range map[string]string{"a": "ann", "a-b": "bob", "b": "bob"} {
				_, err := stores.Workspaces.Create(ctx, NewWorkspace{Slug: slug, Name: slug, OwnerID: owner})
				require.NoError(t, err)
			}
			_, err := stores.Organizations.Create(ctx, NewOrganization{ID: "a", Slug: "a", Name: "an organization of the same id", OwnerID: "bob"})
			require.NoError(t, err)
			page, err := stores.Memberships.ListByTarget(ctx, WorkspaceTarget("a"), "")
			require.NoError(t, err)
			require.Len(t, page.Items, 1)
			require.Equal(t, "ann", page.Items[0].UserID)
			require.ErrorIs(t, stores.Memberships.Require(ctx, WorkspaceTarget("a"), "bob", RoleAny), ErrForbidden)
			other, err := NewScope("acme", "test")
			require.NoError(t, err)
			page, err = b.For(other).Memberships.ListByTarget(ctx, WorkspaceTarget("a"), "")
			require.NoError(t, err)
			require.Empty(t, page.Items)
		})
	})
	t.Run("id.enc.other_region_no_key", func(t *testing.T) {
		b := openBench(t)
		b.aws.KMSKey("alias/acme")
		east, keys := b.aws.KMSKeyARN("alias/acme"), NewProjectKeys("")
		home := keyedOn(t, b, keys, theorydb.Config{KMS: b.aws.KMS()})
		tenants := home.Platform("test")
		_, _, err := tenants.CreateTenant(t.Context(), NewTenant{ID: "acme", Name: "Acme", Project: NewProject{ID: "prod", Name: "Production", KEKRef: east}})
		require.NoError(t, err)
		require.NoError(t, home.For(b.scope).Profiles.profiles.Create(t.Context(), &Profile{UserID: "ann", Name: theorydb.NewSecret("Ann Example")}))

		away := keyedOn(t, b, NewProjectKeys(""), theorydb.Config{KMS: b.aws.KMSIn("eu-west-1")})
		stores := away.For(b.scope)
		found, err := stores.Profiles.profiles.Get(t.Context(), Profile{UserID: "ann"}, theorydb.Consistent())
		require.ErrorIs(t, err, theorydb.ErrEncryption)
		require.Nil(t, found)
		require.ErrorIs(t, stores.Profiles.profiles.Create(t.Context(), &Profile{UserID: "bob", Name: theorydb.NewSecret("Bob Example")}), theorydb.ErrEncryption)
		orgsUser(t, stores.Users.project, "ann", statusActive)
		_, err = stores.Organizations.Create(t.Context(), NewOrganization{ID: "o", Slug: "ours", Name: "Ours", OwnerID: "ann"})
		require.NoError(t, err, "what is not sealed works without the key")
		require.NoError(t, stores.Memberships.Require(t.Context(), OrganizationTarget("o"), "ann", RoleOwner))
		require.False(t, orgsFinds(t, b, "Ann Example"))
	})
}

// keyedOn is a service on the table of a bench, with keys per project.
func keyedOn(t testing.TB, b *bench, keys *ProjectKeys, config theorydb.Config) *Service {
	config.DynamoDB, config.Table, config.LogicalTable, config.Clock, config.Keys = b.client, b.table, "identity", b.clock.Now, keys
	db, err := theorydb.New(config)
	require.NoError(t, err)
	options := b.options
	options.ProjectKeys = keys
	service, err := New(db, options)
	require.NoError(t, err)
	return service
}

// ofTenant says whether a partition key is one of the bench's tenant: of its project, of the tenant itself, or one of the
// lists that only Platform reads.
func ofTenant(key string) bool {
	return strings.HasPrefix(key, "T#acme#P#prod") || key == "T#acme" || strings.HasPrefix(key, "G#TENANTS#")
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
			names, values := v["ExpressionAttributeNames"].(map[string]any), v["ExpressionAttributeValues"].(map[string]any)
			for _, pair := range partitionCondition.FindAllStringSubmatch(condition, -1) {
				if name := names[pair[1]].(string); strings.HasSuffix(name, "PK") {
					found = append(found, values[pair[2]].(map[string]any)["S"].(string))
				}
			}
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

func TestPartitionKeysAreFoundWhereverTheyStand(t *testing.T) {
	text := func(s string) map[string]any { return map[string]any{"S": s} }
	require.ElementsMatch(t, []string{"a", "b", "c"}, partitionKeys(map[string]any{
		"TransactItems":          []any{map[string]any{"Put": map[string]any{"Item": map[string]any{"PK": text("a"), "GSI1PK": text("b"), "SK": text("x")}}}},
		"KeyConditionExpression": "#a = :a AND begins_with(#b, :b)", "ExpressionAttributeNames": map[string]any{"#a": "GSI1PK", "#b": "GSI1SK"},
		"ExpressionAttributeValues": map[string]any{":a": text("c"), ":b": text("y")},
	}))
}

// scansIn are the places in a package that scan a table. Tests may.
func scansIn(t testing.TB, folder string) (places []string) {
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, folder+"/"+entry.Name(), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			if selected, ok := node.(*ast.SelectorExpr); ok && strings.HasPrefix(selected.Sel.Name, "Scan") {
				places = append(places, files.Position(node.Pos()).String())
			}
			return true
		})
	}
	return places
}

func TestScansAreFoundInSource(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(folder+"/a.go", []byte("package a\nfunc f() { users.Scan(nil) }\n"), 0o600))
	require.Len(t, scansIn(t, folder), 1)
}
