// Package keys is the key template grammar and the key codec.
//
// A template such as "TENANT#{tenantID}#USER#{userID}" says how a key is made
// from the attributes of an item:
//
//	template = segment *( "#" segment )
//	segment  = literal | [ literal ] "{" attribute *( "|" modifier ) "}"
//	literal  = 1*( A-Z a-z 0-9 _ - . : @ / + = )
//	modifier = "pad:" N | "int" | "ms" | "lower" | "hash" | "shard:" N
//
// There are only a few nouns. A [Template] is a parsed template. A [Component]
// is one attribute it names, with its modifiers. The *stored text* of a value
// is the text DynamoDB holds for it: a string itself, the digits of a number,
// the time form of [TimeLayout].
//
// Every component is percent-encoded for each byte 0x00-0x25 and the segments
// are joined with "#". Because "#" (0x23) and "%" (0x25) sort before every byte
// that stays as it is,
//
//   - two different tuples of values never give one key,
//   - keys sort bytewise as their tuples sort component by component,
//   - the key of a tuple followed by "#" begins the keys of its extensions and
//     no others, so that a prefix of "1" never reaches "10".
//
// The package is pure: it calls no service, reads no clock and knows no type
// of the library. Its errors name templates and attributes, never values.
package keys

import (
	"errors"
	"fmt"
)

// Kind is what kind of value a component has. Every other kind (floats, bools,
// lists, maps) is refused by whoever answers the question of [Parse].
type Kind int

// The kinds, with the stored text a component of that kind takes.
const (
	Text Kind = iota + 1 // the string itself, valid UTF-8
	Int                  // decimal digits of an int64, "-12"
	Uint                 // decimal digits of a uint64, "12"
	Time                 // the form of TimeLayout
)

// TimeLayout is the stored text of a Time: UTC, nine digits of fraction, years
// 0 to 9999. Its width never varies, so its bytewise order is that of time.
const TimeLayout = "2006-01-02T15:04:05.000000000Z"

// MaxPartition and MaxSort are DynamoDB's limits for the two halves of a key,
// in bytes:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	MaxPartition = 2048
	MaxSort      = 1024
)

// The refusals of values and keys, for errors.Is. The errors returned wrap one
// of them and add the name of the attribute.
var (
	ErrIncomplete   = errors.New("theorydb: key incomplete")                // a component is missing or empty
	ErrTooLong      = errors.New("theorydb: key too long")                  // over MaxPartition or MaxSort
	ErrInvalidValue = errors.New("theorydb: invalid value")                 // a value its component can't hold
	ErrMismatch     = errors.New("theorydb: key does not fit its template") // a text no Render gives
)

// CheckLength returns an error matching [ErrTooLong] when key has more than
// limit bytes ([MaxPartition] or [MaxSort]). It stands apart from Render since a
// template does not know which half of a key it is, and since the bounds of a
// sort condition are cut by rules of their own.
func CheckLength(key string, limit int) error {
	if len(key) > limit {
		return fmt.Errorf("%w: %d bytes, at most %d are possible", ErrTooLong, len(key), limit)
	}
	return nil
}
