package theorydb

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// group is one use of a verb of several operations: one clock read and one account for them all. Each operation has a
// call of its own, for its model and its write id.
type group struct {
	*account
	db *DB
	mu sync.Mutex // guards the account: parts of a batch are sent at the same time
}

// runGroup is one use of a verb of several operations, as model.run is of one.
func (db *DB) runGroup(ctx context.Context, op string, models []*model, verb func(g *group) error) error {
	begun := newAccount(op, entitiesOf(models), instant{db.now()})
	g := &group{account: &begun, db: db}
	err := g.allOf(models)
	if err != nil {
		err = g.fail(err)
	} else {
		err = verb(g)
	}
	db.observe(ctx, g.account, err)
	return err
}

// allOf refuses operations that are none, or of another DB, whose client and keys are others.
func (g *group) allOf(models []*model) error {
	for i, m := range models {
		switch {
		case m == nil:
			return at(i, errNoOperation)
		case m.db != g.db:
			return at(i, fmt.Errorf("%w: the model %s is of another DB", ErrInvalidQuery, m.plan.Entity))
		}
	}
	return nil
}

var errNoOperation = fmt.Errorf("%w: the operation is nil, or one of the zero Model; make the model with NewModel", ErrInvalidModel)

// entitiesOf names models in order, each once.
func entitiesOf(models []*model) string {
	var names []string
	for _, m := range models {
		if m != nil && !slices.Contains(names, m.plan.Entity) {
			names = append(names, m.plan.Entity)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// refuse reports a refusal with the SDK's error behind it, as call.refuse does.
func (g *group) refuse(reason, err error) error {
	clean := cleanError(err)
	clean.sentinel = reason
	return g.fail(clean)
}

// at says which operation an error is about.
func at(i int, err error) error { return &positionError{i, err} }

type positionError struct {
	position int
	err      error
}

func (e *positionError) Error() string {
	return fmt.Sprintf("operation %d: %s", e.position, strings.TrimPrefix(e.err.Error(), "theorydb: "))
}

func (e *positionError) Unwrap() error { return e.err }

// itemID tells one item from every other, of every table.
func (m *model) itemID(key Item) (string, error) {
	id := strconv.Quote(m.table)
	for _, half := range m.halves() {
		kind, canonical, err := keyBytes(key[half.Name])
		if err != nil {
			return "", ErrTypeMismatch // DynamoDB gave back another key than it was given
		}
		id += string(rune(kind)) + strconv.Quote(string(canonical))
	}
	return id, nil
}

// oncePerItem refuses two operations on one item: DynamoDB would refuse the request, or which of them counts would be
// chance.
func oncePerItem(ids []string) error {
	first := make(map[string]int, len(ids))
	for i, id := range ids {
		if before, twice := first[id]; twice {
			return at(i, fmt.Errorf("%w: it is on the same item as operation %d", ErrInvalidQuery, before))
		}
		first[id] = i
	}
	return nil
}
