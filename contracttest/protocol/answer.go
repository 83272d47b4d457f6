package protocol

import "slices"

// Strength is what some scenarios need of an engine or a driver beyond single requests.
type Strength string

// The strengths, in the order of reports.
const (
	Basic      Strength = "basic"      // one request after the other; everybody has it
	Concurrent Strength = "concurrent" // several requests at a time
	Faults     Strength = "faults"     // requests get lost or are refused on their way
)

// Strengths are all of them.
var Strengths = []Strength{Basic, Concurrent, Faults}

// Hello is what a driver says of itself.
type Hello struct {
	Protocol int `json:"protocol"`
	// Driver names the implementation and its version, for reports.
	Driver string `json:"driver"`
	// Strengths are those that the driver has. A scenario that needs another one is not applicable.
	Strengths []Strength `json:"strengths"`
	// Ops are the verbs that the driver knows. A scenario that uses another one is not applicable.
	Ops []string `json:"ops"`
}

// Answer is one line of a driver. What the verb does not give is left out.
type Answer struct {
	ID int64 `json:"id"`
	// Problem says why the driver could not carry the request out, which shows nothing about the library.
	Problem string `json:"problem,omitzero"`
	Hello   *Hello `json:"hello,omitzero"`
	// Error is the library's.
	Error *Error `json:"error,omitzero"`
	// Item is the record as the verb gave or left it, Old the item as it was before, Stored what raw gave.
	Item   Item `json:"item,omitzero"`
	Old    Item `json:"old,omitzero"`
	Stored Item `json:"stored,omitzero"`
	// Items are records of a list, or by position of the keys or operations: nil where there is none.
	Items []Item `json:"items,omitzero"`
	// Models are the models of Items by position, of a collection.
	Models []string `json:"models,omitzero"`
	// Causes are the errors of operations by position: nil where one was no cause.
	Causes []*Error `json:"causes,omitzero"`
	Count  *int     `json:"count,omitzero"`
	// Next is the cursor of the page after this one, "" after the last.
	Next *string `json:"next,omitzero"`
}

// Error is an error of a library.
type Error struct {
	// Names are the contract's names of what it is: an error may be several, such as ErrVersionConflict and
	// ErrConditionFailed. None: an error that the contract has no name for.
	Names []string `json:"names"`
	// Text is for people. It holds no values.
	Text string `json:"text"`
}

// Is reports whether the error is what the name says. A nil error is nothing.
func (e *Error) Is(name string) bool { return e != nil && slices.Contains(e.Names, name) }

// String is the text and the names.
func (e *Error) String() string {
	if e == nil {
		return "none"
	}
	text := e.Text
	for i, name := range e.Names {
		if i == 0 {
			text += " ("
		} else {
			text += ", "
		}
		text += name
	}
	if len(e.Names) > 0 {
		text += ")"
	}
	return text
}
