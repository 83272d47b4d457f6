package theorydb_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// The context of a call can end while the call awaits something: a request to DynamoDB, a request to KMS, or the time
// between two attempts. These tests end it in every one of the awaits that a verb has, in every way, in a bubble of
// testing/synctest. The bubble's clock stands still while anybody works, so that a call that waits on is seen; and a
// bubble that leaves a goroutine behind is a panic.

// moment is when the context ends, as the network sees it.
type moment string

const (
	beforeTheRequest moment = "before the request is carried out"
	afterTheRequest  moment = "after the request was carried out, and its answer is lost"
	besidesTheAnswer moment = "while the answer arrives"
)

// interruption ends the context of a call in one of its awaits.
type interruption struct {
	await int // which, from 1; 0 for none
	how   moment
	end   func() // ends the context

	mu     sync.Mutex
	seen   int
	struck time.Time // when it ended; zero when the call had fewer awaits
	after  int       // awaits that began after that and did not know of it
}

// now counts an await and tells whether it is the one.
func (i *interruption) now(ctx context.Context) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seen++
	if !i.struck.IsZero() && ctx.Err() == nil {
		i.after++
	}
	return i.seen == i.await
}

// strike ends the context, and waits until one that was made of it has ended too.
func (i *interruption) strike(ctx context.Context) {
	i.end()
	<-ctx.Done()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.struck = time.Now()
}

// wait is Config.Wait. It takes no time, as a wait of random length may.
func (i *interruption) wait(ctx context.Context, _ time.Duration) error {
	if ctx.Err() == nil && i.now(ctx) {
		i.strike(ctx)
		if i.how == besidesTheAnswer {
			return nil // the time is over at the same moment
		}
	}
	return ctx.Err()
}

// interruptedWire is a transport whose requests are awaits.
type interruptedWire struct {
	*interruption
	next localaws.HTTPClient
}

func (w interruptedWire) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil { // as a connection pool does
		return nil, errors.Join(err, r.Body.Close())
	}
	if !w.now(r.Context()) {
		return w.next.Do(r)
	}
	if w.how == beforeTheRequest {
		w.strike(r.Context())
		return nil, errors.Join(r.Context().Err(), r.Body.Close())
	}
	response, err := w.next.Do(r.WithContext(context.WithoutCancel(r.Context())))
	w.strike(r.Context())
	if w.how == besidesTheAnswer || err != nil {
		return response, err
	}
	return nil, errors.Join(r.Context().Err(), response.Body.Close())
}

// site is what verbs are interrupted on: some models in one table, rows of theirs, and a network that is interrupted.
type site struct {
	*interruption
	aws         *localaws.AWS
	faults      *localaws.Faults
	table       string
	db          *theorydb.DB
	accounts    *theorydb.Model[account]
	plain       *theorydb.Model[CellPlain]
	credentials *theorydb.Model[versionedCredential]
}

// openSite is called inside a bubble.
func openSite(t *testing.T, through *interruption) *site {
	s := &site{interruption: through, aws: localaws.New(), table: "site"}
	s.aws.KMSKey(vaultKey)
	s.faults = &localaws.Faults{Next: s.aws}
	seed := theorydb.Config{DynamoDB: s.aws.DynamoDB(), KMS: s.aws.KMS(), KeyID: vaultKey, Table: s.table, Clock: s.aws.Clock.Now}
	s.register(t, seed)
	require.NoError(t, s.db.CreateTable(t.Context()))
	s.seed(t)

	interrupted := seed
	interrupted.DynamoDB = s.aws.DynamoDB(func(o *dynamodb.Options) { o.HTTPClient = interruptedWire{through, s.faults} })
	interrupted.KMS = s.aws.KMS(func(o *kms.Options) { o.HTTPClient = interruptedWire{through, s.aws} })
	interrupted.Wait = through.wait
	s.register(t, interrupted)
	return s
}

func (s *site) register(t *testing.T, config theorydb.Config) {
	var err error
	s.db, err = theorydb.New(config)
	require.NoError(t, err)
	s.accounts = registered[account](t, s.db)
	s.plain = registered[CellPlain](t, s.db)
	s.credentials = registered[versionedCredential](t, s.db)
}

// seed stores rows 1 to 3 of each model, and an account that has expired.
func (s *site) seed(t *testing.T) {
	ctx := t.Context()
	for i := range 3 {
		id := fmt.Sprint(i + 1)
		require.NoError(t, s.accounts.Create(ctx, &account{ID: id, Balance: 10}))
		require.NoError(t, s.plain.Put(ctx, &CellPlain{ID: id, Text: "old"}))
		require.NoError(t, s.credentials.Create(ctx, &versionedCredential{ID: id, Secret: theorydb.NewSecret("old")}))
	}
	expires := s.aws.Clock.Now().Add(time.Hour)
	require.NoError(t, s.accounts.Create(ctx, &account{ID: "expired", Balance: 99, ExpiresAt: expires}))
	s.aws.Clock.Advance(2 * time.Hour)
}

// made is how often a row was written.
func (s *site) made(pk string) int {
	for _, sk := range []string{"ACCOUNT", "ROW", "CREDENTIAL"} {
		if n := len(s.aws.History(s.table, theorydb.Item{"PK": str(pk), "SK": str(sk)})); n > 0 {
			return n
		}
	}
	return 0
}

// interruptedVerb is a verb, and the rows that it writes.
type interruptedVerb struct {
	name   string
	writes []string // partition keys
	call   func(ctx context.Context, s *site) error
}

// endings are the ways in which a context ends.
var endings = map[error]func(context.Context) (context.Context, context.CancelFunc){
	context.Canceled: context.WithCancel,
	context.DeadlineExceeded: func(parent context.Context) (context.Context, context.CancelFunc) {
		ctx, expire := context.WithCancel(parent)
		return timedContext{ctx}, expire
	},
}

// timedContext is a context whose deadline comes when it is canceled. The clock of a bubble would stand still as long as
// somebody waits for a mutex.
type timedContext struct{ until context.Context }

func (c timedContext) Deadline() (time.Time, bool) { return time.Now().Add(time.Minute), true }
func (c timedContext) Done() <-chan struct{}       { return c.until.Done() }
func (c timedContext) Value(any) any               { return nil } // or contexts made of it would end with it as canceled

func (c timedContext) Err() error {
	if c.until.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// AfterFunc spares package context a goroutine for each context that is made of it.
func (c timedContext) AfterFunc(f func()) func() bool { return context.AfterFunc(c.until, f) }

// interrupted runs a verb whose context ends in one of its awaits, and tells whether it had so many.
func interrupted(t *testing.T, verb interruptedVerb, trouble string, ending error, how moment, await int) (struck bool) {
	synctest.Test(t, func(t *testing.T) {
		through := &interruption{how: how}
		s := openSite(t, through)
		troubles[trouble](s.faults)
		var before []int
		for _, pk := range verb.writes {
			before = append(before, s.made(pk))
		}
		stored := s.aws.Items(s.table)

		ctx, end := endings[ending](t.Context())
		defer end()
		through.end, through.await = end, await
		err := verb.call(ctx, s)
		returned := time.Now()

		where := fmt.Sprintf("%s with %s, %v at await %d %s: %v", verb.name, trouble, ending, await, how, err)
		switch struck = !through.struck.IsZero(); {
		case !struck && err != nil: // a write without a version that is not sent again after a lost answer
			require.ErrorIs(t, err, theorydb.ErrOutcomeUnknown, where)
			require.Contains(t, trouble, "lost", where)
		case struck:
			require.Zero(t, returned.Sub(through.struck), "it returns at once: %s", where)
			require.Zero(t, through.after, "nothing is asked without the context: %s", where)
			requireEnding(t, err, ending, where)
			if len(verb.writes) == 0 && how != besidesTheAnswer {
				require.Error(t, err, "a read without its answer: %s", where)
			}
		}
		for i, pk := range verb.writes {
			made := s.made(pk) - before[i]
			requireHonest(t, err, i, made, where)
			if verb.name != "BatchWrite" { // which has no conditions, and may put the same once more
				require.LessOrEqual(t, made, 1, "row %d, twice: %s", i, where)
			}
		}
		if plainFailure(err) {
			require.Equal(t, stored, s.aws.Items(s.table), "a plain failure has written nothing: %s", where)
		}
	})
	return struck
}

// requireEnding checks that an error, if there is one, tells that the context ended.
func requireEnding(t *testing.T, err, ending error, where string) {
	t.Helper()
	if err == nil {
		return
	}
	require.ErrorIs(t, err, ending, where)
	require.Equal(t, 1, matching(err, context.Canceled, context.DeadlineExceeded), where)
	var located *theorydb.OpError
	require.ErrorAs(t, err, &located, where)
}

// matching counts the sentinels that an error matches.
func matching(err error, sentinels ...error) (n int) {
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			n++
		}
	}
	return n
}

// plainFailure says of an error that nothing was written at all.
func plainFailure(err error) bool {
	var located *theorydb.OpError
	var batch *theorydb.BatchError
	return errors.As(err, &located) && !located.Applied && !errors.As(err, &batch) && !errors.Is(err, theorydb.ErrOutcomeUnknown)
}

// requireHonest checks what an error says of the i-th row of a verb against how often it was written.
func requireHonest(t *testing.T, err error, i, made int, where string) {
	t.Helper()
	var batch *theorydb.BatchError
	if errors.As(err, &batch) {
		err = batch.Ops[i]
	}
	var located *theorydb.OpError
	switch {
	case err == nil:
		require.Positive(t, made, "row %d was said to be written: %s", i, where)
	case errors.Is(err, theorydb.ErrOutcomeUnknown):
	case errors.As(err, &located) && located.Applied:
		require.Equal(t, 1, made, "row %d was said to be written: %s", i, where)
	default:
		require.Zero(t, made, "row %d was said not to be written: %s", i, where)
	}
}

// troubles are what befalls the requests besides, so that there is something to wait for.
var troubles = map[string]func(*localaws.Faults){
	"no trouble": func(*localaws.Faults) {},
	"refusals": func(f *localaws.Faults) {
		f.On("TransactWriteItems").CancelTransaction(1, "TransactionConflict")
		f.On("BatchWriteItem").ThrowBack(func(i int) bool { return i%2 == 1 })
		f.On("BatchGetItem").ThrowBack(func(i int) bool { return i%2 == 1 })
		for _, operation := range []string{"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "TransactGetItems"} {
			throttled(f.On(operation))
		}
		throttled(f.On("BatchWriteItem").Nth(3))
		throttled(f.On("BatchGetItem").Nth(3))
	},
	"lost answers": func(f *localaws.Faults) {
		f.On("").CommitThenDrop()
		f.On("").Nth(3).CutBody()
	},
	"lost requests": func(f *localaws.Faults) {
		f.On("").DropBefore()
		throttled(f.On("").Nth(2))
	},
}

// Where tests take long, with the race detector or -short, each trouble meets one of the three moments, another for each
// verb; CI runs them all without it.
func TestACallWhoseContextEndsReturnsAtOnceAndTellsTheTruth(t *testing.T) {
	moments := []moment{beforeTheRequest, afterTheRequest, besidesTheAnswer}
	for i, verb := range interruptedVerbs() {
		t.Run(verb.name, func(t *testing.T) {
			runs := 0
			for k, trouble := range slices.Sorted(maps.Keys(troubles)) {
				for at, how := range moments {
					if shareOf(10) < 10 && at != (i+k)%len(moments) {
						continue
					}
					for ending := range endings {
						await := 1
						for interrupted(t, verb, trouble, ending, how, await) {
							await++
						}
						require.Greater(t, await, 1, "it awaits something")
						runs += await
					}
				}
			}
			t.Logf("%d runs", runs)
		})
	}
}
