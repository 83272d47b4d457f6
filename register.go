package theorydb

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/theorydb/theorydb/internal/expr"
	"github.com/theorydb/theorydb/internal/schema"
)

// tableModels are the models of one table, by entity name.
type tableModels struct {
	models map[string]*registeredModel
}

type registeredModel struct {
	*model
	source any // what it was compiled from: a reflect.Type, or the text of a document
}

// modelKind says whether a model is meant to have a scope.
type modelKind bool

const (
	unscopedModel modelKind = false
	scopedModel   modelKind = true
)

// register compiles a model and checks what can't be known from it alone: that the models of a table agree on its keys
// and that no two of them can produce the same one.
func (db *DB) register(source any, kind modelKind, compile func(schema.Options) (*schema.Plan, error)) (*model, error) {
	if db == nil {
		return nil, fmt.Errorf("%w: the DB is nil; make it with New", ErrInvalidModel)
	}
	plan, err := compile(db.schemaOptions())
	if err != nil {
		return nil, err
	}
	m := &model{db: db, plan: plan, table: db.config.Table, lifetime: lifetime{attribute: db.config.TTLAttribute}}
	if plan.Table != "" && plan.Table != db.config.LogicalTable { // a document names tables as they are logically
		m.table = plan.Table
	}
	if plan.TTL != nil {
		m.lifetime.required = plan.TTL.Required
	}
	for _, attribute := range plan.Attributes {
		m.sealed = m.sealed || attribute.Encrypted
	}
	if err := errors.Join(m.checkKind(kind), m.checkServed(), m.checkProjections(), m.checkExpressionSize()); err != nil {
		return nil, err
	}

	db.mu.Lock()
	defer db.mu.Unlock()
	known := db.tables[m.table]
	if known == nil {
		known = &tableModels{models: map[string]*registeredModel{}}
	}
	if same := known.models[plan.Entity]; same != nil {
		if same.source == source {
			return same.model, nil
		}
		return nil, m.problem("", "another type is registered as %q in table %q; give one of them another name", plan.Entity, m.table)
	}
	if err := known.checkBeside(m); err != nil {
		return nil, err
	}
	known.models[plan.Entity] = &registeredModel{model: m, source: source}
	db.tables[m.table] = known
	return m, nil
}

func (m *model) problem(field, format string, args ...any) error {
	return &ModelError{Model: m.plan.Entity, Field: field, Problem: fmt.Sprintf(format, args...), Err: ErrInvalidModel}
}

// checkKind keeps a scoped model from being used without a scope.
func (m *model) checkKind(kind modelKind) error {
	scoped := modelKind(len(m.plan.Scope) > 0)
	if scoped == kind {
		return nil
	}
	if scoped {
		return m.problem(m.plan.Scope[0].Field, "a model with scope fields needs NewScopedModel")
	}
	return m.problem("", "a model without scope fields needs NewModel")
}

// checkServed refuses words of the grammar whose meaning this version does not carry out. To accept and ignore one
// would be a promise that is not kept.
func (m *model) checkServed() error {
	var problems []error
	for _, attribute := range m.plan.Attributes {
		if attribute.Unique {
			problems = append(problems, m.problem(attribute.Field, "unique is not served by this version"))
		}
	}
	return errors.Join(problems...)
}

// checkProjections refuses an index that lacks what every read needs to judge a row: its entity, expiry and version.
func (m *model) checkProjections() error {
	needed := []string{entityAttribute, m.lifetime.attribute}
	if m.plan.Version != nil {
		needed = append(needed, m.plan.Version.Name)
	}
	var problems []error
	for _, index := range m.plan.Indexes {
		for _, name := range needed {
			if !m.projects(index, name) {
				problems = append(problems, m.problem("", "index %q does not project %q, without which its rows can't be judged; add it to project:%s", index.Name, name, index.Name))
			}
		}
	}
	return errors.Join(problems...)
}

// DynamoDB's limits on one expression.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
const (
	maxExpressionSize = 4096
	maxOperators      = 300
)

// checkExpressionSize refuses a model whose whole Update could not be expressed: better when the program starts than
// at the first record that has every attribute set.
func (m *model) checkExpressionSize() error {
	update, condition := m.widestUpdate()
	if err := checkExpression(update, condition); err != nil {
		return m.problem("", "a whole Update %s; use fewer attributes, or nest some", strings.TrimPrefix(err.Error(), ErrInvalidQuery.Error()+": "))
	}
	return nil
}

// checkExpression refuses expressions of one request that DynamoDB would.
func checkExpression(texts ...string) error {
	for _, text := range texts {
		if len(text) > maxExpressionSize {
			return fmt.Errorf("%w: takes an expression of %d bytes, and DynamoDB's limit is %d", ErrInvalidQuery, len(text), maxExpressionSize)
		}
		if operators := expr.Operators(text); operators > maxOperators {
			return fmt.Errorf("%w: takes %d operators, and DynamoDB's limit is %d", ErrInvalidQuery, operators, maxOperators)
		}
	}
	return nil
}

// widestUpdate is the whole Update of a record that has every attribute, without the caller's conditions.
func (m *model) widestUpdate() (update, condition string) {
	filled := Item{}
	for _, attribute := range m.plan.Attributes {
		filled[attribute.Name] = number(0)
	}
	for _, index := range m.plan.Indexes {
		for _, half := range derivedHalves(index) {
			filled[half.Name] = number(0)
		}
	}
	u := &itemUpdate{model: m, attributes: m.updatable(), stored: filled, components: filled, indexKeys: filled, indexes: m.plan.Indexes}
	g := &guard{model: m, immutable: u.immutables()}
	for _, attribute := range u.borrowed() {
		g.borrowed = append(g.borrowed, heldAttribute{attribute.Name, number(0)})
	}
	if m.plan.Version != nil {
		g.held = &heldVersion{name: m.plan.Version.Name, zeroStored: true}
	}
	if m.plan.CreatedAt != nil {
		g.incarnation = &heldCreation{heldAttribute{m.plan.CreatedAt.Name, number(0)}}
	}
	var b expr.Builder
	update = u.expression(&b)
	compiled, _ := g.condition(&b) // no caller's condition, so nothing to refuse
	return update, compiled.String()
}

// checkBeside compares a new model with those already in the table.
func (t *tableModels) checkBeside(m *model) error {
	var problems []error
	for _, entity := range slices.Sorted(maps.Keys(t.models)) {
		other := t.models[entity]
		if !sameHalf(m.plan.PK, other.plan.PK) || !sameHalf(m.plan.SK, other.plan.SK) {
			problems = append(problems, m.problem("", "%s in the same table has other key attributes; a table has one key schema", other.plan.Entity))
			continue
		}
		if schema.Overlap(m.plan, other.plan) {
			problems = append(problems, m.problem("", "its key templates can produce a key of %s; begin one of them with a literal of its own", other.plan.Entity))
		}
		problems = append(problems, m.checkIndexesBeside(other.model)...)
		if err := m.checkScopeBeside(other.model); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// checkScopeBeside: scoped models with the same number of scope fields share the text in front of them, so that one
// policy can confine them all.
func (m *model) checkScopeBeside(other *model) error {
	if len(m.plan.Scope) == 0 || len(m.plan.Scope) != len(other.plan.Scope) || m.scopeText() == other.scopeText() {
		return nil
	}
	return m.problem("", "its partition key begins with %q and that of %s with %q; scoped models share that text", m.scopeText(), other.plan.Entity, other.scopeText())
}

// checkIndexesBeside: an index of a table has one definition, whichever models write to it.
func (m *model) checkIndexesBeside(other *model) []error {
	var problems []error
	for _, index := range m.plan.Indexes {
		for _, theirs := range other.plan.Indexes {
			if index.Name != theirs.Name {
				continue
			}
			same := index.Local == theirs.Local && index.Projection == theirs.Projection &&
				slices.Equal(slices.Sorted(slices.Values(index.Fields)), slices.Sorted(slices.Values(theirs.Fields))) &&
				sameHalf(index.PK, theirs.PK) && sameHalf(index.SK, theirs.SK)
			if !same {
				problems = append(problems, m.problem("", "index %q has other keys or another projection in %s; a table has one index of a name", index.Name, other.plan.Entity))
			}
		}
	}
	return problems
}

func sameHalf(a, b *schema.KeyPart) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Name == b.Name && a.Type == b.Type
}
