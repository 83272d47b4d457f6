package identitysuite

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
)

var cancelled = []Scenario{
	{ID: "id.fault.ctx_cancelled", run: nothingIsSentOnceAContextEnded},
}

func nothingIsSentOnceAContextEnded(t *testing.T, b *bench) {
	t.Run("before", func(t *testing.T) { noVerbSendsAnythingWhenItsContextHasEnded(t, b) })
	t.Run("on the way", func(t *testing.T) {
		b.beside(t, func(b *bench) { noVerbGoesOnWhenItsContextEnds(t, b) })
	})
}

// noVerbSendsAnythingWhenItsContextHasEnded calls every verb of every store with all that a filled project has.
func noVerbSendsAnythingWhenItsContextHasEnded(t *testing.T, b *bench) {
	service, db := b.serve(t, nil, constantIDs)
	pool := b.fill(t, service, b.scope)
	before := b.items(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ended := 0
	requireUnsent(t, b, func() {
		for _, verb := range verbsOf(service.For(b.scope)) {
			arguments, err := pool.arguments(ctx, verb)
			require.NoError(t, err)
			for values := range arguments {
				o := call(ctx, db, verb, values)
				if o.err == nil { // where there is nothing to be sent
					require.True(t, sendsNothing(verb), verb.name)
				}
				if isOneOf(o.err, []error{context.Canceled}) {
					ended++
				}
			}
		}
	})
	require.Greater(t, ended, 100, "others were refused for what they were given")
	require.Equal(t, before, b.items(t))
}

// sendsNothing says whether a verb takes no context.
func sendsNothing(verb storeVerb) bool {
	method := verb.method.Type()
	return method.NumIn() == 0 || !method.In(0).Implements(reflect.TypeFor[context.Context]())
}

// noVerbGoesOnWhenItsContextEnds ends the context of verbs that take several requests at each of them.
func noVerbGoesOnWhenItsContextEnds(t *testing.T, b *bench) {
	b.founded(t, "bob")
	b.join(t, ourOrganization, "bob", identity.RoleOwner)
	user, err := b.Users.Get(t.Context(), "bob")
	require.NoError(t, err)
	grant := b.signIn(t, user)
	b.clock.Advance(time.Hour)
	for _, verb := range []struct {
		name string
		call func(context.Context) error
	}{
		{"RefreshTokens.Refresh", func(ctx context.Context) error {
			result, err := b.RefreshTokens.Refresh(ctx, grant.Refresh, "app")
			b.handedOut(t, result.Token)
			return err
		}},
		{"Sessions.RevokeOthers", func(ctx context.Context) error {
			return errorOf(b.Sessions.RevokeOthers(ctx, "bob", grant.Session.ID, "test"))
		}},
		{"Sessions.RevokeAll", func(ctx context.Context) error { return errorOf(b.Sessions.RevokeAll(ctx, "bob", "test")) }},
		{"Audit.Append", func(ctx context.Context) error {
			return errorOf(b.Audit.Append(ctx, eventOf(identity.EventAuthFailed, "e")))
		}},
		{"SigningKeys.Rotate", func(ctx context.Context) error {
			return errorOf(b.SigningKeys.Rotate(ctx, identity.Rotation{}))
		}},
		{"Memberships.SetRole", func(ctx context.Context) error {
			return errorOf(b.Memberships.SetRole(ctx, ourOrganization, "bob", identity.RoleMember))
		}},
		{"Users.Erase", func(ctx context.Context) error {
			for cursor, done := "", false; !done; {
				var err error
				if cursor, done, err = b.Users.Erase(ctx, "bob", cursor); err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		n := 1
		for ; ; n++ {
			ctx, end := context.WithCancel(t.Context())
			b.faults.On("").Nth(n).DropBefore().Then(end)
			var err error
			sent := b.faults.during(func() { err = verb.call(ctx) })
			b.faults.mend()
			end()
			if err == nil {
				break
			}
			require.Len(t, sent, n, "%s went on: %v", verb.name, sent)
			require.True(t, isOneOf(err, []error{context.Canceled, theorydb.ErrOutcomeUnknown}), "%s: %v", verb.name, err)
		}
		require.Greater(t, n, 2, "%s takes several requests", verb.name)
	}
	keepPrivateKeysSecret(t, b)
}
