package identity

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

// tokensUser stores an active user and gives the id.
func (b *bench) tokensUser(t testing.TB, id string) string {
	t.Helper()
	require.NoError(t, b.models.in(b.scope).users.Create(t.Context(), &User{ID: id, Status: "active"}))
	return id
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
