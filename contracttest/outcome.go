package contracttest

import (
	"context"
	"fmt"

	"github.com/theorydb/theorydb/contracttest/protocol"
)

// outcome is what a step gave. What the operation does not give is nil.
type outcome struct {
	model      *model
	err        *protocol.Error // of the library; the runner's own troubles are not outcomes
	record     protocol.Item   // as the verb left or gave it
	records    []protocol.Item
	listed     bool
	models     []*model          // of the records by position; nil: all are of the step's model
	causes     []*protocol.Error // of the operations, nil where there are none to name
	old        protocol.Item     // as it was before the write, where the step asked for it
	asked      bool              // the step asked for it
	stored     item              // of a raw step
	isRaw      bool
	count      *int
	winners    *int
	next       string // the cursor of the next page
	paged      bool
	expiresBy  *string
	requests   *int
	operations []string // of DynamoDB, in order; nil where the library was not used
	last       *lastItem
	sent       [][]byte // bodies of the requests
	dataKeys   *int
}

// outcomeOf reads what a driver answered.
func (w *world) outcomeOf(ctx context.Context, m *model, step *Step, answer *protocol.Answer) (*outcome, error) {
	o := &outcome{
		err: answer.Error, record: answer.Item, causes: answer.Causes, old: answer.Old, asked: step.Returning,
		records: answer.Items, listed: answer.Items != nil, count: answer.Count, isRaw: step.Op == "raw",
	}
	if answer.Next != nil {
		o.next, o.paged = *answer.Next, true
	}
	if answer.Stored != nil {
		o.stored = storedOf(answer.Stored)
	}
	if o.listed {
		found := 0
		for _, record := range o.records {
			if record != nil {
				found++
			}
		}
		o.count = &found
	}
	names := answer.Models
	if names == nil && step.Operations != nil {
		for i := range step.Operations {
			names = append(names, step.Operations[i].Model)
		}
	}
	for _, name := range names {
		of, err := w.modelWithin(ctx, step, &Step{Model: name})
		if err != nil {
			return nil, err
		}
		o.models = append(o.models, of)
	}
	if o.listed && o.models != nil && len(o.models) != len(o.records) {
		return nil, fmt.Errorf("the driver gave %d items and models for %d", len(o.records), len(o.models))
	}
	if o.err == nil { // after a failure they are what the caller gave
		return o, o.declared(m)
	}
	return o, nil
}

// declared refuses records with attributes that their model does not have: no library can have read those. An attribute that
// is null is refused too: what a record lacks is left out, and null would be compared as what it lacks.
func (o *outcome) declared(m *model) error {
	for i, record := range append([]protocol.Item{o.record, o.old}, o.records...) {
		of := m
		if i > 1 && o.models != nil {
			of = o.models[i-2]
		}
		for _, name := range sortedNames(record) {
			if _, known := of.attributes[name]; !known {
				return fmt.Errorf("the driver gave a record of %s with an attribute %q, which the model does not have", of.Name, name)
			}
			if record[name] == nil {
				return fmt.Errorf("the driver gave a record of %s whose %q is null; what a record lacks is left out", of.Name, name)
			}
		}
	}
	return nil
}
