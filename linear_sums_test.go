package theorydb_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// sum is one counter that many add to. Half of the answers are lost.
type sum struct {
	aws    *localaws.AWS
	rivals *theorydb.Model[LinearCounter] // without faults

	added, unknown, lost, overtaken atomic.Int64
}

const (
	sumClients = 8
	sumAdds    = 10_000
)

// linearOpen is a DB on an engine whose retries do not wait.
func linearOpen(t *testing.T, client *dynamodb.Client, clock func() time.Time) *theorydb.DB {
	db, err := theorydb.New(theorydb.Config{
		DynamoDB: client, Table: linearTable, Clock: clock,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	require.NoError(t, err)
	return db
}

func newSum(t *testing.T) *sum {
	s := &sum{aws: localaws.New()}
	db := linearOpen(t, s.aws.DynamoDB(), s.aws.Clock.Now)
	var err error
	s.rivals, err = theorydb.NewModel[LinearCounter](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	require.NoError(t, s.rivals.Create(t.Context(), &LinearCounter{ID: "sum"}))
	return s
}

// adder is one of those who add. The answer to its first request is lost half of the time, and then a rival adds
// something before it can send another one 30 % of the time.
type adder struct {
	sum    *sum
	random *rand.Rand
	faults *localaws.Faults
	client *dynamodb.Client
	fresh  bool // nothing was sent yet
}

func (s *sum) adder(t *testing.T, id int) *adder {
	a := &adder{sum: s, random: rand.New(rand.NewPCG(uint64(id), 1)), faults: &localaws.Faults{Next: s.aws}}
	a.client = openClient(a)
	overtake := func() {
		s.lost.Add(1)
		if a.random.IntN(100) < 30 {
			if _, err := s.rivals.Change(t.Context(), LinearCounter{ID: "sum"}, theorydb.Add("count", 1), theorydb.AnyVersion()); err != nil {
				t.Error("the rival meets no fault:", err)
			}
			s.overtaken.Add(1)
		}
	}
	on := func(fault linearFault) *localaws.Rule {
		return a.faults.On("").Always().Then(overtake).When(func(r localaws.Request) bool {
			return r.Header.Get(faultHeader) == fault.String()
		})
	}
	on(faultDropBefore).DropBefore()
	on(faultCommitThenDrop).CommitThenDrop()
	on(faultCutBody).CutBody()
	return a
}

func (a *adder) Do(r *http.Request) (*http.Response, error) {
	if !a.fresh || a.random.IntN(2) == 0 {
		a.fresh = false
		return a.sum.aws.Do(r)
	}
	a.fresh = false
	fault := [...]linearFault{faultDropBefore, faultCommitThenDrop, faultCutBody}[a.random.IntN(3)]
	r.Header.Set(faultHeader, fault.String())
	return a.faults.Do(r)
}

// run has everybody add in the way that add makes for each, and returns what the sum is then but for the rivals' part.
func (s *sum) run(t *testing.T, adds int, way func(*adder) func(context.Context) error) int64 {
	var group sync.WaitGroup
	for id := range sumClients {
		a := s.adder(t, id)
		add := way(a)
		group.Go(func() {
			for range adds / sumClients {
				a.fresh = true
				switch err := add(t.Context()); {
				case err == nil:
					s.added.Add(1)
				case errors.Is(err, theorydb.ErrOutcomeUnknown):
					s.unknown.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	got, err := s.rivals.Get(t.Context(), LinearCounter{ID: "sum"}, theorydb.Consistent())
	require.NoError(t, err)
	ours := got.Count - s.overtaken.Load()
	t.Logf("%d adds by %d clients: %d successes, %d unknown; %d answers lost, a rival overtook %d of those; the sum is %d",
		adds, sumClients, s.added.Load(), s.unknown.Load(), s.lost.Load(), s.overtaken.Load(), ours)
	require.InDelta(t, adds/2, s.lost.Load(), float64(adds)/20)
	require.InDelta(t, s.lost.Load()*3/10, s.overtaken.Load(), float64(adds)/20)
	return ours
}

func (a *adder) open(t *testing.T) (*theorydb.DB, *theorydb.Model[LinearCounter]) {
	db := linearOpen(t, a.client, a.sum.aws.Clock.Now)
	m, err := theorydb.NewModel[LinearCounter](db)
	require.NoError(t, err)
	return db, m
}

func TestTransactionsCountExactlyThoughAnswersAreLost(t *testing.T) {
	s := newSum(t)
	adds := shareOf(sumAdds)
	ours := s.run(t, adds, func(a *adder) func(context.Context) error {
		db, m := a.open(t)
		return func(ctx context.Context) error {
			return db.Transact(ctx, m.ChangeOp(LinearCounter{ID: "sum"}, theorydb.Add("count", 1), theorydb.AnyVersion()))
		}
	})
	require.Zero(t, s.unknown.Load())
	require.Equal(t, int64(adds), ours)
}

func TestChangesThatAreInDoubtAreTheOnlyOnesThatMayNotCount(t *testing.T) {
	s := newSum(t)
	adds := shareOf(sumAdds)
	ours := s.run(t, adds, func(a *adder) func(context.Context) error {
		_, m := a.open(t)
		return func(ctx context.Context) error {
			_, err := m.Change(ctx, LinearCounter{ID: "sum"}, theorydb.Add("count", 1), theorydb.AnyVersion())
			return err
		}
	})
	require.GreaterOrEqual(t, ours, s.added.Load())
	require.LessOrEqual(t, ours, s.added.Load()+s.unknown.Load())
	require.Positive(t, s.unknown.Load())
}

// The control: the SDK sends its ADD again when the connection was lost, and reports success. Of an answer that was cut it
// reports an error.
func TestAddsOfThePlainSDKCountTooOften(t *testing.T) {
	const adds = sumAdds / 10
	s := newSum(t)
	table, expression := linearTable, "ADD #count :one"
	ours := s.run(t, adds, func(a *adder) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := a.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
				TableName: &table, Key: theorydb.Item{"PK": str("COUNTER#sum"), "SK": str("ROW")}, UpdateExpression: &expression,
				ExpressionAttributeNames:  map[string]string{"#count": "count"},
				ExpressionAttributeValues: map[string]types.AttributeValue{":one": num("1")},
			})
			if err != nil {
				return theorydb.ErrOutcomeUnknown
			}
			return nil
		}
	})
	require.Greater(t, ours, s.added.Load()+s.unknown.Load(), "more than were asked for")
}
