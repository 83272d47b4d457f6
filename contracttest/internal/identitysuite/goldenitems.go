package identitysuite

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/contracttest/vectors"
	"github.com/theorydb/theorydb/identity"
)

// The tokens of the golden items of a session, as another program made them from the same bytes.
const (
	goldenSessionToken = "sess_AQRhY21lBHByb2QkMDE4ZjJiNmUtN2MxYS03ZDNlLTlmMDAtMDAwMDAwMDAwMDBhJDAxOGYyYjZlLTdjMWEtN2QzZS05ZjAwLTAxMjM0NTY3ODlhYgABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
	goldenRefreshToken = "rt_AQRhY21lBHByb2QkMDE4ZjJiNmUtN2MxYS03ZDNlLTlmMDAtMDAwMDAwMDAwMDBhJDAxOGYyYjZlLTdjMWEtN2QzZS05ZjAwLTAxMjM0NTY3ODlhYgAAAAG62DGAfjDABy0ntZQEXUZlaLkG3h0Etu14SXzv5jZ4ww"
)

// countedBytes count up, so that golden items are the same in every run.
type countedBytes struct{ next byte }

func (r *countedBytes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.next
		r.next++
	}
	return len(p), nil
}

func countedRandom(o *identity.Options) {
	o.Rand = &countedBytes{}
	o.NewID = func() (string, error) { return "018f2b6e-7c1a-7d3e-9f00-0123456789ab", nil }
}

func sessionsAreStoredAsInTheGoldenItems(t *testing.T, b *bench) {
	at := time.Date(2033, 6, 17, 17, 46, 40, 123456789, time.UTC)
	b.Service, b.db = b.serve(t, func(c *theorydb.Config) { c.Clock = func() time.Time { return at } }, nil)
	b.Stores = b.For(b.scope)
	user := identity.User{ID: "018f2b6e-7c1a-7d3e-9f00-00000000000a", Status: "active", SessionEpoch: 3}
	require.NoError(t, rows[identity.User](t, b).Create(t.Context(), &user))
	grant := b.signIn(t, user, func(n *identity.NewSession) {
		n.OrgID, n.AAL, n.AMR, n.IP, n.UserAgent = "org1", 2, []string{"otp", "hwk"}, "2001:db8::7", "Example/1.0"
		n.Family = &identity.NewFamily{ClientID: "app", Resource: "https://api.example", TokenScope: "read"}
	})
	for entity, file := range map[string]string{"Session": "session.json", "RefreshFamily": "refreshfamily.json"} {
		items := b.itemsOf(t, entity)
		require.Len(t, items, 1)
		requireGolden(t, file, items[0])
	}
	require.Equal(t, goldenSessionToken, grant.Token.Reveal())
	require.Equal(t, goldenRefreshToken, grant.Refresh.Reveal())
}

// requireGolden compares a stored item with its file. What is random whatever the clock and the ids are is compared by its
// form: the write id, and the members of a sealed value.
func requireGolden(t testing.TB, file string, item map[string]types.AttributeValue) {
	t.Helper()
	shown := map[string]any{}
	for name, value := range item {
		shown[name] = goldenValue(t, value, name == "_w")
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(shown))
	want, err := vectors.Files.ReadFile("identity/" + file)
	require.NoError(t, err)
	require.Equal(t, string(want), text.String())
}

// goldenValue is a value in DynamoDB's JSON. random says that its bytes are not the same in every run.
func goldenValue(t testing.TB, value types.AttributeValue, random bool) any {
	t.Helper()
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberSS: // a set comes in any order
		return map[string]any{"SS": slices.Sorted(slices.Values(v.Value))}
	case *types.AttributeValueMemberB:
		if random {
			return map[string]any{"B": base64.StdEncoding.EncodeToString(make([]byte, len(v.Value)))}
		}
		return map[string]any{"B": base64.StdEncoding.EncodeToString(v.Value)}
	case *types.AttributeValueMemberM:
		members := map[string]any{}
		for name, member := range v.Value {
			members[name] = goldenValue(t, member, true)
		}
		return map[string]any{"M": members}
	}
	require.Fail(t, "a value without a golden form", "%T", value)
	return nil
}
