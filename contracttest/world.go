package contracttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/theorydb/theorydb/contracttest/protocol"
	"github.com/theorydb/theorydb/localaws"
)

// world is a scenario while it runs: its engine, the driver, its tables, and what its steps saved.
type world struct {
	scenario *Scenario
	models   *Models
	engine   *Engine
	wire     *wire
	keys     *keyService
	driver   Driver
	endpoint string            // of the engine, for a driver that has to reach it by a socket
	leave    func() error      // ends what only this scenario uses
	tables   map[string]*table // by the name that model documents use
	saved    map[string]any
	hidden   []string // what earlier steps stored that no error may quote
}

func newWorld(scenario *Scenario, models *Models, engine *Engine) *world {
	keys := engine.KMS
	if keys == nil {
		keys = localaws.New(localaws.WithClock(engine.Clock))
	}
	return &world{
		scenario: scenario, models: models, engine: engine, keys: newKeyService(keys), wire: newWire(engine.Client),
		tables: map[string]*table{}, saved: map[string]any{},
	}
}

// patience is how long a driver may take for one request. Most take milliseconds; some wait between attempts.
const patience = 2 * time.Minute

// ask asks the driver, at the scenario's time. An error is not the library's.
func (w *world) ask(ctx context.Context, t *table, use protocol.Use) (*protocol.Answer, error) {
	return w.request(ctx, &protocol.Request{Table: t.name, Use: use})
}

func (w *world) request(ctx context.Context, request *protocol.Request) (*protocol.Answer, error) {
	request.Now, request.NoWait = w.engine.Clock.Now(), w.wire.isFaulty()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := w.driver.Do(limited, request)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return nil, fmt.Errorf("the driver did not answer a %s within %v", request.Op, patience)
	}
	if err == nil {
		if told := quoted(request, w.hidden, answer); told != "" {
			return nil, errors.New(told)
		}
	}
	return answer, err
}

// model gives the model of a step, and makes its table when this is the first step there.
func (w *world) model(ctx context.Context, step *Step) (*model, error) {
	return w.modelWithin(ctx, &Step{Scope: w.scenario.Scope}, step)
}

// modelWithin gives the model of an operation that stands in a step, whose model and scope are its own unless it says
// others.
func (w *world) modelWithin(ctx context.Context, around, step *Step) (*model, error) {
	name := cmp.Or(step.Model, around.Model, w.scenario.Model)
	scope := around.Scope
	if scope == nil {
		scope = w.scenario.Scope
	}
	document, err := w.models.find(name, w.scenario.Table, w.scenario.DMSVersion)
	if err != nil && name != w.scenario.Model { // another table than the scenario's own
		document, err = w.models.find(name, "", w.scenario.DMSVersion)
	}
	if err != nil {
		return nil, err
	}
	t := w.tables[document.Table]
	if t == nil {
		t = newTable(document, w.models.beside(document), w.scenario.DMSVersion != "")
		if err := w.mustOpen(ctx, t); err != nil {
			return nil, err
		}
		w.tables[document.Table] = t
		if err := w.makeTable(ctx, t); err != nil {
			return nil, err
		}
	}
	found := t.document(name)
	if found == nil {
		return nil, fmt.Errorf("model %q is not in the file of the other models of its table", name)
	}
	return t.in(found, step.Scope, scope)
}

// open tells the driver of a table. What it refuses stands in the error of the protocol.
func (w *world) open(ctx context.Context, t *table) (*protocol.Error, error) {
	about, err := t.about(w.engine.Client.Options().Region, w.endpoint)
	if err != nil {
		return nil, err
	}
	w.keys.configure(about, w.scenario.Encryption)
	answer, err := w.request(ctx, &protocol.Request{Table: t.name, Open: about, Use: protocol.Use{Op: protocol.OpOpen}})
	if err != nil {
		return nil, err
	}
	return answer.Error, nil
}

// mustOpen is open where nothing is to be refused.
func (w *world) mustOpen(ctx context.Context, t *table) error {
	refusal, err := w.open(ctx, t)
	if err == nil && refusal != nil {
		err = fmt.Errorf("the driver did not take the models of %s: %v", t.documents[0].File, refusal)
	}
	return err
}

// makeTable lets the driver make a table that it was told of.
func (w *world) makeTable(ctx context.Context, t *table) error {
	answer, err := w.ask(ctx, t, protocol.Use{Op: protocol.OpCreateTable})
	if err == nil && answer.Error != nil {
		err = fmt.Errorf("make the table of %s: %v", t.documents[0].File, answer.Error)
	}
	return err
}

// forget lets the driver forget a table.
func (w *world) forget(ctx context.Context, t *table) error {
	answer, err := w.ask(ctx, t, protocol.Use{Op: protocol.OpClose})
	if err == nil && answer.Error != nil {
		err = fmt.Errorf("forget the table of %s: %v", t.documents[0].File, answer.Error)
	}
	return err
}

// restart lets the library forget everything but its configuration, as a process that starts does.
func (w *world) restart(ctx context.Context) error {
	for _, name := range sortedNames(w.tables) {
		if err := w.mustOpen(ctx, w.tables[name]); err != nil {
			return err
		}
	}
	return nil
}

// close deletes the scenario's tables, also when its context has ended.
func (w *world) close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var problems []error
	for _, name := range sortedNames(w.tables) {
		if err := w.forget(ctx, w.tables[name]); err != nil {
			problems = append(problems, err)
		}
		if err := w.tables[name].drop(ctx, w.engine.Client); err != nil {
			problems = append(problems, fmt.Errorf("delete the table of %s: %w", name, err))
		}
	}
	if w.leave != nil {
		problems = append(problems, w.leave())
	}
	return errors.Join(problems...)
}

// variable gives what an earlier step saved.
func (w *world) variable(name string) (any, error) {
	value, ok := w.saved[name]
	if !ok {
		return nil, fmt.Errorf("no step before saved %q", name)
	}
	return value, nil
}
