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
func (w *world) outcomeOf(ctx context.Context, step *Step, answer *protocol.Answer) (*outcome, error) {
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
	return o, nil
}
