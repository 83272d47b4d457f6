package contracttest

import "github.com/theorydb/theorydb"

// outcome is what a step gave. What the operation does not give is nil.
type outcome struct {
	model    *model
	err      error           // of the library; the runner's own troubles are not outcomes
	record   theorydb.Record // as the verb left or gave it
	records  []theorydb.Record
	listed   bool
	old      theorydb.Record // as it was before the write, where the step asked for it
	asked    bool            // the step asked for it
	stored   item            // of a raw step
	isRaw    bool
	count    *int
	winners  *int
	next     string // the cursor of the next page
	paged    bool
	requests *int
	last     *lastItem
	sent     [][]byte // bodies of the requests
	dataKeys *int
}
