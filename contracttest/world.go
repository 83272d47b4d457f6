package contracttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/theorydb/theorydb/localaws"
)

// world is a scenario while it runs: its engine, its tables, and what its steps saved.
type world struct {
	scenario *Scenario
	models   *Models
	engine   *Engine
	client   *dynamodb.Client // the library's, through wire
	wire     *wire
	keys     *keyService
	tables   map[string]*table // by the name that model documents use
	saved    map[string]any
}

func newWorld(scenario *Scenario, models *Models, engine *Engine) *world {
	keys := engine.KMS
	if keys == nil {
		keys = localaws.New(localaws.WithClock(engine.Clock))
	}
	w := &world{
		scenario: scenario, models: models, engine: engine, keys: newKeyService(keys),
		tables: map[string]*table{}, saved: map[string]any{},
	}
	w.client, w.wire = watch(engine.Client)
	return w
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
		if err := t.open(w); err != nil {
			return nil, err
		}
		w.tables[document.Table] = t
		if err := t.create(ctx); err != nil {
			return nil, err
		}
	}
	found := t.models[name]
	if found == nil {
		return nil, fmt.Errorf("model %q is not in the file of the other models of its table", name)
	}
	return found.in(step.Scope, scope)
}

// restart lets the library forget everything but its configuration, as a process that starts does.
func (w *world) restart() error {
	for _, name := range sortedNames(w.tables) {
		if err := w.tables[name].open(w); err != nil {
			return err
		}
	}
	return nil
}

// close deletes the scenario's tables, also when its context has ended.
func (w *world) close(ctx context.Context) error {
	var problems []error
	for _, name := range sortedNames(w.tables) {
		if err := w.tables[name].drop(context.WithoutCancel(ctx), w.engine.Client); err != nil {
			problems = append(problems, fmt.Errorf("delete the table of %s: %w", name, err))
		}
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
