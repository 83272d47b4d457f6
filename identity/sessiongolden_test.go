package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

var rewriteSessionGolden = flag.Bool("rewrite-session-golden", false, "rewrite the golden items of sessions from what is stored")

// goldenRandom gives bytes that count up, so that golden items are the same in every run.
type goldenRandom struct{ next byte }

func (r *goldenRandom) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.next
		r.next++
	}
	return len(p), nil
}

// The golden items are what readers in other languages are tested with. A change of one is a change of what is stored.
func TestContractSessionGolden(t *testing.T) {
	t.Run("id.sess.golden_fixture", func(t *testing.T) {
		aws := localaws.New()
		now := time.Date(2030, 3, 17, 17, 46, 40, 123456789, time.UTC)
		clock := func() time.Time { return now }
		db, err := theorydb.New(theorydb.Config{
			DynamoDB: aws.DynamoDB(), Table: "identity", Clock: clock, KMS: aws.KMS(), KeyID: aws.KMSKey("alias/identity"),
		})
		require.NoError(t, err)
		service, err := New(db, Options{
			IndexKey: bytes.Repeat([]byte{1}, keySize), OTPKey: bytes.Repeat([]byte{2}, keySize), Rand: &goldenRandom{},
			NewID: func() (string, error) { return "018f2b6e-7c1a-7d3e-9f00-0123456789ab", nil },
		})
		require.NoError(t, err)
		require.NoError(t, db.CreateTable(t.Context()))
		scope, err := NewScope("acme", "prod")
		require.NoError(t, err)
		user := User{ID: "018f2b6e-7c1a-7d3e-9f00-00000000000a", Status: "active", SessionEpoch: 3}
		require.NoError(t, service.models.in(scope).users.Create(t.Context(), &user))
		grant, err := service.For(scope).Sessions.Create(t.Context(), NewSession{
			User: user, OrgID: "org1", AAL: 2, AMR: []string{"otp", "hwk"}, IP: "2001:db8::7", UserAgent: "Example/1.0",
			Family: &NewFamily{ClientID: "app", Resource: "https://api.example", TokenScope: "read"},
		})
		require.NoError(t, err)
		seen := 0
		for _, item := range aws.Items("identity") {
			entity, _ := item["_t"].(*types.AttributeValueMemberS)
			file := map[string]string{"Session": "session.json", "RefreshFamily": "refreshfamily.json"}[entity.Value]
			if file == "" {
				continue
			}
			seen++
			checkSessionGolden(t, file, item)
		}
		require.Equal(t, 2, seen)

		// The tokens of these items, as another program made them from the same bytes.
		require.Equal(t, "sess_AQRhY21lBHByb2QkMDE4ZjJiNmUtN2MxYS03ZDNlLTlmMDAtMDAwMDAwMDAwMDBhJDAxOGYyYjZlLTdjMWEtN2QzZS05ZjAwLTAxMjM0NTY3ODlhYgABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
			grant.Token.Reveal())
		require.Equal(t, "rt_AQRhY21lBHByb2QkMDE4ZjJiNmUtN2MxYS03ZDNlLTlmMDAtMDAwMDAwMDAwMDBhJDAxOGYyYjZlLTdjMWEtN2QzZS05ZjAwLTAxMjM0NTY3ODlhYgAAAAG62DGAfjDABy0ntZQEXUZlaLkG3h0Etu14SXzv5jZ4ww",
			grant.Refresh.Reveal())
	})
}

// checkSessionGolden compares a stored item with its file. What is random whatever the clock and the ids are is compared by
// its form: the write id, and the members of a sealed value.
func checkSessionGolden(t *testing.T, file string, item map[string]types.AttributeValue) {
	t.Helper()
	shown := map[string]any{}
	for name, value := range item {
		shown[name] = sessGoldenValue(t, value, name == "_w")
	}
	text, err := json.MarshalIndent(shown, "", "  ")
	require.NoError(t, err)
	text = append(text, '\n')
	path := filepath.Join("testdata", "golden", file)
	if *rewriteSessionGolden {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, text, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(text))
}

// sessGoldenValue is a value in DynamoDB's JSON. random says that its bytes are not the same in every run.
func sessGoldenValue(t *testing.T, value types.AttributeValue, random bool) any {
	t.Helper()
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberSS:
		return map[string]any{"SS": v.Value}
	case *types.AttributeValueMemberB:
		if random {
			return map[string]any{"B": fmt.Sprintf("(%d bytes)", len(v.Value))}
		}
		return map[string]any{"B": base64.StdEncoding.EncodeToString(v.Value)}
	case *types.AttributeValueMemberM:
		members := map[string]any{}
		for name, member := range v.Value {
			members[name] = sessGoldenValue(t, member, true)
		}
		return map[string]any{"M": members}
	}
	require.Fail(t, "a type that no session has")
	return nil
}
