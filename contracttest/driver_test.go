package contracttest

import (
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// limited is a driver that says less of itself than the one it asks.
type limited struct {
	Driver
	hello protocol.Hello
}

func (l limited) Hello() protocol.Hello { return l.hello }

// bySocket is theorydb as a driver that reaches engines as a program does.
func bySocket(t *testing.T) Driver {
	t.Helper()
	client, err := protocol.InProcess(t.Context(), GoDriver())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func embeddedRunner(t *testing.T) *Runner {
	t.Helper()
	models, err := EmbeddedModels()
	require.NoError(t, err)
	return &Runner{Models: models, Engine: LocalAWS}
}

func embeddedScenario(t *testing.T, id string) *Scenario {
	t.Helper()
	scenarios, err := EmbeddedScenarios()
	require.NoError(t, err)
	for _, scenario := range scenarios {
		if scenario.ID == id {
			return scenario
		}
	}
	t.Fatalf("there is no scenario %s", id)
	return nil
}

func TestADriverBehindASocketIsJudgedAlike(t *testing.T) {
	runner := embeddedRunner(t)
	runner.Driver = bySocket(t)
	scenarios, err := EmbeddedScenarios()
	require.NoError(t, err)
	for _, scenario := range scenarios {
		t.Run(scenario.Title(), func(t *testing.T) { runner.test(t, scenario) })
	}
}

func TestWhatIsLackingIsNeverPassed(t *testing.T) {
	race, fault := embeddedScenario(t, "LOCK-06"), embeddedScenario(t, "LOCK-22")
	require.Equal(t, []Strength{Basic, Concurrent}, race.Needs())
	require.Equal(t, []Strength{Basic, Faults}, fault.Needs())
	driver := bySocket(t)
	hello := driver.Hello()
	for name, test := range map[string]struct {
		scenario  *Scenario
		lacks     []Strength
		strengths []Strength
		without   string
		want      string
	}{
		"all there":           {race, nil, protocol.Strengths, "", ""},
		"an engine for one":   {race, []Strength{Concurrent}, protocol.Strengths, "", "the engine lacks the strength concurrent"},
		"an engine in order":  {fault, []Strength{Faults}, protocol.Strengths, "", "the engine lacks the strength faults"},
		"what isn't needed":   {race, []Strength{Faults}, []Strength{Concurrent}, "scan", ""},
		"a driver for one":    {race, nil, []Strength{Basic, Faults}, "", "the driver lacks the strength concurrent"},
		"a driver in order":   {fault, nil, []Strength{Basic}, "", "the driver lacks the strength faults"},
		"a verb":              {fault, nil, protocol.Strengths, "transact", "the driver has no transact"},
		"the runner's lookup": {race, nil, protocol.Strengths, "get", "the driver has no get"},
	} {
		t.Run(name, func(t *testing.T) {
			says := hello
			says.Strengths, says.Ops = test.strengths, nil
			for _, op := range hello.Ops {
				if op != test.without {
					says.Ops = append(says.Ops, op)
				}
			}
			runner := embeddedRunner(t)
			runner.Driver = limited{driver, says}
			runner.Engine = func() *Engine {
				engine := LocalAWS()
				engine.Lacks = test.lacks
				return engine
			}
			result := runner.Run(t.Context(), test.scenario)
			require.Nil(t, result.Failure)
			require.Equal(t, test.want, result.NotApplicable)
			report := Report{Results: []*Result{result}}
			if test.want == "" {
				require.Equal(t, Passed, result.Verdict())
				require.Equal(t, "1 passed, 0 failed", report.Counts().String())
				return
			}
			require.Equal(t, NotApplicable, result.Verdict())
			require.Equal(t, "0 passed, 0 failed, 1 not applicable", report.Counts().String())
			require.Contains(t, report.Table(), "not applicable: 1, "+test.want+"\n")
		})
	}
}

// altered is a driver whose answers are changed on their way.
type altered struct {
	Driver
	change func(*protocol.Request, *protocol.Answer)
}

func (a altered) Do(ctx context.Context, request *protocol.Request) (*protocol.Answer, error) {
	answer, err := a.Driver.Do(ctx, request)
	if err == nil {
		a.change(request, answer)
	}
	return answer, err
}

func TestWhatNoLibraryMayAnswerFailsAnyScenario(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*protocol.Request, *protocol.Answer)
		want   string
	}{
		"an error that quotes a key": {func(request *protocol.Request, answer *protocol.Answer) {
			if answer.Error != nil {
				id, _ := request.Key["SK"].(string)
				answer.Error.Text += ": " + id
			}
		}, `the error of a get quotes a value of the request, "nobody"`},
		"an attribute of nobody": {func(_ *protocol.Request, answer *protocol.Answer) {
			if answer.Item != nil {
				answer.Item["typo"] = "x"
			}
		}, `a record of Note with an attribute "typo", which the model does not have`},
		"a table that can't be closed": {func(request *protocol.Request, answer *protocol.Answer) {
			if request.Op == protocol.OpClose {
				answer.Error = &protocol.Error{Text: "busy"}
			}
		}, "forget the table of notes.yaml: busy"},
		"a null instead of nothing": {func(_ *protocol.Request, answer *protocol.Answer) {
			if answer.Item != nil {
				answer.Item["body"] = nil
			}
		}, `a record of Note whose "body" is null`},
		"an attribute of nobody in a list": {func(_ *protocol.Request, answer *protocol.Answer) {
			for _, item := range answer.Items {
				item["typo"] = "x"
			}
		}, `a record of Note with an attribute "typo", which the model does not have`},
	} {
		t.Run(name, func(t *testing.T) {
			scenario, err := ParseScenario("a.yaml", []byte("name: n\nmodel: Note\nsteps:\n"+
				"  - { op: create, if_not_exists: true, item: { PK: a, SK: b, title: x } }\n"+
				"  - { op: query, key: { PK: a }, expect: { count: 1 } }\n"+
				"  - { op: get, key: { PK: a, SK: nobody }, expect: { error: ErrItemNotFound } }\n"))
			require.NoError(t, err)
			runner := embeddedRunner(t)
			runner.Driver = bySocket(t)
			require.Nil(t, runner.Run(t.Context(), scenario).Failure)
			runner.Driver = altered{runner.Driver, test.change}
			failure := runner.Run(t.Context(), scenario).Failure
			require.NotNil(t, failure)
			require.Contains(t, failure.Lines[0], test.want)
		})
	}
}

func TestEveryValueOfARequestIsLookedFor(t *testing.T) {
	use := protocol.Use{
		Item: protocol.Item{"a": "item"}, Key: protocol.Item{"a": []any{map[string]any{"b": "nested"}}}, Keys: []protocol.Item{{"a": protocol.Number("1234")}},
		Change: protocol.Change{Set: protocol.Item{"a": []byte("bytes")}, Append: protocol.Item{"a": "no"}},
		Sort:   &protocol.Sort{Values: protocol.Values{"sort"}}, Operations: []protocol.Use{{Key: protocol.Item{"a": "inner"}}},
		Meanwhile: &protocol.Change{Set: protocol.Item{"a": "rival"}}, Scope: []string{"tenant", "no"},
		OnlyIf: []protocol.Condition{{Operands: []protocol.Condition{{Values: protocol.Values{"guard"}}}}}, Filter: []protocol.Condition{{Values: protocol.Values{"filter"}}},
	}
	require.ElementsMatch(t, []string{"item", "nested", "1234", "bytes", "sort", "inner", "rival", "tenant", "guard", "filter"}, useTexts(&use, nil))
	request := &protocol.Request{Use: use}
	told := quoted(request, nil, &protocol.Answer{Error: &protocol.Error{}, Causes: []*protocol.Error{nil, {Text: "the guard failed"}}})
	require.Contains(t, told, `"guard"`)
	require.Empty(t, quoted(request, nil, &protocol.Answer{Error: &protocol.Error{Text: "not found"}}))
}

func TestErrorThatQuotesWhatAnEarlierStepStoredFailsAScenario(t *testing.T) {
	for stored, step := range map[string]string{
		"given":   `{ op: create, item: { PK: a, SK: b, secret: given, label: open } }`,
		"nested":  `{ op: transact, operations: [{ op: change, key: { PK: a, SK: b }, set: { secret: nested }, or_create: true, any_version: true }] }`,
		"planted": `{ op: raw_put, item: { PK: { S: a }, SK: { S: b }, _t: { S: Secret }, label: { S: planted } } }`,
	} {
		for quoted, want := range map[string]string{stored: "the error of a get quotes what an earlier step stored, " + strconv.Quote(stored), "open Secret": ""} {
			scenario, err := ParseScenario("a.yaml", []byte("name: n\nmodel: Secret\nsteps:\n  - "+step+"\n"+
				"  - { op: get, key: { PK: a, SK: c }, expect: { error: ErrItemNotFound } }\n"))
			require.NoError(t, err)
			runner := embeddedRunner(t)
			runner.Driver = altered{Driver: bySocket(t), change: func(_ *protocol.Request, answer *protocol.Answer) {
				if answer.Error != nil {
					answer.Error.Text += ": " + quoted
				}
			}}
			failure := runner.Run(t.Context(), scenario).Failure
			if want == "" {
				require.Nil(t, failure, stored)
				continue
			}
			require.NotNil(t, failure, stored)
			require.Contains(t, failure.Lines[0], want)
		}
	}
}

// oneByOne is a driver that says that it is concurrent, and is not.
type oneByOne struct {
	Driver
	turn chan struct{}
}

func (o oneByOne) Do(ctx context.Context, request *protocol.Request) (*protocol.Answer, error) {
	o.turn <- struct{}{}
	defer func() { <-o.turn }()
	return o.Driver.Do(ctx, request)
}

func TestRequestsOneAfterTheOtherAreNoRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in whose bubble the ten seconds pass at once
		runner := embeddedRunner(t)
		w := newWorld(embeddedScenario(t, "LOCK-06"), runner.Models, LocalAWS())
		require.NoError(t, w.meet(t.Context(), nil))
		w.driver = oneByOne{w.driver, make(chan struct{}, 1)}
		failure := w.run(t.Context())
		require.NoError(t, w.close(t.Context()))
		require.NotNil(t, failure)
		require.Equal(t, "race", failure.Op)
		require.Contains(t, failure.Lines[0], "sent the requests of a race one after the other")
	})
}

func TestAMeetingEndsWhenNobodyIsLeftToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(3)
		begin := time.Now()
		go m.leave()
		go m.leave()
		m.come(t.Context())
		require.False(t, m.failed())
		require.Zero(t, time.Since(begin))

		m = newMeeting(2)
		go m.come(t.Context())
		m.come(t.Context())
		m.come(t.Context())
		require.False(t, m.failed())

		m = newMeeting(2)
		impatient, giveUp := context.WithTimeout(t.Context(), time.Second)
		defer giveUp()
		m.come(impatient) // as a driver's HTTP client may
		m.come(t.Context())
		require.True(t, m.failed(), "one writer that asks again is no second one")
		begin = time.Now()

		m = newMeeting(2)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m.come(ctx)
		require.False(t, m.failed())
		require.Zero(t, time.Since(begin))
	})
}

// silent answers nothing until its context ends.
type silent struct{ Driver }

func (silent) Do(ctx context.Context, _ *protocol.Request) (*protocol.Answer, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestADriverThatDoesNotAnswerFailsWithTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	runner := embeddedRunner(t)
	runner.Driver = silent{bySocket(t)}
	cancel()
	result := runner.Run(ctx, embeddedScenario(t, "LOCK-06"))
	require.Equal(t, Failed, result.Verdict())
}

func TestThePageOfTheProtocolNamesEveryVerb(t *testing.T) {
	text, err := os.ReadFile("PROTOCOL.md")
	require.NoError(t, err)
	page := string(text)

	verbs := map[string]bool{}
	_, table, _ := strings.Cut(page, "| op | members | answer |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		for _, word := range regexp.MustCompile("(?:^|, )`([a-z_]+)`").FindAllStringSubmatch(cell, -1) {
			verbs[word[1]] = true
		}
	}
	hello := bySocket(t).Hello()
	require.ElementsMatch(t, hello.Ops, sortedNames(verbs))
	require.ElementsMatch(t, hello.Ops, protocol.Verbs)
}
