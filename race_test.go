package theorydb_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// counter is written by racers; Writer tells in the history which call a version came from.
type counter struct {
	_ theorydb.Key `theorydb:"pk" key:"COUNTER#{id}"`
	_ theorydb.Key `theorydb:"sk" key:"STATE"`

	ID        string
	Writer    string
	Version   int64     `theorydb:"version"`
	CreatedAt time.Time `theorydb:"created_at"`
}

const (
	racers = 16
	rounds = 200
)

// tally counts what callers were told.
type tally struct{ won, conflicts, gone, unknown, lost, rivals int }

func (c tally) String() string {
	return fmt.Sprintf("%d won, %d conflicts, %d found it gone, %d unknown; %d answers lost, %d rivals in between",
		c.won, c.conflicts, c.gone, c.unknown, c.lost, c.rivals)
}

// Sixteen callers hold one version. In half of the rounds the first answer of every one of them is lost, and in 30 % of
// those a rival comes before the resend. What each is told is judged against the history of commits.
func TestNobodyIsToldWronglyWhoWonARace(t *testing.T) {
	verbs := map[string]func(*theorydb.Model[counter], *testing.T, *counter) error{
		"Update": func(m *theorydb.Model[counter], t *testing.T, c *counter) error { return m.Update(t.Context(), c) },
		"Put":    func(m *theorydb.Model[counter], t *testing.T, c *counter) error { return m.Put(t.Context(), c) },
	}
	for name, write := range verbs {
		t.Run(name+" against a rival's update", func(t *testing.T) {
			race(t, write, func(t *testing.T, m *theorydb.Model[counter], id string) {
				held, err := m.Get(t.Context(), counter{ID: id}, theorydb.Consistent())
				require.NoError(t, err)
				held.Writer = "rival"
				err = m.Update(t.Context(), held)
				if err != nil {
					require.ErrorIs(t, err, theorydb.ErrVersionConflict, "a racer may come between the rival's read and write")
				}
			})
		})
	}
	t.Run("Update against a rival's delete and create", func(t *testing.T) {
		race(t, verbs["Update"], func(t *testing.T, m *theorydb.Model[counter], id string) {
			require.NoError(t, m.Delete(t.Context(), &counter{ID: id}, theorydb.AnyVersion()))
			require.NoError(t, m.Create(t.Context(), &counter{ID: id, Writer: "rival"}))
		})
	})
}

func race(t *testing.T, write func(*theorydb.Model[counter], *testing.T, *counter) error, rival func(*testing.T, *theorydb.Model[counter], string)) {
	e := embedded(t)
	m, rivals := model[counter](t, e), rivalModel(t, e)
	var total tally

	for round := range rounds {
		id := fmt.Sprint("r", round)
		held := counter{ID: id, Writer: "first"}
		e.faults = &localaws.Faults{Next: e.aws}
		require.NoError(t, m.Create(t.Context(), &held))
		if round%2 == 1 {
			lost := e.faults.On("").Attempt(1).Always()
			if round%20 < 6 { // three of ten odd rounds
				var once sync.Once
				lost.Then(func() { once.Do(func() { total.rivals++; rival(t, rivals, id) }) })
			}
			lost.CommitThenDrop()
		}

		told := make([]error, racers)
		var group sync.WaitGroup
		for i := range racers {
			group.Go(func() {
				mine := held
				mine.Writer = fmt.Sprint("racer", i)
				told[i] = write(m, t, &mine)
			})
		}
		group.Wait()
		total.lost += e.faults.Fired()
		judge(t, e, id, told, &total, round%2 == 1)
	}
	t.Logf("%d rounds of %d: %s", rounds, racers, total)
	require.Positive(t, total.won)
	require.Positive(t, total.conflicts)
	require.Positive(t, total.unknown, "with rivals in between, some outcomes can't be known")
}

// rivalModel reaches the engine past the faults.
func rivalModel(t *testing.T, e *engine) *theorydb.Model[counter] {
	db, err := theorydb.New(theorydb.Config{DynamoDB: e.aws.DynamoDB(), Table: e.table, Clock: e.clock.Now})
	require.NoError(t, err)
	m, err := theorydb.NewModel[counter](db)
	require.NoError(t, err)
	return m
}

// judge compares what the racers of a round were told with what was committed.
func judge(t *testing.T, e *engine, id string, told []error, total *tally, faults bool) {
	committed := map[string]int{}
	for _, version := range e.aws.History(e.table, theorydb.Item{"PK": str("COUNTER#" + id), "SK": str("STATE")}) {
		if writer, ok := version.Item["writer"].(*types.AttributeValueMemberS); ok {
			committed[writer.Value]++
		}
	}
	effects := 0
	for i, err := range told {
		times := committed[fmt.Sprint("racer", i)]
		effects += times
		switch {
		case err == nil:
			total.won++
			require.Equal(t, 1, times, "%s: racer %d was told that it won", id, i)
		case errors.Is(err, theorydb.ErrOutcomeUnknown):
			total.unknown++
			require.True(t, faults, "%s: no answer was lost, so racer %d can't be in doubt: %v", id, i, err)
			require.NotErrorIs(t, err, theorydb.ErrConditionFailed)
		case errors.Is(err, theorydb.ErrVersionConflict):
			total.conflicts++
			require.Zero(t, times, "%s: racer %d was told that it lost", id, i)
		case errors.Is(err, theorydb.ErrItemNotFound):
			total.gone++
			require.Zero(t, times, "%s: racer %d was told that the item is gone", id, i)
		default:
			require.NoError(t, err)
		}
	}
	require.LessOrEqual(t, effects, 1, "%s: at most one write of one version takes effect", id)
}

// The control: what the SDK does by itself under the same faults.
func TestAPlainSDKAddCountsTwiceWhenAnAnswerIsLost(t *testing.T) {
	e := embedded(t)
	model[counter](t, e)
	key := theorydb.Item{"PK": str("n"), "SK": str("n")}
	for round := range rounds {
		e.faults = &localaws.Faults{Next: e.aws}
		if round%2 == 1 {
			e.faults.On("UpdateItem").CommitThenDrop()
		}
		_, err := e.client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: &e.table, Key: key, UpdateExpression: ptr("ADD n :one"),
			ExpressionAttributeValues: theorydb.Item{":one": num("1")},
		})
		require.NoError(t, err, "the SDK reports success")
	}
	n, ok := e.stored(t, "n", "n")["n"].(*types.AttributeValueMemberN)
	require.True(t, ok)
	t.Logf("%d calls of ADD n 1, all successful, counted %s", rounds, n.Value)
	require.Equal(t, fmt.Sprint(rounds+rounds/2), n.Value)
}
