package identity

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
)

// racers is how many goroutines a race of the contract has.
const racers = 16

// usersTogether runs racers calls from a barrier and gives their errors.
func usersTogether(call func(n int) error) []error {
	begin, all := make(chan struct{}), make([]error, racers)
	var group sync.WaitGroup
	for n := range racers {
		group.Go(func() {
			<-begin
			all[n] = call(n)
		})
	}
	close(begin)
	group.Wait()
	return all
}

// requireOneWinner demands one nil, and of the others one error.
func requireOneWinner(t *testing.T, all []error, lost error) {
	winners := 0
	for _, err := range all {
		if err == nil {
			winners++
			continue
		}
		require.ErrorIs(t, err, lost)
	}
	require.Equal(t, 1, winners)
}

// usersService is another service on the table of a bench, with its Config changed.
func usersService(t testing.TB, b *bench, change func(*theorydb.Config)) *Service {
	config := theorydb.Config{
		DynamoDB: b.client, Table: b.table, LogicalTable: "identity", Clock: b.clock.Now, KMS: b.aws.KMS(), KeyID: "alias/identity",
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	change(&config)
	db, err := theorydb.New(config)
	require.NoError(t, err)
	service, err := New(db, Options{IndexKey: bytes.Repeat([]byte{1}, keySize), OTPKey: bytes.Repeat([]byte{2}, keySize)})
	require.NoError(t, err)
	return service
}

// usersItems are all stored items of a bench's table, by a request that nothing of the package makes.
func usersItems(t testing.TB, b *bench) []map[string]types.AttributeValue {
	var all []map[string]types.AttributeValue
	pages := dynamodb.NewScanPaginator(b.client, &dynamodb.ScanInput{TableName: &b.table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		all = append(all, page.Items...)
	}
	return all
}

// usersOf counts the stored items of an entity.
func usersOf(t testing.TB, b *bench, entity string) int {
	n := 0
	for _, item := range usersItems(t, b) {
		if name, ok := item["_t"].(*types.AttributeValueMemberS); ok && name.Value == entity {
			n++
		}
	}
	return n
}

// usersFound gives the places in which stored items hold one of some texts, in clear or in base64.
func usersFound(t testing.TB, b *bench, secrets ...string) []string {
	var found []string
	for _, item := range usersItems(t, b) {
		for _, name := range slices.Sorted(maps.Keys(item)) {
			for _, text := range usersTexts(item[name]) {
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

// usersHoldNoneOf demands that no stored item holds one of some texts.
func usersHoldNoneOf(t testing.TB, b *bench, secrets ...string) {
	require.Empty(t, usersFound(t, b, secrets...))
}

func usersTexts(value types.AttributeValue) [][]byte {
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
			all = append(all, usersTexts(member)...)
		}
		return all
	case *types.AttributeValueMemberM:
		var all [][]byte
		for name, member := range v.Value {
			all = append(append(all, []byte(name)), usersTexts(member)...)
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
	require.Equal(t, []string{"secret 1 in deep"}, usersFound(t, b, "carol@example.com", "bob@example.com"))
}

// email is a NewUser with one address.
func email(addresses ...string) NewUser {
	var details NewUser
	for _, address := range addresses {
		details.Identifiers = append(details.Identifiers, NewIdentifier{Kind: KindEmail, Value: address})
	}
	return details
}

// newUser makes a user with addresses.
func newUser(t testing.TB, s *Stores, id string, addresses ...string) User {
	user, err := s.Users.Create(t.Context(), User{ID: id}, email(addresses...))
	require.NoError(t, err)
	return user
}
