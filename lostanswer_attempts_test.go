package theorydb_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb"
	"github.com/theorydb/theorydb/localaws"
)

// attempt is what happens to the attempts of a call, in order; what comes after them passes.
type attempt func(*localaws.Rule) *localaws.Rule

func answers(status int, code string) attempt {
	return func(r *localaws.Rule) *localaws.Rule {
		return r.Error(status, code, "a message that quotes row-1 and kept")
	}
}

var (
	dropped     attempt = (*localaws.Rule).DropBefore
	committed   attempt = (*localaws.Rule).CommitThenDrop
	cut         attempt = (*localaws.Rule).CutBody
	failed              = answers(500, "InternalServerError")
	unavailable         = answers(503, "ServiceUnavailable")
	throttled           = answers(400, "ThrottlingException")
	noCapacity          = answers(400, "ProvisionedThroughputExceededException")
	overLimit           = answers(400, "RequestLimitExceeded")
	conflicting         = answers(400, "TransactionConflictException")
	invalid             = answers(400, "ValidationException")
	denied              = answers(400, "AccessDeniedException")
	noTable             = answers(400, "ResourceNotFoundException")
	skewed              = answers(400, "RequestTimeTooSkewed")
)

// plainTable is a model without a version and one with, and a live row of each under a given number of attempts.
type plainTable struct {
	*engine
	plain     *theorydb.Model[CellPlain]
	versioned *theorydb.Model[CellLedger]
}

func openPlainTable(t *testing.T, e *engine, attempts int, change ...func(*theorydb.Config)) *plainTable {
	db := e.open(t, append(change, func(c *theorydb.Config) { c.Attempts = attempts })...)
	table := &plainTable{engine: e}
	var err error
	table.plain, err = theorydb.NewModel[CellPlain](db)
	require.NoError(t, err)
	table.versioned, err = theorydb.NewModel[CellLedger](db)
	require.NoError(t, err)
	require.NoError(t, db.CreateTable(t.Context()))
	require.NoError(t, table.plain.Put(t.Context(), &CellPlain{ID: "1", Text: "old"}))
	require.NoError(t, table.versioned.Create(t.Context(), &CellLedger{ID: "1", Text: "old"}))
	return table
}

// meet makes the next attempts of an operation meet these fates, one each.
func (p *plainTable) meet(operation string, attempts ...attempt) {
	p.faults = &localaws.Faults{Next: p.faults.Next}
	for _, a := range attempts {
		a(p.faults.On(operation))
	}
}

// updateVersioned reads the versioned row and updates it under faults. It gives the requests of the Update alone.
func (p *plainTable) updateVersioned(ctx context.Context, t *testing.T, attempts ...attempt) (int, error) {
	record, err := p.versioned.Get(t.Context(), CellLedger{ID: "1"})
	require.NoError(t, err)
	record.Text = "new"
	p.meet("UpdateItem", attempts...)
	before := *record
	requests := p.sends(func() { err = p.versioned.Update(ctx, record) })
	if err != nil {
		require.Equal(t, before, *record, "a failed write leaves the record")
	}
	return requests, err
}

// updatePlain does the same with the model that has no version.
func (p *plainTable) updatePlain(ctx context.Context, attempts ...attempt) (int, error) {
	var err error
	p.meet("UpdateItem", attempts...)
	requests := p.sends(func() { err = p.plain.Update(ctx, &CellPlain{ID: "1", Text: "new"}) })
	return requests, err
}

func TestFatesOfTheAttemptsOfAnUpdate(t *testing.T) {
	unknown, throttle := theorydb.ErrOutcomeUnknown, theorydb.ErrThrottled
	for name, c := range map[string]struct {
		attempts                 []attempt
		versioned, plain         []error // what the error matches, of the sentinels; nil: success
		failsWithout             bool    // an error that matches no sentinel
		versionedSent, plainSent int
		versionedMade, plainMade int // how often the Update took effect
	}{
		"throttled":                     {attempts: []attempt{throttled}, versionedSent: 2, plainSent: 2, versionedMade: 1, plainMade: 1},
		"no capacity":                   {attempts: []attempt{noCapacity}, versionedSent: 2, plainSent: 2, versionedMade: 1, plainMade: 1},
		"over the account's limit":      {attempts: []attempt{overLimit}, versionedSent: 2, plainSent: 2, versionedMade: 1, plainMade: 1},
		"in conflict with transactions": {attempts: []attempt{conflicting, conflicting}, versionedSent: 3, plainSent: 3, versionedMade: 1, plainMade: 1},
		"clock skew once":               {attempts: []attempt{skewed}, versionedSent: 2, plainSent: 2, versionedMade: 1, plainMade: 1},
		"clock skew twice":              {attempts: []attempt{skewed, skewed}, failsWithout: true, versionedSent: 2, plainSent: 2},
		"throttled to the end": {
			attempts: []attempt{throttled, throttled, throttled}, versioned: []error{throttle}, plain: []error{throttle},
			versionedSent: 3, plainSent: 3,
		},
		"invalid":  {attempts: []attempt{invalid}, failsWithout: true, versionedSent: 1, plainSent: 1},
		"denied":   {attempts: []attempt{denied}, failsWithout: true, versionedSent: 1, plainSent: 1},
		"no table": {attempts: []attempt{noTable}, versioned: []error{theorydb.ErrTableNotFound}, plain: []error{theorydb.ErrTableNotFound}, versionedSent: 1, plainSent: 1},

		// A write without a version is not sent again after an ambiguous attempt: the second request reads.
		"dropped":        {attempts: []attempt{dropped}, plain: []error{unknown}, versionedSent: 2, plainSent: 2, versionedMade: 1},
		"failed":         {attempts: []attempt{failed}, plain: []error{unknown}, versionedSent: 2, plainSent: 2, versionedMade: 1},
		"unavailable":    {attempts: []attempt{unavailable}, plain: []error{unknown}, versionedSent: 2, plainSent: 2, versionedMade: 1},
		"committed":      {attempts: []attempt{committed}, versionedSent: 2, plainSent: 2, versionedMade: 1, plainMade: 1},
		"cut":            {attempts: []attempt{cut}, versionedSent: 2, plainSent: 2, versionedMade: 1, plainMade: 1},
		"committed late": {attempts: []attempt{throttled, committed}, versionedSent: 3, plainSent: 3, versionedMade: 1, plainMade: 1},
		"twice": {
			attempts: []attempt{dropped, committed}, plain: []error{unknown}, versionedSent: 3, plainSent: 2, versionedMade: 1,
		},
		"dropped to the end": {
			attempts: []attempt{dropped, dropped, dropped}, versioned: []error{unknown}, plain: []error{unknown},
			versionedSent: 3, plainSent: 2,
		},
		"committed, and every answer lost": {
			attempts: []attempt{committed, committed, committed}, versioned: []error{unknown}, versionedSent: 3, plainSent: 2,
			versionedMade: 1, plainMade: 1,
		},
		"invalid after a lost answer": {
			attempts: []attempt{committed, invalid}, versioned: []error{unknown}, versionedSent: 2, plainSent: 2,
			versionedMade: 1, plainMade: 1,
		},
		"denied after a lost answer": {
			attempts: []attempt{dropped, denied}, versioned: []error{unknown}, plain: []error{unknown}, versionedSent: 2, plainSent: 2,
		},
		"throttled after a lost answer": {
			attempts: []attempt{dropped, throttled, throttled}, versioned: []error{unknown}, plain: []error{unknown},
			versionedSent: 3, plainSent: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPlainTable(t, embedded(t), 3)
			check := func(sent, wantSent int, err error, sentinels []error, pk string, made int) {
				t.Helper()
				require.Equal(t, wantSent, sent, "requests")
				require.Equal(t, made, p.made(pk), "how often the Update took effect")
				if sentinels == nil && !c.failsWithout {
					require.NoError(t, err)
					return
				}
				require.Error(t, err)
				requireSentinels(t, err, sentinels...)
				var where *theorydb.OpError
				require.ErrorAs(t, err, &where)
				require.Equal(t, wantSent, where.Attempts)
				for _, quoted := range []string{"row-1", "kept"} {
					require.NotContains(t, err.Error(), quoted)
				}
			}
			sent, err := p.updateVersioned(t.Context(), t, c.attempts...)
			check(sent, c.versionedSent, err, c.versioned, "CellLedger#1", c.versionedMade)
			sent, err = p.updatePlain(t.Context(), c.attempts...)
			check(sent, c.plainSent, err, c.plain, "CellPlain#1", c.plainMade)
		})
	}
}

// made is how many writes of a row there were after the first.
func (p *plainTable) made(pk string) int {
	return len(p.aws.History(p.table, theorydb.Item{"PK": str(pk), "SK": str("ROW")})) - 1
}

func TestEveryVerbIsRetriedAfterAThrottle(t *testing.T) {
	e := embedded(t)
	p := openPlainTable(t, e, 3)
	key := CellLedger{ID: "1"}
	for name, fate := range map[string]attempt{"throttled": throttled, "no capacity": noCapacity, "in conflict": conflicting} {
		for _, c := range []struct {
			operation string
			run       func(context.Context) error
		}{
			{"GetItem", func(ctx context.Context) error { _, err := p.versioned.Get(ctx, key); return err }},
			{"Query", func(ctx context.Context) error {
				_, err := p.versioned.Count(ctx, theorydb.Query[CellLedger]{Key: key})
				return err
			}},
			{"PutItem", func(ctx context.Context) error { return p.versioned.Create(ctx, &CellLedger{ID: "created " + name}) }},
			{"PutItem", func(ctx context.Context) error { return p.versioned.Put(ctx, &CellLedger{ID: "put " + name}) }},
			{"PutItem", func(ctx context.Context) error { return p.plain.Put(ctx, &CellPlain{ID: "1"}) }},
			{"UpdateItem", func(ctx context.Context) error { return p.plain.Update(ctx, &CellPlain{ID: "1"}) }},
			{"DeleteItem", func(ctx context.Context) error { return p.plain.Delete(ctx, &CellPlain{ID: "1"}) }},
		} {
			t.Run(name+"/"+c.operation, func(t *testing.T) {
				p.meet(c.operation, fate, fate)
				var err error
				require.Equal(t, 3, e.sends(func() { err = c.run(t.Context()) }))
				require.NoError(t, err)
			})
		}
	}
}

func TestReadIsSentAgainWhateverBecameOfIt(t *testing.T) {
	p := openPlainTable(t, embedded(t), 3)
	for _, fate := range []attempt{dropped, committed, cut, failed} {
		p.meet("GetItem", fate, fate)
		var err error
		require.Equal(t, 3, p.sends(func() { _, err = p.plain.Get(t.Context(), CellPlain{ID: "1"}) }))
		require.NoError(t, err)

		p.meet("GetItem", fate, fate, fate)
		_, err = p.plain.Get(t.Context(), CellPlain{ID: "1"})
		require.Error(t, err)
		requireSentinels(t, err) // a read has no outcome that could be unknown
	}
}

func TestContextThatEndsBetweenAttempts(t *testing.T) {
	for name, c := range map[string]struct {
		fate      attempt
		sentinels []error
	}{
		"after a lost answer": {dropped, []error{theorydb.ErrOutcomeUnknown}},
		"after a commit":      {committed, []error{theorydb.ErrOutcomeUnknown}},
		"after a refusal":     {throttled, []error{theorydb.ErrThrottled}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			p := openPlainTable(t, embedded(t), 3, func(config *theorydb.Config) {
				config.Wait = func(waiting context.Context, _ time.Duration) error {
					cancel()
					return waiting.Err()
				}
			})
			sent, err := p.updateVersioned(ctx, t, c.fate)
			require.Equal(t, 1, sent)
			requireSentinels(t, err, c.sentinels...)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestContextThatEndsBeforeTheStrongReadLeavesTheOutcomeUnknown(t *testing.T) {
	p := openPlainTable(t, embedded(t), 3)
	ctx, cancel := context.WithCancel(t.Context())
	sent, err := p.updatePlain(ctx, func(r *localaws.Rule) *localaws.Rule { return r.CommitThenDrop().Then(cancel) })
	require.Equal(t, 1, sent)
	requireSentinels(t, err, theorydb.ErrOutcomeUnknown)
}

func TestContextThatHasEndedSendsNothing(t *testing.T) {
	p := openPlainTable(t, embedded(t), 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, run := range map[string]func() (int, error){
		"versioned": func() (int, error) { return p.updateVersioned(ctx, t) },
		"plain":     func() (int, error) { return p.updatePlain(ctx) },
	} {
		sent, err := run()
		require.Zero(t, sent, name)
		require.ErrorIs(t, err, context.Canceled)
		requireSentinels(t, err)
	}
}

func TestStrongReadThatFailsLeavesTheOutcomeUnknown(t *testing.T) {
	for name, fate := range map[string]attempt{"dropped": dropped, "throttled": throttled, "denied": denied} {
		t.Run(name, func(t *testing.T) {
			p := openPlainTable(t, embedded(t), 3)
			p.meet("UpdateItem", committed)
			fate(p.faults.On("GetItem")).Always()
			err := p.plain.Update(t.Context(), &CellPlain{ID: "1", Text: "new"})
			requireSentinels(t, err, theorydb.ErrOutcomeUnknown)
			require.Equal(t, 1, p.made("CellPlain#1"))
		})
	}
}

// The item of a call is encoded once: a resend has the time and the write id of the first attempt.
func TestResendIsTheSameRequest(t *testing.T) {
	e := embedded(t)
	p := openPlainTable(t, e, 4)
	record, err := p.versioned.Get(t.Context(), CellLedger{ID: "1"})
	require.NoError(t, err)
	var bodies []string
	p.meet("UpdateItem")
	p.faults.On("UpdateItem").Times(3).When(func(r localaws.Request) bool {
		bodies = append(bodies, string(r.Body))
		e.clock.Advance(time.Hour)
		return true
	}).DropBefore()
	require.NoError(t, p.versioned.Update(t.Context(), record))
	require.Len(t, bodies, 4)
	for _, body := range bodies[1:] {
		require.JSONEq(t, bodies[0], body)
	}
}

func TestLostAnswerKeepsTheCauseOfTheSDK(t *testing.T) {
	p := openPlainTable(t, embedded(t), 1)
	_, err := p.updateVersioned(t.Context(), t, failed)
	requireSentinels(t, err, theorydb.ErrOutcomeUnknown)
	var cause *types.InternalServerError
	require.ErrorAs(t, err, &cause)
}
