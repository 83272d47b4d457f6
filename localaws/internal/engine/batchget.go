package engine

import (
	"hash/fnv"
	"math/rand/v2"

	"github.com/theorydb/theorydb/localaws/internal/apierror"
	"github.com/theorydb/theorydb/localaws/internal/attribute"
	"github.com/theorydb/theorydb/localaws/internal/expression"
)

// The limits of a BatchGetItem:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const (
	maxBatchKeys   = 100
	maxBatchAnswer = 16 << 20 // bytes
)

// tableGets is what a BatchGetItem wants of one table.
type tableGets struct {
	name       string // as the request has it
	request    *request
	table      *table
	projection *expression.Projection
	consistent bool
	keys       []any // left over, in the form of the request
	answers    []any
}

// batchGet is one item that a BatchGetItem wants.
type batchGet struct {
	target
	from *tableGets
	sent any // the key in the form of the request
}

// openTableGets reads what a request wants of one table.
func (e *Engine) openTableGets(r *request, name string) (*tableGets, []batchGet) {
	g := &tableGets{name: name, request: r, answers: []any{}}
	g.table = e.tableNamed(r, name)
	g.consistent = r.flag("ConsistentRead")
	placeholders := r.placeholders("ProjectionExpression")
	g.projection = r.projection(placeholders)
	keys := r.items("Keys")
	if len(keys) == 0 {
		r.refuse(apierror.Validation("The list of keys in RequestItems for BatchGetItem is required: %s has empty list", name))
	}
	if g.table == nil || r.failed() != nil {
		return g, nil
	}
	r.finish(placeholders, g.table.key)
	var gets []batchGet
	for i, key := range keys {
		at, err := g.table.keyOf(key)
		if err != nil {
			r.refuse(err)
		}
		gets = append(gets, batchGet{target: target{g.table, key, at}, from: g, sent: member[[]any](r, "Keys")[i]})
	}
	return g, gets
}

func (e *Engine) batchGetItem(r *request, call *Call) (any, *apierror.Error) {
	r.capacityAsked()
	var tables []*tableGets
	var gets []batchGet
	var targets []target
	content := r.object("RequestItems")
	for _, name := range content.names() {
		g, list := e.openTableGets(content.object(name), name)
		tables, gets = append(tables, g), append(gets, list...)
	}
	if err := r.failed(); err != nil {
		return nil, err
	}
	for _, g := range gets {
		targets = append(targets, g.target)
		call.aim(g.table, g.key)
	}
	switch {
	case len(gets) == 0:
		return nil, apierror.Validation("The requestItems parameter is required for BatchGetItem")
	case len(gets) > maxBatchKeys:
		return nil, apierror.Validation("Too many items requested for the BatchGetItem call")
	case duplicates(targets):
		return nil, apierror.Validation("Provided list of item keys contains duplicates")
	}
	units := e.readBatch(gets)
	responses, left := map[string]any{}, map[string]any{}
	for _, g := range tables {
		responses[g.name] = g.answers
		if len(g.keys) > 0 {
			left[g.name] = g.unprocessed()
		}
	}
	return units.withCapacities(map[string]any{"Responses": responses, "UnprocessedKeys": left}, r, call), nil
}

// readBatch reads the items in an order of its own, as the service answers in
// any order, until the answer is as large as it may be.
func (e *Engine) readBatch(gets []batchGet) bills {
	e.shuffle(gets)
	var units bills
	size := 0
	for i, g := range gets {
		item, found := g.table.items.get(g.at)
		if size += item.Size(); size > maxBatchAnswer {
			for _, rest := range gets[i:] {
				rest.from.keys = append(rest.from.keys, rest.sent)
			}
			break
		}
		units.add(g.table, bill{table: readUnits(item.Size(), g.from.consistent)})
		if !found {
			continue
		}
		if g.from.projection != nil {
			item = g.from.projection.Apply(item)
		}
		g.from.answers = append(g.from.answers, attribute.EncodeItem(item))
	}
	return units
}

// shuffle puts a batch into an order that the seed and the keys decide.
func (e *Engine) shuffle(gets []batchGet) {
	h := fnv.New64a()
	for _, g := range gets {
		_, _ = h.Write([]byte(g.at.packed())) // a hash never fails
	}
	order := rand.New(rand.NewPCG(uint64(e.seed), h.Sum64())) //nolint:gosec // an order that tests can repeat, no secret
	order.Shuffle(len(gets), func(i, j int) { gets[i], gets[j] = gets[j], gets[i] })
}

// unprocessed asks again for the keys that are left over, the way the request
// asked for them.
func (g *tableGets) unprocessed() map[string]any {
	again := map[string]any{"Keys": g.keys}
	for _, name := range []string{"ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"} {
		if g.request.has(name) {
			again[name] = g.request.fields[name]
		}
	}
	return again
}
