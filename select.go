package theorydb

import (
	"context"
	"iter"
	"reflect"
	"sync"

	"github.com/theorydb/theorydb/internal/schema"
)

// Select reads a part of each record of a query: the attributes that the fields of B name. What is not asked for is not
// sent by DynamoDB, though its read capacity is that of the whole items; an encrypted attribute that is not asked for is
// not opened, and without one KMS is not needed, nor is a key in the Config.
//
//	type Brief struct{ ID, Title string }
//	for brief, err := range theorydb.Select[Brief](ctx, notes, query) { ... }
//
// B is a plain struct; embedded structs are flattened. A field is the attribute that attr: names, else the one that its
// name gives by the naming of T, else that of T's field of the same name. It must have the stored type and format that
// the attribute has in T. Words are T's to say and are inherited, json and set among them; B may repeat those that T
// has, and must repeat encrypted, by which Redact and RedactHandler know a plain field. What is a Secret in T is a Secret
// in B. All problems of B are reported together, each a *ModelError that matches ErrInvalidModel.
//
// Rows are chosen and judged as by Query: expired items and other entities are left out, and a row under another key than
// its attributes give, or of another scope, fails the query. So beside B's attributes the key, its components, the scope,
// the entity and the ttl are read. Of what T demands only B's attributes are checked. An index must project all of
// these; one that does not is ErrInvalidQuery. Iteration is that of Query.
func Select[B, T any](ctx context.Context, model *Model[T], query Query[T]) iter.Seq2[*B, error] {
	if model == nil {
		model = &Model[T]{} // which says so
	}
	return eachRecord[B](ctx, func() (*queryRun, error) { return model.core.startSelect(reflect.TypeFor[B](), query.request()) })
}

// startSelect compiles a query for parts of records. It sends nothing.
func (m *model) startSelect(t reflect.Type, q queryRequest) (*queryRun, error) {
	c, err := m.beginUnopened("Select")
	if c == nil {
		return nil, err
	}
	if err == nil {
		if c.part, err = m.db.parts.part(m.plan, t, m.db.schemaOptions()); err != nil {
			err = c.fail(err)
		} else {
			err = c.opens(c.part.Attributes)
		}
	}
	return c.query(q, partOfRecords, err)
}

// partNames are the attributes that a Select reads: those of the part, and what a row is judged by.
func (c *call) partNames(s *source) []string {
	names := c.rowNames(s)
	for _, attributes := range [][]*schema.Attribute{c.model.plan.KeyComponents(), c.model.plan.Scope, c.part.Attributes} {
		for _, attribute := range attributes {
			names = append(names, attribute.Name)
		}
	}
	return names
}

// parts are the compiled parts of a DB's models, so that a type is compiled once for a model. The zero parts are empty.
type parts struct {
	mu       sync.Mutex
	compiled map[partOf]compiledPart
}

type partOf struct {
	plan *schema.Plan
	part reflect.Type
}

type compiledPart struct {
	part *schema.Part
	err  error
}

func (p *parts) part(plan *schema.Plan, t reflect.Type, o schema.Options) (*schema.Part, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.compiled[partOf{plan, t}]
	if !ok {
		known.part, known.err = plan.Part(t, o)
		if p.compiled == nil {
			p.compiled = map[partOf]compiledPart{}
		}
		p.compiled[partOf{plan, t}] = known
	}
	return known.part, known.err
}
