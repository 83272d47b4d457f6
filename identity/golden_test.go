package identity

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// goldenFolder has the golden items of all runtimes.
const goldenFolder = "../contracttest/vectors/identity/"

// The golden items are what readers in other languages are tested with: an attribute that changes its
// name or form is a change of the table, not of this package.
func TestSchemaGoldenItems(t *testing.T) {
	b := openBench(t)
	at := time.Date(2026, time.November, 21, 12, 30, 15, 123456789, time.UTC)
	p := b.For(b.scope).Memberships.project
	ctx := t.Context()

	user := User{ID: "0195f0a0-0000-7000-8000-000000000001", Status: StatusActive, SessionEpoch: 3, Identifiers: []string{"email:00ff", "phone:11ee"}}
	b.clock.Set(at)
	require.NoError(t, p.users.Create(ctx, &user))
	member := p.key(OrganizationTarget("0195f0a0-0000-7000-8000-000000000002"), user.ID)
	member.Role, member.Status, member.InvitedBy = "billing", StatusActive, "0195f0a0-0000-7000-8000-000000000003"
	b.clock.Set(at)
	require.NoError(t, p.memberships.Create(ctx, &member))

	stored, err := p.users.Raw(ctx, User{ID: user.ID}, theorydb.Consistent())
	require.NoError(t, err)
	golden(t, "user", stored)
	stored, err = p.memberships.Raw(ctx, member, theorydb.Consistent())
	require.NoError(t, err)
	golden(t, "membership", stored)
}

// golden compares a stored item with the one that is checked in, but for the id of the write, which is random.
func golden(t *testing.T, name string, item theorydb.Item) {
	t.Helper()
	write, ok := item["_w"].(*types.AttributeValueMemberB)
	require.True(t, ok)
	require.Len(t, write.Value, 16)
	write.Value = make([]byte, 16)
	document, err := json.MarshalIndent(goldenMap(t, item), "", "  ")
	require.NoError(t, err)
	file := goldenFolder + name + ".json"
	if *rewriteSchema {
		require.NoError(t, os.WriteFile(file, append(document, '\n'), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), string(document)+"\n"))
}

func goldenMap(t *testing.T, item map[string]types.AttributeValue) map[string]any {
	members := map[string]any{}
	for name, value := range item {
		members[name] = goldenValue(t, value)
	}
	return members
}

// goldenValue is a value in the JSON of DynamoDB's API.
func goldenValue(t *testing.T, value types.AttributeValue) map[string]any {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": base64.StdEncoding.EncodeToString(v.Value)}
	case *types.AttributeValueMemberL:
		members := make([]any, len(v.Value))
		for i, member := range v.Value {
			members[i] = goldenValue(t, member)
		}
		return map[string]any{"L": members}
	case *types.AttributeValueMemberM:
		return map[string]any{"M": goldenMap(t, v.Value)}
	}
	require.Fail(t, "a value without a golden form", "%T", value)
	return nil
}
