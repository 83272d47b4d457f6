package identity

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/localaws"
)

// spent is what verbs sent: requests to DynamoDB, their capacity units by operation, and requests to KMS.
type spent struct {
	requests int
	units    map[string]float64
	kms      []string
}

// cost is what something sends to the engine.
func (b *sessBench) cost(do func()) spent {
	b.aws.ResetCalls()
	do()
	s := spent{units: map[string]float64{}}
	for _, call := range b.aws.Calls() {
		s.requests++
		s.units[call.Operation] += call.ConsumedCapacity
	}
	for _, call := range b.aws.KMSCalls() {
		s.kms = append(s.kms, call.Operation)
	}
	return s
}

func TestContractSessionCost(t *testing.T) {
	t.Run("id.perf.budget", func(t *testing.T) {
		b := openSessBench(t)
		user := User{ID: "018f2b6e-7c1a-7d3e-9f00-0123456789ab", Status: "active"}
		require.NoError(t, b.raw.users.Create(t.Context(), &user))
		b.signIn(t, user) // the key's ARN is pinned once

		var bare, whole *SessionGrant
		require.Equal(t, spent{1, map[string]float64{"TransactWriteItems": 4}, nil}, b.cost(func() { bare = b.signIn(t, user, sessPlain) }))
		require.Equal(t, spent{1, map[string]float64{"TransactWriteItems": 6}, []string{"GenerateDataKey"}}, b.cost(func() { whole = b.signIn(t, user) }))
		for _, grant := range []*SessionGrant{bare, whole} {
			require.Equal(t, spent{1, map[string]float64{"BatchGetItem": 2}, nil}, b.cost(func() {
				_, err := b.AuthenticateSession(t.Context(), grant.Token)
				require.NoError(t, err)
			}))
		}
		var refreshed RefreshResult
		require.Equal(t, spent{2, map[string]float64{"BatchGetItem": 3, "TransactWriteItems": 6}, []string{"Decrypt"}},
			b.cost(func() { refreshed = b.refresh(t, whole.Refresh) }))
		require.Equal(t, spent{1, map[string]float64{"BatchGetItem": 3}, []string{"Decrypt"}}, b.cost(func() { b.refresh(t, whole.Refresh) }))
		touch := func() {
			_, err := b.Sessions.Touch(t.Context(), refreshed.Session)
			require.NoError(t, err)
		}
		require.Equal(t, spent{0, map[string]float64{}, nil}, b.cost(touch))
		b.clock.Advance(time.Minute)
		require.Equal(t, spent{1, map[string]float64{"UpdateItem": 1}, nil}, b.cost(touch))
		require.Equal(t, spent{1, map[string]float64{"UpdateItem": 1}, nil}, b.cost(func() {
			require.NoError(t, b.Sessions.Revoke(t.Context(), user.ID, bare.Session.ID, "test"))
		}))
	})
	t.Run("id.perf.requests", func(t *testing.T) {
		eachSessBench(t, func(t *testing.T, b *sessBench) {
			var sent []string
			b.faults.On("").When(func(r localaws.Request) bool { sent = append(sent, r.Operation); return false }).DropBefore() // it only looks
			grant := b.signIn(t, b.user(t, "u1"))
			for _, c := range []struct {
				want []string
				do   func() error
			}{
				{[]string{"BatchGetItem"}, func() error { _, err := b.AuthenticateSession(t.Context(), grant.Token); return err }},
				{[]string{"BatchGetItem", "TransactWriteItems"}, func() error { _, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app"); return err }},
				{[]string{"BatchGetItem"}, func() error { _, err := b.RefreshTokens.Refresh(t.Context(), grant.Refresh, "app"); return err }},
				{nil, func() error { _, err := b.Sessions.Touch(t.Context(), grant.Session); return err }},
				{[]string{"GetItem"}, func() error { _, err := b.Sessions.Get(t.Context(), "u1", grant.Session.ID); return err }},
				{[]string{"Query"}, func() error { _, err := b.Sessions.ListByUser(t.Context(), "u1"); return err }},
				{[]string{"UpdateItem"}, func() error { return b.Sessions.Revoke(t.Context(), "u1", grant.Session.ID, "x") }},
				{[]string{"GetItem", "TransactWriteItems", "Query"}, func() error { _, err := b.Sessions.RevokeAll(t.Context(), "u1", "x"); return err }},
			} {
				sent = nil
				require.NoError(t, c.do())
				require.Equal(t, c.want, sent)
			}
		})
	})
}
