package identity

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
)

// items are all stored items of a bench's table, by a request that nothing of the package makes.
func (b *bench) items(t testing.TB) []map[string]types.AttributeValue {
	var all []map[string]types.AttributeValue
	pages := dynamodb.NewScanPaginator(b.client, &dynamodb.ScanInput{TableName: &b.table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		all = append(all, page.Items...)
	}
	return all
}

// countOf counts the stored items of an entity.
func (b *bench) countOf(t testing.TB, entity string) int {
	n := 0
	for _, item := range b.items(t) {
		if name, ok := item["_t"].(*types.AttributeValueMemberS); ok && name.Value == entity {
			n++
		}
	}
	return n
}

// holding gives the places in which stored items hold one of some texts, in clear or in base64.
func (b *bench) holding(t testing.TB, secrets ...string) []string {
	var found []string
	for _, item := range b.items(t) {
		for _, name := range slices.Sorted(maps.Keys(item)) {
			for _, text := range textsOf(item[name]) {
				for n, secret := range secrets {
					for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
						if bytes.Contains(text, []byte(form)) {
							found = append(found, fmt.Sprintf("secret %d in %s", n, name))
						}
					}
				}
			}
		}
	}
	return found
}

// holdsNoneOf demands that no stored item holds one of some texts.
func (b *bench) holdsNoneOf(t testing.TB, secrets ...string) {
	require.Empty(t, b.holding(t, secrets...))
}

func textsOf(value types.AttributeValue) [][]byte {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return [][]byte{[]byte(v.Value)}
	case *types.AttributeValueMemberN:
		return [][]byte{[]byte(v.Value)}
	case *types.AttributeValueMemberB:
		return [][]byte{v.Value}
	case *types.AttributeValueMemberSS:
		return [][]byte{fmt.Append(nil, v.Value)}
	case *types.AttributeValueMemberBS:
		return v.Value
	case *types.AttributeValueMemberL:
		var all [][]byte
		for _, member := range v.Value {
			all = append(all, textsOf(member)...)
		}
		return all
	case *types.AttributeValueMemberM:
		var all [][]byte
		for name, member := range v.Value {
			all = append(append(all, []byte(name)), textsOf(member)...)
		}
		return all
	}
	return nil
}

func TestPlantedSecretsAreFoundInStoredItems(t *testing.T) {
	b := openBench(t)
	_, err := b.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: "T#acme"}, "SK": &types.AttributeValueMemberS{Value: "PLANTED"},
		"deep": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"b": &types.AttributeValueMemberB{Value: []byte("..bob@example.com..")}}},
	}})
	require.NoError(t, err)
	require.Equal(t, []string{"secret 1 in deep"}, b.holding(t, "carol@example.com", "bob@example.com"))
}
