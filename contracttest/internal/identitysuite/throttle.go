package identitysuite

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/identity"
	"github.com/theorydb/theorydb/localaws"
)

var throttled = []Scenario{
	{ID: "id.fault.throttle", run: throttlingIsWaitedOutAndToldWhenItLasts},
}

// attempts are how often the library sends a request that is refused, unless theorydb.Config says otherwise.
const attempts = 8

// throttling is how DynamoDB says that there is no capacity.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
var throttling = map[string]func(*localaws.Rule) *localaws.Rule{
	"ThrottlingException": func(r *localaws.Rule) *localaws.Rule {
		return r.Error(400, "ThrottlingException", "slower")
	},
	"ProvisionedThroughputExceededException": func(r *localaws.Rule) *localaws.Rule {
		return r.Error(400, "ProvisionedThroughputExceededException", "slower")
	},
}

// cancellations are how it cancels a transaction for that.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
var cancellations = map[string]func(*localaws.Rule) *localaws.Rule{
	"ThrottlingError": func(r *localaws.Rule) *localaws.Rule { return r.CancelTransaction(1, "ThrottlingError") },
	"ProvisionedThroughputExceeded": func(r *localaws.Rule) *localaws.Rule {
		return r.CancelTransaction(1, "ProvisionedThroughputExceeded")
	},
}

func throttlingIsWaitedOutAndToldWhenItLasts(t *testing.T, b *bench) {
	b.addressed(t, "u1", "bob@example.com")
	read := func(ctx context.Context, _ string) error { return errorOf(b.Users.Get(ctx, "u1")) }
	write := func(ctx context.Context, id string) error { return errorOf(b.Roles.Create(ctx, id, []string{"read"})) }
	transaction := func(ctx context.Context, id string) error {
		return errorOf(b.Users.Create(ctx, identity.User{ID: id}, b.emails(id+"@example.com")))
	}
	for _, c := range []struct {
		name, operation string
		verb            func(ctx context.Context, id string) error
		refusals        map[string]func(*localaws.Rule) *localaws.Rule
	}{
		{"read", "GetItem", read, throttling},
		{"write", "PutItem", write, throttling},
		{"transaction", "TransactWriteItems", transaction, throttling},
		{"transaction", "TransactWriteItems", transaction, cancellations},
	} {
		for how, refuse := range c.refusals {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				refuse(b.faults.On(c.operation).Always())
				b.requireThrottled(t, c.operation, func(ctx context.Context) error { return c.verb(ctx, c.name+how) })
				b.faults.mend()

				passing := refuse(b.faults.On(c.operation).Times(3))
				sent := b.faults.during(func() { require.NoError(t, c.verb(t.Context(), c.name+how)) })
				require.Equal(t, 3, passing.Fired())
				require.Equal(t, []string{c.operation, c.operation, c.operation, c.operation}, sent)
				b.faults.mend()
			})
		}
	}
}

// requireThrottled requires of a verb that is throttled without end that it gives up, after so many attempts and when its
// context ends, tells so, and changes nothing.
func (b *bench) requireThrottled(t *testing.T, operation string, verb func(context.Context) error) {
	t.Helper()
	before := b.items(t)
	sent := b.faults.during(func() {
		err := verb(t.Context())
		require.ErrorIs(t, err, theorydb.ErrThrottled)
		for _, other := range []error{theorydb.ErrConditionFailed, theorydb.ErrItemNotFound, theorydb.ErrOutcomeUnknown, identity.ErrIdentifierTaken} {
			require.NotErrorIs(t, err, other)
		}
	})
	require.Len(t, sent, attempts)

	ending, end := context.WithCancelCause(t.Context())
	b.faults.interrupt(operation, func() { end(errors.New("the deadline")) })
	sent = b.faults.during(func() {
		err := verb(ending)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, theorydb.ErrOutcomeUnknown)
	})
	require.LessOrEqual(t, len(sent), 1)
	require.ElementsMatch(t, before, b.items(t))
}
