package theorydb_test

import (
	"fmt"
	"time"
)

// What one call does to one key, and what the documentation says must come of it. This is the sequential half of the
// search for illegal histories: deed.on is the whole specification of the verbs, and knows nothing of requests, faults or
// write ids.

// linearKeys is how many keys a history has at most.
const linearKeys = 3

// linearRow is what is stored under a key. Two rows are the same when they are equal.
type linearRow struct {
	exists  bool
	version int64 // 0 in a model without one
	born    int64 // created_at, in nanoseconds after linearEpoch; 0 in a model without one
	value   int64 // unique to the write that set it
	count   int64
}

var linearEpoch = time.Date(2023, time.November, 14, 22, 13, 20, 0, time.UTC)

func (r linearRow) String() string {
	if !r.exists {
		return "nothing"
	}
	return fmt.Sprintf("{v%d born %d value %d count %d}", r.version, r.born, r.value, r.count)
}

// linearKind is a model's roles, as far as they decide what a verb does.
type linearKind struct {
	name      string
	versioned bool
	born      bool // has a created_at
}

var (
	linearLedgers  = linearKind{name: "version and created_at", versioned: true, born: true}
	linearCounters = linearKind{name: "version alone", versioned: true}
	linearPlains   = linearKind{name: "no version"}
)

// holds reports whether a record that was read as held may still be written over the row.
func (k linearKind) holds(held, row linearRow) bool {
	return (!k.versioned || held.version == row.version) && (!k.born || held.born == row.born)
}

// linearVerb is a verb with the option that decides what guards it.
type linearVerb int

const (
	verbGet linearVerb = iota
	verbCreate
	verbPut
	verbUpdate
	verbChange // with IfVersion where there is a version: sets the value and adds 1 to the count
	verbAdd    // Change with AnyVersion: adds 1 to the count
	verbDelete
	verbDeleteAny // with AnyVersion
	verbCheck     // a transaction's check that the item exists
	verbTransact  // several of them, where they are counted as one
)

const linearVerbs = int(verbTransact) + 1

func (v linearVerb) String() string {
	return [linearVerbs]string{
		"Get", "Create", "Put", "Update", "Change,IfVersion", "Change,AnyVersion", "Delete", "Delete,AnyVersion", "Check", "Transact",
	}[v]
}

func (v linearVerb) writes() bool  { return v != verbGet && v != verbCheck }
func (v linearVerb) deletes() bool { return v == verbDelete || v == verbDeleteAny }

// creates reports whether the verb makes an item where there is none.
func (v linearVerb) creates() bool { return v == verbCreate || v == verbPut }

// linearTold is what a caller was told.
type linearTold int

const (
	toldOK       linearTold = iota
	toldExists              // ErrAlreadyExists
	toldConflict            // ErrVersionConflict
	toldNotFound            // ErrItemNotFound
	toldUnknown             // ErrOutcomeUnknown
	toldRefused             // ErrThrottled: nothing was written
	toldNoCause             // a transaction was canceled, but not because of this deed
	toldNothing             // a read that failed and says nothing
	toldWrongly             // anything else, which no verb may say
)

const linearTolds = int(toldWrongly) + 1

func (t linearTold) String() string {
	return [linearTolds]string{
		"ok", "ErrAlreadyExists", "ErrVersionConflict", "ErrItemNotFound", "ErrOutcomeUnknown", "ErrThrottled", "canceled for another cause", "a failed read",
		"AN ERROR OUT OF PLACE",
	}[t]
}

// linearDeed is what a call does to one key.
type linearDeed struct {
	verb  linearVerb
	key   int
	held  linearRow // what the caller knows of the row; zero: nothing
	value int64
	count int64
	now   int64 // the call's one clock read

	grouped bool // an operation of a transaction
}

// returns reports whether the caller is left with the row as it is then.
func (d linearDeed) returns() bool {
	if d.verb == verbChange || d.verb == verbAdd {
		return !d.grouped
	}
	return !d.verb.deletes() && d.verb != verbCheck
}

func (d linearDeed) String() string {
	text := fmt.Sprintf("%s %c", d.verb, 'a'+d.key)
	if d.verb.writes() && d.verb != verbCreate {
		text += fmt.Sprintf(" holding v%d born %d", d.held.version, d.held.born)
	}
	if d.verb.writes() && !d.verb.deletes() && d.verb != verbAdd {
		text += fmt.Sprintf(" writing %d count %d", d.value, d.count)
	}
	return text
}

// on is what the deed makes of a row, and the one thing that may be said about it: on any answer but ok the row stays as
// it is.
func (d linearDeed) on(k linearKind, row linearRow) (linearRow, linearTold) {
	switch d.verb {
	case verbGet, verbCheck:
		if !row.exists {
			return row, toldNotFound
		}
		return row, toldOK
	case verbCreate:
		if row.exists {
			return row, toldExists
		}
		return d.first(k, linearRow{}), toldOK
	case verbPut:
		if row.exists && !k.holds(d.held, row) {
			return row, toldConflict
		}
		return d.first(k, d.held), toldOK
	case verbUpdate, verbChange, verbAdd:
		return d.over(k, row)
	case verbDelete:
		if row.exists && !k.holds(d.held, row) {
			return row, toldConflict
		}
		return linearRow{}, toldOK
	case verbDeleteAny:
		return linearRow{}, toldOK
	case verbTransact:
	}
	return row, toldWrongly
}

// first is the whole row that a Create or a Put writes.
func (d linearDeed) first(k linearKind, held linearRow) linearRow {
	row := linearRow{exists: true, value: d.value, count: d.count}
	if k.versioned {
		row.version = held.version + 1
	}
	if k.born {
		if row.born = held.born; row.born == 0 {
			row.born = d.now
		}
	}
	return row
}

// over is what the verbs do that need a row.
func (d linearDeed) over(k linearKind, row linearRow) (linearRow, linearTold) {
	switch {
	case !row.exists:
		return row, toldNotFound
	case d.verb == verbUpdate && !k.holds(d.held, row), d.verb == verbChange && k.versioned && d.held.version != row.version:
		return row, toldConflict
	}
	if k.versioned {
		row.version++
	}
	if d.verb == verbUpdate {
		row.value, row.count = d.value, d.count
		return row, toldOK
	}
	if d.verb == verbChange {
		row.value = d.value
	}
	row.count++
	return row, toldOK
}

// linearVerdict is what a caller was told of one deed.
type linearVerdict struct {
	told   linearTold
	stored int64     // OpError.StoredVersion
	row    linearRow // what the caller was left with, where told is ok and the verb returns something
	err    error     // for the report
}

func (v linearVerdict) String() string {
	switch {
	case v.told == toldOK && v.row.exists:
		return fmt.Sprint("ok ", v.row)
	case v.told == toldConflict:
		return fmt.Sprintf("%s, stored version %d", v.told, v.stored)
	case v.told == toldWrongly:
		return fmt.Sprintf("%s: %v", v.told, v.err)
	}
	return v.told.String()
}

// isTrue reports whether the verdict is what had to be said, of a row that was so before and is so after.
func (v linearVerdict) isTrue(d linearDeed, right linearTold, before, after linearRow) bool {
	switch {
	case v.told == toldNoCause:
		return right == toldOK
	case v.told != right:
		return false
	case v.told == toldOK:
		return !d.returns() || v.row == after
	case v.told == toldConflict:
		return v.stored == before.version
	}
	return true
}
