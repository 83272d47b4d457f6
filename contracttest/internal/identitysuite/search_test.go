package identitysuite

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/internal/keys"
	"github.com/theorydb/theorydb/localaws"
)

func embeddedEngine() Engine {
	clock := localaws.NewClock(time.Unix(2_000_000_000, 0))
	engine := localaws.New(localaws.WithClock(clock))
	return Engine{Client: engine.DynamoDB(), KMS: engine, Clock: clock}
}

// The control of the search that ends every scenario: it finds what is planted, in every place and every form.
func TestSearchFindsASecretThatWasPlanted(t *testing.T) {
	const secret = "bob+planted@example.com"
	for place, plant := range map[string]func(t *testing.T, b *bench){
		"attribute deep": func(t *testing.T, b *bench) {
			put(t, b, "deep", &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberM{
				Value: map[string]types.AttributeValue{"b": &types.AttributeValueMemberB{Value: []byte("..BOB+planted@example.com..")}},
			}}})
		},
		"attribute set": func(t *testing.T, b *bench) {
			put(t, b, "set", &types.AttributeValueMemberSS{Value: []string{"a", base64.StdEncoding.EncodeToString([]byte(secret))}})
		},
		"attribute named": func(t *testing.T, b *bench) {
			put(t, b, "named", &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{secret: &types.AttributeValueMemberNULL{Value: true}}})
		},
		"the name of an attribute": func(t *testing.T, b *bench) { put(t, b, secret, &types.AttributeValueMemberN{Value: "1"}) },
		"GetItem to DynamoDB": func(t *testing.T, b *bench) {
			_, err := b.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &b.table, Key: map[string]types.AttributeValue{
				"PK": &types.AttributeValueMemberS{Value: "#" + secret}, "SK": &types.AttributeValueMemberS{Value: "x"},
			}})
			require.NoError(t, err)
		},
		"what was told": func(t *testing.T, b *bench) { b.notice(t.Context(), identity.Notice{ID: secret}) },
	} {
		b := open(t, embeddedEngine())
		b.user(t, "u1")
		require.Empty(t, b.holding(t, b.secrets...))
		plant(t, b)
		require.Equal(t, []string{place}, b.holding(t, "another-secret", secret))
	}
}

// Bytes beside a secret must not hide it, and a secret of bytes is no UTF-8.
func TestSearchFindsASecretWhateverIsBesideIt(t *testing.T) {
	some := rapid.SampledFrom([]byte("Kk% \xc3\xa4\xe2\x84\xaa\xff")) // beginnings and rests of letters, which only together are one
	beside := rapid.SliceOfN(some, 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(some, 9, 40).Draw(t, "secret")
		text := slices.Concat(beside.Draw(t, "before"), secret, beside.Draw(t, "behind"))
		forms := newNeedles()
		for _, form := range formsOf(string(secret)) {
			forms.add(form)
		}
		for name, stored := range map[string]string{
			"raw": string(text), "component": keys.EncodeText(string(text)), "hex": hex.EncodeToString(text), "HEX": fmt.Sprintf("%X", text),
			"base64": base64.StdEncoding.EncodeToString(text), "base64url": base64.RawURLEncoding.EncodeToString(text),
		} {
			require.True(t, forms.in(lowerASCII([]byte(stored))), name)
		}
	})
}

func TestSearchFindsASecretInAnError(t *testing.T) {
	b := open(t, embeddedEngine())
	refused := fmt.Errorf("read: %w", errors.New("no such user: bob@example.com"))
	require.Equal(t, refused, b.tells(refused))
	require.Equal(t, []string{"what was told"}, b.holding(t, "bob@example.com"))
}

func TestSearchFindsAKeyThatKMSGaveInClear(t *testing.T) {
	b := open(t, embeddedEngine())
	b.addressed(t, "u1", "bob@example.com")
	opened := b.kmsFaults.opened()
	require.NotEmpty(t, opened)
	b.holdsNoSecret(t)
	put(t, b, "raw", &types.AttributeValueMemberB{Value: []byte(opened[0])})
	require.Equal(t, []string{"attribute raw"}, b.holding(t, opened...))
}

func TestSearchFindsTheLast32BytesOfATokenThatWasHandedOut(t *testing.T) {
	b := open(t, embeddedEngine())
	token := []byte("\x01some ids, and then a secret: 0123456789abcdef0123456789abcdef")
	b.handedOut(t, theorydb.NewSecret("rt_"+base64.RawURLEncoding.EncodeToString(token)))
	b.holdsNoSecret(t)
	put(t, b, "raw", &types.AttributeValueMemberB{Value: token[len(token)-32:]})
	require.Equal(t, []string{"attribute raw"}, b.holding(t, b.secrets...))
}

// put stores an item past the client whose requests the search reads too.
func put(t *testing.T, b *bench, name string, value types.AttributeValue) {
	t.Helper()
	_, err := b.engine.Client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: "T#acme"}, "SK": &types.AttributeValueMemberS{Value: "PLANTED"}, name: value,
	}})
	require.NoError(t, err)
}
