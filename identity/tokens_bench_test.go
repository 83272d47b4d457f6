package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// tokensUser stores an active user and gives the id.
func (b *bench) tokensUser(t testing.TB, id string) string {
	t.Helper()
	require.NoError(t, b.models.in(b.scope).users.Create(t.Context(), &User{ID: id, Status: "active"}))
	return id
}

// tokensAtOnce runs a call sixteen times at once, from a barrier.
func tokensAtOnce(times int, call func(i int) error) []error {
	errs := make([]error, times)
	var ready, done sync.WaitGroup
	ready.Add(times)
	for i := range times {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			errs[i] = call(i)
		})
	}
	done.Wait()
	return errs
}

// tokensOneWinner wants one success, and of every other one of the errors.
func tokensOneWinner(t testing.TB, errs []error, others ...error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		known := false
		for _, other := range others {
			known = known || isError(err, other)
		}
		require.True(t, known, "%v", err)
	}
	require.Equal(t, 1, won)
}

// tokensRequests gives the operations of DynamoDB that were sent since.
func (b *bench) tokensRequests() func() []string {
	var mu sync.Mutex
	var sent []string
	b.faults.On("").DropBefore().When(func(r localaws.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, r.Operation)
		return false
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return sent
	}
}

// tokensStored are all items of the table as they are stored, sealed values included.
func (b *bench) tokensStored(t testing.TB) []map[string]types.AttributeValue {
	t.Helper()
	var items []map[string]types.AttributeValue
	pages := dynamodb.NewScanPaginator(b.client, &dynamodb.ScanInput{TableName: &b.table})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		items = append(items, page.Items...)
	}
	return items
}

// tokensHoldNoneOf wants that nothing that is stored has one of the secrets in it, in clear or in a common encoding.
func (b *bench) tokensHoldNoneOf(t testing.TB, secrets ...string) {
	t.Helper()
	items := b.tokensStored(t)
	require.NotEmpty(t, items)
	for i, secret := range secrets {
		require.NotEmpty(t, secret)
		require.False(t, tokensFound(items, secret), "secret %d is stored", i)
	}
}

func tokensFound(items []map[string]types.AttributeValue, secret string) bool {
	var text bytes.Buffer
	for _, item := range items {
		writeValue(&text, &types.AttributeValueMemberM{Value: item})
	}
	stored := strings.ToLower(text.String())
	for _, form := range []string{
		secret, strings.ReplaceAll(secret, "-", ""), base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret)),
	} {
		if strings.Contains(stored, strings.ToLower(form)) {
			return true
		}
	}
	return false
}

func writeValue(to *bytes.Buffer, value types.AttributeValue) {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		to.WriteString(v.Value + "\n")
	case *types.AttributeValueMemberN:
		to.WriteString(v.Value + "\n")
	case *types.AttributeValueMemberB:
		to.Write(v.Value)
		to.WriteString("\n" + hex.EncodeToString(v.Value) + "\n" + base64.RawURLEncoding.EncodeToString(v.Value) + "\n")
	case *types.AttributeValueMemberL:
		for _, member := range v.Value {
			writeValue(to, member)
		}
	case *types.AttributeValueMemberM:
		for name, member := range v.Value {
			to.WriteString(name + "\n")
			writeValue(to, member)
		}
	default:
		fmt.Fprintf(to, "%v\n", v)
	}
}

func isError(err, target error) bool { return err != nil && errors.Is(err, target) }

func TestSearchOfStoredItemsFindsAPlantedSecret(t *testing.T) {
	eachBench(t, func(t *testing.T, b *bench) {
		b.tokensUser(t, "planted-secret-user")
		require.True(t, tokensFound(b.tokensStored(t), "planted-secret"))
		require.False(t, tokensFound(b.tokensStored(t), "absent-secret"))
		credentials := b.For(b.scope).Credentials
		sealed := theorydb.NewSecret([]byte("sealed-secret"))
		require.NoError(t, credentials.Register(t.Context(), "planted-secret-user", CredentialOAuthToken, "a", sealed))
		b.tokensHoldNoneOf(t, "sealed-secret")
	})
}
