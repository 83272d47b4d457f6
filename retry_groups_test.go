package theorydb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

var (
	conflict     attempt = func(r *localaws.Rule) *localaws.Rule { return r.CancelTransaction(0, "TransactionConflict") }
	overloaded   attempt = func(r *localaws.Rule) *localaws.Rule { return r.CancelTransaction(0, "ThrottlingError") }
	noThroughput attempt = func(r *localaws.Rule) *localaws.Rule {
		return r.CancelTransaction(0, "ProvisionedThroughputExceeded")
	}
	thrownBack attempt = func(r *localaws.Rule) *localaws.Rule { return r.ThrowBack(func(int) bool { return true }) }
)

// meets makes the next attempts of an operation meet these fates, one each.
func (e *engine) meets(operation string, attempts ...attempt) {
	e.faults = &localaws.Faults{Next: e.aws}
	for _, a := range attempts {
		a(e.faults.On(operation))
	}
}

// groupVerb is a verb of several operations, sent in one request.
type groupVerb struct {
	operation string
	call      func(ctx context.Context, b *bank, id string) error
	writes    bool
}

var groupVerbs = map[string]groupVerb{
	"BatchWrite": {"BatchWriteItem", func(ctx context.Context, b *bank, id string) error {
		return b.db.BatchWrite(ctx, b.accounts.PutOp(&account{ID: id}, theorydb.Unchecked()))
	}, true},
	"Transact": {"TransactWriteItems", func(ctx context.Context, b *bank, id string) error {
		return b.db.Transact(ctx, b.accounts.CreateOp(&account{ID: id}))
	}, true},
	"BatchGet": {"BatchGetItem", func(ctx context.Context, b *bank, id string) error {
		_, err := b.accounts.BatchGet(ctx, []account{{ID: id}})
		return err
	}, false},
	"TransactGet": {"TransactGetItems", func(ctx context.Context, b *bank, id string) error {
		return b.db.TransactGet(ctx, b.accounts.GetOp(account{ID: id}))
	}, false},
}

func TestFatesOfTheAttemptsOfABatchAndOfATransaction(t *testing.T) {
	throttle, unknown := []error{theorydb.ErrThrottled}, []error{theorydb.ErrOutcomeUnknown}
	canceled := []error{theorydb.ErrThrottled, theorydb.ErrTransactionCanceled}
	none := []error{}
	for name, c := range map[string]struct {
		attempts []attempt
		verbs    string  // that meet them; empty for all
		want     []error // what a write's error matches; nil: success
		read     []error // what a read's error matches
		sent     int
		stored   bool
	}{
		"throttled":                {attempts: []attempt{throttled}, sent: 2, stored: true},
		"no capacity":              {attempts: []attempt{noCapacity, noCapacity}, sent: 3, stored: true},
		"over the account's limit": {attempts: []attempt{overLimit}, sent: 2, stored: true},
		"failed":                   {attempts: []attempt{failed}, sent: 2, stored: true},
		"unavailable":              {attempts: []attempt{unavailable, failed}, sent: 3, stored: true},
		"dropped":                  {attempts: []attempt{dropped}, sent: 2, stored: true},
		"committed":                {attempts: []attempt{committed}, sent: 2, stored: true},
		"cut":                      {attempts: []attempt{cut, cut}, sent: 3, stored: true},
		"clock skew once":          {attempts: []attempt{skewed}, sent: 2, stored: true},
		"clock skew twice":         {attempts: []attempt{skewed, skewed}, want: none, read: none, sent: 2},
		"throttled to the end":     {attempts: []attempt{throttled, throttled, throttled}, want: throttle, read: throttle, sent: 3},
		"failed to the end":        {attempts: []attempt{failed, failed, failed}, want: unknown, read: none, sent: 3},
		"invalid":                  {attempts: []attempt{invalid}, want: none, read: none, sent: 1},
		"denied":                   {attempts: []attempt{denied}, want: none, read: none, sent: 1},
		"no table":                 {attempts: []attempt{noTable}, want: []error{theorydb.ErrTableNotFound}, read: []error{theorydb.ErrTableNotFound}, sent: 1},

		"committed, and every answer lost": {attempts: []attempt{committed, cut, committed}, want: unknown, read: none, sent: 3, stored: true},
		"denied after a lost answer":       {attempts: []attempt{committed, denied}, want: unknown, read: none, sent: 2, stored: true},
		"denied after a lost request":      {attempts: []attempt{dropped, denied}, want: unknown, read: none, sent: 2},
		"throttled after a lost request":   {attempts: []attempt{dropped, throttled, throttled}, want: unknown, read: throttle, sent: 3},

		"thrown back":            {attempts: []attempt{thrownBack, thrownBack}, verbs: "Batch", sent: 3, stored: true},
		"thrown back to the end": {attempts: []attempt{thrownBack, thrownBack, thrownBack}, verbs: "Batch", want: throttle, read: throttle, sent: 3},
		"thrown back after a lost request": {
			attempts: []attempt{dropped, thrownBack, thrownBack, thrownBack}, verbs: "Batch", want: unknown, read: throttle, sent: 4,
		},

		"in conflict":            {attempts: []attempt{conflict}, verbs: "Transact", sent: 2, stored: true},
		"over its throughput":    {attempts: []attempt{noThroughput, overloaded}, verbs: "Transact", sent: 3, stored: true},
		"in conflict to the end": {attempts: []attempt{conflict, conflict, conflict}, verbs: "Transact", want: canceled, read: canceled, sent: 3},
		"in conflict after a lost request": {
			attempts: []attempt{dropped, conflict, conflict}, verbs: "Transact", want: unknown, read: canceled, sent: 3,
		},
		"in progress": {attempts: []attempt{answers(400, "TransactionInProgressException")}, verbs: "Transact", sent: 2, stored: true},
	} {
		for verb, group := range groupVerbs {
			if !strings.HasPrefix(verb, c.verbs) {
				continue
			}
			t.Run(verb+"/"+name, func(t *testing.T) {
				e := embedded(t)
				b := openBank(t, e, func(c *theorydb.Config) { c.Attempts = 3 })
				e.meets(group.operation, c.attempts...)
				var err error
				require.Equal(t, c.sent, e.sends(func() { err = group.call(t.Context(), b, "row-1") }), "%v", err)
				want := c.want
				if !group.writes {
					want = c.read
				} else {
					require.Equal(t, c.stored, len(e.aws.Items(e.table)) == 1)
				}
				if want == nil {
					require.NoError(t, err)
					return
				}
				require.Error(t, err)
				requireSentinels(t, err, want...)
				var where *theorydb.OpError
				require.ErrorAs(t, err, &where)
				require.Equal(t, verb, where.Op)
				require.Equal(t, c.sent, where.Attempts)
				require.NotContains(t, err.Error(), "row-1")
			})
		}
	}
}

// tokens records the client request tokens of all transactions that are sent.
func (e *engine) tokens() func() []string {
	var mu sync.Mutex
	var tokens []string
	e.faults.On("TransactWriteItems").When(func(r localaws.Request) bool {
		var body struct{ ClientRequestToken string }
		_ = json.Unmarshal(r.Body, &body)
		mu.Lock()
		defer mu.Unlock()
		tokens = append(tokens, body.ClientRequestToken)
		return false
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		sent := tokens
		tokens = nil
		return sent
	}
}

func TestEveryResendOfATransactionHasItsToken(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	e.meets("TransactWriteItems", throttled, conflict, failed, dropped, cut, skewed)
	sent := e.tokens()
	require.NoError(t, b.db.Transact(t.Context(), b.accounts.CreateOp(&account{ID: "1"})))
	first := sent()
	require.Len(t, first, 7)
	require.Len(t, slices.Compact(slices.Clone(first)), 1)
	require.Len(t, first[0], 32, "DynamoDB takes 1 to 36 characters")

	for range 20 { // the same call once more is another one
		require.ErrorIs(t, b.db.Transact(t.Context(), b.accounts.CreateOp(&account{ID: "1"})), theorydb.ErrAlreadyExists)
	}
	all := append(sent(), first[0])
	slices.Sort(all)
	require.Len(t, slices.Compact(all), 21)
}

// A round of OrCreate is another transaction, which DynamoDB would refuse under the token of the first.
func TestEveryRoundOfOrCreateHasATokenOfItsOwn(t *testing.T) {
	e := embedded(t)
	b := openBank(t, e)
	require.NoError(t, b.accounts.Create(t.Context(), &account{ID: "1", Balance: 7, ExpiresAt: e.clock.Now().Add(time.Hour)}))
	e.clock.Advance(2 * time.Hour)
	conflict(e.faults.On("TransactWriteItems").Nth(1))
	committed(e.faults.On("TransactWriteItems").Nth(3))
	sent := e.tokens()
	require.NoError(t, b.db.Transact(t.Context(),
		b.accounts.ChangeOp(account{ID: "1"}, theorydb.Add("balance", 1), theorydb.AnyVersion(), theorydb.OrCreate())))
	tokens := sent()
	require.Len(t, tokens, 4, "two that changed, in conflict and over an expired row, and two that created")
	require.Equal(t, tokens[0], tokens[1])
	require.Equal(t, tokens[2], tokens[3])
	require.NotEqual(t, tokens[1], tokens[2])
	require.Equal(t, int64(1), b.account(t, "1").Balance)
}

// canceler answers every transaction with these reasons.
type canceler struct {
	next    localaws.HTTPClient
	reasons []string
}

func (c canceler) Do(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".TransactWriteItems") {
		return c.next.Do(r)
	}
	var reasons []map[string]string
	for _, code := range c.reasons {
		reasons = append(reasons, map[string]string{"Code": code, "Message": "about row-1"})
	}
	body, err := json.Marshal(map[string]any{
		"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": fmt.Sprint("canceled ", c.reasons),
		"CancellationReasons": reasons,
	})
	return &http.Response{
		StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body))), Request: r,
	}, err
}

func TestAConditionThatFailsBesidesAConflictIsFinal(t *testing.T) {
	for _, row := range []struct {
		reasons []string
		want    []error // of the operations
		sent    int
	}{
		{[]string{"ConditionalCheckFailed", "TransactionConflict", "None"}, []error{theorydb.ErrAlreadyExists, theorydb.ErrThrottled, nil}, 1},
		{[]string{"TransactionConflict", "None", "ConditionalCheckFailed"}, []error{theorydb.ErrThrottled, nil, theorydb.ErrAlreadyExists}, 1},
		{[]string{"None", "ThrottlingError", "TransactionConflict"}, []error{nil, theorydb.ErrThrottled, theorydb.ErrThrottled}, 8},
		{[]string{"None", "TransactionConflict", "ValidationError"}, []error{nil, theorydb.ErrThrottled, nil}, 1},
	} {
		for _, lost := range []bool{false, true} {
			e := embedded(t)
			b := openBank(t, e)
			e.faults = &localaws.Faults{Next: canceler{e.aws, row.reasons}}
			if lost {
				dropped(e.faults.On("TransactWriteItems"))
			}
			var err error
			sent := e.sends(func() {
				err = b.db.Transact(t.Context(), b.accounts.CreateOp(&account{ID: "row-1"}), b.accounts.CreateOp(&account{ID: "2"}), b.transfers.CreateOp(&transfer{ID: "3"}))
			})
			require.NotContains(t, err.Error(), "row-1")
			if row.sent == 8 && lost { // somebody else stood in the way, perhaps after we were through
				require.Equal(t, 8, sent)
				require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown)
				continue
			}
			if lost {
				row.sent++
			}
			require.Equal(t, row.sent, sent, row.reasons)
			require.NotErrorIs(t, err, theorydb.ErrOutcomeUnknown, "the token proves that nothing took effect")
			var failed *theorydb.TransactionError
			require.ErrorAs(t, err, &failed)
			for i, want := range row.want {
				if row.reasons[i] == "None" {
					require.NoError(t, failed.Ops[i])
				} else if want != nil {
					require.ErrorIs(t, failed.Ops[i], want)
				} else {
					require.Error(t, failed.Ops[i])
				}
			}
		}
	}
}
