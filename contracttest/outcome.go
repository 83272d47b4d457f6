package contracttest

import "github.com/theorydb/theorydb"

// outcome is what a step gave. What the operation does not give is nil.
type outcome struct {
	model      *model
	err        error           // of the library; the runner's own troubles are not outcomes
	record     theorydb.Record // as the verb left or gave it
	records    []theorydb.Record
	listed     bool
	models     []*model        // of the records and causes by position; nil: all are of the step's model
	causes     []error         // of the operations, nil where there are none to name
	old        theorydb.Record // as it was before the write, where the step asked for it
	asked      bool            // the step asked for it
	stored     item            // of a raw step
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
