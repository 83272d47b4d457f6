package identitysuite

import (
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

// beside runs something on a bench of its own, with other options, on the engine of this one. That bench is searched for what
// it kept secret too.
func (b *bench) beside(t testing.TB, run func(b *bench), change ...func(*identity.Options)) {
	t.Helper()
	other := open(t, b.engine, change...)
	run(other)
	other.holdsNoSecret(t)
}

// storedSession is a session as it is now.
func (b *bench) storedSession(t testing.TB, session identity.Session) identity.Session {
	t.Helper()
	stored, err := b.Sessions.Get(t.Context(), session.UserID, session.ID)
	require.NoError(t, err)
	return stored
}

// family is the refresh family of a session, as it is now.
func (b *bench) family(t testing.TB, session identity.Session) identity.RefreshFamily {
	t.Helper()
	family, err := rows[identity.RefreshFamily](t, b).Get(t.Context(),
		identity.RefreshFamily{UserID: session.UserID, SessionID: session.ID}, theorydb.Consistent())
	require.NoError(t, err)
	b.keepSecret(string(family.BoundSecret.Reveal()))
	return *family
}

// familyWrites is how many writes the family of a session took since it was made, by the engine's own history where there is
// one.
func (b *bench) familyWrites(t testing.TB, session identity.Session) int64 {
	t.Helper()
	family := b.family(t, session)
	if b.embedded != nil {
		history := b.embedded.History(b.table, map[string]types.AttributeValue{
			"PK": &types.AttributeValueMemberS{Value: "T#acme#P#prod#U#" + session.UserID},
			"SK": &types.AttributeValueMemberS{Value: "RTF#" + session.ID},
		})
		require.Len(t, history, int(family.Version), "every write counts the version up")
	}
	return family.Version - 1
}

// modifyUser writes a user past the stores.
func (b *bench) modifyUser(t testing.TB, id string, change func(u *identity.User)) (*identity.User, error) {
	t.Helper()
	return rows[identity.User](t, b).Modify(t.Context(), identity.User{ID: id}, func(u *identity.User) error { change(u); return nil })
}

// refreshes is Refresh by the client that signIn signs in with, for its error.
func (b *bench) refreshes(t testing.TB, token theorydb.Secret[string]) error {
	t.Helper()
	result, err := b.RefreshTokens.Refresh(t.Context(), token, "app")
	b.handedOut(t, result.Token)
	return b.tells(err)
}

// authenticates is AuthenticateSession, for its error.
func (b *bench) authenticates(t testing.TB, token theorydb.Secret[string]) error {
	t.Helper()
	_, err := b.AuthenticateSession(t.Context(), token)
	return b.tells(err)
}

// requireStatus requires that a session was refused for a reason, by an error that tells it to the log alone.
func requireStatus(t testing.TB, err error, want identity.SessionStatus) {
	t.Helper()
	var refused *identity.SessionError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, want, refused.Status)
	require.ErrorIs(t, err, identity.ErrInvalidToken)
	require.Equal(t, identity.ErrInvalidToken, identity.Public(err))
}

// requireStrong requires of all that is read while something runs that it is read strongly, and from no index.
func (b *bench) requireStrong(t testing.TB, run func()) {
	t.Helper()
	before, read := len(b.faults.all()), 0
	run()
	for _, sent := range b.faults.all()[before:] {
		switch sent.operation {
		case "GetItem", "BatchGetItem", "Query":
			read++
			require.Contains(t, string(sent.body), `"ConsistentRead":true`, sent.operation)
			require.NotContains(t, string(sent.body), "IndexName", sent.operation)
		}
	}
	require.Positive(t, read)
}

// requireFired requires that every fault of a scenario happened.
func requireFired(t testing.TB, rules ...*localaws.Rule) {
	t.Helper()
	for i, rule := range rules {
		require.Positive(t, rule.Fired(), "rule %d", i)
	}
}

// rivalBefore has a rival act between what a verb read and its next transaction.
func (b *bench) rivalBefore(operation string, rival func()) *localaws.Rule {
	return b.faults.On(operation).Error(400, "TransactionInProgressException", "busy").Then(rival)
}

// gather holds the first n requests of an operation until all of them have come, and then has each sent again: so all that
// their callers read, they read before any of them was carried out.
func (b *bench) gather(operation string, n int) *localaws.Rule {
	var missing sync.WaitGroup
	missing.Add(n)
	return b.faults.On(operation).Error(400, "TransactionInProgressException", "busy").Times(n).Then(func() {
		missing.Done()
		missing.Wait()
	})
}

func lasting(d time.Duration) func(*identity.NewSession) {
	return func(n *identity.NewSession) { n.Absolute = d }
}
