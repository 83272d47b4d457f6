// Package tlv gives a stored value its canonical bytes: the plaintext of a sealed attribute.
//
// Values that DynamoDB takes for equal have the same bytes, and no others do: numbers by value, sets without order,
// lists and maps in depth. A value is one type byte and a body, and ends where its bytes end:
//
//	S  text      its UTF-8 bytes
//	N  number    its canonical decimal, see Number
//	B  binary    its bytes
//	T  BOOL      one byte, 00 or 01
//	Z  NULL      nothing
//	L  list      count, then each element as LP(value)
//	M  map       count, then each member as LP(key) LP(value), ascending by key
//	s  text set  count, then each member as LP(UTF-8 bytes), ascending
//	n  NS        count, then each member as LP(canonical decimal), ascending
//	b  BS        count, then each member as LP(bytes), ascending
//
// A count is a big-endian uint32, LP is a big-endian uint32 length and so many bytes, and "ascending" is bytewise
// order without duplicates. What DynamoDB would not hold has no bytes: text that is not UTF-8, a number out of its
// range, an empty set, a map key without a name, more than MaxDepth lists and maps in one another.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
//
// No error holds a value, a map key or any part of one.
package tlv

import (
	"errors"
	"fmt"
)

const (
	// MaxDepth is how many lists and maps may stand in one another, as in DynamoDB.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
	MaxDepth = 32
	// MaxSize is the most bytes a value may have. It is DynamoDB's limit for a whole item (400 KB), so a longer value
	// could not be stored in any form.
	MaxSize = 400 * 1024
)

var (
	// ErrInvalid means that a value, or the text of a number, is one that DynamoDB would not hold.
	ErrInvalid = errors.New("tlv: invalid value")
	// ErrTooLarge means that a value has more than MaxSize bytes.
	ErrTooLarge = errors.New("tlv: value is larger than an item can be")
	// ErrMalformed means that bytes are not what Encode gives for any value.
	ErrMalformed = errors.New("tlv: malformed bytes")
)

func invalid(problem string) error { return fmt.Errorf("%w: %s", ErrInvalid, problem) }

func malformed(problem string) error { return fmt.Errorf("%w: %s", ErrMalformed, problem) }

// The type bytes.
const (
	kindText      = 'S'
	kindNumber    = 'N'
	kindBinary    = 'B'
	kindBool      = 'T'
	kindNull      = 'Z'
	kindList      = 'L'
	kindMap       = 'M'
	kindTextSet   = 's'
	kindNumberSet = 'n'
	kindBinarySet = 'b'
)

// prefixSize is the length of a count and of the length in an LP.
const prefixSize = 4
